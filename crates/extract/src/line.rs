//! A line: one unit of text on its way to become a block, with what its place says about it.

use std::cell::OnceCell;

use naba_proto::v1::Mark;
use naba_text::{Found, find_instant, fold_str, is_alphanumeric};

use crate::cue::{Cue, CueSet};

/// What the markup says a line is: the words of class names, ids and tags.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Hint {
    Headline,
    Section,
    Kicker,
    Deck,
    Standfirst,
    Byline,
    Date,
    Caption,
    Credit,
    Promo,
    Related,
    Ad,
    Boilerplate,
    Correction,
    PullQuote,
    Embed,
}

/// The part of the page that a line stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Zone {
    /// No part by name.
    #[default]
    Page,
    /// Navigation.
    Nav,
    /// Beside the article.
    Aside,
    /// Below the article.
    Footer,
    /// Reader comments.
    Comments,
}

/// The element that holds a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tag {
    /// Plain text or an element without meaning.
    #[default]
    None,
    /// A paragraph.
    Paragraph,
    /// A heading of this level.
    Heading(u8),
    /// An item of a list.
    Item,
    /// A block quotation.
    Quote,
    /// The caption of a figure.
    Caption,
    /// A table.
    Table,
    /// A control such as a button.
    Control,
}

/// One unit of text.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Collapsed, composed text; lines inside it by `\n`.
    pub text: String,
    /// The text folded for matching.
    pub folded: String,
    /// Scalar values, those of scripts without spaces counted threefold, so that one threshold fits all languages.
    pub weight: usize,
    /// Words; for scripts without spaces, a third of the characters.
    pub words: usize,
    /// What the markup says.
    pub hint: Option<Hint>,
    /// Where it stands.
    pub zone: Zone,
    /// Its element.
    pub tag: Tag,
    /// Share of its characters inside links, 0 to 1.
    pub link_ratio: f32,
    /// Inside the container of the body (HTML only).
    pub in_body: bool,
    /// An empty line stands before it (plain text only).
    pub gap_before: bool,
    /// Lines of one comment element share a number greater than 0 (HTML only).
    pub group: u32,
    /// Names tag and classes, to see which lines are of one kind (HTML only).
    pub signature: u64,
    /// The whole text is strong.
    pub strong: bool,
    /// Inline marks.
    pub marks: Vec<Mark>,
    /// The heading that the page itself marks as the one of level 1.
    pub top_heading: bool,
    /// Its position among the lines of the page (HTML only).
    pub index: usize,
    /// The block element that holds it (HTML only).
    pub node: usize,
    /// The element that `hint` comes from.
    pub hint_node: usize,
    /// The element that `zone` comes from.
    pub zone_node: usize,
    /// The `datetime` attribute of a time element that makes up the line.
    pub datetime: Option<String>,
    /// The cues of `folded`, read when first asked for.
    cues: OnceCell<CueSet>,
    /// Letters and digits of `folded`, read when first asked for.
    key: OnceCell<String>,
    /// The written time in the text, looked for when first asked for.
    instant: OnceCell<Option<Box<Found>>>,
    /// Whether the line is little more than a date, decided when first asked for.
    date: OnceCell<bool>,
}

impl Line {
    /// Makes a line of collapsed text.
    pub fn new(text: String) -> Self {
        let folded = fold_str(&text);
        let (mut weight, mut unspaced) = (0, 0);
        for c in text.chars() {
            let wide = matches!(u32::from(c), 0xE00..=0xE7F | 0x3040..=0x30FF | 0x3400..=0x9FFF);
            weight += if wide { 3 } else { 1 };
            unspaced += usize::from(wide);
        }
        let words = text.split_whitespace().filter(|w| w.chars().any(is_alphanumeric)).count() + unspaced / 3;
        Self { text, folded, weight, words, ..Self::default() }
    }

    /// Replaces the text, keeping what is known about the place.
    pub fn with_text(&self, text: String) -> Self {
        let fresh = Self::new(text);
        Self {
            text: fresh.text,
            folded: fresh.folded,
            weight: fresh.weight,
            words: fresh.words,
            marks: Vec::new(),
            cues: OnceCell::new(),
            key: OnceCell::new(),
            instant: OnceCell::new(),
            date: OnceCell::new(),
            ..self.clone()
        }
    }

    /// Tells whether the text ends as a sentence does, closing quotation marks and brackets aside.
    pub fn ends_sentence(&self) -> bool {
        let end = self
            .text
            .trim_end_matches(|c: char| is_quote_mark(c) || matches!(c, ')' | ']' | '）') || c.is_whitespace());
        end.ends_with(['.', '!', '?', '؟', '۔', '…', '。', '！', '？', '।', '؛'])
    }

