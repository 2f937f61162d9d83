//! The settings of the fetcher.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use naba_frontier::Settings;
use naba_service::{Config, ConfigError, duration};
use serde::Deserialize;

use crate::http::{AddressRange, HttpConfig, Limits, PRODUCT_TOKEN};

/// The commented defaults of the fetcher's own sections.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// The settings of the fetcher, as a service reads them.
#[derive(Debug, Clone, Deserialize)]
pub struct FetcherSettings {
    /// Section `fetcher`.
    pub fetcher: FetcherConfig,
}

/// Section `fetcher`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetcherConfig {
    /// Where the operators of sites can reach us.
    pub contact: Option<String>,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Shortest time between two requests to one registrable domain.
    #[serde(deserialize_with = "duration")]
    pub delay: Duration,
    /// Longest `Crawl-delay` that is honoured.
    #[serde(deserialize_with = "duration")]
    pub max_crawl_delay: Duration,
    /// Shortest polling interval of a source that sets none.
    #[serde(deserialize_with = "duration")]
    pub min_interval: Duration,
    /// Longest polling interval of a source that sets none.
    #[serde(deserialize_with = "duration")]
    pub max_interval: Duration,
    /// First wait after a failure.
    #[serde(deserialize_with = "duration")]
    pub retry_base: Duration,
    /// Longest wait after a failure.
    #[serde(deserialize_with = "duration")]
    pub retry_max: Duration,
    /// Fetches of a page that may fail.
    pub max_attempts: u32,
    /// Ages of a page at which it is fetched again.
    pub rechecks: Vec<Wait>,
    /// Shortest time between two fetches of one page that its listing asks for.
    #[serde(deserialize_with = "duration")]
    pub min_refetch: Duration,
    /// How long a robots.txt is trusted.
    #[serde(deserialize_with = "duration")]
    pub robots_ttl: Duration,
    /// First wait before an unreachable robots.txt is asked for again.
    #[serde(deserialize_with = "duration")]
    pub robots_retry: Duration,
    /// Age at which a page that could never be fetched is given up.
    #[serde(deserialize_with = "duration")]
    pub give_up_after: Duration,
    /// Redirects that are followed.
    pub max_redirects: u32,
    /// Sitemaps of one index that are visited in a round.
    pub max_children: usize,
    /// Age of a listed entry beyond which it is passed over; zero takes all.
    #[serde(deserialize_with = "duration")]
    pub max_listed_age: Duration,
    /// Limit of a name look-up.
    #[serde(deserialize_with = "duration")]
    pub dns_timeout: Duration,
    /// Limit of a connection attempt.
    #[serde(deserialize_with = "duration")]
    pub connect_timeout: Duration,
    /// Limit of a TLS handshake.
    #[serde(deserialize_with = "duration")]
    pub tls_timeout: Duration,
    /// Longest wait for the head of an answer.
    #[serde(deserialize_with = "duration")]
    pub head_timeout: Duration,
    /// Longest wait for the next part of a body.
    #[serde(deserialize_with = "duration")]
    pub idle_timeout: Duration,
    /// Limit of the whole exchange for a page.
    #[serde(deserialize_with = "duration")]
    pub page_timeout: Duration,
    /// Limit of the whole exchange for a feed or a robots.txt.
    #[serde(deserialize_with = "duration")]
    pub feed_timeout: Duration,
    /// Limit of the whole exchange for a sitemap.
    #[serde(deserialize_with = "duration")]
    pub sitemap_timeout: Duration,
    /// Ranges outside the public Internet that may be reached.
    pub allow_addresses: Vec<String>,
    /// Folders that sources of kind file may read.
    pub file_roots: Vec<PathBuf>,
    /// Response headers that documents keep, in lower case.
    pub keep_headers: Vec<String>,
    /// Addresses that stand in for the look-up of a name.
    #[serde(default)]
    pub hosts: HashMap<String, SocketAddr>,
}

/// A duration in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Wait(#[serde(deserialize_with = "duration")] pub Duration);

