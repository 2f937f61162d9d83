//! A bounded pool for work that keeps a core busy, off the threads that wait for input and output.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// How a piece of work ended.
pub(crate) enum Ran<T> {
    /// With a value, after so much time.
    Value(T, Duration),
    /// With a panic, and its message.
    Panicked(String),
    /// Not within the limit. Its thread may still be busy; its place in the pool is given to others.
    TimedOut,
}

/// Runs futures that keep a core busy, as many at once as there are places.
#[derive(Clone)]
pub(crate) struct Pool {
    places: Arc<Semaphore>,
    limit: Duration,
}

impl Pool {
    pub(crate) fn new(places: usize, limit: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places.max(1))), limit }
    }

    /// Waits for a place, asks `still_wanted`, and runs the future that `work` makes. `None` when not wanted any more.
    pub(crate) async fn run<F, T>(
        &self,
        still_wanted: impl Fn() -> bool,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Option<Ran<T>>
    where
        F: Future<Output = T> + Send,
        T: Send + 'static,
    {
        let _place = self.places.acquire().await.ok()?;
        if !still_wanted() {
            return None;
        }
        let handle = Handle::current();
        let started = tokio::time::Instant::now();
        let task = tokio::task::spawn_blocking(move || handle.block_on(work()));
        Some(match tokio::time::timeout(self.limit, task).await {
            Ok(Ok(value)) => Ran::Value(value, started.elapsed()),
            Ok(Err(error)) => Ran::Panicked(panic_message(error)),
            Err(_) => Ran::TimedOut,
        })
    }
}

fn panic_message(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => {
            let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
            text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
        }
        Err(error) => error.to_string(),
    }
}
