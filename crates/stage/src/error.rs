//! What can go wrong, by what has to happen next.

use crate::code::Code;
use crate::log::LogError;

/// Why a stage could not process a record, by what has to happen next.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StageError {
    /// A dependency is down: the record waits with unlimited back-off, the stage is not ready, nothing is dead-lettered.
    #[error("unavailable ({code}): {message}")]
    Unavailable {
        /// Bounded code.
        code: Code,
        /// For people.
        message: String,
    },
    /// This record may work later: bounded attempts with full-jitter back-off, then a dead letter.
    #[error("retryable ({code}): {message}")]
    Retryable {
        /// Bounded code.
        code: Code,
        /// For people.
        message: String,
    },
    /// This record will always fail: it goes to the dead-letter topic now.
    #[error("poison ({code}): {message}")]
    Poison {
        /// Bounded code.
        code: Code,
        /// For people.
        message: String,
    },
    /// Not about this record: the stage stops and the process exits 1.
    #[error("fatal: {message}")]
    Fatal {
        /// For people.
        message: String,
    },
}

impl StageError {
    /// Builds [`StageError::Poison`].
    pub fn poison(code: Code, message: impl ToString) -> Self {
        Self::Poison { code, message: message.to_string() }
    }

    /// Builds [`StageError::Retryable`].
    pub fn retryable(code: Code, message: impl ToString) -> Self {
        Self::Retryable { code, message: message.to_string() }
    }

    /// Builds [`StageError::Unavailable`].
    pub fn unavailable(code: Code, message: impl ToString) -> Self {
        Self::Unavailable { code, message: message.to_string() }
    }

    /// Builds [`StageError::Fatal`].
    pub fn fatal(message: impl ToString) -> Self {
        Self::Fatal { message: message.to_string() }
    }
}

/// Why a run ended other than by shutdown. The process exits 1 and its supervisor starts it again.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The log failed for good (fenced, fatal).
    #[error("the log failed")]
    Log(#[from] LogError),
    /// The stage said stop.
    #[error("the stage stopped: {0}")]
    Fatal(String),
    /// More records were dead-lettered than the limit allows.
    #[error("dead-letter limit reached: {0}; a bad deploy must not divert everything: fix the cause, redrive, restart")]
    DeadLetterLimit(String),
    /// A topic role is not in topics.toml.
    #[error("no topic with role {0:?}: add it to deploy/topics.toml and run `naba topics apply`")]
    UnknownRole(String),
    /// The keyed state could not be opened, restored or written.
    #[error("keyed state failed: {0}")]
    State(String),
}
