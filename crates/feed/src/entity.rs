//! Character references of XML and HTML.
//!
//! The table is our own: quick-xml 0.42 resolves forty of HTML's names to wrong characters (`&gamma;` to a semicolon).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

static NAMED: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    let rows = include_str!("../data/entities.tsv").lines().filter_map(|line| line.split_once('\t'));
    let character = |code| u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
    rows.map(|(name, codes)| (name, codes.split(' ').filter_map(character).collect())).collect()
});

/// What U+0080 to U+009F mean in practice: windows-1252, as HTML's "numeric character reference end state" says.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Resolves what stands between `&` and `;`. An unknown name gives `None`, a forbidden number an empty text.
pub(crate) fn resolve_reference(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        return NAMED.get(name).map(|characters| Cow::Borrowed(characters.as_str()));
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    let c = mended(char::from_u32(code).unwrap_or('\u{fffd}'));
    Some(if is_forbidden(c) { Cow::Borrowed("") } else { Cow::Owned(c.to_string()) })
}

/// Returns the character that was meant by a C1 control, any other as it is.
pub(crate) fn mended(c: char) -> char {
    let at = u32::from(c).checked_sub(0x80).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| WINDOWS_1252.get(at).copied()).unwrap_or(c)
}

/// Tells whether XML 1.0 (section 2.2) forbids a character.
pub(crate) fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_html() {
        for (name, characters) in
            [("gamma", "γ"), ("amp", "&"), ("nbsp", "\u{a0}"), ("NotEqualTilde", "≂̸"), ("OElig", "Œ")]
        {
            assert_eq!(resolve_reference(name).as_deref(), Some(characters));
        }
        assert_eq!(resolve_reference("nosuch"), None);
        assert_eq!(NAMED.len(), 2125);
    }
}
