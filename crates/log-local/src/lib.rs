//! The log ports of `naba-stage` on an embedded store: durable on disk, transactional, one process.
//!
//! Everything is in one redb file. A transaction of a stage is a transaction of the store, made durable before it is
//! acknowledged; transactions that wait at the same time share one. Reads see committed records only. [`serve`] lets other
//! processes of the same user read and append through a socket while the owner runs; [`RemoteLog`] is their end.
//!
//! This crate refuses to be a cluster: one process owns the file, and a group has one member.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use naba_log_local::LocalLog;
//! use naba_stage::{Topics, log::Log};
//! let folder = std::env::temp_dir().join(format!("naba-doc-{}", std::process::id()));
//! let log = LocalLog::open(&folder).unwrap();
//! log.ensure_topics(&Topics::built_in().unwrap().local().all()).await.unwrap();
//! assert!(log.partitions("news.raw.v1").await.unwrap() > 0);
//! # drop(log); std::fs::remove_dir_all(folder).unwrap();
//! # });
//! ```

#[cfg(test)]
#[allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]
mod faults;
mod file;
mod log;
mod member;
mod reader;
mod remote;
mod retention;
mod room;
mod serve;
mod store;
mod watched;
mod wire;
mod writer;

pub use log::{LocalLog, Options};
pub use remote::RemoteLog;
pub use retention::{Limits, Swept};
pub use serve::serve;