impl FetcherConfig {
    /// Returns what is wrong, one entry a problem.
    pub fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.contact().is_none() {
            problems.push(ConfigError::invalid(
                "fetcher.contact",
                "is not set: name a page or a mailbox where the operators of sites can reach you",
            ));
        }
        if self.concurrency == 0 {
            problems.push(ConfigError::invalid("fetcher.concurrency", "0 fetches nothing, take at least 1"));
        }
        if self.max_attempts == 0 {
            problems.push(ConfigError::invalid("fetcher.max_attempts", "0 gives every page up, take at least 1"));
        }
        if self.max_interval < self.min_interval {
            problems.push(ConfigError::invalid("fetcher.max_interval", "is shorter than fetcher.min_interval"));
        }
        for range in &self.allow_addresses {
            if let Err(error) = range.parse::<AddressRange>() {
                problems.push(ConfigError::invalid("fetcher.allow_addresses", error.to_string()));
            }
        }
        problems
    }

    fn contact(&self) -> Option<&str> {
        self.contact.as_deref().map(str::trim).filter(|contact| !contact.is_empty())
    }

    /// Returns the settings of the frontier.
    pub fn frontier(&self) -> Settings {
        Settings {
            agent: PRODUCT_TOKEN.to_owned(),
            delay: self.delay,
            max_crawl_delay: self.max_crawl_delay,
            min_interval: self.min_interval,
            max_interval: self.max_interval,
            retry_base: self.retry_base,
            retry_max: self.retry_max,
            max_attempts: self.max_attempts,
            rechecks: self.rechecks.iter().map(|age| age.0).collect(),
            min_refetch: self.min_refetch,
            robots_ttl: self.robots_ttl,
            robots_retry: self.robots_retry,
            max_redirects: self.max_redirects,
            give_up_after: self.give_up_after,
            max_children: self.max_children,
            ..Settings::default()
        }
    }

    /// Returns the settings of the HTTP client; ranges that do not parse are left out, [`Self::problems`] names them.
    pub fn http(&self) -> HttpConfig {
        HttpConfig {
            contact: self.contact().unwrap_or_default().to_owned(),
            hosts: self.hosts.clone(),
            allow_addresses: self.allow_addresses.iter().filter_map(|range| range.parse().ok()).collect(),
            dns_timeout: self.dns_timeout,
            connect_timeout: self.connect_timeout,
            tls_timeout: self.tls_timeout,
            ..HttpConfig::default()
        }
    }

    /// Returns limits with the configured times.
    pub(crate) fn limits(&self, limits: Limits, total: Duration) -> Limits {
        Limits { head: self.head_timeout, idle: self.idle_timeout, total, ..limits }
    }
}

impl Config for FetcherSettings {
    fn defaults() -> Vec<&'static str> {
        vec![DEFAULTS]
    }

    fn problems(&self) -> Vec<ConfigError> {
        self.fetcher.problems()
    }
}

#[cfg(test)]
mod tests {
    use naba_service::load_with_shell;

    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<FetcherConfig, String> {
        let environment = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let loaded = load_with_shell::<FetcherSettings>(None, environment);
        loaded.map(|(_, settings)| settings.fetcher).map_err(|errors| errors.to_string())
    }

    #[test]
    fn nothing_starts_without_a_contact() {
        let error = load(&[]).unwrap_err();
        assert!(error.contains("fetcher.contact"), "{error}");
        assert!(load(&[("NABA__FETCHER__CONTACT", " ")]).is_err());
    }

    #[test]
    fn the_defaults_with_a_contact_are_those_of_the_frontier() {
        let config = load(&[("NABA__FETCHER__CONTACT", "mailto:desk@news.example")]).unwrap();
        assert_eq!(config.frontier(), Settings::default());
        assert!(config.http().user_agent().contains("mailto:desk@news.example"));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let error = load(&[
            ("NABA__FETCHER__CONCURRENCY", "0"),
            ("NABA__FETCHER__MAX_ATTEMPTS", "0"),
            ("NABA__FETCHER__ALLOW_ADDRESSES", "[\"loopback\"]"),
        ]);
        let error = error.unwrap_err();
        for key in ["contact", "concurrency", "max_attempts", "loopback"] {
            assert!(error.contains(key), "{key} is not named in {error}");
        }
    }
}
