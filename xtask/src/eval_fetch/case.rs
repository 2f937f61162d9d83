//! Cases as JSON, and what all judges ask of them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// Reads the cases of all parts of a suite; a suite that is not there has none.
pub fn of_suite(folder: &Path) -> Result<Vec<Value>> {
    let Ok(parts) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files: Vec<_> = parts.filter_map(|part| Some(part.ok()?.path().join("cases.jsonl"))).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let lines = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        for (number, line) in lines.lines().enumerate() {
            cases.push(serde_json::from_str(line).with_context(|| format!("{}:{}", file.display(), number + 1))?);
        }
    }
    Ok(cases)
}

/// Returns a text, or nothing for what is none.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Returns a list, empty for what is none.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Returns the bytes of a base64 field; none where it is missing or not base64.
pub fn bytes(value: &Value, key: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text(value, key)).unwrap_or_default()
}

/// Returns milliseconds of a UTC time tuple or an RFC 3339 text.
pub fn instant(value: &Value) -> Option<i64> {
    if let Some(text) = value.as_str() {
        return naba_text::parse_instant(text).map(|parsed| parsed.millis);
    }
    let part = |at: usize| value.get(at).and_then(Value::as_i64);
    let text =
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, part(5)?);
    naba_text::parse_instant(&text).map(|parsed| parsed.millis)
}
