//! JSON that does not parse as a whole: cut at a limit, broken in one item, or with half a surrogate pair.

use serde_json::{Deserializer, Map, Value};

use crate::error::FeedError;
use crate::limits::MAX_ENTRIES;
use crate::listing::{Diagnostic, Notes};

/// Parses JSON; of a broken feed it gives what stands in front of the break.
pub(crate) fn parse(text: &str, notes: &mut Notes) -> Result<Value, FeedError> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    notes.add(Diagnostic::NotWellFormed);
    let mended = mend_surrogates(text);
    if let Ok(value) = serde_json::from_str(&mended) {
        return Ok(value);
    }
    salvage(&mended).ok_or(FeedError::Json(error))
}

/// Reads what stands in front of the items, and the items one by one up to the break.
fn salvage(text: &str) -> Option<Value> {
    let (front, rest) = text.split_once("\"items\"")?;
    let mut rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('[')?;
    let mut items = Vec::new();
    while items.len() < MAX_ENTRIES {
        let mut stream = Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(item)) = stream.next() else { break };
        items.push(item);
        let behind = rest.get(stream.byte_offset()..).unwrap_or_default();
        let Some(next) = behind.trim_start().strip_prefix(',') else { break };
        rest = next;
    }
    if items.is_empty() {
        return None;
    }
    let front = format!("{}}}", front.trim_end().trim_end_matches(','));
    let mut feed: Map<String, Value> = serde_json::from_str(&front).unwrap_or_default();
    feed.insert("items".to_owned(), Value::Array(items));
    Some(Value::Object(feed))
}

/// Replaces escapes of half a surrogate pair, which stand for no character, by U+FFFD.
fn mend_surrogates(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        rest = match (unit(after), after.get(5..).and_then(|next| next.strip_prefix('\\')).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => copy(after, 11, &mut out),
            (Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                after.get(5..).unwrap_or_default()
            }
            // Any other escape: its first character may be a backslash of its own.
            _ => copy(after, after.chars().next().map_or(0, char::len_utf8), &mut out),
        };
    }
    out.push_str(rest);
    out
}

/// Copies an escape of which `length` bytes follow the backslash, and returns the rest.
fn copy<'a>(after: &'a str, length: usize, out: &mut String) -> &'a str {
    let (escape, rest) = after.split_at_checked(length).unwrap_or((after, ""));
    out.push('\\');
    out.push_str(escape);
    rest
}

/// Reads the code unit of `uXXXX`.
fn unit(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix('u')?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_is_replaced_and_a_whole_one_stays() {
        let text = r#"["\ud83d\ude00 \\ud83d \ud83d \ude00x \n"]"#;
        let value = parse(text, &mut Notes::default()).unwrap();
        assert_eq!(value[0], "😀 \\ud83d \u{fffd} \u{fffd}x \n");
    }

    #[test]
    fn a_feed_that_is_cut_keeps_its_title_and_its_whole_items() {
        let text = r#"{"version":"https://jsonfeed.org/version/1.1","title":"T", "items": [{"id":"1"}, {"id":"2"} ,{"id":"3","ti"#;
        let mut notes = Notes::default();
        let value = parse(text, &mut notes).unwrap();
        assert_eq!((value["title"].as_str(), value["items"].as_array().map(Vec::len)), (Some("T"), Some(2)));
        assert_eq!(notes.into_vec(), [Diagnostic::NotWellFormed]);
    }

    #[test]
    fn what_holds_no_item_is_an_error() {
        assert!(matches!(parse("{\"items\": [nonsense", &mut Notes::default()), Err(FeedError::Json(_))));
    }
}
