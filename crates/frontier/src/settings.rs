//! The knobs of the frontier.

use std::time::Duration;

use naba_model::Millis;

/// How often, how politely and how long. Durations count in whole milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Product token that robots.txt groups are looked up by.
    pub agent: String,
    /// Shortest time between two requests to one registrable domain.
    pub delay: Duration,
    /// Longest `Crawl-delay` that is honoured as written; a longer one counts as this.
    pub max_crawl_delay: Duration,
    /// Shortest polling interval of a source that states none.
    pub min_interval: Duration,
    /// Longest polling interval of a source that states none.
    pub max_interval: Duration,
    /// Longest wish of a publisher (TTL, max-age, Retry-After) that is followed.
    pub max_hint: Duration,
    /// First wait after a failure; it doubles with each further one.
    pub retry_base: Duration,
    /// Longest wait after a failure.
    pub retry_max: Duration,
    /// Fetches of a page that may fail before it is given up.
    pub max_attempts: u32,
    /// Ages, counted from the first sight of a page, at which it is fetched again to find edits.
    pub rechecks: Vec<Duration>,
    /// Shortest time between two fetches of one page that its listing asks for: some listings call every page new on
    /// every poll.
    pub min_refetch: Duration,
    /// How long a robots.txt is trusted (RFC 9309 §2.4 asks for at most a day) by a site's listings, and a TDM file by all.
    pub robots_ttl: Duration,
    /// How long a robots.txt is trusted by a site's pages: a change takes effect after this where articles are fetched.
    pub robots_refresh: Duration,
    /// First wait before an unreachable robots.txt is asked for again; it doubles up to [`Settings::retry_max`].
    pub robots_retry: Duration,
    /// 403s in a row, over all addresses of a registrable domain, from which on they count as the refusal of the host.
    pub max_refusals: u32,
    /// Failed polls in a row after which a source counts as dead.
    pub dead_after: u32,
    /// Interval at which dead sources are visited.
    pub dead_interval: Duration,
    /// New entries of one source that are taken in a day; 0 takes all. Backfills have no such limit.
    pub max_new_a_day: usize,
    /// Redirects that are followed for one address.
    pub max_redirects: u32,
    /// Age at which a page that could never be fetched is given up.
    pub give_up_after: Duration,
    /// How often WebSub hubs are asked to go on pushing; zero asks none.
    pub renew_subscriptions: Duration,
    /// Sitemaps of one index that are visited in a round, newest first.
    pub max_children: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Self {
            agent: "naba".to_owned(),
            delay: Duration::from_secs(2),
            max_crawl_delay: minutes(2),
            min_interval: minutes(2),
            max_interval: minutes(12 * 60),
            max_hint: minutes(24 * 60),
            retry_base: Duration::from_secs(30),
            retry_max: minutes(60),
            max_attempts: 6,
            rechecks: vec![minutes(15), minutes(60), minutes(4 * 60), minutes(24 * 60)],
            min_refetch: minutes(5),
            robots_ttl: minutes(24 * 60),
            robots_refresh: minutes(15),
            robots_retry: minutes(5),
            max_refusals: 3,
            dead_after: 30,
            dead_interval: minutes(30 * 24 * 60),
            max_new_a_day: 10_000,
            max_redirects: 5,
            give_up_after: minutes(7 * 24 * 60),
            renew_subscriptions: Duration::ZERO,
            max_children: 50,
        }
    }
}

/// Returns a duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4)
}
