//! A linear model over hashed words: one file, a few operations a word.

use crate::EnrichError;
use crate::bytes::{Reader, varint};
use crate::words::Words;

const MAGIC: &[u8] = b"naba-linear-1\n";
/// Bits of the number of a feature.
const BITS: u32 = 18;
/// Most labels of a model.
pub const MAX_LABELS: usize = 64;

/// A classifier of texts: for each feature a factor, and for each label a weight of the feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Linear {
    /// The labels.
    pub labels: Vec<String>,
    /// What each label's score begins with.
    pub offsets: Vec<f32>,
    /// By what scores are multiplied before they become probabilities; fitted on texts held out.
    pub sharpness: f32,
    /// Features, ascending: number, factor, a weight for each label.
    pub features: Vec<(u32, f32, Vec<f32>)>,
}

/// Returns the features of a text, ascending, each with the logarithm of its count and one.
pub fn features(text: &str) -> Vec<(u32, f32)> {
    let words = Words::of(text);
    let mut numbers: Vec<u32> =
        words.all().iter().map(|word| (word.hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as u32).collect();
    numbers.sort_unstable();
    let runs = numbers.chunk_by(|a, b| a == b);
    runs.filter_map(|run| Some((*run.first()?, (1.0 + run.len() as f32).ln()))).collect()
}

impl Linear {
    /// Returns each label's probability, in the order of the labels. What is likelier than all others together is known;
    /// where no label is, the model doesn't know.
    pub fn probabilities(&self, text: &str) -> Vec<f32> {
        let scores = self.scores(&features(text));
        let top = scores.iter().copied().fold(f32::MIN, f32::max);
        let parts: Vec<f32> = scores.iter().map(|score| ((score - top) * self.sharpness).exp()).collect();
        let whole: f32 = parts.iter().sum();
        parts.iter().map(|part| part / whole.max(1.0)).collect()
    }

    /// Returns each label's score for features as [`features`] gives them.
    pub fn scores(&self, features: &[(u32, f32)]) -> Vec<f32> {
        let mut scores = vec![0.0; self.labels.len()];
        let mut length = 0.0;
        for (number, value) in features {
            let Ok(at) = self.features.binary_search_by_key(number, |(known, ..)| *known) else { continue };
            let Some((_, factor, weights)) = self.features.get(at) else { continue };
            let value = value * factor;
            length += value * value;
            scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += value * weight);
        }
        let length = f32::max(length, f32::MIN_POSITIVE).sqrt();
        scores.iter().zip(&self.offsets).map(|(score, offset)| score / length + offset).collect()
    }

    /// Writes the model as one file; weights are kept to a 127th of the largest.
    pub fn bytes(&self) -> Vec<u8> {
        let largest = |values: &mut dyn Iterator<Item = f32>| values.map(f32::abs).fold(f32::MIN_POSITIVE, f32::max);
        let weight = largest(&mut self.features.iter().flat_map(|(.., weights)| weights.iter().copied()));
        let factor = largest(&mut self.features.iter().map(|(_, factor, _)| *factor));
        let mut out = MAGIC.to_vec();
        varint(&mut out, self.labels.len() as u64);
        for label in &self.labels {
            varint(&mut out, label.len() as u64);
            out.extend_from_slice(label.as_bytes());
        }
        for value in self.offsets.iter().chain([&self.sharpness, &weight, &factor]) {
            out.extend_from_slice(&value.to_le_bytes());
        }
        varint(&mut out, self.features.len() as u64);
        let mut last = 0;
        for (number, value, weights) in &self.features {
            varint(&mut out, u64::from(number - last));
            last = *number;
            out.push((value / factor * 255.0).round() as u8);
            out.extend(weights.iter().map(|value| (value / weight * 127.0).round() as i8 as u8));
        }
        out
    }

    /// Reads the file that [`Linear::bytes`] made.
    ///
    /// # Errors
    /// [`EnrichError::Data`] says that the bytes are no such model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnrichError> {
        let rest = bytes.strip_prefix(MAGIC);
        rest.and_then(|rest| Self::read(&mut Reader::of(rest))).ok_or_else(|| EnrichError::Data {
            file: "topic model".into(),
            why: "it is no linear model of this version, or it ends early".into(),
        })
    }

    fn read(reader: &mut Reader) -> Option<Self> {
        let labels = reader.count().filter(|count| *count <= MAX_LABELS)?;
        let labels: Vec<String> = (0..labels).map(|_| reader.text()).collect::<Option<_>>()?;
        let offsets: Vec<f32> = labels.iter().map(|_| reader.float()).collect::<Option<_>>()?;
        let (sharpness, weight, factor) = (reader.float()?, reader.float()?, reader.float()?);
        let count = reader.count().filter(|count| *count <= 1 << BITS)?;
        let mut features = Vec::with_capacity(count);
        let mut number = 0_u32;
        for _ in 0..count {
            number = number.checked_add(u32::try_from(reader.varint()?).ok()?)?;
            let value = f32::from(reader.byte()?) / 255.0 * factor;
            let weights: Vec<f32> = labels
                .iter()
                .map(|_| reader.byte().map(|byte| f32::from(byte as i8) / 127.0 * weight))
                .collect::<Option<_>>()?;
            features.push((number, value, weights));
        }
        Some(Self { labels, offsets, sharpness, features })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Linear {
        let number = |word: &str| features(word)[0].0;
        let mut features = vec![(number("goal"), 1.0, vec![1.0, -1.0]), (number("bank"), 1.0, vec![-1.0, 1.0])];
        features.sort_by_key(|(number, ..)| *number);
        Linear { labels: vec!["sport".into(), "business".into()], offsets: vec![0.0, 0.0], sharpness: 2.0, features }
    }

    #[test]
    fn what_the_words_weigh_for_is_likelier() {
        let likely = model().probabilities("A goal! The goal of the season.");
        assert!(likely[0] > 0.9 && (likely[0] + likely[1] - 1.0).abs() < 1e-5, "{likely:?}");
        assert_eq!(model().probabilities("nothing known"), [0.5, 0.5], "then the model doesn't know");
    }

    #[test]
    fn a_model_survives_its_file_and_a_torn_one_is_refused() {
        let bytes = model().bytes();
        assert_eq!(Linear::from_bytes(&bytes).unwrap(), model());
        for end in 0..bytes.len() {
            assert!(Linear::from_bytes(&bytes[..end]).is_err(), "{end} bytes");
        }
    }
}
