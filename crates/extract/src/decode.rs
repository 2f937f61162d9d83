//! From the bytes of a document to its text.

use naba_model::MAX_BODY_BYTES;
use naba_proto::v1::RawDocument;
use naba_text::{Decoded, Markup};

use crate::error::ExtractError;

/// The form of a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// HTML.
    Html,
    /// Plain text.
    Plain,
}

/// Decodes a document, and tells its form from the content type and, where that is silent, from its beginning.
pub fn decode(raw: &RawDocument) -> Result<(Form, Decoded), ExtractError> {
    if raw.body.len() > MAX_BODY_BYTES {
        return Err(ExtractError::TooLarge(raw.body.len()));
    }
    if raw.body.iter().all(u8::is_ascii_whitespace) {
        return Err(ExtractError::Empty);
    }
    let declared = if raw.feed_only { Some(Form::Html) } else { declared_form(&raw.content_type)? };
    let hint = charset(raw);
    let markup = if declared == Some(Form::Plain) { Markup::Text } else { Markup::Html };
    let decoded = naba_text::decode(&raw.body, hint.as_deref(), markup);
    check(&decoded)?;
    let form = match declared {
        Some(Form::Plain) if looks_like_html(&decoded.text) => Form::Html,
        Some(form) => form,
        None if looks_like_html(&decoded.text) => Form::Html,
        None => Form::Plain,
    };
    Ok((form, decoded))
}

fn declared_form(content_type: &str) -> Result<Option<Form>, ExtractError> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/html" | "application/xhtml+xml" | "application/vnd.wap.xhtml+xml" => Ok(Some(Form::Html)),
        "text/plain" => Ok(Some(Form::Plain)),
        // Servers that know no better; the bytes decide.
        "" | "application/octet-stream" | "unknown/unknown" | "text/*" => Ok(None),
        _ => Err(ExtractError::UnsupportedType(essence.chars().take(100).collect())),
    }
}

fn charset(raw: &RawDocument) -> Option<String> {
    if !raw.charset_hint.trim().is_empty() {
        return Some(raw.charset_hint.clone());
    }
    let lower = raw.content_type.to_ascii_lowercase();
    let (_, rest) = lower.split_once("charset=")?;
    Some(rest.split(';').next()?.trim().trim_matches(['"', '\'']).to_owned())
}

/// Text has few characters that mean nothing; an image or an archive has many.
fn check(decoded: &Decoded) -> Result<(), ExtractError> {
    let odd = |c: char| c == '\u{FFFD}' || c.is_control() && !c.is_whitespace();
    // The bytes that such characters begin with are too few on nearly every page; a character has four bytes at most.
    let may_be_odd = |b: u8| (b < 0x20) & !(0x09..=0x0D).contains(&b) | (b == 0x7F) | (b == 0xC2) | (b == 0xEF);
    let bytes = decoded.text.as_bytes();
    let in_chunk = |chunk: &[u8]| usize::from(chunk.iter().map(|b| u8::from(may_be_odd(*b))).sum::<u8>());
    let suspects: usize = bytes.chunks(255).map(in_chunk).sum();
    if suspects * 20 <= bytes.len() / 4 {
        return Ok(());
    }
    let characters = decoded.text.chars().count();
    let replaced = decoded.text.chars().filter(|c| odd(*c)).count();
    if replaced * 20 > characters {
        return Err(ExtractError::Undecodable { encoding: decoded.encoding, replaced, characters });
    }
    Ok(())
}

fn looks_like_html(text: &str) -> bool {
    let head: String = text.trim_start().chars().take(1000).collect::<String>().to_ascii_lowercase();
    head.starts_with("<!doctype html")
        || head.starts_with("<html")
        || head.starts_with('<')
            && ["<head", "<body", "<p>", "<div", "<title", "<article", "<meta"].iter().any(|t| head.contains(t))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(content_type: &str, body: &[u8]) -> RawDocument {
        RawDocument { content_type: content_type.into(), body: body.to_vec().into(), ..RawDocument::default() }
    }

    #[test]
    fn the_form_follows_the_type_and_else_the_bytes() {
        assert_eq!(decode(&raw("text/html", b"hello")).unwrap().0, Form::Html);
        assert_eq!(decode(&raw("text/plain; charset=utf-8", b"<!DOCTYPE html><p>x")).unwrap().0, Form::Html);
        assert_eq!(decode(&raw("", b"just text")).unwrap().0, Form::Plain);
        assert_eq!(decode(&raw("application/pdf", b"%PDF")).unwrap_err().code(), "unsupported_type");
        assert_eq!(decode(&raw("text/html", b" \n")).unwrap_err().code(), "empty");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let noise: Vec<u8> = (0..4000_u32).map(|i| u8::try_from(i * 7 % 32).unwrap()).collect();
        assert_eq!(decode(&raw("text/html", &noise)).unwrap_err().code(), "undecodable");
    }
}
