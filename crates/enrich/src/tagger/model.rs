//! The weights of the tagger, and the likeliest tags by them.

use crate::EnrichError;
use crate::bytes::{Reader, varint};
use crate::words::ByHash;

use super::Features;

const MAGIC: &[u8] = b"naba-tagger-1\n";
/// Most kinds of names.
const MAX_KINDS: usize = 8;
/// Bits of a feature's hash that the file keeps.
const KEY_BITS: u32 = 32;

/// What a word is: outside of names, the beginning of one, or inside one; kinds count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// No part of a name.
    Outside,
    /// The first word of a name of a kind.
    Begin(usize),
    /// A further word of a name of a kind.
    Inside(usize),
}

impl Tag {
    /// Returns the tag's number: 0 outside, then two for each kind.
    pub fn number(self) -> usize {
        match self {
            Self::Outside => 0,
            Self::Begin(kind) => 1 + 2 * kind,
            Self::Inside(kind) => 2 + 2 * kind,
        }
    }

    fn of(number: usize) -> Self {
        match number.checked_sub(1) {
            None => Self::Outside,
            Some(rest) if rest % 2 == 0 => Self::Begin(rest / 2),
            Some(rest) => Self::Inside(rest / 2),
        }
    }
}

/// A weight for each feature and tag, and for each tag after each.
pub trait Weights {
    /// Number of tags.
    fn tags(&self) -> usize;
    /// Adds a feature's weights to the scores of the tags.
    fn add(&self, feature: u64, scores: &mut [f32]);
    /// Returns the weight of a tag after another.
    fn transition(&self, from: usize, to: usize) -> f32;
}

/// Returns the likeliest sequence of tags (Viterbi); what is inside a name follows only what belongs to the same name.
pub fn decode(weights: &impl Weights, features: &Features) -> Vec<usize> {
    let tags = weights.tags();
    let mut best = vec![0.0; tags];
    let mut ways: Vec<Vec<usize>> = Vec::with_capacity(features.len());
    for (at, word) in features.iter().enumerate() {
        let mut scores = vec![0.0; tags];
        word.iter().for_each(|feature| weights.add(*feature, &mut scores));
        let mut way = vec![0; tags];
        for (to, score) in scores.iter_mut().enumerate() {
            let from = (0..tags).filter(|from| follows(*from, to, at == 0));
            let value = |from: usize| {
                if at == 0 {
                    weights.transition(0, to)
                } else {
                    best.get(from).unwrap_or(&0.0) + weights.transition(from, to)
                }
            };
            let chosen = from.max_by(|a, b| value(*a).total_cmp(&value(*b)));
            *score += chosen.map_or(f32::NEG_INFINITY, value);
            way.get_mut(to).into_iter().for_each(|slot| *slot = chosen.unwrap_or(0));
        }
        best = scores;
        ways.push(way);
    }
    let mut tag =
        (0..tags).max_by(|a, b| best.get(*a).unwrap_or(&0.0).total_cmp(best.get(*b).unwrap_or(&0.0))).unwrap_or(0);
    let mut out = Vec::with_capacity(features.len());
    for way in ways.iter().rev() {
        out.push(tag);
        tag = way.get(tag).copied().unwrap_or(0);
    }
    out.reverse();
    out
}

fn follows(from: usize, to: usize, first: bool) -> bool {
    match Tag::of(to) {
        Tag::Inside(kind) => !first && matches!(Tag::of(from), Tag::Begin(it) | Tag::Inside(it) if it == kind),
        _ => true,
    }
}

/// A trained tagger.
#[derive(Default)]
pub struct Tagger {
    kinds: Vec<String>,
    transitions: Vec<f32>,
    scale: f32,
    /// Weights of the features, one after another.
    weights: Vec<i8>,
    /// Where the weights of a feature begin.
    places: ByHash<u32>,
}

impl Weights for Tagger {
    fn tags(&self) -> usize {
        1 + 2 * self.kinds.len()
    }

    fn add(&self, feature: u64, scores: &mut [f32]) {
        let Some(place) = self.places.get(&(feature >> (64 - KEY_BITS))) else { return };
        let weights = self.weights.get(*place as usize..).unwrap_or_default();
        scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += f32::from(*weight) * self.scale);
    }

    fn transition(&self, from: usize, to: usize) -> f32 {
        self.transitions.get(from * Weights::tags(self) + to).copied().unwrap_or(0.0)
    }
}

