//! The words of one language and what they mean, read from its data file.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use naba_text::fold_str;
use serde::Deserialize;

use super::lex::{Kind, Token, lex};

/// The number of words that no lexicon has.
pub(crate) const UNKNOWN: u32 = 0;

/// How a language writes numbers and words.
#[derive(Deserialize, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Manner {
    /// The sign before decimals.
    pub(crate) decimal: String,
    /// The order of a date in digits: "dmy" or "mdy".
    pub(crate) order: String,
    /// Units may come before tens: five and twenty.
    pub(crate) reversed: bool,
    /// "And" stands between tens and units.
    pub(crate) and_within: bool,
    /// Counts on by ten after sixty and eighty.
    pub(crate) vigesimal: bool,
    /// White space may part groups of three digits.
    pub(crate) spaced: bool,
    /// Words are written together: number words and others.
    pub(crate) compound: bool,
    /// What is written before a word, together with it.
    pub(crate) proclitics: Vec<String>,
    /// The article that is written before a word.
    pub(crate) article: String,
    /// Endings that a word may have.
    pub(crate) endings: Vec<String>,
    /// Endings that say what a word does in its sentence, and are words of their own to the rules, the longest first.
    pub(crate) cases: Vec<String>,
    /// The week's first day: 1 for Monday to 7.
    pub(crate) week: i64,
    /// Years of four digits without a month are of this calendar: "jalali", or Gregorian.
    pub(crate) years: String,
    /// Folded names of months that are other words, too: alone, they must have a capital letter, or cannot stand.
    pub(crate) doubtful: Vec<String>,
    /// Nouns begin with a capital letter.
    pub(crate) nouns_capital: bool,
    /// A letter is a word.
    pub(crate) letters_are_words: bool,
}

/// A meaning of a word or a phrase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Meaning {
    pub(crate) class: u16,
    pub(crate) value: f64,
}

/// A hash for short words (FNV-1a), which costs less than the library's.
#[derive(Default)]
pub(crate) struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3).wrapping_add(0x9E37);
        }
    }
}

type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

/// The words of one language.
#[derive(Default)]
pub(crate) struct Lexicon {
    pub(crate) manner: Manner,
    words: Map<Box<str>, u32>,
    /// Steps of phrases: from a node by a word to a node. Node 0 is the beginning.
    steps: Map<(u32, u32), u32>,
    meanings: Vec<Vec<Meaning>>,
    /// Classes by name.
    classes: Vec<String>,
    /// Words with this number and above only fill sentences.
    first_stop: u32,
    stops: Vec<bool>,
    /// The words of the cases.
    cases: Vec<u32>,
}

impl Lexicon {
    /// Makes an empty lexicon that knows some classes by their places.
    pub(crate) fn new(mut manner: Manner, classes: &[&str]) -> Self {
        for ending in manner.endings.iter_mut().chain(&mut manner.cases) {
            *ending = fold_str(ending);
        }
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        Self { manner, meanings: vec![Vec::new()], classes, ..Self::default() }
    }

