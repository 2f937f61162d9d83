//! Enriches Articles and gives them versions.
//!
//! [`Enricher`] is a stage of the runtime around `naba-enrich`. All raw forms of one article meet here, because the input is
//! partitioned by article_id; so this is where contents are told apart and counted ([`assign`]). It refuses to know what the
//! steps find: it runs those that the configuration lists.
//!
//! Versions count distinct contents in the order in which they arrive, which is that of fetching for everything that one
//! fetcher publishes; a late duplicate of an older content is skipped, not counted again.
//!
//! ```
//! use naba_enricher::{Assignment, assign};
//! use naba_proto::v1::ArticleVersions;
//! assert_eq!(assign(&ArticleVersions::default(), "c1", "d1"), Assignment::New { version: 1 });
//! ```

pub mod codes;
mod config;
mod enricher;
mod run;
mod versions;

pub use config::{DEFAULTS, EnricherConfig, EnricherSettings};
pub use enricher::Enricher;
pub use run::run;
pub use versions::{Assignment, assign, note};
