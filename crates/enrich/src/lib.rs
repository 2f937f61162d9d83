//! Article to Enrichments, one pure step a file.
//!
//! A [`Pipeline`] runs named [`Step`]s over an article, in order; each adds its own part, and one that fails is recorded
//! and fails nothing else. To add a step: one file with a [`Step`], one line in the registry, its name in
//! [`DEFAULT_STEPS`]. To add a language: data files under `data/`. The crate refuses to know where articles come from
//! and where enrichments go, what time it is, and which version an article has: those are the enricher's.
//!
//! ```
//! use naba_enrich::Pipeline;
//! use naba_proto::v1::{Article, Block, BlockRole};
//!
//! let text = "وقال جون كيري إن \"الهدنة تبدأ ليل الأحد الاثنين\".";
//! let block = Block { role: BlockRole::Paragraph.into(), text: text.into(), ..Block::default() };
//! let article = Article { language: "ar".into(), blocks: vec![block], ..Article::default() };
//!
//! let enrichments = Pipeline::new(&["language", "quotes"]).unwrap().run(&article);
//! assert_eq!(enrichments.quotes[0].speaker_surface, "جون كيري");
//! assert_eq!(enrichments.quotes[0].cue, "وقال");
//! ```

mod bytes;
mod data;
mod dateline;
mod direction;
mod entities;
mod error;
pub mod expressions;
mod fingerprint;
pub mod gazetteer;
mod keyphrases;
pub mod language;
mod pipeline;
mod quantities;
mod quotes;
mod readability;
mod registry;
mod sentiment;
mod step;
mod summary;
pub mod tagger;
mod temporal;
pub mod topics;
pub mod words;

pub use error::EnrichError;
pub use pipeline::Pipeline;
pub use registry::DEFAULT_STEPS;
pub use step::{Part, Step};
