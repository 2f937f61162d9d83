//! Fetches feeds, sitemaps, pages and files, and publishes RawDocuments.
//!
//! [`Fetcher`] is a source of the stage runtime: whoever owns a partition of the frontier topic owns the registrable
//! domains that hash to it, their politeness and their memory. What to fetch when is decided by `naba-frontier`, what a
//! listing says by `naba-feed`; this crate does the HTTP ([`http`]), reads files, and puts what follows from an answer
//! (documents, new addresses, state) into one step. It refuses to know what is in a page.
//!
//! ```
//! let sources = naba_fetcher::read_sources_toml("[[source]]\nurl = \"https://news.example/feed\"\n").unwrap();
//! let record = naba_fetcher::announce(&sources[0]);
//! assert_eq!(record.role, "sources");
//! ```

pub mod codes;
mod config;
mod document;
mod entries;
mod fetcher;
mod files;
pub mod http;
mod perform;
mod run;
mod sources;

pub use config::{DEFAULTS, FetcherConfig, FetcherSettings, Wait};
pub use fetcher::Fetcher;
pub use perform::{Finished, Job};
pub use run::run;
pub use sources::{SourceError, SourceErrors, announce, read_sources_opml, read_sources_toml, withdraw};
