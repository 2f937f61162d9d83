//! Plain text to lines: one line of text is one unit, empty lines are remembered.

use crate::limits::{MAX_BLOCK_CHARS, cut};
use crate::line::Line;

/// Most lines read from one document.
const MAX_LINES: usize = 20_000;

/// Reads the lines of a plain text document.
pub fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut gap = false;
    for raw in unwrap(text).iter().take(MAX_LINES) {
        let collapsed = naba_text::collapse_line(cut(raw, MAX_BLOCK_CHARS));
        if collapsed.is_empty() {
            gap = true;
            continue;
        }
        let mut line = Line::new(collapsed);
        line.gap_before = std::mem::take(&mut gap);
        lines.push(line);
    }
    lines
}

/// Joins lines that were broken at a fixed width, as in e-mail and wire copy: most lines inside paragraphs nearly fill it.
fn unwrap(text: &str) -> Vec<String> {
    let raw: Vec<&str> = text.lines().collect();
    let width = |l: &str| l.trim_end().chars().count();
    let pairs: Vec<(usize, bool)> = raw
        .windows(2)
        .filter_map(|w| match w {
            [a, b] if !a.trim().is_empty() && !b.trim().is_empty() => {
                Some((width(a), a.trim_end().ends_with(['.', '!', '?', '؟', '۔', '。', ':'])))
            }
            _ => None,
        })
        .collect();
    let widest = raw.iter().map(|l| width(l)).max().unwrap_or(0);
    let full = pairs.iter().filter(|(w, ended)| *w * 10 >= widest * 7 && !ended).count();
    let wrapped = (50..=110).contains(&widest) && pairs.len() >= 6 && full * 10 >= pairs.len() * 6;
    if !wrapped {
        return raw.into_iter().map(str::to_owned).collect();
    }
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for line in raw {
        if line.trim().is_empty() {
            out.push(String::new());
            open = false;
            continue;
        }
        match out.last_mut().filter(|_| open) {
            Some(last) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            None => out.push(line.trim().to_owned()),
        }
        open = width(line) * 10 >= widest * 6;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_broken_at_a_width_are_joined() {
        let paragraph = "The council said on Monday that the bridge would stay closed\nuntil the ice had gone and the engineers had looked at it in\nfull, which may take some weeks or even longer than that, it\nsaid.";
        let text = format!("Bridge closed\n\n{paragraph}\n\n{paragraph}\n\n{paragraph}");
        let lines = lines(&text);
        assert_eq!(lines.len(), 4);
        assert!(lines[1].text.ends_with("than that, it said."));
    }

    #[test]
    fn a_line_is_a_unit_otherwise() {
        assert_eq!(lines("a\nb\n\nc").iter().map(|l| l.gap_before).collect::<Vec<_>>(), [false, false, true]);
    }
}
