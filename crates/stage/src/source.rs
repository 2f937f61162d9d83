//! Owns partitions, wakes by timers and events, does its own input and output.

use std::future::Future;

use bytes::Bytes;
use naba_model::Millis;

use crate::code::Code;
use crate::error::StageError;
use crate::log::Record;
use crate::outcome::{Output, StateWrite};
use crate::state::{StateView, Table};

pub use crate::run::source::run_source;

/// Owns partitions, wakes by timers and events, does its own input and output: fetcher.
///
/// One coordinator calls every method but [`Source::perform`], one after the other, so that a source is a plain state
/// machine with `&mut self`; `perform` gives a future that runs beside the others. Whoever owns partition `p` of the input
/// topic owns partition `p` of every followed topic and every state table: they have equal counts and partition fields.
///
/// Order on assignment of a partition: state restored → [`Source::on_assigned`] → all records of the followed topics →
/// [`Source::on_caught_up`] → input records and work. Steps are committed in the order they were returned, each whole.
/// State written by a step is visible to the next call at once.
pub trait Source: Send + 'static {
    /// A piece of work with its answer to be: a poll or a fetch.
    type Work: Clone + Send + 'static;
    /// What performing gave.
    type Done: Send + 'static;
    /// Name: consumer group, metric label, dead-letter topic role `<name>-dlq`.
    const NAME: &'static str;
    /// Role of the input topic.
    const INPUT: &'static str;
    /// Roles of compacted topics that are read whole and followed, for example "sources".
    const FOLLOWED: &'static [&'static str];
    /// Keyed state.
    const TABLES: &'static [Table];

    /// Takes over a partition with its restored state (iterate with [`StateView::scan`]).
    fn on_assigned(&mut self, partition: u32, state: &StateView, now: Millis) -> Result<(), StageError>;
    /// Gives a partition up: forgets everything about it. Work under way for it is dropped by the runtime.
    fn on_revoked(&mut self, partition: u32);
    /// Takes a record of a followed topic; a record without value is a tombstone. Never an error: a bad record is noted.
    fn on_followed(&mut self, partition: u32, role: &'static str, record: &Record, state: &StateView, now: Millis);
    /// All that the followed topics held at assignment has been handed over.
    fn on_caught_up(&mut self, partition: u32, state: &StateView, now: Millis);
    /// Takes an input record and decides at once. `Poison` dead-letters it; other errors stop the stage.
    fn accept(&mut self, partition: u32, record: &Record, state: &StateView, now: Millis) -> Result<Step, StageError>;
    /// Hands out work that is due, with its partition; called after every event and at [`Source::next_wake`].
    /// At most `room` pieces are taken.
    fn due(&mut self, now: Millis, room: usize) -> Vec<(u32, Self::Work)>;
    /// Says when work will next be due, if nothing else happens.
    fn next_wake(&self, now: Millis) -> Option<Millis>;
    /// Performs work: HTTP, files. Must bound its own time. A panic is answered with [`Source::abandoned`].
    fn perform(&self, work: Self::Work) -> impl Future<Output = Self::Done> + Send + 'static;
    /// Turns what performing gave into a step.
    fn complete(&mut self, partition: u32, done: Self::Done, state: &StateView, now: Millis) -> Step;
    /// Performing this work panicked; the source schedules it again or gives it up.
    fn abandoned(&mut self, partition: u32, work: Self::Work, now: Millis);
}

/// What a source wants committed, whole or not at all.
#[derive(Debug, Default)]
pub struct Step {
    /// Messages for topics.
    pub outputs: Vec<Output>,
    /// Writes to keyed state.
    pub writes: Vec<StateWrite>,
    /// How the input record or the work ended; `None` when this step ends nothing (a retry was scheduled).
    pub end: Option<End>,
    /// Identifies finished work in the audit; unused for input records.
    pub work: Option<WorkId>,
}

/// Identifies a piece of finished work in the audit topic: topic "work", `partition`, `offset` = attempt, `key`.
#[derive(Debug, Clone)]
pub struct WorkId {
    /// Key of what was worked on: a url_hash or source_id.
    pub key: Bytes,
    /// Tells the attempts at this key apart: a count, or the instant in milliseconds.
    pub attempt: u64,
}

/// How an input record or a piece of work ended.
#[derive(Debug, Clone)]
pub enum End {
    /// Outputs or state were written for it.
    Emitted,
    /// Nothing to emit, with the reason.
    Skipped(Code),
    /// Given up: the runtime writes a dead letter with `key` and `value`, as if it were a record of the input topic, so that
    /// `naba dlq redrive` can put it there again.
    DeadLettered {
        /// Bounded code.
        code: Code,
        /// For people.
        message: String,
        /// Key of the dead letter.
        key: Bytes,
        /// What decides the partition on redrive.
        partition_by: Bytes,
        /// Value of the dead letter.
        value: Bytes,
    },
}
