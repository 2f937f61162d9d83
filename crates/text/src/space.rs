//! White space, line breaks and the composed form (NFC) that every block of text is in.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Returns the text in composed form (Unicode Normalization Form C).
pub fn nfc(text: &str) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        _ => text.nfc().collect(),
    }
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

    proptest! {
        #[test]
        fn collapsing_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = collapse(&text);
            prop_assert_eq!(collapse(&once), once);
        }
    }
}
