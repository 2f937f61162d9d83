//! The blocks that may name entities, as words, and the names that the gazetteer knows in them.

use std::collections::HashMap;

use naba_proto::v1::{Article, BlockRole, Mention, Span};

use crate::gazetteer::{Found, Gazetteer};
use crate::words::{Gap, Word, Words, without_proclitics};

/// Words of all blocks together that are looked at.
const MAX_WORDS: usize = 60_000;

/// A block as words.
pub(super) struct Passage<'a, 'g> {
    pub(super) block: u32,
    pub(super) role: BlockRole,
    pub(super) text: &'a str,
    pub(super) words: Words,
    /// For each word, whether a mention holds it.
    pub(super) taken: Vec<bool>,
    /// Each word as it stands and without its proclitics, in order.
    forms: Vec<Form>,
    /// The longest name of the gazetteer that begins with a word, for each word with which one begins, in order.
    pub(super) known: Vec<(Place, Found<'g>)>,
}

/// A word, or what is left of it without `cut` letters.
#[derive(Clone, Copy)]
struct Form {
    word: usize,
    hash: u64,
    cut: u32,
}

/// Words from `start` to `end`, the first without `cut` letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) cut: u32,
}

/// Reads the blocks that belong to the article itself: never promos, comments and what else surrounds it.
pub(super) fn passages<'a, 'g>(article: &'a Article, gazetteer: &'g Gazetteer) -> Vec<Passage<'a, 'g>> {
    let mut left = MAX_WORDS;
    let mut out = Vec::new();
    for (block, it) in (0..).zip(&article.blocks) {
        use BlockRole::{Caption, Dateline, Deck, Headline, Kicker, ListItem, Paragraph, Quote, Standfirst, Subhead};
        let role = it.role();
        let own = matches!(
            role,
            Headline | Deck | Kicker | Standfirst | Dateline | Paragraph | Subhead | Quote | ListItem | Caption
        );
        if !own || left == 0 {
            continue;
        }
        let words = Words::of(&it.text);
        left = left.saturating_sub(words.all().len());
        out.push(Passage::new(block, role, &it.text, words, gazetteer));
    }
    out
}

impl<'a, 'g> Passage<'a, 'g> {
    fn new(block: u32, role: BlockRole, text: &'a str, words: Words, gazetteer: &'g Gazetteer) -> Self {
        let taken = vec![false; words.all().len()];
        let mut forms = Vec::with_capacity(taken.len() * 2);
        for (at, word) in words.all().iter().enumerate() {
            forms.push(Form { word: at, hash: word.hash, cut: 0 });
            if !word.cased && !word.sign {
                without_proclitics(words.folded(at), |hash, cut| forms.push(Form { word: at, hash, cut }));
            }
        }
        let mut passage = Self { block, role, text, words, taken, forms, known: Vec::new() };
        passage.known = passage.look_up(gazetteer);
        passage
    }

    /// Returns the longest name that begins with each word, preferring the word as it stands.
    fn look_up(&self, gazetteer: &'g Gazetteer) -> Vec<(Place, Found<'g>)> {
        let mut out: Vec<(Place, Found<'g>)> = Vec::new();
        for form in &self.forms {
            let Some((end, found)) = gazetteer.longest(&self.words, form.word, form.hash) else { continue };
            let place = Place { start: form.word, end, cut: form.cut };
            let before = out.last_mut().filter(|(before, _)| before.start == place.start);
            match before {
                Some(before) if !found.weak && (end > before.0.end || before.1.weak) => *before = (place, found),
                Some(_) => {}
                None if form.cut > 0 && found.weak => {}
                None => out.push((place, found)),
            }
        }
        out.retain(|(place, _)| self.capital(*place));
        out
    }

    /// Returns the name of the gazetteer that begins with a word.
    pub(super) fn known_at(&self, start: usize) -> Option<&(Place, Found<'g>)> {
        let at = self.known.binary_search_by_key(&start, |(place, _)| place.start).ok()?;
        self.known.get(at)
    }

    /// Tells whether a name has a capital, where its script has them.
    fn capital(&self, place: Place) -> bool {
        let words = self.words.all().get(place.start..place.end).unwrap_or_default();
        words.iter().any(|word| word.upper || !word.cased)
    }

    /// Tells whether a word has no small letter.
    pub(super) fn is_capitals(&self, at: usize) -> bool {
        self.words.all().get(at).is_some_and(|word| !self.part(word, word).chars().any(char::is_lowercase))
    }

    /// Returns the text from one word to another.
    fn part(&self, first: &Word, last: &Word) -> &'a str {
        self.text.get(first.first_byte as usize..last.end_byte as usize).unwrap_or_default()
    }

    /// Tells whether any word of a place is held by a mention.
    pub(super) fn is_taken(&self, place: Place) -> bool {
        self.taken.get(place.start..place.end).unwrap_or_default().iter().any(|taken| *taken)
    }

    /// Notes that a mention holds the words, and returns it.
    pub(super) fn take(&mut self, place: Place) -> Option<Mention> {
        self.taken.get_mut(place.start..place.end)?.fill(true);
        let words = self.words.all();
        let (first, last) = (words.get(place.start)?, words.get(place.end.checked_sub(1)?)?);
        let part = self.part(first, last);
        let cut = part.char_indices().nth(place.cut as usize).map_or(part.len(), |(at, _)| at);
        let span = Span { block: self.block, start: first.start + place.cut, end: last.end };
        Some(Mention { span: Some(span), surface: part.get(cut..)?.to_owned() })
    }

    /// Returns the forms of a word.
    pub(super) fn forms(&self, word: usize) -> impl Iterator<Item = (u64, u32)> {
        let first = self.forms.partition_point(|form| form.word < word);
        let all = self.forms.get(first..).unwrap_or_default().iter();
        all.take_while(move |form| form.word == word).map(|form| (form.hash, form.cut))
    }

    /// Tells where a name ends whose first word is at `start`, if it stands there.
    fn end_of(&self, name: &[u64], start: usize) -> Option<usize> {
        for (at, hash) in (start + 1..).zip(name.get(1..)?) {
            let word = self.words.all().get(at)?;
            if word.hash != *hash || !matches!(word.gap, Gap::None | Gap::Space | Gap::Joint) {
                return None;
            }
        }
        Some(start + name.len())
    }
}

/// Where a name stands: its number, that of the passage, and the words.
pub(super) type Occurrence = (usize, usize, Place);

/// Finds where names stand, proclitics of their first words left out: name by name, in order.
pub(super) fn occurrences(passages: &[Passage], names: &[Vec<u64>]) -> Vec<Occurrence> {
    let mut by_first: HashMap<u64, Vec<usize>> = HashMap::new();
    for (number, name) in names.iter().enumerate() {
        name.first().into_iter().for_each(|first| by_first.entry(*first).or_default().push(number));
    }
    let mut out: Vec<Occurrence> = Vec::new();
    if by_first.is_empty() {
        return out;
    }
    for (at, passage) in passages.iter().enumerate() {
        for form in &passage.forms {
            for number in by_first.get(&form.hash).into_iter().flatten() {
                let name = names.get(*number).map(Vec::as_slice).unwrap_or_default();
                if let Some(end) = passage.end_of(name, form.word) {
                    out.push((*number, at, Place { start: form.word, end, cut: form.cut }));
                }
            }
        }
    }
    out.sort_by_key(|(name, passage, place)| (*name, *passage, place.start, place.cut));
    out
}

/// Returns the folded words of a name, hashed.
pub(super) fn key(name: &str) -> Vec<u64> {
    Words::of(name).all().iter().map(|word| word.hash).collect()
}
