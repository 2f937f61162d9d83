//! Names of places, organisations and people, and whose they are, in one compact file.
//!
//! A name is a phrase of folded words; the file holds 48 bits of the phrase's hash and no name but the canonical one.
//! With a million names, a foreign phrase meets a known hash once in 300 million.

mod build;
mod file;
mod user;

use std::sync::LazyLock;

pub use build::Builder;

use crate::EnrichError;
use crate::words::{ByHash, Gap, Words, follow};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A country.
    Country,
    /// A first-level region of a country.
    Region,
    /// A city.
    City,
    /// An organisation.
    Organisation,
    /// A person.
    Person,
    /// Another place.
    Place,
}

/// Someone or something with names.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// How likely it is meant, from 0 to 255; for places, 25 times the decimal logarithm of the population.
    pub rank: u8,
    /// ISO 3166-1 code of the country it is in; empty when it is in none.
    pub country: String,
    /// ISO 3166 code of the entry itself; empty when it has none.
    pub iso: String,
    /// GeoNames id; 0 when it has none.
    pub geonames: u32,
    /// Number of the Wikidata item; 0 when it has none.
    pub wikidata: u32,
    /// Degrees north and east, WGS 84.
    pub coordinates: Option<(f32, f32)>,
    /// Canonical name, English where known.
    pub name: String,
}

/// What a phrase of words leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    first: u32,
    count: u8,
    flags: u8,
}

/// Longer names begin with this phrase.
const CONTINUES: u8 = 1;
/// The phrase is also a common word: it names the entry only where something says so.
const WEAK: u8 = 2;

/// A phrase found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Indices of the entries that have this name, the likeliest first.
    pub entries: &'a [u32],
    /// True when the phrase is also a common word.
    pub weak: bool,
    /// True when longer names begin with it.
    pub continues: bool,
}

/// A set of hashes that may say yes where it should say no: it spares most words the search among all names.
#[derive(Default)]
struct Sieve(Vec<u64>);

impl Sieve {
    /// 2²³ bits, a megabyte: with the million names of the built gazetteer, one foreign word in ten passes.
    const WORDS: usize = 1 << 17;

    fn add(&mut self, key: u64) {
        self.0.resize(Self::WORDS, 0);
        let bit = Self::bit(key);
        if let Some(word) = self.0.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    fn may_hold(&self, key: u64) -> bool {
        let bit = Self::bit(key);
        self.0.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    fn bit(key: u64) -> usize {
        key as usize % (Self::WORDS * 64)
    }
}

/// A gazetteer, ready to be asked.
#[derive(Default)]
pub struct Gazetteer {
    entries: Vec<Entry>,
    candidates: Vec<u32>,
    slots: ByHash<Slot>,
    sieve: Sieve,
}

static BUILT: LazyLock<Result<Gazetteer, EnrichError>> =
    LazyLock::new(|| Gazetteer::from_bytes(include_bytes!("../../data/gazetteer/gazetteer.bin")));

impl Gazetteer {
    /// Returns the gazetteer that comes with the crate; the first call reads it.
    ///
    /// # Errors
    /// None in practice: the file is part of the crate.
    pub fn built() -> Result<&'static Self, EnrichError> {
        BUILT.as_ref().map_err(Clone::clone)
    }

    /// Reads the file that [`Builder::bytes`] made.
    ///
    /// # Errors
    /// [`EnrichError::Data`] says what is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnrichError> {
        file::read(bytes).map_err(|why| EnrichError::Data { file: "gazetteer".into(), why })
    }

    /// Returns the entry at an index.
    pub fn entry(&self, index: u32) -> Option<&Entry> {
        self.entries.get(index as usize)
    }

    fn insert(&mut self, key: u64, slot: Slot) {
        self.sieve.add(key);
        self.slots.insert(key, slot);
    }

    /// Returns the longest name that begins with a word, and where it ends; `first` is the hash of the word, or of what it is
    /// without its proclitics.
    pub(crate) fn longest(&self, words: &Words, start: usize, first: u64) -> Option<(usize, Found<'_>)> {
        let mut phrase = follow(0, first);
        let mut best = None;
        for end in start + 1.. {
            let Some(found) = self.find(phrase) else { break };
            if !found.entries.is_empty() {
                best = Some((end, found));
            }
            let next =
                words.all().get(end).filter(|word| found.continues && !matches!(word.gap, Gap::Stop | Gap::Break));
            let Some(word) = next else { break };
            phrase = follow(phrase, word.hash);
        }
        best
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Looks a phrase up by its hash (see [`follow`]).
    pub fn find(&self, phrase: u64) -> Option<Found<'_>> {
        let key = key(phrase);
        let slot = self.sieve.may_hold(key).then(|| self.slots.get(&key))??;
        let first = slot.first as usize;
        let entries = self.candidates.get(first..first + usize::from(slot.count)).unwrap_or_default();
        Some(Found { entries, weak: slot.flags & WEAK != 0, continues: slot.flags & CONTINUES != 0 })
    }
}

/// The 48 bits of a phrase's hash that the file keeps.
fn key(phrase: u64) -> u64 {
    phrase >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: Kind, rank: u8, name: &str) -> Entry {
        let empty = String::new;
        Entry {
            kind,
            rank,
            country: empty(),
            iso: empty(),
            geonames: 7,
            wikidata: 0,
            coordinates: Some((1.5, -2.25)),
            name: name.into(),
        }
    }

    fn find<'a>(gazetteer: &'a Gazetteer, phrase: &str) -> Option<Vec<&'a str>> {
        let words = Words::of(phrase);
        let hash = (0..words.all().len()).fold(0, |hash, i| follow(hash, crate::words::hash(words.folded(i))));
        let found = gazetteer.find(hash)?;
        Some(found.entries.iter().filter_map(|i| gazetteer.entry(*i)).map(|e| e.name.as_str()).collect())
    }

    #[test]
    fn what_was_built_is_found_the_likeliest_first() {
        let mut builder = Builder::default();
        let small = builder.add(entry(Kind::City, 90, "Aleppo, Nowhere"));
        let large = builder.add(entry(Kind::City, 150, "Aleppo"));
        builder.name(small, "حلب", false);
        builder.name(large, "حَلَب", false);
        builder.name(large, "Aleppo Governorate Seat", true);
        let gazetteer = Gazetteer::from_bytes(&builder.bytes()).unwrap();
        assert_eq!(find(&gazetteer, "حلب"), Some(vec!["Aleppo", "Aleppo, Nowhere"]));
        assert_eq!(find(&gazetteer, "aleppo governorate"), Some(vec![]), "a beginning leads on");
        assert_eq!(find(&gazetteer, "governorate"), None);
        assert_eq!(gazetteer.entry(large).unwrap().coordinates, Some((1.5, -2.25)));
    }

    #[test]
    fn a_torn_file_is_refused_and_says_so() {
        let mut builder = Builder::default();
        let one = builder.add(entry(Kind::City, 90, "One"));
        builder.name(one, "One", false);
        let bytes = builder.bytes();
        for end in 0..bytes.len() {
            assert!(Gazetteer::from_bytes(&bytes[..end]).is_err(), "{end} bytes");
        }
    }
}