    /// Tells whether a sentence ends inside the text, as before the initials that sign wire copy.
    fn ends_inside(&self) -> bool {
        [". ", "؟ ", "۔ ", "। ", ".\u{201D} ", "? "].iter().any(|end| self.text.contains(end))
    }

    /// Tells whether the text is a question.
    pub fn is_question(&self) -> bool {
        self.text.trim_end().ends_with(['?', '؟', '？'])
    }

    /// Tells whether the line reads like a paragraph of prose.
    pub fn is_prose(&self) -> bool {
        let spoken = || self.ends_sentence() || self.weight >= 100 && self.ends_inside();
        self.link_ratio < 0.5 && (self.weight >= 160 || self.weight >= 80 && spoken())
    }

    /// Tells whether the line carries a cue; long prose carries none.
    pub fn cued(&self, cue: Cue) -> bool {
        self.weight <= 320 && self.carries(cue)
    }

    /// Tells whether the line carries a cue, however long it is.
    pub fn carries(&self, cue: Cue) -> bool {
        self.cues.get_or_init(|| CueSet::of(&self.folded)).has(cue)
    }

    /// Returns the letters and digits of the folded text, by which texts are compared.
    pub fn key(&self) -> &str {
        self.key.get_or_init(|| letters_and_digits(&self.folded))
    }

    /// Tells whether the line is little more than a date.
    pub fn is_date(&self) -> bool {
        *self.date.get_or_init(|| self.reads_as_date())
    }

    /// Returns the written time in the text, with what stands around it.
    pub fn instant(&self) -> Option<&Found> {
        self.instant.get_or_init(|| find_instant(&self.text).map(Box::new)).as_deref()
    }

    fn reads_as_date(&self) -> bool {
        let Some(found) = self.instant() else { return false };
        let letters = |t: &str| t.chars().filter(|c| c.is_alphabetic()).count();
        let before = letters(&found.before);
        let known = before == 0 || self.date_prefix(&found.before) || before <= 14;
        known
            && letters(&found.after) <= 12
            && found.stray_letters <= 16
            && found.before.split_whitespace().count() <= 3
    }

    /// Tells whether a text is what stands before a date: "Published on", "آخر تحديث".
    pub fn date_prefix(&self, before: &str) -> bool {
        let folded = fold_str(before);
        Cue::Published.is(&folded) || Cue::Updated.is(&folded)
    }

    /// Tells whether the line is only a time of day, as above the posts of a live blog.
    pub fn is_clock(&self) -> bool {
        if self.text.chars().nth(8).is_some() {
            return false;
        }
        let chars: Vec<char> = naba_text::fold_digits(&self.text).chars().collect();
        (3..=8).contains(&chars.len())
            && chars.iter().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'h' | ' '))
            && chars.iter().filter(|c| c.is_ascii_digit()).count() >= 3
            && chars.iter().any(|c| matches!(c, ':' | 'h' | '.'))
    }

    /// Tells whether the whole line stands in quotation marks.
    pub fn is_quoted(&self) -> bool {
        let text = self.text.trim_end_matches(['.', '،', ',']);
        let mut chars = text.chars();
        let (Some(first), Some(last)) = (chars.next(), chars.next_back()) else { return false };
        let inner = chars.as_str();
        is_quote_mark(first) && is_quote_mark(last) && !inner.contains(['«', '»', '“', '”', '„', '「', '」', '"'])
    }
}

/// Returns the letters and digits of a folded text, by which texts are compared.
pub fn letters_and_digits(folded: &str) -> String {
    let mut out = String::with_capacity(folded.len());
    out.extend(folded.chars().filter(|c| is_alphanumeric(*c)));
    out
}

/// Tells whether a character is a quotation mark.
pub fn is_quote_mark(c: char) -> bool {
    matches!(c, '"' | '\'' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '‹' | '›' | '「' | '」' | '『' | '』' | '″')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::new(text.to_owned())
    }

    #[test]
    fn dates_and_clocks_are_seen() {
        assert!(line("آخر تحديث: 21/09/2020 - 18:44 بتوقيت غرينتش").is_date());
        assert!(line("le 15 mars 2024").is_date());
        assert!(!line("Harriet Poole, Health correspondent | Wed 5 Feb 2025 06.00 GMT").is_date());
        assert!(line("18:20").is_clock());
        assert!(!line("2024").is_clock());
    }

    #[test]
    fn a_line_in_quotation_marks_is_seen() {
        assert!(line("„Kein Modell für Wien“").is_quoted());
        assert!(!line("“A” and “B”").is_quoted());
    }
}
