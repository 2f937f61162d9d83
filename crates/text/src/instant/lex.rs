//! Numbers, words and signs of a short text.

use crate::digit::digit_value;
use crate::fold::fold_char;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number: its value and count of digits.
    Number(u32, usize),
    /// A word, folded.
    Word(String),
    /// White space.
    Space,
    /// Anything else.
    Symbol(char),
}

/// A token with its place in the text.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// Part of the date, time or zone.
    pub used: bool,
    /// Part of the time.
    pub time: bool,
}

impl Token {
    pub fn number(&self) -> Option<(u32, usize)> {
        match self.kind {
            Kind::Number(value, digits) => Some((value, digits)),
            _ => None,
        }
    }

    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub fn symbol(&self) -> Option<char> {
        match self.kind {
            Kind::Symbol(c) => Some(c),
            _ => None,
        }
    }

    pub fn is_space(&self) -> bool {
        self.kind == Kind::Space
    }

    pub fn letters(&self) -> usize {
        self.word().map_or(0, |word| word.chars().count())
    }
}

/// Splits a text into tokens. Han, kana and Hangul characters are words of their own.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut folded = String::new();
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        folded.clear();
        fold_char(c, |out| folded.push(out));
        if folded.is_empty() {
            if let Some(last) = tokens.last_mut() {
                last.end = end;
            }
            continue;
        }
        let single = matches!(u32::from(c), 0x2E80..=0x9FFF | 0xAC00..=0xD7AF);
        let kind = if let Some(digit) = digit_value(c) {
            if let Some(Token { kind: Kind::Number(value, digits), end: e, .. }) = tokens.last_mut() {
                *value = value.saturating_mul(10).saturating_add(digit);
                *digits += 1;
                *e = end;
                continue;
            }
            Kind::Number(digit, 1)
        } else if c.is_whitespace() {
            Kind::Space
        } else if c.is_alphabetic() || is_mark(c) {
            if !single
                && let Some(Token { kind: Kind::Word(word), end: e, .. }) = tokens.last_mut()
                && !word.starts_with(|c: char| matches!(u32::from(c), 0x2E80..=0x9FFF | 0xAC00..=0xD7AF))
            {
                word.push_str(&folded);
                *e = end;
                continue;
            }
            Kind::Word(folded.clone())
        } else {
            Kind::Symbol(folded.chars().next().unwrap_or(c))
        };
        tokens.push(Token { kind, start, end, used: false, time: false });
    }
    tokens
}

fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x900..=0xDFF | 0xE30..=0xE4E) || c == 'ª' || c == 'º'
}
