//! Feed and sitemap bytes to entries.
//!
//! [`read`] takes what a server answered and gives a [`Listing`], whatever the format: RSS 0.9x, 1.0 and 2.0, Atom 0.3
//! and 1.0, JSON Feed, sitemaps, news sitemaps and sitemap indexes, packed or as plain text. [`read_opml`] reads
//! subscription lists, [`read_page`] the pages that lead to feeds and articles. Both are lenient: what is broken is noted and left out, and one bad entry never costs the others.
//! This crate refuses to know the network, the clock, and what becomes of an entry.
//!
//! ```
//! use naba_feed::{Input, ListingKind, read};
//! use naba_model::NormalUrl;
//!
//! let url = NormalUrl::parse("https://news.example/feed").unwrap();
//! let bytes = "<rss><channel><title>News</title>
//!     <item><title>Caf&eacute; & more</title><link>/2026/1</link><pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>
//!     <item><title>No end tag above</title><link>/2026/2</link></item>";
//! let listing = read(&Input { bytes: bytes.as_bytes(), content_type: None, url: &url }).unwrap();
//! assert_eq!(listing.kind, ListingKind::Rss);
//! assert_eq!(listing.entries.len(), 2);
//! assert_eq!(listing.entries[0].title.as_deref(), Some("Café & more"));
//! assert_eq!(listing.entries[0].url.as_ref().unwrap().as_str(), "https://news.example/2026/1");
//! ```

mod base64;
mod construct;
mod entity;
mod error;
mod fragment;
mod gzip;
mod json;
mod json_salvage;
mod limits;
mod link;
mod listing;
mod opml;
mod page;
mod plain;
mod ranked;
mod read;
mod sitemap;
mod sitemap_walk;
mod syndication;
mod when;
mod xml;

pub use error::FeedError;
pub use limits::{MAX_ENTRIES, MAX_UNZIPPED_BYTES};
pub use listing::{ChildSitemap, Diagnostic, Entry, Hints, Listing, ListingKind};
pub use opml::{OpmlOutline, read_opml, write_opml};
pub use page::{FeedLink, Page, read_page, well_known_feeds};
pub use read::{Input, read};
pub use sitemap_walk::{SitemapWalk, well_known_sitemaps};
