//! HTML out of its document: it must not lose what it points to, and needs no scripts.

use std::borrow::Cow;

use url::Url;

use crate::plain::{escape, unescape};

/// Attributes of HTML that hold one address.
const ADDRESSES: &[&str] = &[
    "href",
    "src",
    "cite",
    "action",
    "background",
    "longdesc",
    "poster",
    "data",
    "usemap",
    "classid",
    "codebase",
    "profile",
];

/// Tells whether an attribute, in lower case, holds an address.
pub(crate) fn holds_address(name: &str) -> bool {
    ADDRESSES.contains(&name)
}

/// Resolves one address, or answers `None` for what is absolute, a place in the page or nothing that resolves.
pub(crate) fn resolved(written: &str, base: &Url) -> Option<String> {
    let written = written.trim();
    if written.is_empty() || written.starts_with('#') || has_scheme(written) {
        return None;
    }
    base.join(written).ok().map(String::from)
}

fn has_scheme(written: &str) -> bool {
    let end =
        written.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).unwrap_or(written.len());
    written.get(end..).is_some_and(|rest| rest.starts_with(':'))
        && written.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Returns the bytes of a script up to its end tag, both included, or `None` when it does not end.
fn script_length(text: &str) -> Option<usize> {
    const END: &[u8] = b"</script";
    let end = text.as_bytes().windows(END.len()).position(|window| window.eq_ignore_ascii_case(END))?;
    Some(end + text.get(end..)?.find('>')? + 1)
}

/// Resolves the relative addresses of an HTML fragment and leaves out its scripts; all else stays as written.
pub(crate) fn absolute<'h>(html: &'h str, base: &Url) -> Cow<'h, str> {
    let mut out = String::new();
    // What is copied so far, in bytes of `html`.
    let mut done = 0;
    let mut at = 0;
    let mut scripts_end = true;
    while let Some(open) = html.get(at..).and_then(|rest| rest.find('<')) {
        at += open + 1;
        let rest = html.get(at..).unwrap_or_default();
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let name = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).unwrap_or(rest.len());
        if scripts_end && rest.get(..name).is_some_and(|name| name.eq_ignore_ascii_case("script")) {
            if let Some(length) = script_length(rest) {
                out.push_str(html.get(done..at - 1).unwrap_or_default());
                at += length;
                done = at;
                continue;
            }
            // Nor will any that follows.
            scripts_end = false;
        }
        at += name;
        while let Some(attribute) = Attribute::next(html, &mut at) {
            let is_address = ADDRESSES.iter().any(|known| known.eq_ignore_ascii_case(attribute.name));
            let value = attribute.value.filter(|_| is_address);
            let Some((start, value)) = value else { continue };
            if let Some(new) = resolved(&unescape(value), base) {
                out.push_str(html.get(done..start).unwrap_or_default());
                escape(&new, &mut out);
                done = start + value.len();
            }
        }
    }
    if done == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(html.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

/// An attribute of a tag, with the place of its value.
pub(crate) struct Attribute<'h> {
    pub(crate) name: &'h str,
    pub(crate) value: Option<(usize, &'h str)>,
}

impl<'h> Attribute<'h> {
    /// Reads the attribute at a place inside a tag and moves behind it; `None` at the end of the tag.
    pub(crate) fn next(html: &'h str, at: &mut usize) -> Option<Self> {
        let rest = html.get(*at..)?;
        let blank = rest.find(|c: char| !(c.is_ascii_whitespace() || c == '/'))?;
        let start = *at + blank;
        let rest = html.get(start..)?;
        let length =
            rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/' | '<')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(length)?;
        let assigned = behind.trim_ascii_start();
        if name.is_empty() && !assigned.starts_with('=') {
            // The end of the tag, or the start of another.
            *at = start;
            return None;
        }
        let Some(value) = assigned.strip_prefix('=').map(str::trim_ascii_start) else {
            *at = start + length;
            return Some(Self { name, value: None });
        };
        let place = html.len() - value.len();
        let (from, length, quote) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => (place + 1, value.get(1..)?.find(quote)?, 1),
            _ => (place, value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len()), 0),
        };
        *at = from + length + quote;
        Some(Self { name, value: Some((from, html.get(from..from + length)?)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> String {
        absolute(html, &Url::parse("https://a.example/x/feed").unwrap()).into_owned()
    }

    #[test]
    fn relative_addresses_become_absolute_and_all_else_stays() {
        assert_eq!(
            read("<p>a < b <A HREF = 'y?a=1&amp;b=2' title='href=z'>x</a><img alt=q src=/p.png></p>"),
            "<p>a < b <A HREF = 'https://a.example/x/y?a=1&amp;b=2' title='href=z'>x</a><img alt=q src=https://a.example/p.png></p>"
        );
        assert_eq!(read("a<script>b<a href=x></SCRIPT>c"), "ac");
        for kept in [
            "<a href='mailto:x'>",
            "<a href='#top'>",
            "<a href=\"data:,x\">",
            "href=x",
            "<a href='no end",
            "<a href=",
            "<",
        ] {
            assert_eq!(read(kept), kept);
        }
    }
}
