//! What an operator sets for single sites: the proxy that leads there, and headers.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use url::Url;

/// Headers that are the client's own, or secrets that a configuration must not show.
const RESERVED: &[&str] = &[
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// An HTTP proxy. It is reached whatever its address: naming it allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// True when the connection to the proxy itself is encrypted.
    pub is_tls: bool,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// Why a text names no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no proxy: write http://host:port or https://host:port, without credentials and path")]
pub struct ProxyError(String);

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        // The text may hold a password: no part beyond the scheme is told.
        let shown = || ProxyError(text.split("://").next().unwrap_or_default().chars().take(10).collect());
        let url = Url::parse(text).map_err(|_| shown())?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let is_root = matches!(url.path(), "" | "/") && url.fragment().is_none();
        let is_tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(shown()),
        };
        let (Some(host), true) = (url.host_str(), is_plain && is_root) else { return Err(shown()) };
        Ok(Self { is_tls, host: host.to_owned(), port: url.port_or_known_default().unwrap_or(3128) })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// Tells whether a header may be set by an operator.
pub fn is_settable(name: &str) -> bool {
    hyper::header::HeaderName::try_from(name).is_ok() && !RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

/// What is set for one site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteSettings {
    /// The way there; `None` for the way of all others.
    pub proxy: Option<Proxy>,
    /// True when the site is reached without the proxy of all others.
    pub direct: bool,
    /// Headers of every request.
    pub headers: Vec<(String, String)>,
}

/// What is set, by host name: an entry counts for its name and all below, the nearest one alone.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    /// The proxy of sites that have none of their own.
    pub proxy: Option<Proxy>,
    /// By host name in lower case.
    pub by_host: HashMap<String, SiteSettings>,
}

impl Sites {
    /// Returns what is set for a host.
    pub fn of(&self, host: &str) -> Option<&SiteSettings> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let mut rest = host.as_str();
        loop {
            if let Some(site) = self.by_host.get(rest) {
                return Some(site);
            }
            rest = rest.split_once('.')?.1;
        }
    }

    /// Returns the proxy that leads to a host.
    pub fn proxy_to(&self, host: &str) -> Option<&Proxy> {
        match self.of(host) {
            Some(SiteSettings { direct: true, .. }) => None,
            Some(SiteSettings { proxy: Some(proxy), .. }) => Some(proxy),
            _ => self.proxy.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_address_without_secrets() {
        let proxy: Proxy = "https://proxy.example".parse().unwrap();
        assert_eq!((proxy.is_tls, proxy.port, proxy.to_string().as_str()), (true, 443, "https://proxy.example:443"));
        for wrong in ["proxy:3128", "socks5://proxy:1", "http://me:secret@proxy:3128", "http://proxy:3128/path"] {
            let error = wrong.parse::<Proxy>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_nearest_entry_counts_alone() {
        let proxy = |port: u16| Some(Proxy { is_tls: false, host: "p".into(), port });
        let site = |proxy, direct| SiteSettings { proxy, direct, headers: Vec::new() };
        let by_host = [
            ("news.example".to_owned(), site(proxy(1), false)),
            ("open.news.example".to_owned(), site(None, true)),
            ("plain.example".to_owned(), site(None, false)),
        ];
        let sites = Sites { proxy: proxy(9), by_host: by_host.into() };
        let port = |host: &str| sites.proxy_to(host).map(|proxy| proxy.port);
        assert_eq!(
            [port("News.example."), port("www.news.example"), port("www.open.news.example")],
            [Some(1), Some(1), None]
        );
        assert_eq!([port("plain.example"), port("elsewhere.example")], [Some(9), Some(9)]);
    }

    #[test]
    fn identity_validators_and_secrets_are_not_settable() {
        assert!(is_settable("Accept-Language") && is_settable("x-client"));
        for name in ["User-Agent", "cookie", "Authorization", "host", "if-none-match", "no header"] {
            assert!(!is_settable(name), "{name}");
        }
    }
}
