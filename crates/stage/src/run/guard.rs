//! When too many dead letters stop a stage, so that a bad deploy does not divert a topic.

use std::collections::VecDeque;

use super::DeadLetterLimit;
use crate::code::Code;
use crate::error::RunError;

/// Watches the share of dead letters.
pub(crate) struct Guard {
    limit: DeadLetterLimit,
    run: u32,
    recent: VecDeque<bool>,
    dead: u32,
}

impl Guard {
    pub(crate) fn new(limit: DeadLetterLimit) -> Self {
        Self { limit, run: 0, recent: VecDeque::new(), dead: 0 }
    }

    /// Notes how a record ended; an error when the stage has to stop.
    pub(crate) fn note(&mut self, dead: bool, code: Code) -> Result<(), RunError> {
        self.run = if dead { self.run + 1 } else { 0 };
        self.dead += u32::from(dead);
        self.recent.push_back(dead);
        if self.recent.len() > self.limit.window as usize && self.recent.pop_front() == Some(true) {
            self.dead -= 1;
        }
        if self.run >= self.limit.run {
            return Err(RunError::DeadLetterLimit(format!("{} in a row, the last with code {code}", self.run)));
        }
        let full = self.recent.len() >= self.limit.window as usize;
        let share = f64::from(self.dead) / f64::from(self.limit.window.max(1));
        if full && share > self.limit.ratio {
            let text = format!("{} of the last {}, the last with code {code}", self.dead, self.limit.window);
            return Err(RunError::DeadLetterLimit(text));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_dead_letters_stops_the_stage_and_a_good_record_breaks_the_run() {
        let limit = DeadLetterLimit { run: 3, ratio: 1.0, window: 100 };
        let mut guard = Guard::new(limit);
        for dead in [true, true, false, true, true] {
            guard.note(dead, "x").unwrap();
        }
        assert!(matches!(guard.note(true, "x"), Err(RunError::DeadLetterLimit(_))));
    }

    #[test]
    fn a_share_of_dead_letters_stops_the_stage_once_the_window_is_full() {
        let limit = DeadLetterLimit { run: 100, ratio: 0.4, window: 10 };
        let mut guard = Guard::new(limit);
        for i in 0..9 {
            guard.note(i % 2 == 0, "x").unwrap();
        }
        assert!(guard.note(true, "x").is_err());
    }
}
