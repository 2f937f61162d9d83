//! What a language says about who speaks: cue verbs, titles, pronouns and so on, read from `data/cues`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::token::{key_of, plain_words};
use crate::data::{CUES, STOPWORDS};

/// How a language shows who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Family {
    /// Names are capitalised (Latin, Cyrillic, Greek).
    #[default]
    Cased,
    /// An article is written on to nouns, names have none, the verb comes first (Arabic, Hebrew).
    Definite,
    /// The verb closes the clause (Persian, Urdu).
    VerbLast,
    /// No spaces between words (Chinese, Japanese).
    Han,
}

/// A set of word classes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tags(u32);

macro_rules! tags {
    ($($name:ident = $bit:expr, $section:expr;)*) => {
        impl Tags {
            $(pub(super) const $name: Tags = Tags(1 << $bit);)*

            fn of_section(section: &str) -> Option<Tags> {
                match section {
                    $($section => Some(Tags::$name),)*
                    _ => None,
                }
            }
        }
    };
}

tags! {
    SAY = 0, "say";
    SAY_M = 1, "say.m";
    SAY_F = 2, "say.f";
    SAY_PL = 3, "say.pl";
    SAY_INITIAL = 4, "say.initial";
    PARTICIPLE = 5, "participle";
    PARTICIPLE_F = 6, "participle.f";
    NOUN = 7, "noun";
    ACCORD = 8, "accord";
    THAT = 9, "that";
    PRONOUN = 10, "pronoun";
    PRONOUN_M = 11, "pronoun.m";
    PRONOUN_F = 12, "pronoun.f";
    PRONOUN_PL = 13, "pronoun.pl";
    SAME = 14, "same";
    TITLE = 15, "title";
    HONORIFIC = 16, "honorific";
    HONORIFIC_M = 17, "honorific.m";
    HONORIFIC_F = 18, "honorific.f";
    BODY = 19, "body";
    NAMING = 20, "naming";
    PARTICLE = 21, "particle";
    BREAK = 22, "break";
    SUBJECT = 23, "subject";
    RELATIVE = 24, "relative";
    STOP = 25, "stop";
    TEKNONYM = 26, "teknonym";
}

impl Tags {
    /// Verbs of saying.
    pub(super) const VERB: Tags = Tags(0b1_1111);
    /// Everything that attributes words to somebody.
    pub(super) const CUE: Tags = Tags(0b1_1111_1111);
    /// Pronouns.
    pub(super) const ANY_PRONOUN: Tags = Tags(0b1111 << 10);
    /// Words before a name that are no part of it.
    pub(super) const ADDRESS: Tags = Tags(0b111 << 16);

    /// Tells whether the two sets share a class.
    pub(super) fn any(self, other: Tags) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the set without some classes.
    pub(super) const fn without(self, other: Tags) -> Tags {
        Tags(self.0 & !other.0)
    }

    /// Returns the union of two sets.
    pub(super) const fn or(self, other: Tags) -> Tags {
        Tags(self.0 | other.0)
    }
}

/// What one language says about who speaks.
#[derive(Default)]
pub(super) struct Lexicon {
    /// How the language shows who speaks.
    pub(super) family: Family,
    /// The article that is written on to nouns; empty when there is none.
    pub(super) article: String,
    /// Common nouns are capitalised as names are (German).
    pub(super) capital_nouns: bool,
    /// The subject stands before the verb unless a quotation precedes it (Hebrew, against Arabic).
    pub(super) subject_first: bool,
    /// Particles written on to the word they precede.
    pub(super) proclitics: Vec<char>,
    /// Prepositions written on to the word they precede.
    pub(super) prepositions: Vec<char>,
    /// Characters that begin a name (Chinese).
    pub(super) surnames: String,
    entries: HashMap<String, Vec<Entry>>,
}

struct Entry {
    rest: Vec<String>,
    tags: Tags,
}

static LEXICONS: LazyLock<HashMap<&'static str, Lexicon>> =
    LazyLock::new(|| CUES.iter().map(|(language, text)| (*language, Lexicon::parse(language, text))).collect());

