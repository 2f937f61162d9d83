//! What can go wrong in a store, and what has to happen next.

use naba_stage::{Code, StageError};

/// Why a store did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// The store cannot be reached, or refuses to let us in.
    #[error("{store} is not reachable: {reason}")]
    Unreachable {
        /// Which store.
        store: String,
        /// Why.
        reason: String,
    },
    /// Another process holds the store.
    #[error("{store} is busy: {reason}")]
    Busy {
        /// Which store.
        store: String,
        /// Why.
        reason: String,
    },
    /// The disk is full or broken.
    #[error("{store} cannot write: {reason}; make room, writing goes on by itself")]
    NoSpace {
        /// Which store.
        store: String,
        /// Why.
        reason: String,
    },
    /// The store did not answer in time.
    #[error("{store} did not answer within {seconds} s")]
    TimedOut {
        /// Which store.
        store: String,
        /// The time limit.
        seconds: u64,
    },
    /// Another instance has claimed the partition.
    #[error("partition {partition} was claimed by another instance: nothing of this batch is stored")]
    Fenced {
        /// The partition.
        partition: String,
    },
    /// The store was written by a newer program.
    #[error("{store} has schema version {found}, this program knows {known}: use a newer naba")]
    NewerSchema {
        /// Which store.
        store: String,
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// The store is damaged or does not understand our statements.
    #[error("{store} failed: {reason}")]
    Broken {
        /// Which store.
        store: String,
        /// Why.
        reason: String,
    },
}

/// A version that must not be shown (WITHHELD).
pub const WITHHELD: Code = "withheld";
/// A version that the publisher has withdrawn (CANCELED).
pub const CANCELED: Code = "canceled";
/// A version under embargo, for a sink that cannot hide it later.
pub const EMBARGOED: Code = "embargoed";
/// A message that breaks the contract.
pub const CONTRACT: Code = "contract";
/// A message that the store refuses.
pub const UNSTORABLE: Code = "unstorable";

/// Every code of the sink with what it means and what to do, for docs/dead-letters.md.
pub const CODES: &[(Code, &str, &str)] = &[
    (WITHHELD, "the version is held back by its publisher; an earlier one is no longer shown", "nothing"),
    (CANCELED, "the publisher has withdrawn the article; an earlier version is no longer shown", "nothing"),
    (EMBARGOED, "the version is under embargo and the sink cannot hide it until then", "replay after the embargo"),
    (CONTRACT, "the message breaks a rule of the contract", "look at the producer of the topic; redrive after a fix"),
    (
        UNSTORABLE,
        "the store refuses the values of this record",
        "read the message of the dead letter; redrive after a fix",
    ),
];

impl From<SinkError> for StageError {
    fn from(error: SinkError) -> Self {
        let message = error.to_string();
        match error {
            SinkError::Unreachable { .. } => Self::unavailable("store_unreachable", message),
            SinkError::Busy { .. } => Self::unavailable("store_busy", message),
            SinkError::NoSpace { .. } => Self::unavailable("store_no_space", message),
            SinkError::TimedOut { .. } => Self::unavailable("store_timed_out", message),
            // Like a fenced producer: the process ends, and joins again as a new member.
            SinkError::Fenced { .. } | SinkError::NewerSchema { .. } | SinkError::Broken { .. } => Self::fatal(message),
        }
    }
}
