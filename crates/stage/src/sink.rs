//! Writes batches outside the log.

use std::future::Future;
use std::sync::Arc;

use crate::code::Code;
use crate::error::StageError;
use crate::log::{Record, TopicPartition};

pub use crate::run::sink::run_sink;

/// Writes batches of records outside the log.
///
/// On assignment the runtime asks [`Sink::claim`] where to begin, then calls [`Sink::write`] with batches in offset order of
/// each partition, one batch at a time. Dead letters, audit records and the group's offsets are committed after `write`
/// returned; a crash in between makes the runtime write some records again, so a sink must be idempotent: upsert of the
/// greatest (version, derivation).
pub trait Sink: Send + Sync + 'static {
    /// Name: consumer group, metric label, dead-letter topic role `<name>-dlq`.
    const NAME: &'static str = "sink";
    /// Role of the input topic.
    const INPUT: &'static str = "enriched";

    /// Claims partitions: raises the owner epoch of each, so that a zombie's transaction rolls back, and returns the stored
    /// position (next offset to write) of each, or `None` where the sink keeps none.
    fn claim(&self, partitions: &[TopicPartition])
    -> impl Future<Output = Result<Vec<Option<u64>>, StageError>> + Send;

    /// Writes a batch and its positions in one transaction, where the sink has transactions. Returns one verdict a record, in
    /// order. An error concerns the whole batch: `Unavailable` and `Retryable` are tried again with the same batch without
    /// limit; `Poison` is answered record by record by the runtime (it calls `write` with batches of one); `Fatal` stops.
    fn write(&self, batch: &Batch) -> impl Future<Output = Result<Vec<Verdict>, StageError>> + Send;
}

/// Records for a sink.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Records, in offset order of each partition.
    pub records: Vec<SinkRecord>,
    /// Position (next offset) of each partition after this batch, with those at the start of it.
    pub positions: Vec<(TopicPartition, u64)>,
}

/// One record of a batch.
pub type SinkRecord = Arc<Record>;

/// What became of a record in a sink.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is stored (or a greater one was there already).
    Stored,
    /// It is not to be stored, with the reason.
    Skipped(Code),
    /// It can never be stored: dead letter.
    Poison {
        /// Bounded code.
        code: Code,
        /// For people.
        message: String,
    },
}
