//! The stage runtime: what stands between a pure function on messages and a log with delivery guarantees.
//!
//! Three shapes over one [committer](crate::StageConfig): [`Stage`] (record in, records out), [`Source`] (owns partitions,
//! wakes by timers, does its own input and output) and [`Sink`] (writes batches outside the log). The runtime gives each of
//! them exactly-once delivery, order, retries, dead letters, back-pressure, keyed state, drain and telemetry; a shape only
//! maps values to values or says what went wrong ([`StageError`]).
//!
//! The log itself is behind the ports of [`log`]; `naba-log-kafka` and `naba-log-local` implement them under one conformance
//! suite (`conformance`). This crate refuses to know what a message means, and which log it runs on.
//!
//! ```
//! use naba_stage::{Context, Outcome, Output, Stage, StageError};
//! use naba_proto::v1::{Article, RawDocument};
//!
//! struct Parser;
//! impl Stage for Parser {
//!     type In = RawDocument;
//!     const NAME: &'static str = "parser";
//!     async fn process(&self, raw: RawDocument, _ctx: &Context) -> Result<Outcome, StageError> {
//!         let article = Article { url: raw.final_url, ..Article::default() };
//!         Ok(Outcome::emit(Output::new("articles", raw.url_hash, &article)))
//!     }
//! }
//! ```

mod budget;
mod code;
mod commit;
#[cfg(feature = "conformance")]
pub mod conformance;
mod context;
mod dead_letter;
mod envelope;
mod error;
mod health;
pub mod log;
mod metric;
#[cfg(test)]
mod model;
mod outcome;
mod partition;
mod partitioner;
mod pool;
mod run;
pub mod sabotage;
mod sink;
mod source;
mod stage;
mod state;
mod topics;

pub use budget::{Budget, Hold};
pub use code::{Code, codes};
pub use context::Context;
pub use dead_letter::{DeadLetter, header};
pub use error::{RunError, StageError};
pub use health::{Health, Latch};
pub use metric::{Kind, Metric, describe_all};
pub use outcome::{Outcome, Output, StateWrite};
pub use partitioner::{murmur2, partition_for};
pub use run::{Audit, DeadLetterLimit, Delivery, Shutdown, StageConfig, shutdown_pair};
pub use sink::{Batch, Sink, SinkRecord, Verdict, run_sink};
pub use source::{End, Source, Step, WorkId, run_source};
pub use stage::{Stage, run_stage};
pub use state::{StateView, Table};
pub use topics::{Cleanup, TopicSpec, Topics, TopicsError};
