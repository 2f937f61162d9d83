//! The words by which names are told from other words, as hashes.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use naba_text::fold_str;
use serde::Deserialize;

use crate::words::hash;

/// The words of `data/names.toml`. A test reads the file, so it is never empty in a release.
pub(super) static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::read(include_str!("../../data/names.toml")).unwrap_or_default());

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    organisations: Vec<String>,
    joints: Vec<String>,
    starters: Vec<String>,
    place_cues: Vec<String>,
    arabic_organisations: Vec<String>,
    arabic_breaks: Vec<String>,
    arabic_titles: HashMap<String, String>,
}

/// Hashes of folded words.
#[derive(Default)]
pub(super) struct Lexicon {
    /// Words of organisations, in scripts with capitals.
    pub(super) organisations: HashSet<u64>,
    /// Small words inside the name of an organisation.
    pub(super) joints: HashSet<u64>,
    /// Words that begin a sentence and no name.
    pub(super) starters: HashSet<u64>,
    /// Words that announce a place.
    pub(super) place_cues: HashSet<u64>,
    /// Words that begin the name of an organisation in Arabic.
    pub(super) arabic_organisations: HashSet<u64>,
    /// Arabic words with an article that go on no name.
    pub(super) arabic_breaks: HashSet<u64>,
    /// Words that begin a title in Arabic, each with the form under which its duals go.
    pub(super) arabic_titles: HashMap<u64, u64>,
}

impl Lexicon {
    fn read(text: &str) -> Result<Self, toml::de::Error> {
        let file: File = toml::from_str(text)?;
        let one = |word: &str| hash(&fold_str(word));
        let all = |words: Vec<String>| words.iter().map(|word| one(word)).collect();
        Ok(Self {
            organisations: all(file.organisations),
            joints: all(file.joints),
            starters: all(file.starters),
            place_cues: all(file.place_cues),
            arabic_organisations: all(file.arabic_organisations),
            arabic_breaks: all(file.arabic_breaks),
            arabic_titles: file.arabic_titles.iter().map(|(form, singular)| (one(form), one(singular))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_can_be_read_and_its_words_are_folded() {
        assert!(Lexicon::read(include_str!("../../data/names.toml")).is_ok());
        assert!(LEXICON.arabic_organisations.contains(&hash("جامعه")));
        assert_eq!(LEXICON.arabic_titles.get(&hash("وزيرا")), Some(&hash("وزير")));
    }
}
