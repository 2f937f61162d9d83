//! How a source stands: what its state says to people and to metrics.

use std::time::Duration;

use naba_model::{Millis, millis_of};
use naba_proto::v1::{PollCount, Source, SourceState};

use crate::allowance::DAY;
use crate::settings::{Settings, millis};

/// Different endings of polls that are counted for one source.
const MAX_OUTCOMES: usize = 16;

/// How a source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// Its operator has paused it.
    Paused,
    /// It has not been polled yet.
    New,
    /// Its polls are answered, and it names something now and then.
    Active,
    /// Its polls are answered, and it has named nothing for much longer than it usually takes.
    Silent,
    /// Its last polls failed.
    Failing,
    /// So many polls failed that it is only visited now and then.
    Dead,
    /// It has told that it is gone for good.
    Gone,
}

impl Standing {
    /// Every standing, in the order of [`Frontier::standings`](crate::Frontier::standings).
    pub const ALL: [Self; 7] =
        [Self::Paused, Self::New, Self::Active, Self::Silent, Self::Failing, Self::Dead, Self::Gone];

    /// Judges a source by what polling it has taught.
    pub fn of(source: &Source, state: &SourceState, settings: &Settings, now: Millis) -> Self {
        match state {
            _ if !source.enabled => Self::Paused,
            SourceState { ended: true, .. } => Self::Gone,
            SourceState { polled_at: None, .. } => Self::New,
            SourceState { failures, .. } if *failures >= settings.dead_after => Self::Dead,
            SourceState { failures: 1.., .. } => Self::Failing,
            _ if is_silent(state, now) => Self::Silent,
            _ => Self::Active,
        }
    }

    /// Returns the bounded word for metrics and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::New => "new",
            Self::Active => "active",
            Self::Silent => "silent",
            Self::Failing => "failing",
            Self::Dead => "dead",
            Self::Gone => "gone",
        }
    }
}

/// Tells whether a source is silent: nothing new for a day, for three of its intervals, and for three times as long as it
/// usually takes.
fn is_silent(state: &SourceState, now: Millis) -> bool {
    let Some(last) = &state.last_news_at else { return false };
    let usual = millis(Duration::from_millis(state.interval_ms.max(state.usual_gap_ms)));
    now.saturating_sub(millis_of(last)) > millis(DAY).max(usual.saturating_mul(3))
}

/// Counts how a poll ended.
pub(crate) fn count(state: &mut SourceState, outcome: &str) {
    outcome.clone_into(&mut state.outcome);
    let is_full = state.polls.len() >= MAX_OUTCOMES;
    match state.polls.iter_mut().find(|known| known.outcome == outcome) {
        Some(known) => known.count += 1,
        None if is_full => {}
        None => state.polls.push(PollCount { outcome: outcome.to_owned(), count: 1 }),
    }
}

/// Learns how long the source usually takes between two polls with something new.
pub(crate) fn learn_gap(state: &mut SourceState, now: Millis) {
    if let Some(last) = &state.last_news_at {
        let gap = now.saturating_sub(millis_of(last));
        state.usual_gap_ms = mean(state.usual_gap_ms, gap);
    }
}

/// Learns how old entries are when they are first seen, and returns that of this one.
pub(crate) fn learn_freshness(state: &mut SourceState, now: Millis, published_at: Option<Millis>) -> Option<Millis> {
    let age = now - published_at.filter(|at| *at < now)?;
    state.freshness_ms = mean(state.freshness_ms, age);
    Some(age)
}

/// Moves a mean a quarter of the way towards a value; 0 has no past.
fn mean(before: u64, value: Millis) -> u64 {
    let value = u64::try_from(value).unwrap_or_default();
    if before == 0 { value } else { (before.saturating_mul(3) + value) / 4 }
}

#[cfg(test)]
mod tests {
    use naba_model::timestamp_of;

    use super::*;

    const HOUR: Millis = 3_600_000;

    fn standing(change: impl FnOnce(&mut SourceState), now: Millis) -> Standing {
        let mut state = SourceState {
            interval_ms: 3_600_000,
            polled_at: Some(timestamp_of(0)),
            last_news_at: Some(timestamp_of(0)),
            ..SourceState::default()
        };
        change(&mut state);
        Standing::of(&Source { enabled: true, ..Source::default() }, &state, &Settings::default(), now)
    }

    #[test]
    fn a_source_is_silent_after_a_day_and_three_times_what_it_usually_takes() {
        assert_eq!(standing(|_| {}, 24 * HOUR), Standing::Active);
        assert_eq!(standing(|_| {}, 25 * HOUR), Standing::Silent);
        assert_eq!(standing(|state| state.interval_ms = 12 * 3_600_000, 36 * HOUR), Standing::Active);
        assert_eq!(standing(|state| state.interval_ms = 12 * 3_600_000, 37 * HOUR), Standing::Silent);
        assert_eq!(standing(|state| state.usual_gap_ms = 48 * 3_600_000, 144 * HOUR), Standing::Active);
        assert_eq!(standing(|state| state.usual_gap_ms = 48 * 3_600_000, 145 * HOUR), Standing::Silent);
        assert_eq!(standing(|state| state.last_news_at = None, 99 * HOUR), Standing::Active);
    }

    #[test]
    fn failures_make_a_source_failing_then_dead_and_410_ends_it() {
        assert_eq!(standing(|state| state.failures = 1, 0), Standing::Failing);
        assert_eq!(standing(|state| state.failures = 30, 0), Standing::Dead);
        assert_eq!(standing(|state| state.ended = true, 99 * HOUR), Standing::Gone);
        assert_eq!(standing(|state| state.polled_at = None, 0), Standing::New);
        let paused = Standing::of(&Source::default(), &SourceState::default(), &Settings::default(), 0);
        assert_eq!(paused, Standing::Paused);
    }

    #[test]
    fn outcomes_are_counted_by_a_bounded_number_of_words() {
        let mut state = SourceState::default();
        (0..100).for_each(|n| count(&mut state, &format!("code_{}", n % 20)));
        assert_eq!(state.polls.len(), MAX_OUTCOMES);
        assert_eq!((state.polls[0].count, state.outcome.as_str()), (5, "code_19"));
    }
}
