//! The sites of a farm: their names, habits and faults.

use serde::{Deserialize, Serialize};

use crate::template::Template;
use crate::words::{LANGUAGES, Words};

/// Bytes that a site writes its text in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// windows-1251, Cyrillic.
    Windows1251,
    /// windows-1252, Latin.
    Windows1252,
    /// windows-1255, Hebrew.
    Windows1255,
    /// windows-1256, Arabic.
    Windows1256,
    /// GBK, Chinese.
    Gbk,
}

impl Charset {
    /// Returns the name as written in a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Windows1251 => "windows-1251",
            Self::Windows1252 => "windows-1252",
            Self::Windows1255 => "windows-1255",
            Self::Windows1256 => "windows-1256",
            Self::Gbk => "gbk",
        }
    }

    /// Encodes text; what the charset lacks becomes a numeric character reference, which HTML and XML both read.
    pub(crate) fn encode(self, text: &str) -> Vec<u8> {
        let encoding = match self {
            Self::Utf8 => return text.as_bytes().to_vec(),
            Self::Windows1251 => encoding_rs::WINDOWS_1251,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
            Self::Windows1255 => encoding_rs::WINDOWS_1255,
            Self::Windows1256 => encoding_rs::WINDOWS_1256,
            Self::Gbk => encoding_rs::GBK,
        };
        encoding.encode(text).0.into_owned()
    }

    fn legacy_of(language: &str) -> Self {
        match language {
            "ar" => Self::Windows1256,
            "ru" => Self::Windows1251,
            "he" => Self::Windows1255,
            "zh" => Self::Gbk,
            "fr" => Self::Windows1252,
            _ => Self::Utf8,
        }
    }
}

/// The content coding that a site prefers; used only when the client accepts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// None.
    Identity,
    /// gzip.
    Gzip,
    /// Brotli.
    Br,
    /// Zstandard.
    Zstd,
}

/// The kind of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListingKind {
    /// RSS 2.0.
    Rss,
    /// Atom.
    Atom,
    /// JSON Feed.
    JsonFeed,
    /// A sitemap index over news sitemaps, gzipped on some sites.
    Sitemap,
}

impl ListingKind {
    /// Returns the path on the site.
    pub fn path(self) -> &'static str {
        match self {
            Self::Rss => "/rss.xml",
            Self::Atom => "/atom.xml",
            Self::JsonFeed => "/feed.json",
            Self::Sitemap => "/sitemap.xml",
        }
    }

    /// Tells whether it says when an entry was changed, so that a reader need not guess.
    pub fn tells_of_edits(self) -> bool {
        !matches!(self, Self::Rss)
    }
}

/// Which validators a site sends, for conditional requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validators {
    /// A strong ETag and Last-Modified.
    Both,
    /// A weak ETag.
    WeakEtag,
    /// Last-Modified.
    LastModified,
    /// None: every answer is 200.
    None,
}

/// A fault of a whole site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SiteFault {
    /// Every connection is cut, from robots.txt on.
    HostBroken,
    /// robots.txt answers 503: nothing may be fetched (RFC 9309, section 2.3.1.4).
    RobotsUnavailable,
    /// Listings answer 503 until a time.
    ListingsDead {
        /// Milliseconds since the farm's start.
        until_ms: i64,
    },
    /// Every answer takes its time.
    Slow {
        /// Milliseconds before each answer.
        delay_ms: u64,
    },
    /// Every n-th request is answered 429 with Retry-After: 1.
    Throttled {
        /// The n.
        every: u32,
    },
    /// A second listing, also a source, is no well-formed XML; the first is good.
    MalformedListing,
}

/// A site of the farm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its number.
    pub index: usize,
    /// Its host name, in ASCII.
    pub host: String,
    /// Its name for people.
    pub name: String,
    /// Code of its language.
    pub language: &'static str,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The structure of its article pages.
    pub template: Template,
    /// The charset of its pages and XML listings.
    pub charset: Charset,
    /// The content coding it prefers.
    pub coding: Coding,
    /// Its listing.
    pub listing: ListingKind,
    /// A second listing of the same articles, also a source.
    pub second_listing: Option<ListingKind>,
    /// Whether sitemaps under the index are .gz files.
    pub gzip_sitemap: bool,
    /// Whether links in listings carry utm parameters.
    pub tracking: bool,
    /// Whether the feed carries whole articles.
    pub full_content: bool,
    /// Which validators it sends.
    pub validators: Validators,
    /// Its fault.
    pub fault: Option<SiteFault>,
    /// Its articles, in order of publication.
    pub articles: Vec<usize>,
}

/// The internationalised name of one site, أخبار.example, in ASCII.
pub const IDN_HOST: &str = "xn--igbicxr.example";
/// The same name as people write it.
pub const IDN_HOST_UNICODE: &str = "أخبار.example";
/// A host that only redirects, like the short links of many newsrooms.
pub const SHORT_LINK_HOST: &str = "go-links.example";

