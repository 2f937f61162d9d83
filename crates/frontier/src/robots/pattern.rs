//! Path patterns with `*` and a final `$` (RFC 9309 §2.2.3).

/// A pattern in normal form: percent digits in upper case, bytes outside ASCII percent-encoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern(Vec<u8>);

impl Pattern {
    pub(super) fn new(value: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(value.len());
        for &byte in value {
            if byte.is_ascii() {
                bytes.push(byte);
            } else {
                bytes.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
        upper_percent_digits(&mut bytes);
        Self(bytes)
    }

    /// Returns the length that ranks a match, in bytes, wildcards included.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the pattern for the folder alone when this one ends in `/index.htm` or `/index.html`.
    pub(super) fn index_folder(&self) -> Option<Self> {
        let slash = self.0.iter().rposition(|byte| *byte == b'/')?;
        if !self.0.get(slash..)?.starts_with(b"/index.htm") {
            return None;
        }
        let mut folder = self.0.get(..=slash)?.to_vec();
        folder.push(b'$');
        Some(Self(folder))
    }

    /// Matches from the start of a path.
    ///
    /// Between two wildcards the leftmost place is always good enough, so one pass suffices: no back-tracking, at worst
    /// the product of both lengths.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        let (pattern, anchored) = match self.0.as_slice() {
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

/// Brings the percent digits of a path into upper case: both cases name one byte (RFC 3986 §6.2.2.1).
pub(super) fn normal_path(path: &[u8]) -> Vec<u8> {
    let mut bytes = path.split(|byte| *byte == b'#').next().unwrap_or_default().to_vec();
    upper_percent_digits(&mut bytes);
    bytes
}

fn upper_percent_digits(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        match bytes.get_mut(at..at + 3) {
            Some([b'%', digits @ ..]) if digits.iter().all(u8::is_ascii_hexdigit) => {
                digits.make_ascii_uppercase();
                at += 3;
            }
            _ => at += 1,
        }
    }
}

fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'A' - 10 + nibble }
}
