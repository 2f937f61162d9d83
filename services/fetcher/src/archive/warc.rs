//! WARC (ISO 28500) and WET: records of responses, resources and texts. Requests and the like belong to them and are passed
//! over.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use naba_model::MAX_BODY_BYTES;
use naba_proto::v1::{Discovery, DiscoveryKind, HttpHeader};

use super::{ArchiveError, Archived, MAX_LISTED, Places, line};

/// Longest line of a head, and most lines.
const MAX_LINE: u64 = 16 * 1024;
const MAX_LINES: usize = 200;
/// Kinds of records that carry a document.
const WITH_PAGE: &[&str] = &["response", "resource", "conversion"];
/// Unpacked bytes of a file that one look goes through.
const MAX_LOOKED_AT: u64 = 256 * 1024 * 1024;

/// Fields of a head, names in lower case.
#[derive(Debug, Default)]
struct Head(Vec<(String, String)>);

impl Head {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn length(&self) -> u64 {
        self.get("content-length").parse().unwrap_or(0)
    }
}

pub(super) fn list(file: impl BufRead, is_packed: bool, from: u64) -> Result<Places, ArchiveError> {
    let mut file = Counting { inner: file, count: from };
    let mut places = Places::default();
    let mut looked_at = 0;
    loop {
        let at = file.count;
        if file.fill_buf()?.is_empty() {
            return Ok(places);
        }
        if places.records.len() >= MAX_LISTED || looked_at >= MAX_LOOKED_AT {
            places.next = Some(at);
            return Ok(places);
        }
        let passed = if is_packed { pass(&mut GzDecoder::new(&mut file)) } else { pass_plain(&mut file) };
        match passed {
            Ok((is_page, length)) => {
                looked_at += length;
                places.records.extend(is_page.then_some(at));
            }
            // A file that was cut, or is damaged: the record is told by its place, and nothing behind it can be found.
            Err(_) => {
                places.records.push(at);
                return Ok(places);
            }
        }
    }
}

/// Reads a packed record to its end. Returns whether it carries a document, and its bytes.
fn pass(record: &mut impl Read) -> Result<(bool, u64), ArchiveError> {
    let mut record = io::BufReader::new(record);
    let head = head(&mut record)?.ok_or(ArchiveError::BadRecord(0))?;
    let length = io::copy(&mut record, &mut io::sink())?;
    Ok((is_page(&head), length))
}

fn pass_plain(file: &mut impl BufRead) -> Result<(bool, u64), ArchiveError> {
    let head = head(file)?.ok_or(ArchiveError::BadRecord(0))?;
    let length = io::copy(&mut file.by_ref().take(head.length()), &mut io::sink())?;
    let ends = [line(file, 4)?, line(file, 4)?];
    let is_whole = length == head.length() && ends.iter().flatten().all(Vec::is_empty);
    if is_whole { Ok((is_page(&head), length)) } else { Err(ArchiveError::BadRecord(0)) }
}

fn is_page(head: &Head) -> bool {
    let is_dns = head.get("warc-target-uri").starts_with("dns:");
    WITH_PAGE.contains(&head.get("warc-type").to_ascii_lowercase().as_str()) && !is_dns
}

pub(super) fn read(file: impl BufRead, is_packed: bool, at: u64) -> Result<Archived, ArchiveError> {
    if is_packed { record(&mut io::BufReader::new(GzDecoder::new(file)), at) } else { record(&mut { file }, at) }
}

fn record(reader: &mut impl BufRead, at: u64) -> Result<Archived, ArchiveError> {
    let bad = |_| ArchiveError::BadRecord(at);
    let head = head(reader).map_err(bad)?.ok_or(ArchiveError::BadRecord(at))?;
    if !is_page(&head) {
        return Err(ArchiveError::NotAPage(at));
    }
    let mut block = reader.take(head.length());
    let is_http = head.get("content-type").to_ascii_lowercase().starts_with("application/http");
    let (status, http) = if is_http { http_head(&mut block).map_err(bad)? } else { (0, Head::default()) };
    let mut body = Vec::new();
    block.by_ref().take(MAX_BODY_BYTES as u64 + 1).read_to_end(&mut body).map_err(|_| ArchiveError::BadRecord(at))?;
    if body.len() > MAX_BODY_BYTES {
        return Err(ArchiveError::TooLarge(at));
    }
    if block.limit() > 0 {
        return Err(ArchiveError::BadRecord(at));
    }
    if is_http && !(200..300).contains(&status) {
        return Err(ArchiveError::NotAPage(at));
    }
    let body = if http.get("transfer-encoding").eq_ignore_ascii_case("chunked") { unchunked(body) } else { body };
    let body = unpacked(body, http.get("content-encoding"), at)?;
    let content_type = match (is_http, head.get("warc-type")) {
        (true, _) => http.get("content-type").to_owned(),
        (false, "conversion") => "text/plain; charset=utf-8".to_owned(),
        (false, _) => head.get("content-type").to_owned(),
    };
    let url = head.get("warc-target-uri").trim_matches(['<', '>']).to_owned();
    Ok(Archived {
        url,
        status,
        headers: http.0.into_iter().map(|(name, value)| HttpHeader { name, value }).collect(),
        content_type,
        body,
        fetched_at: naba_text::parse_instant(head.get("warc-date")).map(|instant| instant.millis),
        discovery: Discovery { kind: DiscoveryKind::Warc.into(), ..Discovery::default() },
    })
}

