//! Path patterns with `*` and a final `$` (RFC 9309 §2.2.3).

use naba_model::percent::{is_unreserved, triplet, triplet_of};

/// A pattern in the spelling of [`spell_rule`], with the length that ranks a match.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    bytes: Vec<u8>,
    len: usize,
}

impl Pattern {
    pub(super) fn new(value: &[u8], allow: bool) -> Self {
        let decoded = if allow { is_mark } else { is_unreserved };
        // The reference ranks by the length as written, in which only bytes outside ASCII count as three.
        let len = value.len() + 2 * value.iter().filter(|byte| !byte.is_ascii()).count();
        Self { bytes: spell_rule(value, decoded), len }
    }

    /// Returns the length that ranks a match, in bytes, wildcards included.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the pattern for the folder alone when this one ends in `/index.htm` or `/index.html`.
    pub(super) fn index_folder(&self) -> Option<Self> {
        let slash = self.bytes.iter().rposition(|byte| *byte == b'/')?;
        if !self.bytes.get(slash..)?.starts_with(b"/index.htm") {
            return None;
        }
        let mut bytes = self.bytes.get(..=slash)?.to_vec();
        bytes.push(b'$');
        Some(Self { len: bytes.len(), bytes })
    }

    /// Matches from the start of a path in the spelling of [`spell_path`].
    ///
    /// Between two wildcards the leftmost place is always good enough, so one pass suffices: no back-tracking, at worst
    /// the product of both lengths.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        let (pattern, anchored) = match self.bytes.as_slice() {
            [head @ .., b'$'] => (head, true),
            whole => (whole, false),
        };
        let mut segments = pattern.split(|byte| *byte == b'*');
        let Some(mut rest) = path.strip_prefix(segments.next().unwrap_or_default()) else { return false };
        let Some(last) = segments.next_back() else { return !anchored || rest.is_empty() };
        for segment in segments {
            match after(rest, segment) {
                Some(tail) => rest = tail,
                None => return false,
            }
        }
        if anchored { rest.ends_with(last) } else { after(rest, last).is_some() }
    }
}

/// Returns what follows the leftmost place of a segment.
fn after<'a>(text: &'a [u8], segment: &[u8]) -> Option<&'a [u8]> {
    if segment.is_empty() {
        return Some(text);
    }
    let start = text.windows(segment.len()).position(|window| window == segment)?;
    text.get(start + segment.len()..)
}

/// A path in the two spellings that rules are matched with.
///
/// The reference takes an encoded letter for another address, the RFC (§2.2.2) for the same. In doubt nothing is fetched:
/// what a rule disallows, it disallows in both spellings, and what it allows, only in its own.
pub(super) struct Path {
    allowing: Vec<u8>,
    disallowing: Vec<u8>,
}

impl Path {
    /// Spells a path, without its fragment.
    ///
    /// The case of percent digits stays: a normalised address has upper case, and the reference compares what it is given.
    pub(super) fn new(path: &[u8]) -> Self {
        let path = path.split(|byte| *byte == b'#').next().unwrap_or_default();
        Self { allowing: spell_path(path, is_mark), disallowing: spell_path(path, is_unreserved) }
    }

    /// Returns the spelling for rules of one kind.
    pub(super) fn spelling(&self, allow: bool) -> &[u8] {
        if allow { &self.allowing } else { &self.disallowing }
    }
}

fn spell_path(path: &[u8], decoded: fn(u8) -> bool) -> Vec<u8> {
    spell(path, decoded, |out, rest| match rest {
        [b'*', ..] => out.extend_from_slice(b"%2A"),
        [b'$', ..] => out.extend_from_slice(b"%24"),
        [b'%', digits @ ..] => {
            out.push(b'%');
            out.extend_from_slice(digits.get(..2).unwrap_or_default());
        }
        [byte, ..] => out.push(*byte),
        [] => {}
    })
}

/// Spells a rule: `*` and a final `$` stay special, percent digits come out in upper case.
fn spell_rule(value: &[u8], decoded: fn(u8) -> bool) -> Vec<u8> {
    spell(value, decoded, |out, rest| match rest {
        [b'$', _, ..] => out.extend_from_slice(b"%24"),
        [b'%', digits @ ..] => {
            out.push(b'%');
            out.extend(digits.iter().take(2).map(u8::to_ascii_uppercase));
        }
        [byte, ..] if byte.is_ascii() => out.push(*byte),
        [byte, ..] => out.extend_from_slice(&triplet_of(*byte)),
        [] => {}
    })
}

/// Writes bytes in the one spelling in which rules and paths meet (RFC 9309 §2.2.2): what no address carries as itself is
/// percent-encoded, and what needs no encoding is not. `special` writes `*`, `$`, what is not ASCII and the triplets that
/// are not to be `decoded`.
fn spell(bytes: &[u8], decoded: fn(u8) -> bool, special: impl Fn(&mut Vec<u8>, &[u8])) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        let mut next = behind;
        match byte {
            b'*' | b'$' | 0x80.. => special(&mut out, rest),
            b'%' => match triplet(rest) {
                Some(value) if decoded(value) => {
                    out.push(value);
                    next = rest.get(3..).unwrap_or_default();
                }
                Some(_) => {
                    special(&mut out, rest);
                    next = rest.get(3..).unwrap_or_default();
                }
                None => out.push(byte),
            },
            0..=b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x7f => {
                out.extend_from_slice(&triplet_of(byte));
            }
            _ => out.push(byte),
        }
        rest = next;
    }
    out
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'_' | b'~')
}
