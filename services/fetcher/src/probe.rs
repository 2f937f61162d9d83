//! Looks at an address once, for people who think about watching it: what it is, and what leads on from it.

use std::sync::Arc;

use naba_feed::{
    FeedError, Input, Listing, ListingKind, SitemapWalk, read_page, well_known_feeds, well_known_sitemaps,
};
use naba_frontier::{MAX_ROBOTS_BYTES, Robots, path_and_query};
use naba_model::{Millis, NormalUrl, UrlError};

use crate::config::FetcherConfig;
use crate::http::{HttpClient, HttpError, HttpRequest, HttpResponse, Limits, PRODUCT_TOKEN};

/// Usual places that are tried, and sitemaps that are read, on one site.
const MAX_TRIES: usize = 12;
const MAX_SITEMAPS: usize = 4;

/// Why an address could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It is none that naba handles.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// Nothing answers.
    #[error("{url} gives no answer")]
    Http {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: HttpError,
    },
    /// robots.txt forbids it.
    #[error("robots.txt of the site disallows {url} ({rule})")]
    Disallowed {
        /// The address.
        url: String,
        /// The rule.
        rule: String,
    },
}

/// What an address is.
#[derive(Debug)]
pub struct Probe {
    /// Where redirects ended.
    pub url: NormalUrl,
    /// Redirects on the way, with their status.
    pub redirects: Vec<(u16, String)>,
    /// Status of the answer.
    pub status: u16,
    /// Content-Type of the answer.
    pub content_type: String,
    /// What the address lists, if it is a listing or a page that names articles.
    pub listing: Option<ProbedListing>,
    /// Why it is no listing.
    pub reason: Option<FeedError>,
    /// Listings that a page or its site leads to, each of them read.
    pub leads_to: Vec<ProbedListing>,
}

/// A listing that was read.
#[derive(Debug)]
pub struct ProbedListing {
    /// Its address.
    pub url: NormalUrl,
    /// What it says.
    pub listing: Listing,
}

impl ProbedListing {
    /// Returns when the newest entry says that it was published.
    pub fn newest_at(&self) -> Option<Millis> {
        self.listing.entries.iter().filter_map(|entry| entry.published_at.max(entry.updated_at)).max()
    }
}

/// Looks at an address: fetches it as the fetcher would, reads it, and for a page reads the feeds that it names, else those at
/// the usual places, and the sitemaps of its site.
pub async fn probe(config: FetcherConfig, address: &str) -> Result<Probe, ProbeError> {
    let url = NormalUrl::parse(address)?;
    let config = Arc::new(config);
    let failed = |source| ProbeError::Http { url: address.to_owned(), source };
    let client = HttpClient::new(config.http()).map_err(failed)?;
    let prober = Prober { client, config };
    let robots = prober.robots(&url).await;
    prober.ask_robots(&robots, &url)?;
    let (url, redirects, response) = prober.follow(&robots, url).await?;
    let content_type = response.header("content-type").unwrap_or_default().to_owned();
    let mut probe = Probe {
        url: url.clone(),
        redirects,
        status: response.status,
        content_type,
        listing: None,
        reason: None,
        leads_to: Vec::new(),
    };
    if !(200..300).contains(&response.status) {
        return Ok(probe);
    }
    match read(&response, &url) {
        Ok(listing) => probe.listing = Some(ProbedListing { url, listing }),
        Err(FeedError::NotAFeed { found: "html" }) => {
            let page = read_page(&Input { bytes: &response.body, content_type: Some("text/html"), url: &url });
            probe.leads_to = prober.discover(&robots, &url, page.feeds.into_iter().map(|feed| feed.url)).await;
            let listing = page.listing;
            probe.listing = (!listing.entries.is_empty()).then_some(ProbedListing { url, listing });
        }
        Err(error) => probe.reason = Some(error),
    }
    Ok(probe)
}

struct Prober {
    client: HttpClient,
    config: Arc<FetcherConfig>,
}

impl Prober {
    async fn robots(&self, url: &NormalUrl) -> Robots {
        let answer = match url.join("/robots.txt") {
            Ok(url) => self.client.get(HttpRequest::new(url, Limits::robots())).await.ok(),
            Err(_) => None,
        };
        let body = answer.filter(|response| response.status == 200).map(|response| response.body).unwrap_or_default();
        Robots::parse(body.get(..MAX_ROBOTS_BYTES).unwrap_or(&body))
    }

    fn ask_robots(&self, robots: &Robots, url: &NormalUrl) -> Result<(), ProbeError> {
        let answer = robots.decide(PRODUCT_TOKEN, path_and_query(url.as_url()));
        let rule = answer.rule.unwrap_or_default();
        if answer.allowed { Ok(()) } else { Err(ProbeError::Disallowed { url: url.to_string(), rule }) }
    }

    async fn follow(
        &self,
        robots: &Robots,
        mut url: NormalUrl,
    ) -> Result<(NormalUrl, Vec<(u16, String)>, HttpResponse), ProbeError> {
        let mut redirects = Vec::new();
        loop {
            self.ask_robots(robots, &url)?;
            let failed = |source| ProbeError::Http { url: url.to_string(), source };
            let request =
                HttpRequest::new(url.clone(), self.config.limits(Limits::sitemap(), self.config.sitemap_timeout));
            let response = self.rested(request).await.map_err(failed)?;
            let location = response.location.as_ref().and_then(|to| NormalUrl::parse(to.as_str()).ok());
            match location.filter(|_| redirects.len() < self.config.max_redirects as usize) {
                Some(to) => {
                    redirects.push((response.status, url.to_string()));
                    url = to;
                }
                None => return Ok((url, redirects, response)),
            }
        }
    }

    /// Asks after the delay that every host gets between two requests.
    async fn rested(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        tokio::time::sleep(self.config.delay).await;
        self.client.get(request).await
    }

    /// Reads the listings that a page names, else those at the usual places, and the site's sitemaps.
    async fn discover(
        &self,
        robots: &Robots,
        site: &NormalUrl,
        named: impl Iterator<Item = NormalUrl>,
    ) -> Vec<ProbedListing> {
        let mut found: Vec<ProbedListing> = Vec::new();
        let mut candidates: Vec<NormalUrl> = named.take(MAX_TRIES).collect();
        if candidates.is_empty() {
            candidates = well_known_feeds(site).collect();
        }
        for url in candidates {
            found.extend(self.listing(robots, url).await);
        }
        let named: Vec<NormalUrl> = robots.sitemap_urls().collect();
        let roots = if named.is_empty() { well_known_sitemaps(site).take(3).collect() } else { named };
        let mut walk = SitemapWalk::new(roots);
        let mut read = 0;
        while let Some(url) = walk.next().filter(|_| read < MAX_SITEMAPS) {
            read += 1;
            if let Some(sitemap) = self.listing(robots, url).await {
                walk.read(&sitemap.listing);
                found.push(sitemap);
            }
        }
        found
    }

    async fn listing(&self, robots: &Robots, url: NormalUrl) -> Option<ProbedListing> {
        let (url, _, response) = self.follow(robots, url).await.ok()?;
        let listing = read(&response, &url).ok().filter(|_| response.status == 200)?;
        let leads_somewhere = !listing.entries.is_empty() || listing.kind == ListingKind::SitemapIndex;
        leads_somewhere.then_some(ProbedListing { url, listing })
    }
}

fn read(response: &HttpResponse, url: &NormalUrl) -> Result<Listing, FeedError> {
    naba_feed::read(&Input { bytes: &response.body, content_type: response.header("content-type"), url })
}
