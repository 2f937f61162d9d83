//! Bounded codes: one word that is metric label, log field and header at once.

/// A reason, as a short lower-case word with underscores. The set is closed at compile time.
pub type Code = &'static str;

/// The codes that the runtime itself gives; stages add their own.
pub mod codes {
    use super::Code;

    /// The record's value is no message of the expected type.
    pub const UNDECODABLE: Code = "undecodable";
    /// The record has no value where one is required.
    pub const NO_VALUE: Code = "no_value";
    /// `process` panicked.
    pub const PANIC: Code = "panic";
    /// `process` did not end within the per-record time limit.
    pub const TIME_LIMIT: Code = "time_limit";
    /// A message to be emitted is over the size limit of its topic.
    pub const OUTPUT_TOO_LARGE: Code = "output_too_large";
    /// Bounded attempts at a retryable record are used up.
    pub const RETRIES_EXHAUSTED: Code = "retries_exhausted";

    /// Every code of the runtime with what it means and what to do, for docs/dead-letters.md.
    pub const ALL: &[(Code, &str, &str)] = &[
        (
            UNDECODABLE,
            "the value is no message of the expected type",
            "look at the producer of the topic; redrive after a fix",
        ),
        (NO_VALUE, "a record without a value where one is required", "look at the producer of the topic"),
        (PANIC, "the stage panicked on this record", "report it with the dead letter; redrive after a fix"),
        (
            TIME_LIMIT,
            "the stage did not finish within the per-record time limit",
            "raise `record_time_limit` or report it",
        ),
        (
            OUTPUT_TOO_LARGE,
            "the message to be emitted is over the size limit",
            "raise the limits in deploy/topics.toml together",
        ),
        (RETRIES_EXHAUSTED, "a retryable failure lasted longer than the attempts", "remove the cause, then redrive"),
    ];
}
