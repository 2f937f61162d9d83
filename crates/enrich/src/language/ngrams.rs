//! Languages told apart by letter n-grams: trained by counting, kept as one byte for each of some thousand n-grams and
//! language.

use std::collections::BTreeMap;

use naba_text::{Script, dominant_script};

use crate::EnrichError;

/// What a model's file begins with.
const MAGIC: &[u8] = b"naba language 1\n";
/// N-grams are told apart by this many bits of their hash.
const BITS: u32 = 15;
const BUCKETS: usize = 1 << BITS;
/// Most languages of a model: what a processor adds at once.
const LANES: usize = 16;
/// Costs of a nat.
const SCALE: f64 = 16.0;
/// What every n-gram is counted more than it was seen.
const SMOOTHING: f64 = 0.3;
/// N-grams from which on a text may be called unlike all that the model knows.
const ENOUGH: u32 = 120;

/// Costs of n-grams in some languages: how unlikely each is.
pub struct Model {
    languages: Vec<Known>,
    costs: Vec<[u8; LANES]>,
}

struct Known {
    code: String,
    /// Hundredths of the mean cost of an n-gram that few texts of the language exceed.
    usual: u16,
}

/// What a model makes of a text.
#[derive(Debug)]
pub struct Guess<'m> {
    /// The likeliest language.
    pub language: &'m str,
    /// How much likelier it is than the next one, from 0 to 1.
    pub confidence: f32,
    /// The text is unlike all that the model knows.
    pub foreign: bool,
}

/// What n-grams of a text cost in each language.
struct Costs {
    sums: [u32; LANES],
    grams: u32,
}

impl Model {
    /// Reads a model.
    ///
    /// # Errors
    /// [`EnrichError::Data`] when the bytes are no model.
    pub fn read(bytes: &[u8]) -> Result<Self, EnrichError> {
        let wrong =
            || EnrichError::Data { file: "language.bin".to_owned(), why: "is no model of languages".to_owned() };
        Self::parse(bytes).ok_or_else(wrong)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (count, mut rest) = bytes.strip_prefix(MAGIC)?.split_first()?;
        let count = usize::from(*count);
        let mut languages = Vec::with_capacity(count);
        for _ in 0..count {
            let (length, after) = rest.split_first()?;
            let (code, after) = after.split_at_checked(usize::from(*length))?;
            let (usual, after) = after.split_first_chunk::<2>()?;
            languages.push(Known { code: str::from_utf8(code).ok()?.to_owned(), usual: u16::from_le_bytes(*usual) });
            rest = after;
        }
        let whole = (1..=LANES).contains(&count) && rest.len() == BUCKETS * count;
        let row = |costs: &[u8]| {
            let mut row = [u8::MAX; LANES];
            row.iter_mut().zip(costs).for_each(|(lane, cost)| *lane = *cost);
            row
        };
        whole.then(|| Self { languages, costs: rest.chunks_exact(count).map(row).collect() })
    }

    /// Returns the model's file.
    pub fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(u8::try_from(self.languages.len()));
        for language in &self.languages {
            out.extend(u8::try_from(language.code.len()));
            out.extend(language.code.bytes());
            out.extend(language.usual.to_le_bytes());
        }
        out.extend(self.costs.iter().flat_map(|row| row.iter().take(self.languages.len())));
        out
    }

    /// Returns the languages, by BCP 47.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.iter().map(|language| language.code.as_str())
    }

    /// Tells whether a language is one of the model's.
    pub fn knows(&self, language: &str) -> bool {
        self.languages().any(|known| known == language)
    }

    /// Returns the likeliest language of a text; `None` for one without letters.
    pub fn guess(&self, text: &str) -> Option<Guess<'_>> {
        let costs = self.costs_of(text);
        let ranked = self.languages.iter().zip(costs.sums);
        let (best, cost) = ranked.clone().min_by_key(|(_, cost)| *cost).filter(|_| costs.grams > 0)?;
        let next = ranked.filter(|(other, _)| other.code != best.code).map(|(_, cost)| cost).min();
        // N-grams overlap: what several of them say of the same letters is said once.
        let nats = next.map_or(f64::INFINITY, |next| f64::from(next - cost) / SCALE / 4.0);
        #[allow(clippy::cast_possible_truncation, reason = "between 0 and 1")]
        let confidence = (1.0 - (-nats / 4.0).exp()) as f32;
        let foreign = costs.grams >= ENOUGH && costs.mean(cost) > u32::from(best.usual);
        Some(Guess { language: &best.code, confidence, foreign })
    }

    fn costs_of(&self, text: &str) -> Costs {
        let mut costs = Costs { sums: [0; LANES], grams: 0 };
        each_gram(text, |bucket| {
            if let Some(row) = self.costs.get(bucket) {
                costs.sums.iter_mut().zip(row).for_each(|(sum, cost)| *sum += u32::from(*cost));
                costs.grams += 1;
            }
        });
        costs
    }

    /// Trains a model on rows of language and text; takes languages that are written in Latin or Cyrillic letters.
    ///
    /// # Errors
    /// [`EnrichError::Data`] when these are none or too many.
    pub fn train(rows: &[(&str, &str)]) -> Result<Self, EnrichError> {
        let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (language, text) in rows {
            texts.entry(language).or_default().push(text);
        }
        let own = |text: &&str| matches!(dominant_script(text), Some(Script::Latin | Script::Cyrillic));
        texts.retain(|_, texts| {
            let all = texts.len();
            texts.retain(own);
            texts.len() * 2 > all
        });
        if !(2..=LANES).contains(&texts.len()) {
            let why = format!("has {} languages in Latin or Cyrillic letters, not 2 to {LANES}", texts.len());
            return Err(EnrichError::Data { file: "training data".to_owned(), why });
        }
        // What is usual is measured on texts that were not counted.
        let (first, second) = (every_second(&texts, 0), every_second(&texts, 1));
        let means = [(counted(&first), &second), (counted(&second), &first)].map(|(costs, others)| {
            let model = Self { languages: Vec::new(), costs };
            let means = |(lane, texts): (usize, &Vec<&str>)| {
                let costs = texts.iter().map(|text| model.costs_of(text)).filter(|costs| costs.grams >= ENOUGH);
                costs.map(|costs| costs.mean(costs.sums.get(lane).copied().unwrap_or(0))).collect::<Vec<u32>>()
            };
            others.iter().enumerate().map(means).collect::<Vec<_>>()
        });
        let usual = |lane: usize| {
            let mut all: Vec<u32> = means.iter().filter_map(|half| half.get(lane)).flatten().copied().collect();
            all.sort_unstable();
            // One text in fifty is left to a second opinion.
            let at = all.len() * 98 / 100;
            all.get(at).and_then(|mean| u16::try_from(*mean).ok()).unwrap_or(u16::MAX)
        };
        let languages =
            texts.keys().enumerate().map(|(lane, code)| Known { code: (*code).to_owned(), usual: usual(lane) });
        Ok(Self { languages: languages.collect(), costs: counted(&texts.into_values().collect::<Vec<_>>()) })
    }
}

