//! The text of one block while it is read.

use naba_proto::v1::Mark;

use crate::limits::{MAX_BLOCK_CHARS, cut};

/// The text of the block that is being read; white space is collapsed on the way, so that marks stay right.
#[derive(Default)]
pub struct Run {
    pub text: String,
    pub chars: u32,
    pub letters: usize,
    pub link_letters: usize,
    pub strong_letters: usize,
    pub pending: Option<char>,
    pub marks: Vec<Mark>,
    pub in_link: u32,
    pub in_strong: u32,
    pub datetime: Option<String>,
}

impl Run {
    /// Takes out all but the text, whose buffer serves the next block; what is open around it stays open.
    pub fn take(&mut self) -> Self {
        let (in_link, in_strong, text) = (self.in_link, self.in_strong, std::mem::take(&mut self.text));
        std::mem::replace(self, Self { in_link, in_strong, text, ..Self::default() })
    }

    pub fn push(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let plain = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(if plain == 0 { c.len_utf8() } else { plain });
            rest = tail;
            if plain > 0 {
                self.word(word);
            } else if c.is_whitespace() {
                self.space(' ');
            } else if !c.is_control() && !matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{AD}' | '\u{FFFC}') {
                self.word(word);
            }
        }
    }

    /// Appends what has no white space in it.
    fn word(&mut self, word: &str) {
        let left = MAX_BLOCK_CHARS.saturating_sub(self.here() as usize);
        let word = if word.len() < left { word } else { cut(word, left) };
        if word.is_empty() {
            return;
        }
        if let Some(space) = self.pending.take() {
            self.text.push(space);
            self.chars += 1;
        }
        self.text.push_str(word);
        let count = word.chars().count();
        self.chars += u32::try_from(count).unwrap_or(0);
        self.letters += count;
        self.link_letters += if self.in_link > 0 { count } else { 0 };
        self.strong_letters += if self.in_strong > 0 { count } else { 0 };
    }

    pub fn space(&mut self, space: char) {
        if !self.text.is_empty() && self.pending != Some('\n') {
            self.pending = Some(space);
        }
    }

    /// Where the next character will stand.
    pub fn here(&self) -> u32 {
        self.chars + u32::from(self.pending.is_some())
    }
}

/// Characters that are neither white space nor controls nor invisible, told without a table.
fn is_plain(c: char) -> bool {
    matches!(c, '!'..='~' | '\u{A1}'..='\u{AC}' | '\u{AE}'..='\u{167F}' | '\u{3001}'..='\u{FEFE}')
}