impl Site {
    /// Plans one site of `count`.
    pub(crate) fn plan(index: usize, count: usize, seed: u64, faults: bool, outage_ms: i64) -> Self {
        let round = index / LANGUAGES.len();
        let language = LANGUAGES.get(index % LANGUAGES.len()).copied().unwrap_or("en");
        let words = Words::of(language);
        let papers = words.list("papers");
        let fault = if faults { site_fault(index, count, outage_ms) } else { None };
        let turn = usize::try_from(seed % 1000).unwrap_or(0);
        let listing = listing_of(index + round);
        let template = Template::ALL.get((index + turn) % Template::ALL.len()).copied();
        Self {
            index,
            host: host(index, count, fault.is_some()),
            name: papers.get(round % papers.len().max(1)).cloned().unwrap_or_default(),
            language,
            country: words.country.clone(),
            template: template.unwrap_or(Template::JsonLd),
            charset: if round % 2 == 1 { Charset::legacy_of(language) } else { Charset::Utf8 },
            coding: [Coding::Gzip, Coding::Identity, Coding::Br, Coding::Zstd, Coding::Gzip][index % 5],
            listing,
            second_listing: (index % 5 == 2).then(|| listing_of(index + round + 1)),
            gzip_sitemap: index % 2 == 1,
            tracking: index % 4 == 1,
            full_content: index % 6 == 4,
            validators: [Validators::Both, Validators::WeakEtag, Validators::LastModified, Validators::None][index % 4],
            fault,
            articles: Vec::new(),
        }
    }

    /// Returns the address of a path on the site.
    pub fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Returns all listings that are sources.
    pub fn listings(&self) -> impl Iterator<Item = ListingKind> + '_ {
        std::iter::once(self.listing).chain(self.second_listing)
    }

    /// Tells whether nothing of the site can be fetched.
    pub fn is_unreachable(&self) -> bool {
        matches!(self.fault, Some(SiteFault::HostBroken | SiteFault::RobotsUnavailable))
    }
}

fn listing_of(number: usize) -> ListingKind {
    [ListingKind::Rss, ListingKind::Atom, ListingKind::JsonFeed, ListingKind::Sitemap][number % 4]
}

/// Gives the last six sites of a farm of at least twelve one fault each.
fn site_fault(index: usize, count: usize, outage_ms: i64) -> Option<SiteFault> {
    if count < 12 {
        return None;
    }
    match count - index {
        1 => Some(SiteFault::HostBroken),
        2 => Some(SiteFault::RobotsUnavailable),
        3 => Some(SiteFault::ListingsDead { until_ms: outage_ms }),
        4 => Some(SiteFault::Slow { delay_ms: 150 }),
        5 => Some(SiteFault::Throttled { every: 10 }),
        6 => Some(SiteFault::MalformedListing),
        _ => None,
    }
}

/// Names a site. A faulty one has a registrable domain to itself: back-off is by domain and would hide the others.
fn host(index: usize, count: usize, faulty: bool) -> String {
    let idn = if count > LANGUAGES.len() + 6 { LANGUAGES.len() } else { 0 };
    if index == idn {
        IDN_HOST.to_owned()
    } else if index % 3 == 1 && !faulty {
        format!("site{index:02}.news.example")
    } else {
        format!("paper-{index:02}.example")
    }
}

/// Returns the registrable domain of a farm host: all names end in `.example`, which nobody can share below two labels.
pub fn registrable(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.');
    let _top = dots.next();
    match dots.next() {
        Some((at, _)) => host.get(at + 1..).unwrap_or(host),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_sites_share_a_registrable_domain_and_one_is_internationalised() {
        let sites: Vec<Site> = (0..20).map(|index| Site::plan(index, 20, 7, true, 1000)).collect();
        assert!(sites.iter().filter(|site| registrable(&site.host) == "news.example").count() >= 4);
        assert_eq!(sites.iter().filter(|site| site.host == IDN_HOST).count(), 1);
        assert!(sites.iter().any(|site| site.host == "site07.news.example"));
        assert!(sites.iter().filter(|site| site.fault.is_some()).all(|site| registrable(&site.host) == site.host));
    }

    #[test]
    fn twenty_sites_show_every_habit() {
        let sites: Vec<Site> = (0..20).map(|index| Site::plan(index, 20, 7, true, 1000)).collect();
        for template in Template::ALL {
            assert!(sites.iter().any(|site| site.template == template), "{template:?} is on no site");
        }
        for charset in [Charset::Utf8, Charset::Windows1251, Charset::Windows1256, Charset::Gbk] {
            assert!(sites.iter().any(|site| site.charset == charset && !site.is_unreachable()), "{charset:?}");
        }
        for kind in [ListingKind::Rss, ListingKind::Atom, ListingKind::JsonFeed, ListingKind::Sitemap] {
            assert!(sites.iter().filter(|site| site.fault.is_none()).any(|site| site.listing == kind), "{kind:?}");
        }
    }

    #[test]
    fn the_registrable_domain_is_the_last_two_labels() {
        assert_eq!(registrable("site07.news.example"), "news.example");
        assert_eq!(registrable("paper-03.example"), "paper-03.example");
        assert_eq!(registrable("localhost"), "localhost");
    }
}
