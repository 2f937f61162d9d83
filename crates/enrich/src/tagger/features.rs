//! What the tagger sees of a word: itself, its ends, its shape, its neighbours, and what the gazetteer knows.

use naba_text::is_caseless;

use crate::gazetteer::{Gazetteer, Kind};
use crate::words::{Gap, Word, Words, follow, hash, without_article, without_proclitics};

/// The features of the words of a text, a list of hashes for each.
pub type Features = Vec<Vec<u64>>;

/// Letters of the ends of words that are looked at.
const ENDS: usize = 4;

/// What is looked at of a word by its neighbours too.
struct Seen {
    word: u64,
    /// Without proclitics and the Arabic article.
    stem: u64,
    shape: u64,
    known: u64,
}

/// Returns the features of each word.
pub fn features(words: &Words, gazetteer: &Gazetteer) -> Features {
    let known = known(words, gazetteer);
    let seen: Vec<Seen> = words
        .all()
        .iter()
        .enumerate()
        .map(|(at, word)| Seen {
            word: word.hash,
            stem: stem(words.folded(at)),
            shape: shape(word, words.folded(at)),
            known: known.get(at).copied().unwrap_or(0),
        })
        .collect();
    (0..seen.len()).map(|at| of_word(words, &seen, at)).collect()
}

fn of_word(words: &Words, seen: &[Seen], at: usize) -> Vec<u64> {
    let mut out = Vec::with_capacity(40);
    let mut add = |kind: u64, value: u64| out.push(follow(kind, value));
    let Some(here) = seen.get(at) else { return out };
    let sentence = |at: usize| words.all().get(at).is_some_and(|word| word.gap == Gap::Stop);
    let before = |steps: usize| -> Option<&Seen> {
        let to = at.checked_sub(steps)?;
        (!(to + 1..=at).any(sentence)).then(|| seen.get(to))?
    };
    let after =
        |steps: usize| -> Option<&Seen> { (!(at + 1..=at + steps).any(sentence)).then(|| seen.get(at + steps))? };
    let gap = words.all().get(at).map_or(0, |word| word.gap as u64);
    add(1, 0);
    add(2, here.word);
    add(3, here.stem);
    add(4, here.shape);
    add(5, follow(here.shape, gap));
    add(6, here.known);
    ends(words.folded(at), &mut add);
    let neighbours = [(20, before(1)), (30, before(2)), (40, after(1)), (50, after(2))];
    for (kind, neighbour) in neighbours {
        add(kind, neighbour.map_or(1, |it| it.word));
        add(kind + 1, neighbour.map_or(1, |it| it.stem));
        add(kind + 2, neighbour.map_or(1, |it| it.shape));
        add(kind + 3, neighbour.map_or(1, |it| follow(it.known, here.known)));
    }
    let one = |it: Option<&Seen>| it.map_or(1, |it| it.word);
    add(60, follow(one(before(1)), here.word));
    add(61, follow(here.word, one(after(1))));
    add(62, follow(one(before(2)), one(before(1))));
    add(63, follow(one(before(1)), one(after(1))));
    add(64, follow(before(1).map_or(1, |it| it.shape), follow(here.shape, after(1).map_or(1, |it| it.shape))));
    add(65, follow(before(1).map_or(1, |it| it.stem), here.shape));
    let next_gap = words.all().get(at + 1).map_or(9, |word| word.gap as u64);
    add(66, follow(gap, next_gap));
    out
}

/// Adds the beginnings and ends of a word, up to four letters.
fn ends(word: &str, add: &mut impl FnMut(u64, u64)) {
    let bounds = word.char_indices().map(|(at, _)| at).skip(1).take(ENDS);
    for (letters, at) in (0..).zip(bounds) {
        add(70 + letters, hash(word.get(..at).unwrap_or_default()));
    }
    for (letters, (at, _)) in (0..).zip(word.char_indices().rev().take(ENDS)) {
        add(80 + letters, hash(word.get(at..).unwrap_or_default()));
    }
}

fn stem(word: &str) -> u64 {
    let article = without_article(word);
    if article.len() < word.len() {
        return hash(article);
    }
    let mut stem = hash(word);
    let mut first = true;
    without_proclitics(word, |bare, _| {
        if first {
            stem = bare;
        }
        first = false;
    });
    stem
}

/// Tells capitals, digits and the length of a word from one another.
fn shape(word: &Word, folded: &str) -> u64 {
    let digits = folded.starts_with(|c: char| c.is_ascii_digit());
    let caseless = folded.starts_with(is_caseless);
    let length = u64::from((word.end - word.start).min(4));
    u64::from(word.upper) | u64::from(digits) << 1 | u64::from(caseless) << 2 | u64::from(word.sign) << 3 | length << 4
}

/// For each word, what kind of name of the gazetteer it belongs to, and whether the name begins with it.
fn known(words: &Words, gazetteer: &Gazetteer) -> Vec<u64> {
    let mut out = vec![0; words.all().len()];
    let mut at = 0;
    while at < out.len() {
        let Some((end, value)) = longest(words, gazetteer, at) else {
            at += 1;
            continue;
        };
        for (index, slot) in out.iter_mut().enumerate().take(end).skip(at) {
            *slot = value << 1 | u64::from(index == at);
        }
        at = end;
    }
    out
}

fn longest(words: &Words, gazetteer: &Gazetteer, start: usize) -> Option<(usize, u64)> {
    let name = |first: u64| gazetteer.longest(words, start, first);
    let mut best = name(words.hash(start));
    without_proclitics(words.folded(start), |bare, _| {
        let found = name(bare);
        if found.is_some_and(|(end, _)| best.is_none_or(|(known, _)| end > known)) {
            best = found;
        }
    });
    let (end, found) = best?;
    let entry = found.entries.first().and_then(|index| gazetteer.entry(*index))?;
    let kind = match entry.kind {
        Kind::Country => 1,
        Kind::Region => 2,
        Kind::City => 3 + u64::from(entry.rank >= 125),
        Kind::Organisation => 5,
        Kind::Person => 6,
        Kind::Place => 7,
    };
    Some((end, kind << 1 | u64::from(found.weak)))
}