    /// Returns the number of a class, which is new if need be.
    pub(crate) fn class(&mut self, name: &str) -> u16 {
        let at = self.classes.iter().position(|class| class == name).unwrap_or_else(|| {
            self.classes.push(name.to_owned());
            self.classes.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// Returns the number of a folded word.
    pub(crate) fn word(&self, key: &str) -> u32 {
        self.words.get(key).copied().unwrap_or(UNKNOWN)
    }

    /// Adds words that only fill sentences, after all others.
    pub(crate) fn close(&mut self, stops: &str) {
        self.first_stop = u32::try_from(self.words.len()).unwrap_or(u32::MAX) + 1;
        let words: Vec<u32> =
            stops.lines().map(|line| self.intern(line)).filter(|words| words.len() == 1).flatten().collect();
        self.cases = self.manner.cases.iter().map(|ending| self.word(ending)).collect();
        self.stops = vec![false; self.words.len() + 1];
        for word in words {
            if let Some(slot) = self.stops.get_mut(word as usize) {
                *slot = true;
            }
        }
    }

    /// Tells whether a word only fills sentences.
    pub(crate) fn is_stop(&self, word: u32) -> bool {
        self.stops.get(word as usize).copied().unwrap_or(false)
    }

    /// Tells whether a word is the case of the one before it.
    pub(crate) fn is_case(&self, word: u32) -> bool {
        word != UNKNOWN && self.cases.contains(&word)
    }

    /// Tells whether a word is known for nothing but filling sentences.
    pub(crate) fn only_fills(&self, word: u32) -> bool {
        self.first_stop > 0 && word >= self.first_stop
    }

    /// Tells whether an expression may begin with a token.
    pub(crate) fn may_begin(&self, token: Option<&Token>) -> bool {
        token.is_some_and(|token| token.kind == Kind::Digits || (token.word != UNKNOWN && token.word < self.first_stop))
    }

    /// Adds the words of a phrase; returns their numbers.
    pub(crate) fn intern(&mut self, phrase: &str) -> Vec<u32> {
        let mut out = Vec::new();
        for token in lex(phrase, &Self::default()) {
            let Some(part) = phrase.get(token.start as usize..token.end as usize) else { continue };
            let key = if token.kind == Kind::Sign { token.sign().to_string() } else { fold_str(part) };
            let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX - 1) + 1;
            out.push(*self.words.entry(key.into()).or_insert(next));
        }
        out
    }

    /// Reads the words of a phrase as a text is read; adds those that are new.
    pub(crate) fn read(&mut self, phrase: &str) -> Vec<u32> {
        let mut out = Vec::new();
        for token in lex(phrase, self) {
            let part = phrase.get(token.start as usize..token.end as usize).unwrap_or_default();
            if token.word == UNKNOWN { out.extend(self.intern(part)) } else { out.push(token.word) }
        }
        out
    }

    /// Adds a phrase with a meaning.
    pub(crate) fn add(&mut self, phrase: &str, meaning: Meaning) {
        let mut node = 0;
        let words = self.intern(phrase);
        for word in &words {
            let next = u32::try_from(self.meanings.len()).unwrap_or(u32::MAX);
            node = *self.steps.entry((node, *word)).or_insert(next);
            if node == next {
                self.meanings.push(Vec::new());
            }
        }
        if let Some(meanings) = self.meanings.get_mut(node as usize).filter(|_| !words.is_empty())
            && !meanings.contains(&meaning)
        {
            meanings.push(meaning);
        }
    }

    /// Calls back with the end and the meanings of each phrase that begins at a token.
    pub(crate) fn phrases(&self, tokens: &[Token], at: usize, mut found: impl FnMut(usize, Meaning)) {
        let mut node = 0;
        for (index, token) in tokens.iter().enumerate().skip(at) {
            let Some(next) = self.steps.get(&(node, token.word)).filter(|_| token.word != UNKNOWN) else { return };
            node = *next;
            for meaning in self.meanings.get(node as usize).into_iter().flatten() {
                found(index + 1, *meaning);
            }
        }
    }

    /// Takes a folded word apart; returns the parts' words and lengths in bytes, the last part's length rounded.
    pub(crate) fn apart(&self, key: &str) -> Option<Vec<(u32, usize)>> {
        let cut = self.without_proclitics(key).or_else(|| self.without_case(key));
        cut.or_else(|| self.without_ending(key)).or_else(|| self.compound(key))
    }

    /// Cuts proclitics and the article off a word that the lexicon has.
    fn without_proclitics(&self, key: &str) -> Option<Vec<(u32, usize)>> {
        let article = self.manner.article.as_str();
        if let Some(rest) = key.strip_prefix(article).filter(|_| !article.is_empty()) {
            let word = self.word(rest);
            if word != UNKNOWN && rest.chars().count() > 2 {
                return Some(vec![(word, key.len())]);
            }
        }
        for proclitic in &self.manner.proclitics {
            let Some(rest) = key.strip_prefix(proclitic.as_str()).filter(|rest| rest.chars().nth(1).is_some()) else {
                continue;
            };
            let sign = self.word(proclitic);
            let word = self.word(rest);
            if word != UNKNOWN && rest.chars().nth(1).is_some() {
                return Some(vec![(sign, proclitic.len()), (word, rest.len())]);
            }
            // "lil-": the article loses its alef behind the preposition.
            let contracted = rest.strip_prefix('ل').filter(|_| proclitic == "ل").map(|rest| self.word(rest));
            if let Some(word) = contracted.filter(|word| *word != UNKNOWN) {
                return Some(vec![(sign, proclitic.len()), (word, rest.len())]);
            }
            if let Some(mut parts) = self.without_proclitics(rest) {
                parts.insert(0, (sign, proclitic.len()));
                return Some(parts);
            }
        }
        None
    }

    /// Parts a case from its word, which may have another ending.
    fn without_case(&self, key: &str) -> Option<Vec<(u32, usize)>> {
        if self.manner.cases.is_empty() || self.word(key) != UNKNOWN {
            return None;
        }
        self.manner.cases.iter().find_map(|case| {
            let stem = key.strip_suffix(case.as_str())?;
            let word = Some(self.word(stem))
                .filter(|word| *word != UNKNOWN && !self.only_fills(*word) && !self.is_case(*word));
            let parts = word.map(|word| vec![(word, stem.len())]).or_else(|| self.without_ending(stem));
            let mut parts = parts.or_else(|| self.compound(stem))?;
            parts.push((self.word(case), case.len()));
            Some(parts)
        })
    }

    fn without_ending(&self, key: &str) -> Option<Vec<(u32, usize)>> {
        self.manner.endings.iter().find_map(|ending| {
            let stem = key.strip_suffix(ending.as_str())?;
            let word = self.word(stem);
            (word != UNKNOWN && stem.chars().count() > 1).then(|| vec![(word, key.len())])
        })
    }

    /// Takes a compound apart into words of three letters and more, the longest first.
    fn compound(&self, key: &str) -> Option<Vec<(u32, usize)>> {
        if !self.manner.compound || key.len() < 6 {
            return None;
        }
        let mut parts = Vec::new();
        self.split(key, &mut parts).then_some(parts)
    }

    fn split(&self, rest: &str, parts: &mut Vec<(u32, usize)>) -> bool {
        if rest.is_empty() {
            return parts.len() > 1;
        }
        if parts.len() > 16 {
            return false;
        }
        for length in (3..=rest.len().min(18)).rev() {
            let Some((head, tail)) = rest.split_at_checked(length) else { continue };
            let word = self.word(head);
            if word == UNKNOWN {
                continue;
            }
            parts.push((word, length));
            if self.split(tail, parts) {
                return true;
            }
            parts.pop();
        }
        false
    }
}
