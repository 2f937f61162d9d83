//! The plan of one article: where it stands, when it changes, what is wrong with it.

use serde::{Deserialize, Serialize};

/// A fault of one article's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Listed, but answers 404.
    NotFound,
    /// Listed, but answers 410.
    Gone,
    /// Answers 429 with Retry-After: 1 to the first two requests.
    RateLimited,
    /// Answers 503 for the configured outage after its publication.
    Unavailable,
    /// Answers after 1.5 seconds.
    Slow,
    /// Sends the beginning, then a byte a second, without end.
    Stalled,
    /// Cuts the connection in the middle of the body.
    Cut,
    /// Sends random bytes as text/html.
    Garbage,
    /// Sends HTML with unclosed and crossed tags, and bare ampersands.
    MalformedHtml,
    /// Sends more than 5 MiB.
    Oversized,
    /// Sends a few kilobytes of gzip that unpack to 64 MiB.
    Bomb,
    /// Declares UTF-8 in header and page, but sends the site's legacy charset.
    WrongCharset,
    /// Stands under a path that robots.txt disallows.
    RobotsDisallowed,
    /// Answers 200 with a challenge page.
    BotWall,
    /// Is no article, but a page that lists articles.
    Hub,
    /// Redirects in a circle.
    RedirectLoop,
    /// Answers 200 with an empty body.
    Empty,
}

impl Fault {
    /// All faults, in the order in which articles take them.
    pub const ALL: [Fault; 17] = [
        Fault::NotFound,
        Fault::RobotsDisallowed,
        Fault::RateLimited,
        Fault::Cut,
        Fault::WrongCharset,
        Fault::Oversized,
        Fault::Unavailable,
        Fault::Garbage,
        Fault::Slow,
        Fault::Gone,
        Fault::Bomb,
        Fault::BotWall,
        Fault::MalformedHtml,
        Fault::RedirectLoop,
        Fault::Hub,
        Fault::Empty,
        Fault::Stalled,
    ];
}

/// How a listing links to an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// To the page itself.
    Direct,
    /// To an address on the same host that redirects (301).
    SameHost,
    /// To an address on another host that redirects (302).
    OtherHost,
}

/// When and how an article ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Milliseconds since the farm's start.
    pub at_ms: i64,
    /// 404 or 410.
    pub status: u16,
}

/// The plan of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its number.
    pub index: usize,
    /// Number of its site.
    pub site: usize,
    /// Path and query of its page, as requested on the wire.
    pub path: String,
    /// When each version is served from, in milliseconds since the farm's start; the first is the publication.
    pub versions: Vec<i64>,
    /// Its end.
    pub removal: Option<Removal>,
    /// Publication time as printed, in milliseconds since 1970, whole seconds.
    pub printed_ms: i64,
    /// Its fault.
    pub fault: Option<Fault>,
    /// How listings link to it.
    pub link: Link,
    /// The article it is a copy of.
    pub copy_of: Option<usize>,
    /// True for the founding article.
    pub founding: bool,
}

impl Article {
    /// Returns when it was published, in milliseconds since the farm's start.
    pub fn published_at(&self) -> i64 {
        self.versions.first().copied().unwrap_or(0)
    }

    /// Returns the number of the version that is served at a time, 1 and up; None before publication and after removal.
    pub fn version_at(&self, t_ms: i64) -> Option<u32> {
        if self.removal.is_some_and(|removal| t_ms >= removal.at_ms) {
            return None;
        }
        let served = self.versions.iter().take_while(|at| **at <= t_ms).count();
        u32::try_from(served).ok().filter(|version| *version > 0)
    }

    /// Returns when a version begins, in milliseconds since the farm's start.
    pub fn version_from(&self, version: u32) -> i64 {
        let index = usize::try_from(version).unwrap_or(1).saturating_sub(1);
        self.versions.get(index).copied().unwrap_or_else(|| self.published_at())
    }

    /// Returns when a version stops being served; None when it never does.
    pub fn version_until(&self, version: u32) -> Option<i64> {
        let next = usize::try_from(version).ok().and_then(|index| self.versions.get(index)).copied();
        match (next, self.removal) {
            (Some(next), Some(removal)) => Some(next.min(removal.at_ms)),
            (Some(next), None) => Some(next),
            (None, removal) => removal.map(|removal| removal.at_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_each_other_until_the_removal() {
        let article = Article {
            index: 0,
            site: 0,
            path: "/a".into(),
            versions: vec![10, 20],
            removal: Some(Removal { at_ms: 30, status: 410 }),
            printed_ms: 0,
            fault: None,
            link: Link::Direct,
            copy_of: None,
            founding: false,
        };
        assert_eq!(
            [9, 10, 19, 20, 29, 30].map(|t| article.version_at(t)),
            [None, Some(1), Some(1), Some(2), Some(2), None]
        );
        assert_eq!(article.version_until(1), Some(20));
        assert_eq!(article.version_until(2), Some(30));
    }
}