/// Reads the head of a record; `None` when it is none.
fn head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let version = line(reader, MAX_LINE)?.unwrap_or_default();
    if version.starts_with(b"WARC/") { fields(reader).map(Some) } else { Ok(None) }
}

/// Reads the head of a response: its status and its fields.
fn http_head(reader: &mut impl BufRead) -> io::Result<(u32, Head)> {
    let line = line(reader, MAX_LINE)?.unwrap_or_default();
    let status = String::from_utf8_lossy(&line).split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.unwrap_or(0), fields(reader)?))
}

fn fields(reader: &mut impl BufRead) -> io::Result<Head> {
    let mut fields = Vec::new();
    while let Some(line) = line(reader, MAX_LINE)?.filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some((name, value)) = line.split_once(':')
            && fields.len() < MAX_LINES
        {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    Ok(Head(fields))
}

/// Joins the parts of a chunked body; what is none after all stays as it is, because many crawlers join them and keep the field.
fn unchunked(body: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body.as_slice();
    while let Ok(Some(size)) = line(&mut rest, 64) {
        let size = String::from_utf8_lossy(&size)
            .split(';')
            .next()
            .and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        match size.and_then(|size| rest.split_at_checked(size)) {
            Some(([], _)) => return out,
            Some((part, behind)) => {
                out.extend_from_slice(part);
                rest = behind.strip_prefix(b"\r\n").unwrap_or(behind);
            }
            None => return body,
        }
    }
    body
}

/// Undoes the content coding; a body that is not packed after all stays as it is.
fn unpacked(body: Vec<u8>, coding: &str, at: u64) -> Result<Vec<u8>, ArchiveError> {
    let limit = MAX_BODY_BYTES as u64 + 1;
    let mut out = Vec::new();
    let read = match coding.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" if body.starts_with(&[0x1f, 0x8b]) => {
            flate2::read::MultiGzDecoder::new(body.as_slice()).take(limit).read_to_end(&mut out)
        }
        "br" if std::str::from_utf8(&body).is_err() => {
            brotli::Decompressor::new(body.as_slice(), 4096).take(limit).read_to_end(&mut out)
        }
        _ => return Ok(body),
    };
    match read {
        Ok(_) if out.len() > MAX_BODY_BYTES => Err(ArchiveError::TooLarge(at)),
        Ok(_) => Ok(out),
        Err(_) => Err(ArchiveError::BadRecord(at)),
    }
}

/// A reader that knows how far it has come.
struct Counting<R> {
    inner: R,
    count: u64,
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.count += amount as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn record_of(kind: &str, uri: &str, content_type: &str, block: &str) -> String {
        let length = block.len();
        format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\nWARC-Date: 2026-11-24T10:00:00Z\r\n\
             Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{block}\r\n\r\n"
        )
    }

    fn records() -> Vec<String> {
        let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n\
                    3\r\n<p>\r\n6\r\nخبر\r\n0\r\n\r\n";
        let gone = "HTTP/1.1 404 Not Found\r\n\r\nno";
        vec![
            record_of("warcinfo", "", "application/warc-fields", "software: x\r\n"),
            record_of("request", "https://a.example/1", "application/http; msgtype=request", "GET /1 HTTP/1.1\r\n\r\n"),
            record_of("response", "https://a.example/1", "application/http; msgtype=response", http),
            record_of("response", "https://a.example/2", "application/http; msgtype=response", gone),
            record_of("conversion", "https://a.example/3", "text/plain", "نص"),
        ]
    }

    fn check(file: &[u8], is_packed: bool) {
        let places = list(file, is_packed, 0).unwrap();
        assert_eq!((places.records.len(), places.next), (3, None), "requests are no documents");
        let nth = |number: usize| {
            let at = places.records[number];
            read(&file[at as usize..], is_packed, at)
        };
        let page = nth(0).unwrap();
        assert_eq!((page.url.as_str(), page.status), ("https://a.example/1", 200));
        assert_eq!(
            (page.body.as_slice(), page.content_type.as_str()),
            ("<p>خبر".as_bytes(), "text/html; charset=utf-8")
        );
        assert_eq!(page.fetched_at, Some(1_795_514_400_000));
        assert!(matches!(nth(1), Err(ArchiveError::NotAPage(_))), "an error page is no document");
        let text = nth(2).unwrap();
        assert_eq!((text.body.as_slice(), text.content_type.as_str()), ("نص".as_bytes(), "text/plain; charset=utf-8"));
    }

    #[test]
    fn responses_and_texts_are_found_and_read_at_their_places() {
        check(records().concat().as_bytes(), false);
    }

    #[test]
    fn a_file_that_is_packed_record_by_record_is_read_at_any_of_them() {
        let pack = |record: &String| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(record.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        check(&records().iter().flat_map(pack).collect::<Vec<u8>>(), true);
    }

    #[test]
    fn a_file_that_was_cut_gives_what_is_whole_and_one_bad_record() {
        let whole = records().concat();
        let cut = &whole.as_bytes()[..whole.len() - 10];
        let places = list(cut, false, 0).unwrap();
        assert_eq!(places.records.len(), 3);
        let last = places.records[2];
        assert!(matches!(read(&cut[last as usize..], false, last), Err(ArchiveError::BadRecord(_))));
    }
}
