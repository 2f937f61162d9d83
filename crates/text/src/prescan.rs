//! The WHATWG pre-scan of a byte stream for a declared encoding (HTML Standard §13.2.3.2), and the XML declaration.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// The standard asks for 1,024 bytes at least; pages with long scripts before the meta element need far more.
const PRESCAN_BYTES: usize = 64 * 1024;

/// Returns the encoding that an HTML document declares in a meta element or an XML declaration.
pub(crate) fn html(bytes: &[u8]) -> Option<&'static Encoding> {
    let bytes = bytes.get(..PRESCAN_BYTES).unwrap_or(bytes);
    let mut scan = Scan { bytes, at: 0 };
    while let Some(rest) = scan.bytes.get(scan.at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"<!--") {
            // `<!-->` is a whole comment, so the search begins on its second dash.
            scan.at += find(rest.get(2..)?, b"-->")? + 4;
        } else if starts_with_tag(rest, b"<meta") && rest.get(5).is_some_and(|b| is_space(*b) || *b == b'/') {
            scan.at += 5;
            if let Some(encoding) = scan.meta() {
                return Some(encoding);
            }
        } else if is_tag_open(rest) {
            scan.at += rest.iter().position(|b| is_space(*b) || *b == b'>').unwrap_or(rest.len());
            while scan.attribute().is_some() {}
        } else if rest.starts_with(b"<!") || rest.starts_with(b"</") || rest.starts_with(b"<?") {
            scan.at += find(rest, b">").unwrap_or(rest.len());
        }
        scan.at += 1;
    }
    xml(bytes)
}

/// Returns the encoding that an XML declaration at the very start names.
pub(crate) fn xml(bytes: &[u8]) -> Option<&'static Encoding> {
    let bytes = bytes.get(bytes.iter().position(|b| !is_space(*b))?..)?;
    let end = find(bytes, b">").filter(|_| bytes.starts_with(b"<?xml"))?;
    let declaration = bytes.get(..end)?;
    let after = declaration.get(find(declaration, b"encoding")? + 8..)?;
    let mut scan = Scan { bytes: after, at: 0 };
    scan.skip_spaces();
    (scan.peek()? == b'=').then_some(())?;
    scan.at += 1;
    scan.skip_spaces();
    let quote = scan.peek().filter(|b| matches!(b, b'"' | b'\''))?;
    let rest = after.get(scan.at + 1..)?;
    let label = rest.get(..rest.iter().position(|b| *b == quote)?)?;
    readable(Encoding::for_label(label)?)
}

/// A document whose declaration could be read as ASCII is not UTF-16, whatever it says (HTML Standard).
fn readable(encoding: &'static Encoding) -> Option<&'static Encoding> {
    Some(if encoding == UTF_16BE || encoding == UTF_16LE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    })
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn meta(&mut self) -> Option<&'static Encoding> {
        let (mut pragma, mut need_pragma, mut charset) = (false, None, None);
        let mut seen: Vec<Vec<u8>> = Vec::new();
        while let Some((name, value)) = self.attribute() {
            if seen.contains(&name) || seen.len() > 64 {
                continue;
            }
            match name.as_slice() {
                b"http-equiv" => pragma = pragma || value == b"content-type",
                b"content" if charset.is_none() => {
                    if let Some(encoding) = in_content(&value) {
                        charset = Some(encoding);
                        need_pragma = Some(true);
                    }
                }
                b"charset" => {
                    charset = Encoding::for_label(&value);
                    need_pragma = Some(false);
                }
                _ => {}
            }
            seen.push(name);
        }
        match need_pragma {
            Some(true) if !pragma => None,
            Some(_) => readable(charset?),
            None => None,
        }
    }

    /// Reads one attribute, lower-cased; `None` at the end of the tag, on which the scan then stands.
    fn attribute(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        while self.peek().is_some_and(|b| is_space(b) || b == b'/') {
            self.at += 1;
        }
        if self.peek()? == b'>' {
            return None;
        }
        let mut name = Vec::new();
        loop {
            match self.peek()? {
                b'=' if !name.is_empty() => break,
                b if is_space(b) => {
                    self.skip_spaces();
                    if self.peek()? != b'=' {
                        return Some((name, Vec::new()));
                    }
                    break;
                }
                b'/' | b'>' => return Some((name, Vec::new())),
                b => name.push(b.to_ascii_lowercase()),
            }
            self.at += 1;
        }
        self.at += 1;
        self.skip_spaces();
        let value = self.value()?;
        Some((name, value))
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        let quote = self.peek().filter(|b| matches!(b, b'"' | b'\''));
        let mut value = Vec::new();
        if let Some(quote) = quote {
            loop {
                self.at += 1;
                match self.peek()? {
                    b if b == quote => {
                        self.at += 1;
                        return Some(value);
                    }
                    b => value.push(b.to_ascii_lowercase()),
                }
            }
        }
        loop {
            match self.peek()? {
                b if is_space(b) || b == b'>' => return Some(value),
                b => value.push(b.to_ascii_lowercase()),
            }
            self.at += 1;
        }
    }
}

/// Extracts the encoding from the value of a content attribute ("algorithm for extracting a character encoding").
fn in_content(value: &[u8]) -> Option<&'static Encoding> {
    let mut rest = value;
    loop {
        rest = rest.get(find(rest, b"charset")? + 7..)?;
        let mut scan = Scan { bytes: rest, at: 0 };
        scan.skip_spaces();
        if scan.peek()? != b'=' {
            continue;
        }
        scan.at += 1;
        scan.skip_spaces();
        let label = rest.get(scan.at..)?;
        let label = match label.first()? {
            quote @ (b'"' | b'\'') => {
                let inner = label.get(1..)?;
                inner.get(..inner.iter().position(|b| b == quote)?)?
            }
            _ => label.get(..label.iter().position(|b| is_space(*b) || *b == b';').unwrap_or(label.len()))?,
        };
        return Encoding::for_label(label);
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

fn is_tag_open(rest: &[u8]) -> bool {
    let name = if rest.starts_with(b"</") { rest.get(2) } else { rest.get(1) };
    rest.first() == Some(&b'<') && name.is_some_and(u8::is_ascii_alphabetic)
}

fn starts_with_tag(rest: &[u8], tag: &[u8]) -> bool {
    rest.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(html: &[u8]) -> Option<&'static str> {
        super::html(html).map(Encoding::name)
    }

    #[test]
    fn declarations_are_found_where_the_standard_finds_them() {
        assert_eq!(name(b"<!DOCTYPE html>\n<meta charset='iso8859-2>"), None);
        assert_eq!(name(b"<!DOCTYPE html>\n<meta charset=iso8859-2>"), Some("ISO-8859-2"));
        assert_eq!(
            name(b"<meta http-equiv=Content-Type content='text/html; charset=windows-1256'>"),
            Some("windows-1256")
        );
        assert_eq!(name(b"<meta content='text/html; charset=windows-1256'>"), None);
        assert_eq!(name(b"<!-- <meta charset=gbk> --><meta charset=big5>"), Some("Big5"));
        assert_eq!(name(b"<a title='<meta charset=gbk>'><meta charset=utf-16>"), Some("UTF-8"));
        assert_eq!(name(b"<metacharset=gbk>"), None);
        assert_eq!(name(b"<?xml version='1.0' encoding='windows-1251'?><x/>"), Some("windows-1251"));
    }
}
