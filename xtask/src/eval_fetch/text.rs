//! Character encodings and media types.

use naba_text::{DecodedBy, Markup, MimeType, declared_encoding, decode};
use serde_json::Value;

use super::case::{bytes, text};
use super::report::Report;

/// Judges a case of the pre-scan, or of detection by what the text decodes to.
pub fn charset(case: &Value, report: &mut Report) {
    let body = bytes(case, "body_b64");
    let label = text(case, "encoding");
    if text(case, "kind") == "html-prescan" {
        // The suite's fallback, as the standard's for most locales. A mark comes before every declaration.
        let marked = decode(&body, None, Markup::Html);
        let marked = (marked.by == DecodedBy::Bom).then_some(marked.encoding);
        let found = marked.or_else(|| declared_encoding(&body)).unwrap_or("windows-1252");
        report.check("pre-scan of HTML", case, standard(label) == Some(found), || format!("{found} is not {label}"));
        return;
    }
    let Some(expected) = standard(label) else {
        // Not in the Encoding Standard: no browser reads it, and no page is written in it.
        let _ = decode(&body, None, Markup::Html);
        return;
    };
    let decoded = decode(&body, None, Markup::Html);
    let is_met = same_text(&body, expected, &decoded.text);
    let why = || format!("{} is not {label}, decided by {}", decoded.encoding, decoded.by.code());
    report.check(row(label), case, is_met, why);
}

fn row(label: &str) -> &'static str {
    match label {
        "maccyrillic" | "mac-cyrillic" | "x-mac-cyrillic" | "iso-8859-15" | "utf-16le" | "utf-16be" => {
            "detection of MacCyrillic, ISO-8859-15, UTF-16"
        }
        _ => "detection",
    }
}

/// Returns an encoding by any of its labels.
fn standard(label: &str) -> Option<&'static str> {
    let label = match label {
        "maccyrillic" | "mac-cyrillic" => "x-mac-cyrillic",
        "cp932" => "shift_jis",
        "cp949" => "euc-kr",
        label => label,
    };
    MimeType::parse(&format!("text/plain;charset={label}"))?.encoding()
}

/// Tells whether bytes say the same in an encoding as in a decoded text.
fn same_text(bytes: &[u8], encoding: &str, text: &str) -> bool {
    // A document that decodes the same in two encodings is in both.
    naba_text::decode_as(bytes, encoding).is_some_and(|expected| expected == text)
}

/// Judges a Content-Type.
pub fn mime_type(case: &Value, report: &mut Report) {
    let found = MimeType::parse(text(case, "input"));
    let written = found.as_ref().map(MimeType::to_string);
    report.check("read and written", case, written.as_deref() == case["output"].as_str(), || format!("{written:?}"));
    if case.get("encoding").is_some() {
        let encoding = found.as_ref().and_then(MimeType::encoding);
        let is_met = encoding.map(str::to_ascii_lowercase) == case["encoding"].as_str().map(str::to_ascii_lowercase);
        report.check("encoding", case, is_met, || format!("{encoding:?}"));
    }
}
