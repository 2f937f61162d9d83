//! What must become of a version: the judgement behind the ground truth.

use serde::{Deserialize, Serialize};

use crate::article::{Article, Fault};
use crate::farm::Farm;
use crate::site::{ListingKind, Site, SiteFault};

/// What must become of a version of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It must appear, once.
    MustAppear,
    /// It may appear, at most once, and then as it is.
    MayAppear,
    /// It must not appear.
    MustNotAppear,
}

/// Why a version has its fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It was listed and served.
    Served,
    /// Its page answered 429 or 503 at first.
    Recovered,
    /// Its page is slow.
    Slow,
    /// It was served for less than the configured time.
    ServedTooShortly,
    /// The watch ended too early for it.
    WatchedTooShortly,
    /// It fell out of the feed too early.
    ListedTooShortly,
    /// It is an edit of which the listing says nothing.
    EditNotAnnounced,
    /// Its markup is broken, but a browser can read it.
    MalformedHtml,
    /// Its charset is declared wrongly.
    WrongCharset,
    /// It was removed before it was ever served.
    DeletedBeforeServed,
    /// Its page answers 404.
    NotFound,
    /// Its page answers 410.
    Gone,
    /// robots.txt disallows it.
    RobotsDisallowed,
    /// robots.txt answers 5xx, which disallows everything.
    RobotsUnavailable,
    /// Its host cuts every connection.
    HostBroken,
    /// The connection is cut in the middle of every answer.
    Cut,
    /// The answer never ends.
    Stalled,
    /// The page is no text.
    Garbage,
    /// The page is larger than 5 MiB.
    Oversized,
    /// The page unpacks to far more than 5 MiB.
    Bomb,
    /// The page is a challenge for browsers.
    BotWall,
    /// The page is a list of articles.
    Hub,
    /// The page redirects in a circle.
    RedirectLoop,
    /// The page is empty.
    Empty,
}

impl Reason {
    /// Returns the code by which a pipeline is expected to name it; empty where nothing is wrong. A hint: the
    /// pipeline's own list of codes wins.
    pub fn code_hint(self) -> &'static str {
        match self {
            Self::Served
            | Self::Recovered
            | Self::Slow
            | Self::ServedTooShortly
            | Self::WatchedTooShortly
            | Self::ListedTooShortly
            | Self::EditNotAnnounced
            | Self::MalformedHtml => "",
            Self::WrongCharset | Self::Garbage => "undecodable",
            Self::DeletedBeforeServed | Self::Gone | Self::NotFound => "gone",
            Self::RobotsDisallowed => "robots_disallowed",
            // A broken host is never asked for more than its robots.txt.
            Self::RobotsUnavailable | Self::HostBroken => "robots_unreachable",
            Self::Cut => "protocol",
            Self::Stalled => "timeout",
            Self::Oversized => "too_large",
            Self::Bomb => "bomb",
            Self::BotWall => "bot_wall",
            Self::Hub => "no_article",
            Self::RedirectLoop => "redirect_loop",
            Self::Empty => "empty_body",
        }
    }
}

impl Farm {
    /// Judges a version for a watch that ends at a time.
    pub(crate) fn fate(&self, site: &Site, article: &Article, version: u32, end_ms: i64) -> (Fate, Reason) {
        match site.fault {
            Some(SiteFault::HostBroken) => return (Fate::MustNotAppear, Reason::HostBroken),
            Some(SiteFault::RobotsUnavailable) => return (Fate::MustNotAppear, Reason::RobotsUnavailable),
            _ => {}
        }
        if let Some(reason) = article.fault.and_then(fatal) {
            return (Fate::MustNotAppear, reason);
        }
        let stillborn = article.removal.is_some_and(|removal| removal.at_ms <= article.published_at());
        if stillborn {
            return (Fate::MustNotAppear, Reason::DeletedBeforeServed);
        }
        if article.fault == Some(Fault::WrongCharset) {
            return (Fate::MayAppear, Reason::WrongCharset);
        }
        let from = self.readable_from(site, article, version);
        let least = self.config().min_served_ms;
        let until = article.version_until(version).unwrap_or(i64::MAX);
        if until.saturating_sub(from) < least {
            return (Fate::MayAppear, Reason::ServedTooShortly);
        }
        if self.unlisted_at(site, article).saturating_sub(from) < least {
            return (Fate::MayAppear, Reason::ListedTooShortly);
        }
        if end_ms.saturating_sub(from) < least {
            return (Fate::MayAppear, Reason::WatchedTooShortly);
        }
        if version > 1 && !site.listings().any(ListingKind::tells_of_edits) {
            return (Fate::MayAppear, Reason::EditNotAnnounced);
        }
        match article.fault {
            Some(Fault::MalformedHtml) => (Fate::MayAppear, Reason::MalformedHtml),
            Some(Fault::RateLimited | Fault::Unavailable) => (Fate::MustAppear, Reason::Recovered),
            Some(Fault::Slow) => (Fate::MustAppear, Reason::Slow),
            _ if matches!(site.fault, Some(SiteFault::Slow { .. })) => (Fate::MustAppear, Reason::Slow),
            _ => (Fate::MustAppear, Reason::Served),
        }
    }

    /// Returns the first instant at which a version can be found and read.
    fn readable_from(&self, site: &Site, article: &Article, version: u32) -> i64 {
        let mut from = article.version_from(version);
        if let Some(SiteFault::ListingsDead { until_ms }) = site.fault {
            from = from.max(until_ms);
        }
        if article.fault == Some(Fault::Unavailable) {
            from = from.max(article.published_at() + self.config().outage_ms);
        }
        from
    }

    /// Returns when an article leaves the last listing that shows it, because newer ones push it out.
    fn unlisted_at(&self, site: &Site, article: &Article) -> i64 {
        let window = self.config().feed_window;
        if window == 0 || site.listings().any(|kind| kind == ListingKind::Sitemap) {
            return i64::MAX;
        }
        let Some(at) = site.articles.iter().position(|index| *index == article.index) else { return i64::MAX };
        let newer = site.articles.iter().skip(at + 1).filter_map(|index| self.articles().get(*index));
        // Only articles that stay push for good; counting all of them errs on the side of "may appear".
        newer.map(Article::published_at).nth(window - 1).unwrap_or(i64::MAX)
    }
}

fn fatal(fault: Fault) -> Option<Reason> {
    Some(match fault {
        Fault::NotFound => Reason::NotFound,
        Fault::Gone => Reason::Gone,
        Fault::RobotsDisallowed => Reason::RobotsDisallowed,
        Fault::Cut => Reason::Cut,
        Fault::Stalled => Reason::Stalled,
        Fault::Garbage => Reason::Garbage,
        Fault::Oversized => Reason::Oversized,
        Fault::Bomb => Reason::Bomb,
        Fault::BotWall => Reason::BotWall,
        Fault::Hub => Reason::Hub,
        Fault::RedirectLoop => Reason::RedirectLoop,
        Fault::Empty => Reason::Empty,
        Fault::RateLimited | Fault::Unavailable | Fault::Slow | Fault::MalformedHtml | Fault::WrongCharset => {
            return None;
        }
    })
}
