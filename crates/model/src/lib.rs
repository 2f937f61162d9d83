//! Identifiers, canonical URLs, spans and clocks, and the rules they keep.
//!
//! The contract's messages (`naba-proto`) are the records of the system; this crate holds what is true about them beyond
//! their shape: how an identifier is derived, when two addresses are one page, which blocks make up the body, and which
//! messages are fit to be on a topic ([`Checked`]). It refuses to know where bytes come from: no clock, file or network.
//!
//! ```
//! use naba_model::{NormalUrl, UrlHash};
//! let a = NormalUrl::parse("HTTPS://News.Example:443/a?utm_source=x#top").unwrap();
//! let b = NormalUrl::parse("https://news.example/a").unwrap();
//! assert_eq!(UrlHash::of(&a), UrlHash::of(&b));
//! ```

mod body;
mod checked;
mod domain;
mod id;
mod instant;
mod span;
mod url;

pub use body::{body_text, content_hash, is_body, is_prose};
pub use checked::{Checked, Contract, ContractError};
pub use domain::{RegistrableDomain, registrable_domain};
pub use id::{ArticleId, CommentId, ContentHash, IdError, SourceId, UrlHash, sha256_hex};
pub use instant::{Millis, millis_of, timestamp_of};
pub use span::{Range, slice};
pub use url::percent;
pub use url::{Credentials, Fragment, NormalUrl, Percent, UrlError, UrlProfile};

/// Largest body of a RawDocument, in bytes: 3.5 % of real news pages exceed 1 MB, none seen exceeds 5 MiB.
pub const MAX_BODY_BYTES: usize = 5 * 1024 * 1024;
/// Largest message on a topic, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;
/// Largest message on a dead-letter topic, in bytes: the original and its `naba-error-*` headers.
pub const MAX_DEAD_LETTER_BYTES: usize = 9 * 1024 * 1024;
