//! Sentences and words.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use unicode_segmentation::UnicodeSegmentation;

use crate::fold::fold_str;

static ABBREVIATIONS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../data/abbreviations.txt").lines().filter(|l| !l.starts_with('#') && !l.is_empty()).collect()
});

/// Splits a text into sentences; returns byte ranges without the white space around them.
///
/// A sentence ends after a terminator and the closing quotation marks behind it, when white space or the end follows;
/// terminators of scripts without spaces need none. Abbreviations, initials, numbers and a following lower-case letter
/// do not end one. A line break always does.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut out = Vec::new();
    let mut start = 0;
    let mut i = 0;
    while let Some(&(at, c)) = chars.get(i) {
        if c == '\n' {
            push(text, start..at, &mut out);
            start = at;
        } else if let Some(next) = end_of_sentence(text, &chars, i, start) {
            let end = chars.get(next).map_or(text.len(), |(at, _)| *at);
            push(text, start..end, &mut out);
            start = end;
            i = next;
            continue;
        }
        i += 1;
    }
    push(text, start..text.len(), &mut out);
    out
}

/// Returns the words of a text with their byte offsets (UAX 29), without punctuation.
pub fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.unicode_word_indices()
}

fn push(text: &str, range: Range<usize>, out: &mut Vec<Range<usize>>) {
    let Some(part) = text.get(range.clone()) else { return };
    let trimmed = part.trim();
    if !trimmed.is_empty() {
        let start = range.start + (part.len() - part.trim_start().len());
        out.push(start..start + trimmed.len());
    }
}

/// Returns the index of the character after the sentence that ends at `i`, if one does.
fn end_of_sentence(text: &str, chars: &[(usize, char)], i: usize, start: usize) -> Option<usize> {
    let (at, c) = *chars.get(i)?;
    let wide = matches!(c, '。' | '！' | '？' | '｡');
    if !wide && !matches!(c, '.' | '!' | '?' | '…' | '؟' | '۔' | '।') {
        return None;
    }
    let mut next = i + 1;
    while chars.get(next).is_some_and(|(_, c)| is_closing(*c) || matches!(c, '.' | '!' | '?' | '…' | '؟' | '！' | '？'))
    {
        next += 1;
    }
    let Some((_, follow)) = chars.get(next) else { return Some(next) };
    if wide {
        return Some(next);
    }
    if !follow.is_whitespace() {
        return None;
    }
    let begins = chars.get(next..)?.iter().map(|(_, c)| *c).find(|c| !c.is_whitespace());
    if begins.is_some_and(|c| c.is_lowercase()) {
        return None;
    }
    if c == '.' && next == i + 1 && is_abbreviation(text.get(start..at).unwrap_or_default()) {
        return None;
    }
    Some(next)
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '»' | '“' | '」' | '』' | ')' | ']' | '）' | '›')
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let mut letters = word.chars();
    if let (Some(only), None) = (letters.next(), letters.next()) {
        return only.is_uppercase();
    }
    ABBREVIATIONS.contains(fold_str(word).as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().filter_map(|range| text.get(range)).collect()
    }

    #[test]
    fn abbreviations_initials_and_numbers_do_not_end_a_sentence() {
        assert_eq!(split("Dr. J. Smith paid 2.5 million. He left."), ["Dr. J. Smith paid 2.5 million.", "He left."]);
        assert_eq!(split("He came at 5 p.m. and left."), ["He came at 5 p.m. and left."]);
    }

    #[test]
    fn closing_marks_stay_with_their_sentence() {
        assert_eq!(split("«نعم». ثم خرج؟ لا."), ["«نعم».", "ثم خرج؟", "لا."]);
        assert_eq!(split("他說：「好。」然後離開。"), ["他說：「好。」", "然後離開。"]);
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost(text in "[a-zA-Zא-ת.!?؟。 \n\"]{0,60}") {
            let kept: String = split(&text).concat();
            let strip = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(strip(&kept), strip(&text));
        }
    }
}