static UNKNOWN: LazyLock<Lexicon> = LazyLock::new(Lexicon::default);

impl Lexicon {
    /// Returns the lexicon of a BCP 47 language; an empty one when there is no data.
    pub(super) fn of(language: &str) -> &'static Self {
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        LEXICONS.get(primary).unwrap_or(&UNKNOWN)
    }

    fn parse(language: &str, text: &str) -> Self {
        let mut lexicon = Self::default();
        let mut section = String::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
            } else if section.is_empty() {
                lexicon.set(line);
            } else if section == "surname" {
                lexicon.surnames.push_str(line);
            } else if let Some(tags) = Tags::of_section(&section) {
                line.split(',').for_each(|entry| lexicon.add(entry, tags));
            }
        }
        let stopwords = STOPWORDS.iter().find(|(name, _)| *name == language).map_or("", |(_, words)| words);
        stopwords.lines().for_each(|word| lexicon.add(word, Tags::STOP));
        lexicon
    }

    fn set(&mut self, line: &str) {
        let Some((key, value)) = line.split_once('=') else { return };
        let value = value.trim();
        match key.trim() {
            "family" => {
                self.family = match value {
                    "definite" => Family::Definite,
                    "verb-last" => Family::VerbLast,
                    "han" => Family::Han,
                    _ => Family::Cased,
                };
            }
            "nouns" => self.capital_nouns = value == "capitalised",
            "order" => self.subject_first = value == "subject-first",
            "article" => value.clone_into(&mut self.article),
            "proclitics" => self.proclitics = letters(value),
            "prepositions" => self.prepositions = letters(value),
            _ => {}
        }
    }

    fn add(&mut self, entry: &str, tags: Tags) {
        let mut words = if self.family == Family::Han {
            vec![key_of(entry.trim())].into_iter()
        } else {
            plain_words(entry).into_iter()
        };
        let Some(first) = words.next().filter(|first| !first.is_empty()) else { return };
        let rest: Vec<String> = words.collect();
        let known = self.entries.entry(first).or_default();
        match known.iter_mut().find(|entry| entry.rest == rest) {
            Some(entry) => entry.tags = entry.tags.or(tags),
            None => known.push(Entry { rest, tags }),
        }
    }

    /// Looks one word up, `following` being the words behind it; calls `found` with the length in words and the classes.
    pub(super) fn look_up<'k>(
        &self,
        word: &str,
        following: impl Fn(usize) -> Option<&'k str>,
        mut found: impl FnMut(usize, Tags),
    ) {
        for entry in self.entries.get(word).into_iter().flatten() {
            if entry.rest.iter().enumerate().all(|(i, word)| following(i) == Some(word.as_str())) {
                found(entry.rest.len() + 1, entry.tags);
            }
        }
    }

    /// Returns the entries of some classes as written, longest first (for scripts without spaces).
    pub(super) fn surfaces(&self, tags: Tags) -> Vec<(&str, Tags)> {
        let mut all: Vec<(&str, Tags)> = self
            .entries
            .iter()
            .filter(|(_, entries)| entries.iter().any(|entry| entry.tags.any(tags)))
            .map(|(word, entries)| (word.as_str(), entries.iter().fold(Tags::default(), |sum, e| sum.or(e.tags))))
            .collect();
        all.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.0.cmp(b.0)));
        all
    }
}

fn letters(value: &str) -> Vec<char> {
    value.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_of_every_file_is_known() {
        for (language, text) in CUES {
            for line in text.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')) {
                assert!(line == "surname" || Tags::of_section(line).is_some(), "{language}: unknown section {line:?}");
            }
        }
    }

    #[test]
    fn words_are_found_in_any_spelling_and_phrases_in_full() {
        let arabic = Lexicon::of("ar-SY");
        let mut tags = Tags::default();
        arabic.look_up(&key_of("أكَّد"), |_| None, |_, t| tags = tags.or(t));
        assert!(tags.any(Tags::SAY_M));
        let english = Lexicon::of("en");
        let mut longest = 0;
        english.look_up("according", |i| (i == 0).then_some("to"), |length, _| longest = longest.max(length));
        assert_eq!(longest, 2);
    }
}
