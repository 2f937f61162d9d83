//! Percent-encoding in one form.

use std::borrow::Cow;

use super::profile::Percent;

/// Where a text stands, which says what must stay encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    Query,
}

/// How often encoding is undone: nobody encodes an address more often by mistake.
const MAX_ROUNDS: usize = 16;

/// Brings the percent-encoding of a path or a query into one form.
pub(super) fn normalise(text: &str, form: Percent, part: Part) -> Cow<'_, str> {
    if form == Percent::Standard || !text.contains('%') && form != Percent::Minimal {
        return Cow::Borrowed(text);
    }
    if form == Percent::Minimal {
        return Cow::Owned(encoded(&decoded(text.as_bytes()), part));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        match triplet(rest) {
            Some(byte) => {
                if is_unreserved(byte) {
                    out.push(byte);
                } else {
                    out.extend_from_slice(&triplet_of(byte));
                }
                rest = rest.get(3..).unwrap_or_default();
                continue;
            }
            None if first == b'%' && form == Percent::Strict => out.extend_from_slice(&triplet_of(b'%')),
            None => out.push(first),
        }
        rest = behind;
    }
    // Only ASCII went in and out.
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..MAX_ROUNDS {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text.as_slice();
        while let Some((&first, behind)) = rest.split_first() {
            let byte = triplet(rest);
            out.push(byte.unwrap_or(first));
            rest = if byte.is_some() { rest.get(3..).unwrap_or_default() } else { behind };
        }
        if out.len() == text.len() {
            break;
        }
        text = out;
    }
    text
}

fn encoded(bytes: &[u8], part: Part) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        let is_data = match part {
            Part::Path => matches!(byte, b'?' | b'#' | b'%'),
            Part::Query => matches!(byte, b'#' | b'%'),
        };
        if byte <= b' ' || byte >= 0x7f || is_data {
            out.extend_from_slice(&triplet_of(byte));
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Returns the byte that `%XX` at the start of `bytes` stands for; `None` where there is no such triplet (RFC 3986, section 2.1).
pub fn triplet(bytes: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    match bytes {
        [b'%', high, low, ..] => Some(value(*high)? << 4 | value(*low)?),
        _ => None,
    }
}

/// Tells whether a byte is one that encoded or not gives the same address (RFC 3986, section 2.3).
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Returns the triplet `%XX` of a byte, with digits in upper case (RFC 3986, section 6.2.2.1).
pub fn triplet_of(byte: u8) -> [u8; 3] {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' - 10 + nibble };
    [b'%', digit(byte >> 4), digit(byte & 15)]
}
