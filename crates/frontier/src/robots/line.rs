//! The lines of a robots.txt, as keys and values.

/// Longest line that is read, in bytes; the rest of a longer one is dropped. Eight times the longest address that
/// browsers of old took, as in the reference implementation.
const MAX_LINE_BYTES: usize = 2083 * 8 - 1;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Returns the text of a file in UTF-16, which its mark tells; other files are read byte by byte.
pub(super) fn from_utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        _ => return None,
    };
    let units = bytes.as_chunks().0.iter().skip(1).map(|pair| unit(*pair));
    let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(text.collect::<String>().into_bytes())
}

/// The meaning of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    UserAgent,
    Allow,
    Disallow,
    Sitemap,
    CrawlDelay,
    RequestRate,
    ContentUsage,
    License,
    Other,
}

/// Walks the key and value lines; comments, blank lines and lines without a key are passed over.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        // A byte order mark cut short is dropped as well: the reference does so, and no key starts with such a byte.
        let marks = bytes.iter().zip(BOM).take_while(|(byte, mark)| byte == mark).count();
        Self { rest: bytes.get(marks..).unwrap_or_default() }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (Key, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let end = self.rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(self.rest.len());
            let line = self.rest.get(..end).unwrap_or_default();
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if let Some(found) = key_and_value(line.get(..MAX_LINE_BYTES).unwrap_or(line)) {
                return Some(found);
            }
        }
        None
    }
}

fn key_and_value(line: &[u8]) -> Option<(Key, &[u8])> {
    let line = line.split(|byte| *byte == b'#').next().unwrap_or_default().trim_ascii();
    let (key, value) = match line.iter().position(|byte| *byte == b':') {
        Some(colon) => (line.get(..colon)?, line.get(colon + 1..)?),
        None => without_colon(line)?,
    };
    let key = key.trim_ascii();
    (!key.is_empty()).then(|| (key_of(key), value.trim_ascii()))
}

/// Reads "Disallow /x": a forgotten colon is forgiven when exactly two words stand on the line.
fn without_colon(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = line.iter().position(|byte| matches!(byte, b' ' | b'\t'))?;
    let value = line.get(blank..)?.trim_ascii();
    let one_word = !value.iter().any(|byte| matches!(byte, b' ' | b'\t'));
    one_word.then_some((line.get(..blank)?, value))
}

/// Reads a key by its start and with the typing errors that the reference forgives.
fn key_of(key: &[u8]) -> Key {
    const SPELLINGS: &[(&str, Key)] = &[
        ("user-agent", Key::UserAgent),
        ("useragent", Key::UserAgent),
        ("user agent", Key::UserAgent),
        ("allow", Key::Allow),
        ("disallow", Key::Disallow),
        ("dissallow", Key::Disallow),
        ("dissalow", Key::Disallow),
        ("disalow", Key::Disallow),
        ("diasllow", Key::Disallow),
        ("disallaw", Key::Disallow),
        ("sitemap", Key::Sitemap),
        ("site-map", Key::Sitemap),
        ("crawl-delay", Key::CrawlDelay),
        ("crawldelay", Key::CrawlDelay),
        ("crawl delay", Key::CrawlDelay),
        ("request-rate", Key::RequestRate),
        ("request rate", Key::RequestRate),
        ("content-usage", Key::ContentUsage),
        ("content-signal", Key::ContentUsage),
        ("license", Key::License),
    ];
    let spelt = |text: &str| key.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()));
    SPELLINGS.iter().find(|(text, _)| spelt(text)).map_or(Key::Other, |(_, key)| *key)
}

/// Returns the name that an agent line or a user agent starts with: up to a blank or its version.
pub(super) fn name(value: &[u8]) -> &[u8] {
    value.split(|byte| byte.is_ascii_whitespace() || *byte == b'/').next().unwrap_or_default()
}

/// Returns the product token an agent line starts with (§2.2.1: letters, "_" and "-").
pub(super) fn product_token(value: &[u8]) -> &[u8] {
    let end = value
        .iter()
        .position(|byte| !(byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-')))
        .unwrap_or(value.len());
    value.get(..end).unwrap_or_default()
}
