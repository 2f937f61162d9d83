//! Writes enriched articles to SQLite, PostgreSQL or standard output.
//!
//! Every store keeps the greatest (version, derivation) of an article as its newest and, where it is a database, every
//! version once. The databases store their positions in the transaction of the rows, advanced by compare-and-set on an owner
//! epoch: a replay changes nothing, and a zombie rolls back. What is WITHHELD or CANCELED is kept without its text, so that
//! an earlier version is no longer shown either; what is under embargo is stored and shown by the view `visible_articles`
//! once the embargo is over; a tombstone deletes every version. The crate refuses to know how records are read and
//! committed: that is `naba-stage`.
//!
//! ```
//! let folder = tempfile::tempdir().unwrap();
//! let file = folder.path().join("naba.db");
//! naba_sink::Sqlite::open(&file).unwrap();
//! assert!(naba_sink::search_sqlite(&file, "الهدنة", 10).unwrap().is_empty());
//! ```

mod config;
mod error;
mod judge;
mod row;
mod run;
mod search;
mod sql;
mod store;

pub use config::{Choice, DEFAULTS, PostgresSection, SinkConfig, SqliteSection, StoreKind};
pub use error::{CANCELED, CODES, CONTRACT, EMBARGOED, SinkError, UNSTORABLE, WITHHELD};
pub use run::run;
pub use search::{index_words, query_phrases};
pub use store::{Hit, JsonLines, Postgres, PostgresConfig, Sqlite, search_sqlite, stdout};

/// Returns the current instant, for embargoes.
fn now() -> naba_model::Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
