//! The blocks that may name entities, as words, and the names that the gazetteer knows in them.

use naba_model::{Range, slice};
use naba_proto::v1::{Article, BlockRole, Mention, Span};

use crate::gazetteer::words::{Gap, Words, follow, hash, without_proclitics};
use crate::gazetteer::{Found, Gazetteer};

/// Words of all blocks together that are looked at.
const MAX_WORDS: usize = 60_000;

/// A block as words.
pub(super) struct Passage<'a> {
    pub(super) block: u32,
    pub(super) role: BlockRole,
    pub(super) text: &'a str,
    pub(super) words: Words,
    /// For each word, whether a mention holds it.
    pub(super) taken: Vec<bool>,
}

/// Words from `start` to `end`, the first without `cut` letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) cut: u32,
}

/// Reads the blocks that belong to the article itself: never promos, comments and what else surrounds it.
pub(super) fn passages(article: &Article) -> Vec<Passage<'_>> {
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
        let taken = vec![false; words.all().len()];
        out.push(Passage { block, role, text: &it.text, words, taken });
    }
    out
}

impl Passage<'_> {
    /// Returns the longest name of the gazetteer that begins with a word, preferring the word as it stands.
    pub(super) fn known<'g>(&self, gazetteer: &'g Gazetteer, start: usize) -> Option<(Place, Found<'g>)> {
        let first = self.words.folded(start);
        let mut best = self.longest(gazetteer, start, first).map(|(end, found)| (Place { start, end, cut: 0 }, found));
        without_proclitics(first, |rest, cut| {
            let longer = |end: usize| best.as_ref().is_none_or(|(place, found)| end > place.end || found.weak);
            if let Some((end, found)) = self.longest(gazetteer, start, rest)
                && !found.weak
                && longer(end)
            {
                best = Some((Place { start, end, cut }, found));
            }
        });
        best.filter(|(place, _)| self.capital(*place))
    }

    fn longest<'g>(&self, gazetteer: &'g Gazetteer, start: usize, first: &str) -> Option<(usize, Found<'g>)> {
        let mut phrase = follow(0, hash(first));
        let mut best = None;
        for end in start + 1.. {
            let found = gazetteer.find(phrase)?;
            if !found.entries.is_empty() {
                best = Some((end, found));
            }
            let joined = self
                .words
                .all()
                .get(end)
                .is_some_and(|word| matches!(word.gap, Gap::None | Gap::Space | Gap::Joint | Gap::Closed));
            let next = (found.continues && joined).then(|| follow(phrase, hash(self.words.folded(end))));
            let Some(next) = next.filter(|next| gazetteer.find(*next).is_some()) else { break };
            phrase = next;
        }
        best
    }

    /// Tells whether a name has a capital, where its script has them.
    fn capital(&self, place: Place) -> bool {
        let words = self.words.all().get(place.start..place.end).unwrap_or_default();
        words.iter().any(|word| word.upper || !word.cased)
    }

    /// Tells whether a word has no small letter.
    pub(super) fn is_capitals(&self, at: usize) -> bool {
        let text =
            self.words.all().get(at).and_then(|word| slice(self.text, Range { start: word.start, end: word.end }));
        text.is_some_and(|text| !text.chars().any(char::is_lowercase))
    }

    /// Tells whether any word of a place is held by a mention.
    pub(super) fn is_taken(&self, place: Place) -> bool {
        self.taken.get(place.start..place.end).unwrap_or_default().iter().any(|taken| *taken)
    }

    /// Notes that a mention holds the words, and returns it.
    pub(super) fn take(&mut self, place: Place) -> Option<Mention> {
        self.taken.get_mut(place.start..place.end)?.fill(true);
        let words = self.words.all();
        let start = words.get(place.start)?.start + place.cut;
        let end = words.get(place.end.checked_sub(1)?)?.end;
        let surface = slice(self.text, Range { start, end })?.to_owned();
        Some(Mention { span: Some(Span { block: self.block, start, end }), surface })
    }

    /// Returns where a sequence of folded words begins with a word, proclitics of the first word left out.
    pub(super) fn match_at(&self, start: usize, name: &[String]) -> Option<Place> {
        let (first, rest) = name.split_first()?;
        let words = self.words.all();
        for (offset, word) in rest.iter().enumerate() {
            let at = start + offset + 1;
            let joined = matches!(words.get(at)?.gap, Gap::None | Gap::Space | Gap::Joint);
            if !joined || self.words.folded(at) != word {
                return None;
            }
        }
        let end = start + name.len();
        let here = self.words.folded(start);
        let mut cut = (here == first).then_some(0);
        // Proclitics change a beginning only: most words are told apart by their end.
        let tail = |word: &'_ str| word.as_bytes().last_chunk::<3>().copied();
        if cut.is_none() && tail(here) != tail(first) {
            return None;
        }
        without_proclitics(here, |bare, letters| {
            if bare == first && cut.is_none() {
                cut = Some(letters);
            }
        });
        Some(Place { start, end, cut: cut? })
    }
}

/// Returns the folded words of a name.
pub(super) fn key(name: &str) -> Vec<String> {
    let words = Words::of(name);
    (0..words.all().len()).map(|index| words.folded(index).to_owned()).collect()
}
