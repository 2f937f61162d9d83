//! What a listing says, whatever its format.

use naba_model::{Millis, NormalUrl};

/// The format of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListingKind {
    /// RSS 0.9x, 1.0 or 2.0, and the older Channel Definition Format.
    Rss,
    /// Atom 0.3 or 1.0.
    Atom,
    /// JSON Feed 1.0 or 1.1.
    JsonFeed,
    /// Sitemap without news extension, as XML or as plain text.
    Sitemap,
    /// News sitemap.
    NewsSitemap,
    /// Sitemap index: no entries, only [`Listing::sitemaps`].
    SitemapIndex,
    /// HTML section page ([`read_page`](crate::read_page)).
    Section,
}

/// A listing: the entries that it names and what it says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// Its format.
    pub kind: ListingKind,
    /// Its title, plain text.
    pub title: Option<String>,
    /// What it says about itself, plain text.
    pub description: Option<String>,
    /// Its identifier, as it states it.
    pub guid: Option<String>,
    /// Its categories and keywords.
    pub categories: Vec<String>,
    /// Its language, BCP 47 as written.
    pub language: Option<String>,
    /// The page that it lists.
    pub home_url: Option<NormalUrl>,
    /// Its own address, as it states it.
    pub self_url: Option<NormalUrl>,
    /// The next page of the same listing (RFC 5005, JSON Feed `next_url`).
    pub next_url: Option<NormalUrl>,
    /// WebSub hubs that push it.
    pub hubs: Vec<NormalUrl>,
    /// Authors of the listing. They are not copied to its entries: most often it is the outlet or a webmaster.
    pub authors: Vec<String>,
    /// When it says that it changed last.
    pub updated_at: Option<Millis>,
    /// Its entries, in order, at most [`MAX_ENTRIES`](crate::MAX_ENTRIES).
    pub entries: Vec<Entry>,
    /// The sitemaps that a sitemap index names.
    pub sitemaps: Vec<ChildSitemap>,
    /// What it says about when to ask again.
    pub hints: Hints,
    /// What was wrong and was read all the same, each at most once, in order of appearance.
    pub diagnostics: Vec<Diagnostic>,
}

impl Listing {
    pub(crate) fn new(kind: ListingKind) -> Self {
        Self {
            kind,
            title: None,
            description: None,
            guid: None,
            categories: Vec::new(),
            language: None,
            home_url: None,
            self_url: None,
            next_url: None,
            hubs: Vec::new(),
            authors: Vec::new(),
            updated_at: None,
            entries: Vec::new(),
            sitemaps: Vec::new(),
            hints: Hints::default(),
            diagnostics: Vec::new(),
        }
    }
}

/// One entry of a listing: hints about a document, in the publisher's words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// Address of the document. An entry without one cannot be fetched.
    pub url: Option<NormalUrl>,
    /// Identifier as the listing states it. It may repeat ([`Diagnostic::RepeatedGuid`]): no key by itself.
    pub guid: Option<String>,
    /// Title, plain text.
    pub title: Option<String>,
    /// Summary, plain text.
    pub summary: Option<String>,
    /// Content as HTML, when the entry carries (nearly) the whole document, with absolute addresses and
    /// without scripts. Not sanitised beyond that.
    pub content_html: Option<String>,
    /// Stated time of publication.
    pub published_at: Option<Millis>,
    /// Stated time of the last change.
    pub updated_at: Option<Millis>,
    /// Author names.
    pub authors: Vec<String>,
    /// Categories and keywords.
    pub categories: Vec<String>,
    /// Language, BCP 47 as written, when the entry states its own.
    pub language: Option<String>,
}

/// A sitemap named by a sitemap index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildSitemap {
    /// Its address.
    pub url: NormalUrl,
    /// When it changed last.
    pub modified_at: Option<Millis>,
}

/// What a listing says about when to ask again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// Minutes for which the listing may be kept (RSS `ttl`).
    pub ttl_minutes: Option<u32>,
    /// Hours of the day, UTC, 0 to 23, in which nothing appears (RSS `skipHours`).
    pub skip_hours: Vec<u8>,
    /// Days in which nothing appears, UTC, 1 Monday to 7 Sunday (RSS `skipDays`).
    pub skip_days: Vec<u8>,
    /// Seconds between updates (`sy:updatePeriod` by `sy:updateFrequency`).
    pub update_every_seconds: Option<u64>,
}

/// What was wrong with a listing that was read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Diagnostic {
    /// Markup is broken: unclosed, unmatched or misplaced tags.
    NotWellFormed,
    /// Bytes do not fit the charset that was settled on.
    BadCharset,
    /// Control characters that XML forbids; dropped.
    ControlCharacters,
    /// An entity that neither XML nor HTML knows; kept as written.
    UnknownEntity,
    /// An entry without an address.
    EntryWithoutUrl,
    /// An address that is not one naba handles; dropped.
    BadUrl,
    /// A time that could not be read; dropped.
    BadInstant,
    /// Two entries with one identifier.
    RepeatedGuid,
    /// More entries than [`MAX_ENTRIES`](crate::MAX_ENTRIES); the rest was dropped.
    TooManyEntries,
    /// Text, attributes or elements beyond the limits; the rest was dropped.
    TooLarge,
    /// Elements nested too deep; the inner ones were dropped.
    TooDeep,
    /// A gzip body that ends early or carries bytes behind its end.
    BrokenGzip,
}

impl Diagnostic {
    /// Returns the stable code, for metrics and the console.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotWellFormed => "not_well_formed",
            Self::BadCharset => "bad_charset",
            Self::ControlCharacters => "control_characters",
            Self::UnknownEntity => "unknown_entity",
            Self::EntryWithoutUrl => "entry_without_url",
            Self::BadUrl => "bad_url",
            Self::BadInstant => "bad_instant",
            Self::RepeatedGuid => "repeated_guid",
            Self::TooManyEntries => "too_many_entries",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::BrokenGzip => "broken_gzip",
        }
    }
}

/// Collects diagnostics, each at most once.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<Diagnostic>);

impl Notes {
    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        if !self.0.contains(&diagnostic) {
            self.0.push(diagnostic);
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Diagnostic> {
        self.0
    }
}
