//! Building a gazetteer from entries and names.

use std::collections::BTreeMap;

use super::{CONTINUES, Entry, Gazetteer, Slot, WEAK, file, key};
use crate::words::{Words, follow, hash};

/// Entries kept of one name.
const MAX_CANDIDATES: usize = 6;
/// Most words of a name; longer ones are left out.
const MAX_WORDS: usize = 12;

/// Gathers entries and their names.
#[derive(Default)]
pub struct Builder {
    entries: Vec<Entry>,
    names: BTreeMap<u64, (Vec<u32>, u8)>,
}

impl Builder {
    /// Adds an entry and returns its index.
    pub fn add(&mut self, entry: Entry) -> u32 {
        self.entries.push(entry);
        self.entries.len() as u32 - 1
    }

    /// Gives an entry a name; `weak` says that the name is also a common word.
    pub fn name(&mut self, entry: u32, name: &str, weak: bool) {
        let words = Words::of(name);
        let count = words.all().len();
        if count == 0 || count > MAX_WORDS {
            return;
        }
        let mut phrase = 0;
        for index in 0..count {
            phrase = follow(phrase, hash(words.folded(index)));
            let (entries, flags) = self.names.entry(key(phrase)).or_insert((Vec::new(), WEAK));
            if index + 1 < count {
                *flags |= CONTINUES;
                continue;
            }
            if !weak {
                *flags &= !WEAK;
            }
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }

    /// Writes the gazetteer as one file.
    pub fn bytes(self) -> Vec<u8> {
        file::write(&self.finish())
    }

    /// Returns the gazetteer.
    pub fn finish(self) -> Gazetteer {
        let mut gazetteer = Gazetteer { entries: self.entries, ..Gazetteer::default() };
        gazetteer.slots.reserve(self.names.len());
        for (key, (mut entries, flags)) in self.names {
            entries.sort_by_key(|index| {
                std::cmp::Reverse(gazetteer.entries.get(*index as usize).map_or(0, |entry| entry.rank))
            });
            entries.truncate(MAX_CANDIDATES);
            let first = gazetteer.candidates.len() as u32;
            gazetteer.insert(key, Slot { first, count: entries.len() as u8, flags });
            gazetteer.candidates.extend(entries);
        }
        gazetteer
    }
}
