//! Deterministic draws: every choice of the farm comes from the seed, a stream name and an index, never from order.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// A stream of choices of its own, so that adding a choice in one place moves no other.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// Opens the stream of a seed, a name and an index.
    pub(crate) fn new(seed: u64, stream: &str, index: u64) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(seed.to_le_bytes());
        hasher.update(stream.as_bytes());
        hasher.update(index.to_le_bytes());
        Self(ChaCha8Rng::from_seed(hasher.finalize().into()))
    }

    /// Draws from 0 up to, not including, `bound`; 0 for a bound of 0.
    ///
    /// Multiplication instead of a library's range: the farm must not change when a library refines its sampling.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u64::from(self.0.next_u32()) * bound as u64) >> 32) as usize
    }

    /// Draws from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u128::try_from(high.saturating_sub(low)).unwrap_or(0) + 1;
        let step = (u128::from(self.0.next_u64()) * width) >> 64;
        low.saturating_add(i64::try_from(step).unwrap_or(0))
    }

    /// Draws true in `per_mille` of a thousand cases.
    pub(crate) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille as usize
    }

    /// Draws one item.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_repeatable_and_apart_from_others() {
        let list = |stream: &str, index: u64| {
            let mut draw = Draw::new(7, stream, index);
            (0..8).map(|_| draw.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(list("a", 1), list("a", 1));
        assert_ne!(list("a", 1), list("a", 2));
        assert_ne!(list("a", 1), list("b", 1));
    }

    #[test]
    fn bounds_are_kept() {
        let mut draw = Draw::new(1, "bounds", 0);
        for _ in 0..1000 {
            assert!((-3..=4).contains(&draw.between(-3, 4)));
            assert!(draw.below(3) < 3);
        }
        assert_eq!(draw.between(5, 5), 5);
        assert_eq!(draw.below(0), 0);
    }
}
