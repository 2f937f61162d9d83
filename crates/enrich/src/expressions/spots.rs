//! What each place of a text may mean by the lexicon, looked up once.

use super::lex::{Kind, Token};
use super::lexicon::{Lexicon, Meaning, UNKNOWN};

/// Meanings of all places.
pub(crate) struct Spots {
    /// For each token, where its meanings begin in `all`; one more entry closes the list.
    starts: Vec<u32>,
    all: Vec<(u32, Meaning)>,
    gates: Vec<Gate>,
}

/// What may begin at a place, or what a rule may begin with: the two meet when they share a bit.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub(crate) struct Gate {
    /// Classes, one bit each.
    pub(crate) classes: u128,
    /// Words by a bit that some share.
    pub(crate) words: u64,
    pub(crate) digits: bool,
}

impl Gate {
    /// Tells whether one may begin with the other.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.classes & other.classes != 0 || self.words & other.words != 0 || (self.digits && other.digits)
    }

    /// Returns what either may begin with.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            classes: self.classes | other.classes,
            words: self.words | other.words,
            digits: self.digits || other.digits,
        }
    }

    pub(crate) fn of_class(class: u16) -> Self {
        Self { classes: bit(class), ..Self::default() }
    }

    pub(crate) fn of_word(word: u32) -> Self {
        Self { words: if word == UNKNOWN { 0 } else { 1 << (word % 64) }, ..Self::default() }
    }
}

/// Returns the bit of a class.
pub(crate) fn bit(class: u16) -> u128 {
    1_u128.checked_shl(u32::from(class)).unwrap_or(0)
}

impl Spots {
    pub(crate) fn of(tokens: &[Token], lexicon: &Lexicon) -> Self {
        let mut spots = Self {
            starts: Vec::with_capacity(tokens.len() + 1),
            all: Vec::new(),
            gates: Vec::with_capacity(tokens.len()),
        };
        for (at, token) in tokens.iter().enumerate() {
            spots.starts.push(u32::try_from(spots.all.len()).unwrap_or(u32::MAX));
            let mut gate = Gate { digits: token.kind == Kind::Digits, ..Gate::of_word(token.word) };
            if token.word != UNKNOWN {
                lexicon.phrases(tokens, at, |end, meaning| {
                    spots.all.push((u32::try_from(end).unwrap_or(u32::MAX), meaning));
                    gate.classes |= bit(meaning.class);
                });
            }
            spots.gates.push(gate);
        }
        spots.starts.push(u32::try_from(spots.all.len()).unwrap_or(u32::MAX));
        spots
    }

    /// Returns the phrases that begin at a token: where they end and what they mean.
    pub(crate) fn at(&self, at: usize) -> &[(u32, Meaning)] {
        let range = self.starts.get(at).zip(self.starts.get(at + 1));
        range.and_then(|(start, end)| self.all.get(*start as usize..*end as usize)).unwrap_or_default()
    }

    pub(crate) fn gate(&self, at: usize) -> Gate {
        self.gates.get(at).copied().unwrap_or_default()
    }
}
