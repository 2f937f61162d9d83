//! Fetches feeds, sitemaps, pages and files, and publishes RawDocuments.
//!
//! [`run`] runs a source of the stage runtime: whoever owns a partition of the frontier topic owns the registrable
//! domains that hash to it, their politeness and their memory. What to fetch when is decided by `naba-frontier`, what a
//! listing says by `naba-feed`; this crate does the HTTP ([`http`]), reads files, and puts what follows from an answer
//! (documents, new addresses, state) into one step. It refuses to know what is in a page.
//!
//! ```
//! let sources = naba_fetcher::read_sources_toml("[[source]]\nurl = \"https://news.example/feed\"\n").unwrap();
//! let record = naba_fetcher::announce(&sources[0]);
//! assert_eq!(record.role, "sources");
//! ```

mod archive;
pub mod codes;
mod config;
mod document;
mod entries;
mod fetcher;
mod files;
pub mod http;
mod listing;
mod local;
mod perform;
mod probe;
mod run;
mod sources;
mod spelling;
mod step;
mod websub;

pub use config::{DEFAULTS, FetcherConfig, FetcherSettings, Wait};
pub use probe::{Probe, ProbeError, ProbedListing, probe};
pub use run::run;
pub use sources::{SourceError, SourceErrors, announce, read_sources_opml, read_sources_toml, withdraw};
pub use spelling::spelling_key;
