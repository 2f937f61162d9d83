//! Attributes as people write them: without quotes, without value, with bare ampersands.

use std::borrow::Cow;

use crate::limits::{MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES};
use crate::plain::unescape;

/// Attributes of a tag: lower-case qualified name and resolved value.
pub(crate) type Attributes<'d> = Vec<(Cow<'d, str>, Cow<'d, str>)>;

/// Returns a name in lower case, which it mostly is already.
pub(crate) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// Reads the attributes of a tag: pairs of lower-case qualified name and resolved value, the first of a name wins.
///
/// `text` is what stands behind the tag's name.
pub(crate) fn attributes(text: &str) -> Attributes<'_> {
    let mut found: Attributes<'_> = Vec::new();
    let mut rest = text;
    while found.len() < MAX_ATTRIBUTES {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\'' | '='));
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let (value, behind) = value(behind);
        rest = behind;
        let name = lower(name);
        if value.len() <= MAX_ATTRIBUTE_BYTES && !found.iter().any(|(known, _)| *known == name) {
            found.push((name, unescape(value)));
        }
    }
    found
}

/// Splits off the value that follows a name.
fn value(behind_name: &str) -> (&str, &str) {
    let Some(after) = behind_name.trim_start().strip_prefix('=') else {
        return ("", behind_name);
    };
    let after = after.trim_start();
    for quote in ['"', '\''] {
        if let Some(quoted) = after.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    let end = after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len());
    after.split_at_checked(end).unwrap_or((after, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        attributes(text).into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    #[test]
    fn quotes_values_and_blanks_may_be_missing() {
        let expected = [("href", "http://a.example/?a=1&b=2"), ("type", "text/html"), ("checked", ""), ("rel", "x")];
        let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(pairs(" HREF = 'http://a.example/?a=1&b=2' type=text/html checked rel=\"x\"/"), expected);
    }

    #[test]
    fn an_unclosed_quote_takes_the_rest() {
        assert_eq!(pairs("a=\"b c"), [("a".to_owned(), "b c".to_owned())]);
    }
}
