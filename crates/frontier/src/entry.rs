//! What becomes of an entry of the frontier topic.

use naba_proto::v1::SeenEntry;

/// Why an entry of the frontier topic is not acceptable.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EntryError {
    /// Its address is malformed.
    #[error(transparent)]
    Url(#[from] naba_model::UrlError),
    /// Its hash is not the one of its address.
    #[error("url_hash {found:?} does not follow from the address, expected {expected:?}")]
    Hash {
        /// The hash as stated.
        found: String,
        /// The hash of the address.
        expected: String,
    },
}

/// What became of an entry of the frontier topic.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// It is to be fetched; store the state.
    Pending(Box<SeenEntry>),
    /// It says nothing new.
    Seen,
    /// It is not fetched, with the reason.
    Refused(&'static str),
}
