//! Why a request has no answer.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::guard::Refusal;

/// A part of an exchange that has a time limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Looking the name up.
    Dns,
    /// Opening the connection.
    Connect,
    /// Agreeing on encryption.
    Tls,
    /// Waiting for the head of the answer.
    Head,
    /// Waiting for the next part of the body.
    Body,
    /// All together.
    Total,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the name look-up",
            Self::Connect => "connecting",
            Self::Tls => "the tls handshake",
            Self::Head => "the head of the answer",
            Self::Body => "the next part of the body",
            Self::Total => "the whole answer",
        })
    }
}

/// Why a request has no answer. An answer of any status is no error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HttpError {
    /// The client cannot be built from its configuration.
    #[error("http client cannot be set up: {0}")]
    Setup(String),
    /// The address cannot be asked over HTTP.
    #[error("address {0:?} cannot be asked over http; use http or https")]
    BadAddress(String),
    /// The address is not one that may be reached from here.
    #[error("connection to {host:?} is refused: {refusal}")]
    RefusedAddress {
        /// The host asked for.
        host: String,
        /// What is wrong with where it leads.
        refusal: Refusal,
    },
    /// The name does not resolve.
    #[error("name {host:?} does not resolve")]
    Dns {
        /// The host asked for.
        host: String,
        /// What the resolver said.
        #[source]
        source: Arc<io::Error>,
    },
    /// No connection comes about.
    #[error("no connection to {host:?}")]
    Connect {
        /// The host asked for.
        host: String,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The proxy opens no way to the host.
    #[error("proxy {proxy:?} opens no way to {host:?}")]
    Proxy {
        /// The proxy asked.
        proxy: String,
        /// The host asked for.
        host: String,
        /// What it said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Encryption fails: a bad certificate most often.
    #[error("tls with {host:?} fails")]
    Tls {
        /// The host asked for.
        host: String,
        /// What went wrong.
        #[source]
        source: Arc<io::Error>,
    },
    /// A time limit passed.
    #[error("timed out waiting for {0}")]
    Timeout(Phase),
    /// The body drips.
    #[error("body arrives at less than {min_bytes_per_second} bytes a second")]
    SlowBody {
        /// The lower limit.
        min_bytes_per_second: u64,
    },
    /// The body is longer than its kind may be.
    #[error("body is longer than {limit} bytes")]
    TooLarge {
        /// The limit after content decoding.
        limit: usize,
    },
    /// The body grows out of proportion while it is unpacked.
    #[error("{coding} body grows more than {ratio} times while it is unpacked")]
    Bomb {
        /// The content coding.
        coding: &'static str,
        /// The limit.
        ratio: usize,
    },
    /// The head of the answer is longer than it may be.
    #[error("head of the answer is too large")]
    HeadTooLarge,
    /// The body is not in the content coding that it claims, or in one that was not asked for.
    #[error("body does not decode as {coding:?}")]
    BadEncoding {
        /// The content coding as claimed, at most 32 characters.
        coding: String,
    },
    /// The answer is not HTTP or ends early.
    #[error("answer breaks the protocol: {0}")]
    Protocol(String),
}

impl HttpError {
    /// Returns the stable code of the error, for metrics, back-off and dead letters.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Setup(_) => "setup",
            Self::BadAddress(_) => "bad_address",
            Self::RefusedAddress { .. } => "refused_address",
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::Proxy { .. } => "proxy",
            Self::Tls { .. } => "tls",
            Self::Timeout(_) => "timeout",
            Self::SlowBody { .. } => "slow_body",
            Self::TooLarge { .. } => "too_large",
            Self::Bomb { .. } => "bomb",
            Self::HeadTooLarge => "head_too_large",
            Self::BadEncoding { .. } => "bad_encoding",
            Self::Protocol(_) => "protocol",
        }
    }
}