impl Tagger {
    /// Returns the tag of each word.
    pub fn tag(&self, features: &Features) -> Vec<Tag> {
        decode(self, features).into_iter().map(Tag::of).collect()
    }

    /// Returns the kinds of names, as the training data call them.
    pub fn kinds(&self) -> &[String] {
        &self.kinds
    }

    /// Writes weights as one file: those to a 127th of the largest, and no feature without any.
    pub fn write(kinds: &[String], transitions: &[f32], features: &[(u64, Vec<f32>)]) -> Vec<u8> {
        let largest =
            features.iter().flat_map(|(_, weights)| weights).fold(f32::MIN_POSITIVE, |most, it| most.max(it.abs()));
        let scale = largest / 127.0;
        let quantise = |weights: &[f32]| -> Vec<i8> { weights.iter().map(|it| (it / scale).round() as i8).collect() };
        let mut kept: Vec<(u64, Vec<i8>)> =
            features.iter().map(|(feature, weights)| (feature >> (64 - KEY_BITS), quantise(weights))).collect();
        kept.retain(|(_, weights)| weights.iter().any(|weight| *weight != 0));
        kept.sort_unstable();
        kept.dedup_by_key(|(key, _)| *key);
        let mut out = MAGIC.to_vec();
        varint(&mut out, kinds.len() as u64);
        for kind in kinds {
            varint(&mut out, kind.len() as u64);
            out.extend_from_slice(kind.as_bytes());
        }
        for value in transitions.iter().chain([&scale]) {
            out.extend_from_slice(&value.to_le_bytes());
        }
        varint(&mut out, kept.len() as u64);
        let mut last = 0;
        for (key, weights) in kept {
            varint(&mut out, key - last);
            last = key;
            // Most weights of a feature are zero: a mask says which are not.
            let mask = (0..).zip(&weights).fold(0_u64, |mask, (bit, weight)| mask | u64::from(*weight != 0) << bit);
            varint(&mut out, mask);
            out.extend(weights.iter().filter(|weight| **weight != 0).map(|weight| *weight as u8));
        }
        out
    }

    /// Reads the file that [`Tagger::write`] made.
    ///
    /// # Errors
    /// [`EnrichError::Data`] says that the bytes are no such weights.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnrichError> {
        let rest = bytes.strip_prefix(MAGIC);
        rest.and_then(|rest| Self::read(&mut Reader::of(rest))).ok_or_else(|| EnrichError::Data {
            file: "tagger".into(),
            why: "it holds no weights of this version, or it ends early".into(),
        })
    }

    fn read(reader: &mut Reader) -> Option<Self> {
        let count = reader.count().filter(|count| *count <= MAX_KINDS)?;
        let kinds = (0..count).map(|_| reader.text()).collect::<Option<Vec<_>>>()?;
        let mut tagger = Self { kinds, ..Self::default() };
        let tags = Weights::tags(&tagger);
        tagger.transitions = (0..tags * tags).map(|_| reader.float()).collect::<Option<_>>()?;
        tagger.scale = reader.float()?;
        let mut key = 0_u64;
        for _ in 0..reader.count()? {
            key = key.checked_add(reader.varint()?)?;
            let mask = reader.varint()?;
            tagger.places.insert(key, tagger.weights.len() as u32);
            for bit in 0..tags {
                let weight = if mask >> bit & 1 == 1 { reader.byte()? as i8 } else { 0 };
                tagger.weights.push(weight);
            }
        }
        Some(tagger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagger() -> Vec<u8> {
        let names = |first: f32, inner: f32| vec![0.0, first, inner];
        Tagger::write(
            &["PERSON".into()],
            &[0.0; 9],
            &[(1 << 40, names(2.0, 0.0)), (2 << 40, names(-1.0, 1.0)), (3 << 40, names(-3.0, -3.0))],
        )
    }

    #[test]
    fn the_likeliest_tags_make_whole_names() {
        let tagger = Tagger::from_bytes(&tagger()).unwrap();
        let tags = tagger.tag(&vec![vec![3 << 40], vec![1 << 40], vec![2 << 40], vec![3 << 40], vec![2 << 40]]);
        assert_eq!(tags, [Tag::Outside, Tag::Begin(0), Tag::Inside(0), Tag::Outside, Tag::Outside]);
    }

    #[test]
    fn torn_weights_are_refused() {
        let bytes = tagger();
        for end in 0..bytes.len() {
            assert!(Tagger::from_bytes(&bytes[..end]).is_err(), "{end} bytes");
        }
    }
}
