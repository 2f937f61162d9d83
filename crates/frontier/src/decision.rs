//! What follows from an answer, as values for the shell to commit together.

use naba_proto::v1::{FrontierEntry, HostState, Robots, SeenEntry, Source, SourceState};

/// One thing to do. All decisions of one answer belong into one transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Store what was learnt about a source.
    SaveSource(SourceState),
    /// Watch a source at another address, where it has moved for good.
    MoveSource {
        /// The address that it leaves.
        from: String,
        /// Its description with the new address.
        source: Box<Source>,
    },
    /// Tell people how old the newest entry was when it was first seen.
    NoteFreshness {
        /// Its age in milliseconds.
        age_ms: i64,
    },
    /// Store where a page stands.
    SavePage {
        /// Its key.
        url_hash: String,
        /// The state.
        state: SeenEntry,
    },
    /// Store what was learnt about a host.
    SaveHost(HostState),
    /// Put the entries of the listing that was read on the frontier topic.
    PublishEntries {
        /// How many, in the order of the listing; the rest is left for later polls.
        at_most: usize,
    },
    /// Tell people that a source moved on so fast that entries may have been missed.
    NoteGap,
    /// Tell people that a source names more new entries than it may, and how many.
    NoteFlood {
        /// New entries of this poll.
        new: usize,
    },
    /// Publish the body that was read as a document of this entry.
    Publish {
        /// The entry that led to it.
        entry: FrontierEntry,
        /// 1 for the first fetch of this address, then counting up.
        attempt: u32,
    },
    /// Publish the feed's own content in place of a page that may not be had.
    PublishFeedOnly {
        /// The entry with `discovery.content_html`.
        entry: FrontierEntry,
        /// The evidence.
        robots: Robots,
        /// Counts the attempts at the page.
        attempt: u32,
    },
    /// Put another address on the frontier topic: a redirect led there.
    Forward(FrontierEntry),
    /// The work ended like this. Without it the work goes on later.
    End(Ending),
}

/// How a piece of work ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Something was published or stored for it.
    Emitted,
    /// Nothing to publish, with the reason.
    Skipped(&'static str),
    /// Given up after the attempts that were allowed.
    DeadLettered {
        /// Bounded code.
        code: &'static str,
        /// For people.
        message: String,
        /// The entry, so that it can be tried again later.
        entry: Box<FrontierEntry>,
    },
}

/// The reasons that the frontier gives, each with what it means, for the generated docs.
pub mod reasons {
    /// The address was accepted before, and its listing states nothing newer.
    pub const SEEN: &str = "seen";
    /// The answer is the one that is already published.
    pub const UNCHANGED: &str = "unchanged";
    /// The page answered 404 or 410.
    pub const GONE: &str = "gone";
    /// The page answered another 4xx.
    pub const REFUSED_STATUS: &str = "refused_status";
    /// robots.txt disallows the address.
    pub const ROBOTS_DISALLOWED: &str = "robots_disallowed";
    /// robots.txt could not be had for as long as a page may wait.
    pub const ROBOTS_UNREACHABLE: &str = "robots_unreachable";
    /// The page redirects; the new address went to the frontier.
    pub const REDIRECTED: &str = "redirected";
    /// The page redirects to itself.
    pub const REDIRECT_LOOP: &str = "redirect_loop";
    /// The redirects are more than are followed.
    pub const TOO_MANY_REDIRECTS: &str = "too_many_redirects";
    /// The redirect names no address that naba handles.
    pub const BAD_REDIRECT: &str = "bad_redirect";
    /// The server failed on every attempt.
    pub const SERVER_ERROR: &str = "server_error";
    /// The source answered 410.
    pub const SOURCE_GONE: &str = "source_gone";
    /// The address is one of an endless row: a calendar of the future, or a path that repeats itself.
    pub const TRAP: &str = "trap";

    /// Every reason with what it means.
    pub const ALL: &[(&str, &str)] = &[
        (SEEN, "the address was accepted before, and its listing states nothing newer"),
        (UNCHANGED, "the answer is the one that is already published"),
        (GONE, "the page answered 404 or 410"),
        (REFUSED_STATUS, "the page answered another 4xx"),
        (ROBOTS_DISALLOWED, "robots.txt disallows the address"),
        (ROBOTS_UNREACHABLE, "robots.txt could not be had for as long as a page may wait"),
        (REDIRECTED, "the page redirects; the new address went to the frontier"),
        (REDIRECT_LOOP, "the page redirects to itself"),
        (TOO_MANY_REDIRECTS, "the redirects are more than are followed"),
        (BAD_REDIRECT, "the redirect names no address that naba handles"),
        (SERVER_ERROR, "the server failed on every attempt"),
        (SOURCE_GONE, "the source answered 410"),
        (TRAP, "the address is one of an endless row: a calendar of the future, or a path that repeats itself"),
    ];
}
