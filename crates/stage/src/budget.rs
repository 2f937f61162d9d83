//! Bytes in flight: bounded, and given back by whoever holds them, on drop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Bounds the bytes of a stage between being read and being committed.
///
/// The reading side stops at the high mark and goes on at the low one, half of it, so that it does not flutter.
#[derive(Debug)]
pub struct Budget {
    used: AtomicUsize,
    high: usize,
    freed: Notify,
}

impl Budget {
    /// Makes a budget of `high` bytes.
    pub fn new(high: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), high, freed: Notify::new() })
    }

    /// Takes bytes, also beyond the high mark: what has been read already must be held somewhere.
    pub fn hold(self: &Arc<Self>, bytes: usize) -> Hold {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        Hold { budget: Some(Arc::clone(self)), bytes }
    }

    /// Returns the bytes in flight.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Tells whether reading has to stop.
    pub fn is_full(&self) -> bool {
        self.used() >= self.high
    }

    /// Tells whether reading may go on after it stopped.
    pub fn has_room(&self) -> bool {
        self.used() <= self.high / 2
    }

    /// Waits until [`Budget::has_room`].
    pub async fn room(&self) {
        loop {
            let freed = self.freed.notified();
            if self.has_room() {
                return;
            }
            freed.await;
        }
    }
}

/// A share of a [`Budget`]; gives its bytes back on drop.
#[derive(Debug, Default)]
pub struct Hold {
    budget: Option<Arc<Budget>>,
    bytes: usize,
}

impl Hold {
    /// Returns a share of nothing, for records outside any budget.
    pub fn none() -> Self {
        Self::default()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            let before = budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
            if before - self.bytes <= budget.high / 2 {
                budget.freed.notify_waiters();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_comes_back_at_half_the_high_mark() {
        let budget = Budget::new(100);
        let (first, second) = (budget.hold(60), budget.hold(60));
        assert!(budget.is_full());
        drop(first);
        assert!(!budget.is_full() && !budget.has_room());
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.room().await }
        });
        tokio::task::yield_now().await;
        drop(second);
        waiting.await.unwrap();
        assert_eq!(budget.used(), 0);
    }
}
