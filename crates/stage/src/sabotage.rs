//! Runtimes that are broken on purpose, so that the fault harness can show that it convicts them.
//!
//! Only with the feature `sabotage`, which no released program has: without it [`is`] is a constant `false` and every hook is
//! compiled away. With it, the variable `NABA_SABOTAGE` names the one promise that the runtime of this process breaks.

/// The promise that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Input positions are committed before the outputs are produced.
    CommitBeforeProduce,
    /// Nobody checks whether a partition is still ours: an identity of its own for each process, positions without the
    /// group's generation, results of an older assignment are written.
    NoFencing,
    /// The position committed is that of the newest record done, whatever is still open before it; some records take long.
    WatermarkPastGap,
    /// What an aborted transaction held is not sent again, but its positions are committed.
    SkipResendAfterAbort,
    /// Deletions are neither written to a changelog, nor restored from it, nor carried out by the sink (see `naba-sink`).
    LostTombstone,
    /// Each 200th record ends without output and without a disposition.
    SilentEmptyEmit,
    /// The sink writes whatever its owner epoch (see `naba-sink`).
    SinkWithoutCompareAndSet,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::CommitBeforeProduce,
        Self::NoFencing,
        Self::WatermarkPastGap,
        Self::SkipResendAfterAbort,
        Self::LostTombstone,
        Self::SilentEmptyEmit,
        Self::SinkWithoutCompareAndSet,
    ];

    /// Returns the name that `NABA_SABOTAGE` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CommitBeforeProduce => "commit-before-produce",
            Self::NoFencing => "no-fencing",
            Self::WatermarkPastGap => "watermark-past-gap",
            Self::SkipResendAfterAbort => "skip-resend-after-abort",
            Self::LostTombstone => "lost-tombstone",
            Self::SilentEmptyEmit => "silent-empty-emit",
            Self::SinkWithoutCompareAndSet => "sink-without-compare-and-set",
        }
    }

    /// Finds the sabotage of a name; an error that lists the names otherwise.
    pub fn from_name(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|sabotage| sabotage.name() == name);
        let names = || Self::ALL.map(Self::name).join(", ");
        found.ok_or_else(|| format!("NABA_SABOTAGE={name:?} is not one of {}", names()))
    }
}

#[cfg(all(not(test), not(feature = "sabotage")))]
mod hook {
    use super::Sabotage;

    /// Tells whether this process breaks that promise: never.
    pub const fn is(_: Sabotage) -> bool {
        false
    }

    /// Says what is broken, once, at the start: nothing.
    pub(crate) const fn announce() -> Result<(), String> {
        Ok(())
    }
}

#[cfg(all(not(test), feature = "sabotage"))]
mod hook {
    use std::sync::OnceLock;

    use super::Sabotage;

    static CHOSEN: OnceLock<Result<Option<Sabotage>, String>> = OnceLock::new();

    fn chosen() -> &'static Result<Option<Sabotage>, String> {
        CHOSEN.get_or_init(|| match std::env::var("NABA_SABOTAGE") {
            Ok(name) if !name.is_empty() => Sabotage::from_name(&name).map(Some),
            _ => Ok(None),
        })
    }

    /// Tells whether this process breaks that promise.
    pub fn is(sabotage: Sabotage) -> bool {
        *chosen() == Ok(Some(sabotage))
    }

    /// Says what is broken, at the start; an error for a name that does not exist.
    pub(crate) fn announce() -> Result<(), String> {
        match chosen() {
            Ok(Some(sabotage)) => tracing::error!(sabotage = sabotage.name(), "this runtime is broken on purpose"),
            Ok(None) => {}
            Err(error) => return Err(error.clone()),
        }
        Ok(())
    }
}

/// In tests of this crate a thread breaks what it plants.
#[cfg(test)]
mod hook {
    use std::cell::Cell;

    use super::Sabotage;

    thread_local!(static PLANTED: Cell<Option<Sabotage>> = const { Cell::new(None) });

    /// Breaks a promise on this thread from now on, or none.
    pub(crate) fn plant(sabotage: Option<Sabotage>) {
        PLANTED.set(sabotage);
    }

    /// Tells whether this thread breaks that promise.
    pub fn is(sabotage: Sabotage) -> bool {
        PLANTED.get() == Some(sabotage)
    }

    /// Says nothing: a test knows what it plants.
    pub(crate) const fn announce() -> Result<(), String> {
        Ok(())
    }
}

pub(crate) use hook::announce;
pub use hook::is;
#[cfg(test)]
pub(crate) use hook::plant;

/// Tells whether this is one of the records that a silent stage swallows.
pub(crate) fn swallows() -> bool {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SEEN: AtomicU64 = AtomicU64::new(0);
    is(Sabotage::SilentEmptyEmit) && SEEN.fetch_add(1, Ordering::Relaxed) % 200 == 199
}

/// How long a record keeps its thread, so that others overtake it: only where that is to do harm.
pub(crate) fn dawdles(offset: u64) -> Option<std::time::Duration> {
    (is(Sabotage::WatermarkPastGap) && offset % 20 == 19).then_some(std::time::Duration::from_secs(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_does_not_exist_is_refused_with_those_that_do() {
        for sabotage in Sabotage::ALL {
            assert_eq!(Sabotage::from_name(sabotage.name()), Ok(sabotage));
        }
        let refused = Sabotage::from_name("no-fence").unwrap_err();
        assert!(Sabotage::ALL.iter().all(|sabotage| refused.contains(sabotage.name())), "{refused}");
    }
}
