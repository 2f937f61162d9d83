//! Cue words and phrases of topics, and how much of an article speaks for each topic.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use crate::data::TOPICS;
use crate::words::{ByHash, Gap, Words, follow, hash, hash_on, without_article};

/// Most words of a cue.
const MAX_WORDS: usize = 6;
/// Fewest letters of the beginning of a word that is a cue.
const MIN_LETTERS: usize = 2;
/// The weight of a cue that hardly ever stands in texts of another topic.
const STRONG: f32 = 3.0;
/// How often a cue in the headline counts.
const HEADLINE: f32 = 3.0;
/// The first words of an article tell its topic; what comes later is not read.
const MAX_READ: usize = 3000;

/// What a phrase speaks for.
struct Cue {
    topic: u32,
    weight: f32,
}

/// The cues of a language by the hashes of their words.
#[derive(Default)]
pub(super) struct Cues {
    cues: Vec<Cue>,
    /// Phrases, by the hash of all their words.
    whole: ByHash<Vec<u32>>,
    /// Beginnings of words.
    prefixes: ByHash<Vec<u32>>,
    /// First words of phrases of more than one.
    begins: ByHash<()>,
}

/// Returns the cues of a language.
pub(super) fn cues_of(language: &str) -> Option<&'static Cues> {
    static ALL: LazyLock<HashMap<&'static str, Cues>> =
        LazyLock::new(|| TOPICS.iter().map(|(language, text)| (*language, Cues::read(text))).collect());
    ALL.get(language)
}

impl Cues {
    fn read(text: &str) -> Self {
        let mut cues = Self::default();
        let mut topic = 0;
        for line in text.lines() {
            match line.strip_prefix("medtop:") {
                Some(id) => topic = id.trim().parse().unwrap_or(0),
                None => line.split(',').for_each(|cue| cues.add(topic, cue.trim())),
            }
        }
        cues
    }

    fn add(&mut self, topic: u32, cue: &str) {
        let (weight, cue) = cue.strip_prefix('+').map_or((1.0, cue), |cue| (STRONG, cue));
        let (open, cue) = cue.strip_suffix('*').map_or((false, cue), |cue| (true, cue));
        let words = Words::of(cue);
        // Inside a phrase, words count without the article, here as in texts.
        let later = |at: usize| hash(without_article(words.folded(at)));
        let hashes: Vec<u64> =
            (0..words.all().len()).map(|at| if at == 0 { words.hash(0) } else { later(at) }).collect();
        let Some(first) = hashes.first().filter(|_| hashes.len() <= MAX_WORDS) else { return };
        let number = self.cues.len() as u32;
        self.cues.push(Cue { topic, weight });
        if open && hashes.len() == 1 {
            self.prefixes.entry(*first).or_default().push(number);
            return;
        }
        if hashes.len() > 1 {
            self.begins.insert(*first, ());
        }
        let phrase = hashes.iter().fold(0, |phrase, word| follow(phrase, *word));
        self.whole.entry(phrase).or_default().push(number);
    }
}

/// How often each cue stands in an article.
pub(super) struct Evidence<'c> {
    cues: &'c Cues,
    counts: HashMap<u32, f32>,
    read: usize,
}

impl<'c> Evidence<'c> {
    pub(super) fn new(cues: &'c Cues) -> Self {
        Self { cues, counts: HashMap::new(), read: 0 }
    }

    /// Counts the cues of a text.
    pub(super) fn read(&mut self, text: &str, headline: bool) {
        if self.read > MAX_READ {
            return;
        }
        let words = Words::of(text);
        self.read += words.all().len();
        let often = if headline { HEADLINE } else { 1.0 };
        for at in 0..words.all().len() {
            let mut seen = false;
            stems(words.folded(at), |stem| {
                // The word as it stands decides; its stems speak only where it says nothing.
                seen = seen || self.word(&words, at, stem, often);
            });
        }
    }

    /// Counts the cues that begin with a stem of a word; returns whether there are any.
    fn word(&mut self, words: &Words, at: usize, stem: &str, often: f32) -> bool {
        let (mut seen, cues) = (false, self.cues);
        let mut note = |numbers: Option<&Vec<u32>>| {
            for number in numbers.into_iter().flatten() {
                *self.counts.entry(*number).or_default() += often;
                seen = true;
            }
        };
        let mut prefix = hash("");
        for (letters, c) in stem.chars().enumerate() {
            let mut bytes = [0; 4];
            prefix = hash_on(prefix, c.encode_utf8(&mut bytes));
            if letters + 1 >= MIN_LETTERS {
                note(cues.prefixes.get(&prefix));
            }
        }
        let mut phrase = follow(0, prefix);
        note(cues.whole.get(&phrase));
        if cues.begins.contains_key(&prefix) {
            for next in at + 1..at + MAX_WORDS {
                let Some(word) = words.all().get(next) else { break };
                if !matches!(word.gap, Gap::None | Gap::Space | Gap::Joint) {
                    break;
                }
                phrase = follow(phrase, hash(without_article(words.folded(next))));
                note(cues.whole.get(&phrase));
            }
        }
        seen
    }

    /// Returns how much speaks for each topic: a cue that recurs counts more, but not in proportion.
    pub(super) fn weights(&self) -> Vec<(u32, f32)> {
        let mut weights: BTreeMap<u32, f32> = BTreeMap::new();
        let mut counts: Vec<(u32, f32)> = self.counts.iter().map(|(number, count)| (*number, *count)).collect();
        // Sums of floats depend on their order.
        counts.sort_by_key(|(number, _)| *number);
        for (number, count) in counts {
            if let Some(cue) = self.cues.cues.get(number as usize) {
                *weights.entry(cue.topic).or_default() += cue.weight * (1.0 + count.ln());
            }
        }
        weights.into_iter().collect()
    }
}

/// Calls `each` with a folded word and with what is left of it without proclitics and the Arabic article.
fn stems(word: &str, mut each: impl FnMut(&str)) {
    each(word);
    let Some(first) = word.chars().next() else { return };
    let rest = match u32::from(first) {
        0x600..=0x6FF => {
            let bare = without_article(word);
            if bare.len() < word.len() {
                each(bare);
            }
            "وفبلك"
        }
        0x590..=0x5FF => "והבלמשכ",
        _ => return,
    };
    let mut cut = word;
    for _ in 0..2 {
        let Some(c) = cut.chars().next().filter(|c| rest.contains(*c)) else { return };
        cut = cut.get(c.len_utf8()..).unwrap_or_default();
        if cut.chars().nth(2).is_none() {
            return;
        }
        each(without_article(cut));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_cues_for_every_topic() {
        for (language, text) in TOPICS {
            let cues = Cues::read(text);
            let mut topics: Vec<u32> = cues.cues.iter().map(|cue| cue.topic).collect();
            topics.dedup();
            assert_eq!(topics, (1..=17).map(|number| number * 1_000_000).collect::<Vec<_>>(), "{language}");
        }
    }

    #[test]
    fn a_cue_is_found_in_the_forms_of_its_word() {
        let cues = Cues::read("medtop:15000000\n+كاس العالم, goal*, 冠軍\nmedtop:04000000\nbank");
        let weights = |text: &str| {
            let mut evidence = Evidence::new(&cues);
            evidence.read(text, false);
            evidence.weights()
        };
        assert_eq!(weights("وبكأس العالم"), [(15_000_000, 3.0)]);
        assert_eq!(weights("goalkeeper"), [(15_000_000, 1.0)]);
        assert_eq!(weights("奪得冠軍的"), [(15_000_000, 1.0)]);
        assert_eq!(weights("banks"), []);
    }
}
