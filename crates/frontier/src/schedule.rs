//! When: polling intervals, back-off and jitter, as arithmetic.
//!
//! Jitter comes from the name of what is scheduled, not from chance: the same history gives the same schedule, and ten
//! thousand sources of one import still spread out.

use std::time::Duration;

use naba_model::Millis;

use crate::settings::millis;

/// Bounds of a polling interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Shortest interval.
    pub min: Duration,
    /// Longest interval.
    pub max: Duration,
}

impl Bounds {
    /// Makes bounds in which the longest is not shorter than the shortest.
    pub fn new(min: Duration, max: Duration) -> Self {
        Self { min, max: max.max(min) }
    }

    fn clamp(self, interval: Duration) -> Duration {
        interval.clamp(self.min, self.max)
    }
}

/// Returns the interval after a poll: half as long when it brought news, twice as long when it did not.
///
/// The two balance where about half of the polls bring news: fewer would be late, more would be waste. A source without a
/// past (`last` of zero) begins at the short bound.
pub fn next_interval(last: Duration, news: bool, bounds: Bounds) -> Duration {
    match (last.is_zero(), news) {
        (true, _) => bounds.min,
        (false, true) => bounds.clamp(last / 2),
        (false, false) => bounds.clamp(last.saturating_mul(2)),
    }
}

/// Returns the next poll: the interval, give or take a tenth by the source's name, and never before the publisher's wish.
pub fn next_poll(now: Millis, name: &str, interval: Duration, hint: Option<Duration>) -> Millis {
    let interval = millis(interval);
    let shift = (fraction(name, now as u64) - 0.5) * 0.2 * interval as f64;
    let wish = hint.map_or(0, millis);
    now.saturating_add(interval.saturating_add(shift as Millis).max(wish).max(1))
}

/// Returns the wait after the `failures`-th failure in a row: between half of and the whole of `base` × 2^(failures − 1),
/// at most `max`.
pub fn back_off(name: &str, failures: u32, base: Duration, max: Duration) -> Millis {
    let doublings = failures.saturating_sub(1).min(20);
    let whole = millis(base).saturating_mul(1 << doublings).min(millis(max).max(millis(base)));
    let half = whole / 2;
    half + ((whole - half) as f64 * fraction(name, u64::from(failures))) as Millis
}

/// Returns a number in [0, 1) that only depends on its arguments (FNV-1a, then the finaliser of SplitMix64).
fn fraction(name: &str, salt: u64) -> f64 {
    let mut hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash = hash.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_interval_follows_the_news_within_its_bounds() {
        let bounds = Bounds::new(MINUTE, 10 * MINUTE);
        assert_eq!(next_interval(Duration::ZERO, false, bounds), MINUTE);
        assert_eq!(next_interval(4 * MINUTE, true, bounds), 2 * MINUTE);
        assert_eq!(next_interval(MINUTE, true, bounds), MINUTE);
        assert_eq!(next_interval(8 * MINUTE, false, bounds), 10 * MINUTE);
    }

    #[test]
    fn a_publishers_wish_delays_a_poll_and_never_hastens_it() {
        let plain = next_poll(0, "s", MINUTE, None);
        assert_eq!(next_poll(0, "s", MINUTE, Some(Duration::from_secs(5))), plain);
        assert_eq!(next_poll(0, "s", MINUTE, Some(10 * MINUTE)), 600_000);
    }

    #[test]
    fn jitter_spreads_sources_that_were_imported_together() {
        let polls: Vec<Millis> = (0..100).map(|n| next_poll(0, &format!("source-{n}"), 10 * MINUTE, None)).collect();
        let early = polls.iter().filter(|at| **at < 600_000).count();
        assert!((30..=70).contains(&early), "{early} of 100 polls are early");
        assert!(polls.iter().all(|at| (540_000..=660_000).contains(at)));
    }

    proptest! {
        #[test]
        fn back_off_grows_and_stays_under_its_limit(name in "[a-z]{1,8}", failures in 1_u32..200) {
            let wait = back_off(&name, failures, MINUTE, 60 * MINUTE);
            prop_assert!((30_000..=3_600_000).contains(&wait));
            if failures > 7 {
                prop_assert!(wait >= 1_800_000);
            }
        }
    }
}