impl Costs {
    /// Returns hundredths of the mean of a sum.
    fn mean(&self, sum: u32) -> u32 {
        sum.saturating_mul(100) / self.grams.max(1)
    }
}

/// Returns every second text of each language.
fn every_second<'t>(texts: &BTreeMap<&str, Vec<&'t str>>, from: usize) -> Vec<Vec<&'t str>> {
    texts.values().map(|texts| texts.iter().skip(from).step_by(2).copied().collect()).collect()
}

/// Counts the n-grams of some languages, and returns what each costs.
fn counted(texts: &[Vec<&str>]) -> Vec<[u8; LANES]> {
    let mut counts = vec![[0_u32; LANES]; BUCKETS];
    let mut totals = [0_u32; LANES];
    for (lane, texts) in texts.iter().enumerate() {
        for text in texts {
            each_gram(text, |bucket| {
                if let Some(count) = counts.get_mut(bucket).and_then(|row| row.get_mut(lane)) {
                    *count += 1;
                }
                if let Some(total) = totals.get_mut(lane) {
                    *total += 1;
                }
            });
        }
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
    let cost = |count: u32, total: u32| {
        let all = f64::from(total) + SMOOTHING * f64::from(1_u32 << BITS);
        (-((f64::from(count) + SMOOTHING) / all).ln() * SCALE).clamp(0.0, 255.0).round() as u8
    };
    let row = |row: [u32; LANES]| {
        let mut costs = [u8::MAX; LANES];
        costs.iter_mut().zip(row.iter().zip(totals)).for_each(|(slot, (count, total))| *slot = cost(*count, total));
        costs
    };
    counts.into_iter().map(row).collect()
}

/// Calls back with the bucket of each run of one to four letters, with spaces for what is no letter.
fn each_gram(text: &str, mut found: impl FnMut(usize)) {
    // The last four characters, the latest in the lowest bits.
    let mut window = u128::from(u32::from(' '));
    let mut length = 1;
    let end = std::iter::once(' ');
    for c in text.chars().map(plain).chain(end) {
        if c == ' ' && window & 0xFFFF_FFFF == u128::from(u32::from(' ')) {
            continue;
        }
        window = window << 32 | u128::from(u32::from(c));
        length = (length + 1).min(4);
        for order in 1..=length {
            if order > 1 || c != ' ' {
                found(bucket(window & (u128::MAX >> (128 - 32 * order))));
            }
        }
    }
}

/// Folds a character's case; what is no letter becomes a space.
fn plain(c: char) -> char {
    if c.is_ascii() {
        return if c.is_ascii_alphabetic() { c.to_ascii_lowercase() } else { ' ' };
    }
    if c.is_alphabetic() { c.to_lowercase().next().unwrap_or(c) } else { ' ' }
}

fn bucket(gram: u128) -> usize {
    #[allow(clippy::cast_possible_truncation, reason = "both halves are taken")]
    let (low, high) = (gram as u64, (gram >> 64) as u64);
    let mixed = low.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ high.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    usize::try_from(mixed >> (64 - BITS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[(&str, &str)] = &[
        ("en", "the house that the man has built"),
        ("en", "this is what they think of the weather"),
        ("de", "das Haus, das der Mann gebaut hat"),
        ("de", "dies ist, was sie über das Wetter denken"),
        ("el", "αυτό είναι το σπίτι"),
    ];

    #[test]
    fn a_model_tells_what_it_was_trained_on_and_survives_its_file() {
        let model = Model::train(ROWS).unwrap();
        let read = Model::read(&model.write()).unwrap();
        assert_eq!(read.languages().collect::<Vec<_>>(), ["de", "en"]);
        assert_eq!(read.guess("what the man thinks").unwrap().language, "en");
        assert_eq!(read.guess("was der Mann denkt").unwrap().language, "de");
        assert!(read.guess("2016 – 5").is_none());
    }

    #[test]
    fn bytes_that_are_no_model_are_refused() {
        let mut bytes = Model::train(ROWS).unwrap().write();
        bytes.pop();
        assert!(Model::read(&bytes).is_err());
        assert!(Model::read(b"").is_err());
    }
}
