//! A JSON object a line, with the usual names of fields.

use std::io::BufRead;

use naba_model::{MAX_BODY_BYTES, timestamp_of};
use naba_proto::v1::Discovery;
use serde_json::{Map, Value};

use super::{ArchiveError, Archived, MAX_LISTED, Places, line};

/// Names of fields, the better first.
const HTML: &[&str] = &["html", "raw_html", "content_html"];
const TEXT: &[&str] = &["text", "body", "content", "maintext", "article"];
const URL: &[&str] = &["url", "link", "source_url", "canonical_url"];
const TITLE: &[&str] = &["title", "headline"];
const PUBLISHED: &[&str] = &["published_at", "published", "date_publish", "publish_date", "date", "pub_date"];
const LANGUAGE: &[&str] = &["language", "lang"];
/// A line holds its body and a little more.
const MAX_LINE: u64 = 2 * MAX_BODY_BYTES as u64;

pub(super) fn list(mut file: impl BufRead, from: u64) -> Result<Places, ArchiveError> {
    let mut places = Places::default();
    let mut at = from;
    while places.records.len() < MAX_LISTED {
        let (length, is_empty) = skip_line(&mut file)?;
        if length == 0 {
            return Ok(places);
        }
        if !is_empty {
            places.records.push(at);
        }
        at += length;
    }
    places.next = Some(at);
    Ok(places)
}

/// Moves behind the next line. Returns its bytes and whether it is blank.
fn skip_line(file: &mut impl BufRead) -> Result<(u64, bool), ArchiveError> {
    let (mut length, mut is_empty) = (0, true);
    loop {
        let part = file.fill_buf()?;
        let end = part.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
        let taken = end.unwrap_or(part.len());
        is_empty &= part.iter().take(taken).all(u8::is_ascii_whitespace);
        length += taken as u64;
        let is_over = end.is_some() || part.is_empty();
        file.consume(taken);
        if is_over {
            return Ok((length, is_empty));
        }
    }
}

pub(super) fn read(mut file: impl BufRead, at: u64) -> Result<Archived, ArchiveError> {
    let line = line(&mut file, MAX_LINE)?.ok_or(ArchiveError::BadRecord(at))?;
    if line.len() as u64 >= MAX_LINE - 1 {
        return Err(ArchiveError::TooLarge(at));
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(&line) else { return Err(ArchiveError::BadRecord(at)) };
    let (body, content_type) = match (text(&fields, HTML), text(&fields, TEXT)) {
        (Some(html), _) => (html, "text/html; charset=utf-8"),
        (None, Some(plain)) => (plain, "text/plain; charset=utf-8"),
        (None, None) => return Err(ArchiveError::NotAPage(at)),
    };
    if body.len() > MAX_BODY_BYTES {
        return Err(ArchiveError::TooLarge(at));
    }
    let published = text(&fields, PUBLISHED).and_then(|written| naba_text::parse_instant(&written));
    Ok(Archived {
        url: text(&fields, URL).unwrap_or_default(),
        content_type: content_type.to_owned(),
        body: body.into_bytes(),
        discovery: Discovery {
            title: text(&fields, TITLE).unwrap_or_default(),
            language: text(&fields, LANGUAGE).unwrap_or_default(),
            published_at: published.map(|instant| timestamp_of(instant.millis)),
            ..Discovery::default()
        },
        ..Archived::default()
    })
}

fn text(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let filled = |name: &&str| fields.get(*name)?.as_str().map(str::trim).filter(|text| !text.is_empty());
    names.iter().find_map(filled).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] =
        "{\"url\":\"https://a.example/1\",\"text\":\"خبر\",\"date\":\"2026-11-24\"}\n\n{\"x\":1}\nno".as_bytes();

    #[test]
    fn each_line_is_a_record_and_blank_ones_are_none() {
        let places = list(FILE, 0).unwrap();
        assert_eq!((places.records.len(), places.next), (3, None));
        let at = |number: usize| places.records[number];
        let first = read(&FILE[at(0) as usize..], at(0)).unwrap();
        assert_eq!((first.url.as_str(), first.body.as_slice()), ("https://a.example/1", "خبر".as_bytes()));
        assert!(first.discovery.published_at.is_some());
        assert!(matches!(read(&FILE[at(1) as usize..], at(1)), Err(ArchiveError::NotAPage(_))));
        assert!(matches!(read(&FILE[at(2) as usize..], at(2)), Err(ArchiveError::BadRecord(_))));
    }

    #[test]
    fn a_long_file_is_listed_in_parts() {
        let file = "{}\n".repeat(MAX_LISTED + 5);
        let first = list(file.as_bytes(), 0).unwrap();
        let from = first.next.unwrap();
        let second = list(&file.as_bytes()[from as usize..], from).unwrap();
        assert_eq!((first.records.len(), second.records.len(), second.next), (MAX_LISTED, 5, None));
        assert_eq!(second.records[0], 3 * MAX_LISTED as u64);
    }
}
