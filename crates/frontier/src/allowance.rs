//! How much a source may name: a feed with new identifiers on every poll must not drown the line.

use std::time::Duration;

use naba_model::Millis;

use crate::decision::Decision;
use crate::settings::millis;
use crate::window::Window;

/// What allowances and silence are counted by.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many new entries a source has named since when.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Allowance {
    since: Millis,
    used: usize,
}

impl Allowance {
    /// Decides how much of a listing passes. The first look at one passes whole: nothing is known to compare it with.
    pub(crate) fn admit(&mut self, now: Millis, per_day: usize, before: &Window, window: &Window) -> Admitted {
        if before.is_empty() || window.is_empty() {
            return Admitted::default();
        }
        let shift = window.since(before);
        let passes = self.take(now, per_day, shift.new);
        Admitted { new: Some(shift.new), passes, is_gap: shift.is_gap }
    }

    /// Takes so many new entries, as far as a day allows, and returns how many may pass.
    fn take(&mut self, now: Millis, per_day: usize, new: usize) -> usize {
        if now.saturating_sub(self.since) >= millis(DAY) {
            *self = Self { since: now, used: 0 };
        }
        let passes = new.min(per_day.saturating_sub(self.used));
        self.used += passes;
        passes
    }
}

/// How much of a listing passes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Admitted {
    /// Entries that the polls before did not bring; `None` when that is unknown.
    new: Option<usize>,
    /// How many of them a day has room for.
    passes: usize,
    pub(crate) is_gap: bool,
}

impl Admitted {
    /// Returns what to remember of the listing's window.
    pub(crate) fn remembered(self, window: Window) -> Window {
        window.owing(self.new.map_or(0, |new| new - self.passes))
    }

    pub(crate) fn is_whole(self) -> bool {
        self.new.is_none_or(|new| new == self.passes)
    }

    pub(crate) fn is_fresh(self) -> bool {
        self.new.is_none_or(|_| self.passes > 0)
    }

    pub(crate) fn decisions(self) -> Vec<Decision> {
        match self.new {
            Some(new) if !self.is_whole() => {
                vec![Decision::PublishEntries { at_most: self.passes }, Decision::NoteFlood { new }]
            }
            _ => vec![Decision::PublishEntries { at_most: usize::MAX }],
        }
    }
}
