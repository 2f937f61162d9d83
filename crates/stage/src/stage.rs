//! Record in, records out.

use std::future::Future;

use naba_proto::prost::Message;

use crate::context::Context;
use crate::error::StageError;
use crate::outcome::Outcome;
use crate::state::Table;

pub use crate::run::stage::run_stage;

/// Record in, records out: parser, enricher.
///
/// `process` runs on a bounded pool of threads sized to the cores, many records of a partition at once; the runtime puts the
/// outputs on their topics in the order of the inputs. It must be idempotent: it may see the same record again.
pub trait Stage: Send + Sync + 'static {
    /// The input message. Undecodable values are poison before `process` is asked.
    type In: Message + Default + Send;
    /// Name: consumer group, metric label, dead-letter topic role `<name>-dlq`.
    const NAME: &'static str;
    /// Role of the input topic in deploy/topics.toml.
    const INPUT: &'static str = "raw";
    /// Keyed state of the stage. With state, records of one key are processed one after the other.
    const TABLES: &'static [Table] = &[];

    /// Maps a record to its outcome. State is read and written through `ctx` ([`Context::get`], [`Context::put`]);
    /// writes are committed with the outputs, and dropped when an error is returned.
    fn process(&self, input: Self::In, ctx: &Context) -> impl Future<Output = Result<Outcome, StageError>> + Send;
}
