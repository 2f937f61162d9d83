//! Reads what a source answered: a listing of any format, a section page, or a home page that leads to listings.

use std::time::Duration;

use naba_feed::{ChildSitemap, FeedError, Input, Listing, Page, read_page};
use naba_frontier::{Answer, FetchRequest, Target};
use naba_model::{NormalUrl, sha256_hex};
use naba_proto::v1::{Source, SourceKind};

use crate::entries::{Discoverer, schedule_of};
use crate::http::HttpResponse;
use crate::perform::{Found, Performer, error_chain, is_known, now};

impl Performer {
    pub(crate) fn read_listing(
        &self,
        request: &FetchRequest,
        source: &Source,
        response: &HttpResponse,
    ) -> (Answer, Found) {
        let sha256 = sha256_hex(&response.body);
        let Ok(url) = NormalUrl::parse(&request.url) else {
            return (Answer::Refused { code: "bad_address" }, Found::Nothing);
        };
        let content_type = response.header("content-type");
        let listing = match listing_of(request, &Input { bytes: &response.body, content_type, url: &url }) {
            Ok(listing) => listing,
            Err(error) => {
                tracing::warn!(
                    source = source.name,
                    url = request.url,
                    error = error_chain(&error),
                    "listing is unreadable"
                );
                return (Answer::Unusable { code: error.code(), sha256 }, Found::Nothing);
            }
        };
        let answer = Answer::Body {
            etag: response.header("etag").unwrap_or_default().to_owned(),
            last_modified: response.header("last-modified").unwrap_or_default().to_owned(),
            listing: schedule_of(&listing, &request.url, now(), max_age(response)),
            sha256,
        };
        if is_known(request, &answer) {
            return (answer, Found::Nothing);
        }
        let max_age = self.config.max_listed_age;
        let discoverer = Discoverer { source, listing_url: &request.url, now: now(), max_age };
        let entries = discoverer.entries(listing);
        (answer, Found::Entries(entries))
    }
}

/// Reads a listing. A page is one where the source is said to be one, or where nothing is said: there the feeds that the page
/// names are read in its place, else the sitemaps of the site's robots.txt, else its own links.
fn listing_of(request: &FetchRequest, input: &Input<'_>) -> Result<Listing, FeedError> {
    if request.kind == SourceKind::Section {
        return Ok(read_page(input).listing);
    }
    let may_be_page = request.kind == SourceKind::Unspecified && is_source_itself(request);
    match naba_feed::read(input) {
        Err(FeedError::NotAFeed { found: "html" }) if may_be_page => Ok(led_on(read_page(input), request)),
        read => read,
    }
}

fn is_source_itself(request: &FetchRequest) -> bool {
    matches!(request.target, Target::Source { child: None, .. })
}

fn led_on(page: Page, request: &FetchRequest) -> Listing {
    let mut children: Vec<NormalUrl> = page.feeds.into_iter().map(|feed| feed.url).collect();
    if children.is_empty() {
        children.extend(request.site.robots.iter().flat_map(|robots| robots.sitemap_urls()));
    }
    if children.is_empty() {
        return page.listing;
    }
    let child = |url| ChildSitemap { url, modified_at: None };
    Listing { sitemaps: children.into_iter().map(child).collect(), entries: Vec::new(), ..page.listing }
}

/// Returns how long an answer may be kept.
pub(crate) fn max_age(response: &HttpResponse) -> Option<Duration> {
    let control = response.header("cache-control")?.to_ascii_lowercase();
    let seconds = control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())?;
    Some(Duration::from_secs(seconds))
}
