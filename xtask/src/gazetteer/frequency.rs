//! How common words are, from the tables of the package wordfreq.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use naba_text::fold_str;

/// Languages whose common words are no names of small places.
const LANGUAGES: &[&str] =
    &["ar", "en", "fr", "es", "de", "pt", "it", "ru", "uk", "tr", "fa", "ur", "he", "hi", "nl", "sv", "pl", "id"];

/// The frequency of folded words.
#[derive(Default)]
pub struct Frequency {
    /// For each folded word, the negative decimal logarithm of its share of all words, times 100.
    centibels: HashMap<String, u16>,
}

impl Frequency {
    /// Reads the tables of a folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut frequency = Self::default();
        for language in LANGUAGES {
            let path = folder.join(format!("small_{language}.msgpack.gz"));
            let unpacked = Command::new("gzip").arg("-dc").arg(&path).output().context("gzip cannot be run")?;
            if unpacked.stdout.is_empty() {
                bail!("cannot unpack {}", path.display());
            }
            let bins = Reader { rest: &unpacked.stdout }
                .bins()
                .with_context(|| format!("{}: not as expected", path.display()))?;
            for (centibels, words) in bins.into_iter().enumerate() {
                for word in words {
                    let kept = frequency.centibels.entry(fold_str(&word)).or_insert(u16::MAX);
                    *kept = (*kept).min(centibels as u16);
                }
            }
        }
        Ok(frequency)
    }

    /// Tells whether a name of one word is a word of the language more than the name of a place with 10^`logarithm`
    /// people: the more people, the commoner a word may be.
    pub fn is_common(&self, name: &str, logarithm: f64) -> bool {
        let folded = fold_str(name);
        let more = (logarithm - 4.0).max(0.0);
        // Without capitals nothing else tells the word from the name, unless everybody knows the city.
        let cased = folded.chars().any(|c| c.is_lowercase());
        let limit = if cased || logarithm >= 6.0 { 560.0 - more * 75.0 } else { 600.0 - more * 40.0 };
        self.centibels.get(&folded).is_some_and(|centibels| f64::from(*centibels) < limit)
    }
}

/// Reads the part of MessagePack that the tables use: an array of a map and of arrays of strings.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn big_endian(&mut self, bytes: usize) -> Option<usize> {
        Some(self.take(bytes)?.iter().fold(0, |value, byte| (value << 8) | usize::from(*byte)))
    }

    fn array(&mut self) -> Option<usize> {
        match self.big_endian(1)? {
            head @ 0x90..=0x9F => Some(head & 0x0F),
            0xDC => self.big_endian(2),
            0xDD => self.big_endian(4),
            _ => None,
        }
    }

    fn string(&mut self) -> Option<String> {
        let length = match self.big_endian(1)? {
            head @ 0xA0..=0xBF => head & 0x1F,
            0xD9 | 0xC4 => self.big_endian(1)?,
            0xDA | 0xC5 => self.big_endian(2)?,
            _ => return None,
        };
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn bins(&mut self) -> Option<Vec<Vec<String>>> {
        let count = self.array()?;
        // The header: {"format": "cB", "version": 1}
        for _ in 0..self.big_endian(1)? & 0x0F {
            self.string()?;
            if self.rest.first().is_some_and(|head| *head < 0x80) {
                self.big_endian(1).map(|_| ())
            } else {
                self.string().map(|_| ())
            }?;
        }
        (1..count).map(|_| (0..self.array()?).map(|_| self.string()).collect()).collect()
    }
}
