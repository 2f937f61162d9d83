//! What the client is told at start and what it is told with each request.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio_rustls::rustls::pki_types::CertificateDer;

use super::range::AddressRange;
use super::site::Sites;

/// The name by which robots.txt files address this client.
pub const PRODUCT_TOKEN: &str = "naba";

/// What the client is told at start.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where the operator can be reached, an address of a page or of a mailbox. Part of every request's User-Agent.
    pub contact: String,
    /// Addresses that stand in for the look-up of a name. `*.news.example` stands for every name below.
    /// The address must still be public or in `allow_addresses`.
    pub hosts: HashMap<String, SocketAddr>,
    /// Ranges outside the public Internet that may be reached, on every port. Logged at start.
    pub allow_addresses: Vec<AddressRange>,
    /// Certificates of authorities to trust beside the public ones.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Proxies and headers of sites.
    pub sites: Sites,
    /// How long the addresses of a name are remembered.
    pub dns_ttl: Duration,
    /// How long it is remembered that a name has none.
    pub dns_negative_ttl: Duration,
    /// Limit of a name look-up.
    pub dns_timeout: Duration,
    /// Limit of connecting, over all addresses of a name.
    pub connect_timeout: Duration,
    /// Limit of a TLS handshake.
    pub tls_timeout: Duration,
    /// How long an unused connection is kept. It pays within one visit to a host only.
    pub keep_idle: Duration,
    /// How many unused connections are kept for one host.
    pub max_idle_per_host: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            contact: "https://github.com/naba-news/naba".to_owned(),
            hosts: HashMap::new(),
            allow_addresses: Vec::new(),
            extra_roots: Vec::new(),
            sites: Sites::default(),
            dns_ttl: Duration::from_secs(300),
            dns_negative_ttl: Duration::from_secs(30),
            dns_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            tls_timeout: Duration::from_secs(5),
            keep_idle: Duration::from_secs(15),
            max_idle_per_host: 1,
        }
    }
}

impl HttpConfig {
    /// Returns the User-Agent: product, version and contact, so that a site's operator can complain.
    pub fn user_agent(&self) -> String {
        format!("{PRODUCT_TOKEN}/{} (+{})", env!("CARGO_PKG_VERSION"), self.contact)
    }
}

/// What happens to a body beyond its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenOver {
    /// The answer is an error: half a page is no article.
    Refuse,
    /// The rest is dropped and [`HttpResponse::truncated`](super::HttpResponse) is set: half a listing is worth reading.
    Truncate,
}

/// How long and how large an answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the body after content decoding; the same number limits it before.
    pub max_bytes: usize,
    /// What happens beyond.
    pub when_over: WhenOver,
    /// Longest wait for the head of the answer, connected.
    pub head: Duration,
    /// Longest wait for the next part of the body.
    pub idle: Duration,
    /// Lower limit of the mean rate of the body, after `slow_grace`.
    pub min_bytes_per_second: u64,
    /// How long a body may be slower than that.
    pub slow_grace: Duration,
    /// Limit of the whole exchange, name look-up included.
    pub total: Duration,
}

const MIB: usize = 1024 * 1024;

impl Limits {
    const fn new(max_bytes: usize, when_over: WhenOver, total_seconds: u64) -> Self {
        Self {
            max_bytes,
            when_over,
            head: Duration::from_secs(15),
            idle: Duration::from_secs(10),
            min_bytes_per_second: 1024,
            slow_grace: Duration::from_secs(10),
            total: Duration::from_secs(total_seconds),
        }
    }

    /// Limits of a feed: 10 MiB (feeds of 4 MB are real), 30 s.
    pub const fn feed() -> Self {
        Self::new(10 * MIB, WhenOver::Truncate, 30)
    }

    /// Limits of a page: what a RawDocument may hold, 60 s.
    pub const fn page() -> Self {
        Self::new(naba_model::MAX_BODY_BYTES, WhenOver::Refuse, 60)
    }

    /// Limits of a sitemap: 50 MiB (sitemaps.org), 300 s.
    pub const fn sitemap() -> Self {
        Self::new(50 * MIB, WhenOver::Truncate, 300)
    }

    /// Limits of a robots.txt: 500 KiB (RFC 9309, section 2.5), 30 s.
    pub const fn robots() -> Self {
        Self::new(500 * 1024, WhenOver::Truncate, 30)
    }
}
