//! Hashes under which near-duplicates meet: SimHash (Charikar 2002) and MinHash (Broder 1997) over word shingles.

use naba_model::body_text;
use naba_proto::v1::{Article, Enrichments, Fingerprint};

use crate::words::Words;
use crate::{EnrichError, Part, Step};

/// Words of a shingle; single characters where no spaces part words.
const SHINGLE: usize = 3;
const HAN_SHINGLE: usize = 5;
/// Values of the MinHash signature.
const SIGNATURE: usize = 64;

/// Computes the hashes over the body: syndicated copies change the headline, not the text.
pub(crate) struct FingerprintStep;

impl Step for FingerprintStep {
    fn name(&self) -> &'static str {
        "fingerprint"
    }

    fn version(&self) -> u32 {
        2
    }

    fn parameters(&self) -> &str {
        "simhash64 minhash64x32 shingle 3, 5 characters for han"
    }

    fn enrich(&self, article: &Article, _so_far: &Enrichments) -> Result<Part, EnrichError> {
        let fingerprint = fingerprint(&body_text(article));
        Ok(Part::new(move |enrichments| enrichments.fingerprint = Some(fingerprint)))
    }
}

fn fingerprint(text: &str) -> Fingerprint {
    let shingles = shingles(text);
    Fingerprint {
        simhash: simhash(&shingles),
        minhash: if shingles.is_empty() { Vec::new() } else { minhash(&shingles) },
        shingles: u32::try_from(shingles.len()).unwrap_or(u32::MAX),
    }
}

/// Returns the distinct shingles, hashed.
fn shingles(text: &str) -> Vec<u64> {
    let words = Words::of(text);
    let words = words.all();
    let han = words.iter().filter(|word| word.sign).count() * 2 > words.len();
    let size = if han { HAN_SHINGLE } else { SHINGLE };
    let hashes: Vec<u64> = words.iter().map(|word| word.hash).collect();
    let mut out: Vec<u64> = if hashes.is_empty() {
        Vec::new()
    } else {
        // A text shorter than a shingle is one.
        hashes.windows(size.min(hashes.len())).map(combine).collect()
    };
    out.sort_unstable();
    out.dedup();
    out
}

fn combine(words: &[u64]) -> u64 {
    words.iter().fold(0, |sum, word| mix(sum ^ word))
}

/// The finaliser of SplitMix64.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn simhash(shingles: &[u64]) -> u64 {
    let mut weights = [0_i32; 64];
    for shingle in shingles {
        for (bit, weight) in weights.iter_mut().enumerate() {
            *weight += if shingle >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    weights.iter().enumerate().filter(|(_, weight)| **weight > 0).fold(0, |sum, (bit, _)| sum | 1 << bit)
}

/// Takes the least value of each of 64 multiply-shift permutations.
fn minhash(shingles: &[u64]) -> Vec<u32> {
    (0..SIGNATURE as u64)
        .map(|i| {
            let (factor, offset) = (mix(2 * i) | 1, mix(2 * i + 1));
            let least = shingles.iter().map(|shingle| shingle.wrapping_mul(factor).wrapping_add(offset) >> 32).min();
            u32::try_from(least.unwrap_or(0)).unwrap_or(u32::MAX)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(from: usize) -> String {
        (from..from + 200).map(|i| format!("word{}", mix(i as u64) % 5000)).collect::<Vec<_>>().join(" ")
    }

    fn agreement(a: &Fingerprint, b: &Fingerprint) -> usize {
        a.minhash.iter().zip(&b.minhash).filter(|(x, y)| x == y).count()
    }

    #[test]
    fn a_copy_with_an_edit_stays_near_and_another_text_does_not() {
        let original = fingerprint(&text(0));
        let edited = fingerprint(&text(0).replacen(' ', " inserted ", 1));
        let other = fingerprint(&text(10_000));
        assert!(agreement(&original, &edited) > 50);
        assert!(agreement(&original, &other) < 5);
        assert!((original.simhash ^ edited.simhash).count_ones() < (original.simhash ^ other.simhash).count_ones());
    }

    #[test]
    fn spelling_and_punctuation_do_not_matter() {
        assert_eq!(fingerprint("قال: «إنَّ الخطة جاهزة»"), fingerprint("قال ان الخطه جاهزه"));
    }

    #[test]
    fn short_and_empty_texts_have_fingerprints_too() {
        assert_eq!(fingerprint("خبر").shingles, 1);
        assert_eq!(fingerprint("خبر").minhash.len(), SIGNATURE);
        assert_eq!(fingerprint(""), Fingerprint::default());
    }
}
