//! What is to be fetched, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use naba_proto::v1::{Robots, RobotsDecision, SourceKind};

use crate::decision::reasons;
use crate::rights::TdmFile;
use crate::robots::Robots as RobotsFile;
use crate::window::Window;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The robots.txt of an origin (`https://a.example:8443`).
    Robots {
        /// Scheme, host and port.
        origin: String,
    },
    /// The /.well-known/tdmrep.json of an origin.
    Tdm {
        /// Scheme, host and port.
        origin: String,
    },
    /// A listing.
    Source {
        /// The source.
        source_id: String,
        /// The address of a sitemap that the source's index named; `None` for the source itself.
        child: Option<String>,
    },
    /// A WebSub hub, asked to push a source.
    Hub {
        /// The source.
        source_id: String,
        /// The address that the hub knows it by.
        topic: String,
    },
    /// A page.
    Page {
        /// Hash of its normalised address.
        url_hash: String,
    },
}

/// A request to be performed: one at a time for a registrable domain.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchRequest {
    /// What it is for.
    pub target: Target,
    /// The address to ask.
    pub url: String,
    /// The queue it stands in: a registrable domain, or `file:`.
    pub lane: String,
    /// What sort of source; `Unspecified` for pages and robots.txt.
    pub kind: SourceKind,
    /// ETag to send; empty for none.
    pub etag: String,
    /// Last-Modified to send; empty for none.
    pub last_modified: String,
    /// SHA-256 of the body known so far; empty for none.
    pub known_sha256: String,
    /// 1 for the first fetch of this address, then counting up.
    pub attempt: u32,
    /// The robots.txt evidence.
    pub robots: Robots,
    /// What the site states about the use of its pages; empty for anything but pages.
    pub site: Site,
    /// When it fell due, in milliseconds.
    pub due_at: i64,
    /// Update time, in milliseconds, that the listing had stated when the request was made; 0 for none.
    pub(crate) listed_at: i64,
}

impl FetchRequest {
    /// Returns false when robots.txt forbids the fetch: then the answer is [`Answer::Refused`] without any request.
    pub fn is_permitted(&self) -> bool {
        !matches!(self.robots.decision(), RobotsDecision::Disallowed | RobotsDecision::Unreachable)
    }

    /// Returns the key that this work is accounted under: url_hash, source_id or origin.
    pub fn key(&self) -> &str {
        match &self.target {
            Target::Robots { origin } | Target::Tdm { origin } => origin,
            Target::Source { source_id, .. } | Target::Hub { source_id, .. } => source_id,
            Target::Page { url_hash } => url_hash,
        }
    }
}

/// The files in which a site states what may be done with its pages, as far as they were read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Site {
    /// Its robots.txt.
    pub robots: Option<Arc<RobotsFile>>,
    /// Its /.well-known/tdmrep.json.
    pub tdm_file: Option<Arc<TdmFile>>,
}

/// What a listing tells the schedule. Its entries are not needed for that.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// Sitemaps that an index names, with their stated update time in milliseconds.
    pub children: Vec<(String, Option<i64>)>,
    /// The wait that the publisher asks for (ttl, `sy:updatePeriod`, `Cache-Control`).
    pub hint: Option<Duration>,
    /// The entries that it names.
    pub window: Window,
    /// The hub that pushes it.
    pub hub: Option<Hub>,
    /// When the newest of them says that it was published, in milliseconds.
    pub newest_at: Option<i64>,
}

/// A WebSub hub, as a listing names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Its address.
    pub url: String,
    /// The address of the listing that it knows.
    pub topic: String,
}

/// Who is to blame for a failure without a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The host: no connection, no name, no answer in time. It gets a rest.
    Host,
    /// This answer only: a broken body or framing.
    Answer,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A robots.txt with its bytes.
    RobotsFile {
        /// The body, or its first [`crate::MAX_ROBOTS_BYTES`].
        bytes: Vec<u8>,
        /// SHA-256 of the body.
        sha256: String,
        /// ETag as sent; empty for none.
        etag: String,
        /// Last-Modified as sent; empty for none.
        last_modified: String,
    },
    /// A /.well-known/tdmrep.json with its bytes.
    TdmFile {
        /// The body.
        bytes: Vec<u8>,
    },
    /// A page or a listing was read.
    Body {
        /// SHA-256 of the body.
        sha256: String,
        /// ETag as sent; empty for none.
        etag: String,
        /// Last-Modified as sent; empty for none.
        last_modified: String,
        /// What the listing says; the default for pages.
        listing: Listing,
    },
    /// 304: nothing new.
    NotModified {
        /// The wait that the publisher asks for.
        hint: Option<Duration>,
    },
    /// A redirect.
    Redirect {
        /// Its status, for example 301.
        status: u32,
        /// The address it names, absolute.
        location: String,
    },
    /// Any other status.
    Status {
        /// The status.
        status: u32,
        /// The wait that `Retry-After` asks for.
        retry_after: Option<Duration>,
    },
    /// No status.
    Failed {
        /// Bounded code.
        code: &'static str,
        /// For people.
        message: String,
        /// Who is to blame.
        blame: Blame,
    },
    /// It was read, and it is not for the line: too large, no text, no listing.
    Unusable {
        /// Bounded code.
        code: &'static str,
        /// SHA-256 of the body where it was read to its end; empty otherwise.
        sha256: String,
    },
    /// It may not be asked for: robots.txt, or an address that is refused for safety.
    Refused {
        /// Bounded code.
        code: &'static str,
    },
}

/// Returns the answer to a request that [`FetchRequest::is_permitted`] forbids.
pub fn forbidden(request: &FetchRequest) -> Answer {
    match request.robots.decision() {
        RobotsDecision::Unreachable => Answer::Refused { code: reasons::ROBOTS_UNREACHABLE },
        _ => Answer::Refused { code: reasons::ROBOTS_DISALLOWED },
    }
}
