//! Parses RawDocuments into Articles.
//!
//! [`Parser`] is a stage of the runtime around `naba-extract`: it checks the document, extracts, stamps what is volatile
//! (`Processing`), and decides the fate of documents that give no article ([`codes::fate`]). It refuses to know how a page
//! is read. Comments leave it only where an operator has switched them on, and their authors only under a key.
//!
//! ```
//! use naba_service::{Schema, load};
//! let schema = Schema::parse(&[naba_parser::DEFAULTS]).unwrap();
//! let settings: naba_parser::ParserSettings = load(&schema, None, []).unwrap();
//! assert!(!settings.parser.publish_comments);
//! ```

pub mod codes;
mod config;
mod parser;
mod run;

pub use config::{CommentAuthors, DEFAULTS, ParserConfig, ParserSettings};
pub use parser::Parser;
pub use run::run;
