//! The settings of the fetcher.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use naba_frontier::Settings;
use naba_service::{Config, ConfigError, duration};
use serde::Deserialize;

use crate::http::{AddressRange, HttpConfig, Limits, PRODUCT_TOKEN, Proxy, SiteSettings, Sites, is_settable};
use crate::websub::Callbacks;

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
    /// How long a robots.txt is trusted by a site's listings, and a TDM file by all.
    #[serde(deserialize_with = "duration")]
    pub robots_ttl: Duration,
    /// How long a robots.txt is trusted by a site's pages.
    #[serde(deserialize_with = "duration")]
    pub robots_refresh: Duration,
    /// First wait before an unreachable robots.txt is asked for again.
    #[serde(deserialize_with = "duration")]
    pub robots_retry: Duration,
    /// Age at which a page that could never be fetched is given up.
    #[serde(deserialize_with = "duration")]
    pub give_up_after: Duration,
    /// 403s in a row from which on they count as the refusal of the whole site.
    pub max_refusals: u32,
    /// Failed polls in a row after which a source counts as dead.
    pub dead_after: u32,
    /// Interval at which dead sources are visited.
    #[serde(deserialize_with = "duration")]
    pub dead_interval: Duration,
    /// New entries of one live source that are taken in a day; 0 takes all.
    pub max_new_a_day: usize,
    /// Redirects that are followed.
    pub max_redirects: u32,
    /// Sitemaps of one index that are visited in a round.
    pub max_children: usize,
    /// Age of a listed entry beyond which it is passed over; zero takes all.
    #[serde(deserialize_with = "duration")]
    pub max_listed_age: Duration,
    /// Where hubs reach the endpoint of WebSub from outside.
    pub websub_url: Option<String>,
    /// Address that this endpoint listens on.
    pub websub_listen: SocketAddr,
    /// File with the secret that makes callbacks and signatures.
    pub websub_secret_file: Option<PathBuf>,
    /// How often hubs are asked to go on.
    #[serde(deserialize_with = "duration")]
    pub websub_renew: Duration,
    /// The proxy that every request goes through.
    pub proxy: Option<String>,
    /// How long the addresses of a name are remembered.
    #[serde(deserialize_with = "duration")]
    pub dns_ttl: Duration,
    /// How long it is remembered that a name has no address.
    #[serde(deserialize_with = "duration")]
    pub dns_negative_ttl: Duration,
    /// Limit of a name look-up.
    #[serde(deserialize_with = "duration")]
    pub dns_timeout: Duration,
    /// Limit of connecting, over all addresses of a name.
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
    /// What is set for single sites, by host name.
    #[serde(default)]
    pub sites: HashMap<String, SiteConfig>,
}

/// What is set for one site and all names below it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteConfig {
    /// The proxy that leads there.
    pub proxy: Option<String>,
    /// True when the site is reached without [`FetcherConfig::proxy`].
    pub direct: bool,
    /// Headers of every request.
    pub headers: BTreeMap<String, String>,
}

impl SiteConfig {
    fn settings(&self) -> SiteSettings {
        let headers = self.headers.iter().filter(|(name, _)| is_settable(name));
        SiteSettings {
            proxy: self.proxy.as_ref().and_then(|proxy| proxy.parse().ok()),
            direct: self.direct,
            headers: headers.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }
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
        if self.websub_url.is_some() && self.websub_secret_file.is_none() {
            problems
                .push(ConfigError::invalid("fetcher.websub_secret_file", "is not set, and hubs sign with a secret"));
        }
        problems.extend(self.problems_of_sites());
        problems
    }

    fn problems_of_sites(&self) -> Vec<ConfigError> {
        let proxies = self.sites.iter().map(|(host, site)| (format!("fetcher.sites.{host:?}.proxy"), &site.proxy));
        let proxies = std::iter::once(("fetcher.proxy".to_owned(), &self.proxy)).chain(proxies);
        let bad_proxies = proxies.filter_map(|(key, proxy)| {
            let error = proxy.as_ref()?.parse::<Proxy>().err()?;
            Some(ConfigError::invalid(key, error.to_string()))
        });
        let headers = self.sites.iter().flat_map(|(host, site)| site.headers.keys().map(move |name| (host, name)));
        let bad_headers = headers.filter(|(_, name)| !is_settable(name)).map(|(host, name)| {
            let message = format!("{name:?} is no header, one of the client's own, or a secret");
            ConfigError::invalid(format!("fetcher.sites.{host:?}.headers"), message)
        });
        bad_proxies.chain(bad_headers).collect()
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
            robots_refresh: self.robots_refresh,
            robots_retry: self.robots_retry,
            max_refusals: self.max_refusals,
            dead_after: self.dead_after,
            dead_interval: self.dead_interval,
            max_new_a_day: self.max_new_a_day,
            max_redirects: self.max_redirects,
            give_up_after: self.give_up_after,
            max_children: self.max_children,
            renew_subscriptions: if self.websub_url.is_some() { self.websub_renew } else { Duration::ZERO },
            ..Settings::default()
        }
    }

    /// Returns the settings of the HTTP client; what does not parse is left out, [`Self::problems`] names it.
    pub fn http(&self) -> HttpConfig {
        HttpConfig {
            contact: self.contact().unwrap_or_default().to_owned(),
            hosts: self.hosts.clone(),
            allow_addresses: self.allow_addresses.iter().filter_map(|range| range.parse().ok()).collect(),
            sites: Sites {
                proxy: self.proxy.as_ref().and_then(|proxy| proxy.parse().ok()),
                by_host: self.sites.iter().map(|(host, site)| (host.to_ascii_lowercase(), site.settings())).collect(),
            },
            dns_ttl: self.dns_ttl,
            dns_negative_ttl: self.dns_negative_ttl,
            dns_timeout: self.dns_timeout,
            connect_timeout: self.connect_timeout,
            tls_timeout: self.tls_timeout,
            ..HttpConfig::default()
        }
    }

    /// Returns what WebSub callbacks are made from; `None` when hubs cannot reach us.
    pub(crate) fn callbacks(&self) -> std::io::Result<Option<Callbacks>> {
        let Some((url, file)) = self.websub_url.as_ref().zip(self.websub_secret_file.as_ref()) else { return Ok(None) };
        let secret = std::fs::read(file)?;
        Ok(Some(Callbacks::new(url, secret.trim_ascii())))
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
    fn a_site_may_have_a_proxy_and_headers_but_no_secrets() {
        let mut config = load(&[("NABA__FETCHER__CONTACT", "mailto:desk@news.example")]).unwrap();
        let site = |toml: &str| -> HashMap<String, SiteConfig> { toml::from_str(toml).unwrap() };
        config.sites =
            site("[\"News.example\"]\nproxy = \"http://proxy:3128\"\nheaders = { Accept-Language = \"ar\" }\n");
        assert!(config.problems().is_empty(), "{:?}", config.problems());
        let sites = config.http().sites;
        assert_eq!(sites.proxy_to("www.news.example").map(ToString::to_string).as_deref(), Some("http://proxy:3128"));
        config.sites = site("[\"a.example\"]\nproxy = \"socks5://proxy:1\"\nheaders = { Cookie = \"x\" }\n");
        assert_eq!(config.problems().len(), 2);
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
