//! Strangers' text on a terminal, and an output that may be closed.

use std::io::{self, Write};

use naba_text::is_rtl_letter;

/// First strong isolate: what follows takes the direction of its first strong character (UAX 9).
const FSI: char = '\u{2068}';
/// Pop directional isolate.
const PDI: char = '\u{2069}';

/// Returns a text as it may stand in a line of a terminal: on one line, without control characters, and isolated when it
/// has letters written from right to left, so that it neither reorders what stands beside it nor is reordered by it.
///
/// A page that brings its own escape sequences or direction marks would otherwise write on the reader's terminal.
pub fn isolated(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(is_safe).collect();
    if clean.chars().any(is_rtl_letter) { format!("{FSI}{clean}{PDI}") } else { clean }
}

fn is_safe(c: &char) -> bool {
    // Embeddings, overrides and isolates of the page's own would leave the isolate; marks (U+200E, U+200F) may stay.
    !c.is_control() && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Returns at most `most` characters of a text, with an ellipsis where it was cut.
pub fn shortened(text: &str, most: usize) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() { format!("{}…", head.trim_end()) } else { head }
}

/// Writes to standard output and flushes, so that a reader sees each piece as it comes.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints a value as one line of JSON.
pub fn print_json(value: &serde_json::Value) -> io::Result<()> {
    print(&format!("{value}\n"))
}

/// Tells whether an error only says that nobody reads standard output any more, as after `naba tail | head`.
pub fn is_closed_output(error: &anyhow::Error) -> bool {
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_right_to_left_is_isolated_and_stays_as_it_is() {
        assert_eq!(isolated("واشنطن ستتعاون"), "\u{2068}واشنطن ستتعاون\u{2069}");
        assert_eq!(isolated("Bridge closed"), "Bridge closed");
        assert_eq!(isolated("AFP: جنيف"), "\u{2068}AFP: جنيف\u{2069}");
    }

    #[test]
    fn a_page_cannot_write_on_the_terminal_nor_break_out_of_its_isolate() {
        assert_eq!(isolated("a\u{1b}[2Jb\nc\u{202e}d"), "a[2Jb cd");
        assert_eq!(isolated("خ\u{2069}بر"), "\u{2068}خبر\u{2069}");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("خبر عاجل", 4), "خبر…");
        assert_eq!(shortened("خبر", 3), "خبر");
    }
}
