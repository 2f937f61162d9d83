//! Readiness as a handful of latches, liveness as the last turn of the loop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The health of a process: shared by the runtime, which sets it, and the admin port, which shows it.
#[derive(Debug, Clone, Default)]
pub struct Health {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    latches: BTreeMap<String, bool>,
    turns: BTreeMap<String, Instant>,
}

/// One condition of readiness. Held at first; ready when all are released.
#[derive(Debug, Clone)]
pub struct Latch {
    health: Health,
    name: String,
}

impl Health {
    /// Makes a health without conditions: ready and live.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition, held.
    pub fn latch(&self, name: impl Into<String>) -> Latch {
        let latch = Latch { health: self.clone(), name: name.into() };
        latch.hold();
        latch
    }

    /// Notes that a loop has turned.
    pub fn turned(&self, name: &str, at: Instant) {
        self.with(|inner| {
            inner.turns.insert(name.to_owned(), at);
        });
    }

    /// Returns the names of the latches that are held; empty means ready.
    pub fn held(&self) -> Vec<String> {
        self.with(|inner| inner.latches.iter().filter(|(_, held)| **held).map(|(name, _)| name.clone()).collect())
    }

    /// Returns the names of the loops that have not turned within `limit`; empty means live.
    pub fn stalled(&self, now: Instant, limit: Duration) -> Vec<String> {
        let old = |at: &Instant| now.saturating_duration_since(*at) > limit;
        self.with(|inner| inner.turns.iter().filter(|(_, at)| old(at)).map(|(name, _)| name.clone()).collect())
    }

    /// Forgets a loop that ended in good order.
    pub fn ended(&self, name: &str) {
        self.with(|inner| {
            inner.turns.remove(name);
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Latch {
    /// Makes the process not ready.
    pub fn hold(&self) {
        self.set(true);
    }

    /// Takes this condition away.
    pub fn release(&self) {
        self.set(false);
    }

    fn set(&self, held: bool) {
        self.health.with(|inner| {
            inner.latches.insert(self.name.clone(), held);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_when_every_latch_is_released() {
        let health = Health::new();
        let (a, b) = (health.latch("assigned"), health.latch("store"));
        a.release();
        assert_eq!(health.held(), ["store"]);
        b.release();
        assert!(health.held().is_empty());
        a.hold();
        assert_eq!(health.held(), ["assigned"]);
    }

    #[test]
    fn a_loop_that_does_not_turn_is_stalled() {
        let (health, start) = (Health::new(), Instant::now());
        health.turned("parser", start);
        assert!(health.stalled(start, Duration::from_secs(1)).is_empty());
        assert_eq!(health.stalled(start + Duration::from_secs(2), Duration::from_secs(1)), ["parser"]);
        health.ended("parser");
        assert!(health.stalled(start + Duration::from_secs(9), Duration::from_secs(1)).is_empty());
    }
}
