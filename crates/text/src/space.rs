//! White space, line breaks and the composed form (NFC) that every block of text is in.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Returns the text in composed form (Unicode Normalization Form C).
pub fn nfc(text: &str) -> String {
    if is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

/// Tells whether a text is surely in composed form; a doubtful one may be so too.
pub fn is_nfc(text: &str) -> bool {
    text.is_ascii() || text.chars().all(is_inert) || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// Letters and marks of the great scripts that composition neither changes nor joins, told without a table.
fn is_inert(c: char) -> bool {
    matches!(
        u32::from(c),
        0..=0x2FF
            | 0x400..=0x482
            | 0x48A..=0x52F
            | 0x5D0..=0x5EA
            | 0x620..=0x64A
            | 0x660..=0x66F
            | 0x2010..=0x2027
            | 0x3000..=0x3029
            | 0x3041..=0x3096
            | 0x30A0..=0x30FF
            | 0x4E00..=0x9FFF
            | 0xAC00..=0xD7A3
    )
}

/// Collapses white space inside lines, trims lines, drops empty ones and controls, and composes (NFC).
///
/// Joiners (U+200C, U+200D) and directional marks stay, because Persian and mixed-direction text need them; zero-width
/// spaces, soft hyphens, byte-order marks and control characters go.
pub fn collapse(text: &str) -> String {
    let lines: Vec<String> = text
        .split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}', '\u{85}'])
        .map(collapse_spaces)
        .filter(|line| !line.is_empty())
        .collect();
    nfc(&lines.join("\n"))
}

/// Like [`collapse`], with line breaks turned into spaces.
pub fn collapse_line(text: &str) -> String {
    nfc(&collapse_spaces(text))
}

fn collapse_spaces(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pending = false;
    for c in text.chars() {
        if c.is_whitespace() {
            pending = !out.is_empty();
        } else if c.is_control() || matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{AD}' | '\u{FFFC}') {
            // Nothing to see: these only break matching.
        } else {
            if pending {
                out.push(' ');
                pending = false;
            }
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn joiners_stay_and_invisible_breaks_go() {
        assert_eq!(collapse(" سی\u{200C}وسه \u{a0} پل\u{200B}\r\n\r\n  دو "), "سی\u{200C}وسه پل\nدو");
        assert_eq!(collapse_line("a\nb\tc"), "a b c");
        assert_eq!(nfc("e\u{301}"), "é");
    }

    #[test]
    fn what_counts_as_inert_is_composed_and_stays_apart() {
        for c in ('\0'..='\u{FFFF}').filter(|c| is_inert(*c)) {
            assert_eq!(is_nfc_quick([c].into_iter()), IsNormalized::Yes, "{c}");
            assert_eq!(unicode_normalization::char::canonical_combining_class(c), 0, "{c}");
        }
    }

    proptest! {
        #[test]
        fn collapsing_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = collapse(&text);
            prop_assert_eq!(collapse(&once), once);
        }
    }
}
