//! One wish to stop, seen by everyone.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// A handle that tells when the process is asked to stop; cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// Asks everyone who holds the matching [`Shutdown`] to stop; dropping it asks too.
#[derive(Debug)]
pub struct ShutdownTrigger(watch::Sender<bool>);

impl Shutdown {
    /// Returns a handle and what triggers it.
    pub fn pair() -> (ShutdownTrigger, Self) {
        let (sender, receiver) = watch::channel(false);
        (ShutdownTrigger(sender), Self(receiver))
    }

    /// Waits until a stop is asked for; returns at once when it already was. Cancel-safe.
    pub async fn requested(&self) {
        let mut receiver = self.0.clone();
        // An error means that the trigger is gone: nobody is left to ask later, so it counts as asked.
        let _ = receiver.wait_for(|asked| *asked).await;
    }

    /// Tells whether a stop was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns the channel underneath, for code that knows only tokio; its value becomes true.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.0.clone()
    }
}

impl ShutdownTrigger {
    /// Asks everyone to stop.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }
}

/// Returns a handle that SIGTERM or SIGINT triggers; a second signal ends the process with exit code 1 at once.
///
/// PID 1 of a container ignores SIGTERM unless a handler is installed, so every service calls this before its work.
/// Must be called inside a tokio runtime.
pub fn shutdown_signal() -> io::Result<Shutdown> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (trigger, shutdown) = Shutdown::pair();
    tokio::spawn(async move {
        let first = either(&mut terminate, &mut interrupt).await;
        tracing::info!(signal = first, "shutdown asked for: draining");
        trigger.trigger();
        let second = either(&mut terminate, &mut interrupt).await;
        tracing::warn!(signal = second, "second signal: stopping without drain");
        std::process::exit(1);
    });
    Ok(shutdown)
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everyone_sees_one_wish_to_stop() {
        let (trigger, shutdown) = Shutdown::pair();
        let other = shutdown.clone();
        assert!(!shutdown.is_requested());
        trigger.trigger();
        shutdown.requested().await;
        other.requested().await;
        assert!(other.is_requested());
    }

    #[tokio::test]
    async fn a_lost_trigger_counts_as_a_wish_to_stop() {
        let (trigger, shutdown) = Shutdown::pair();
        drop(trigger);
        shutdown.requested().await;
        assert!(shutdown.is_requested());
    }
}
