//! From a listing to entries of the frontier topic, and to what the schedule wants to know.

use std::time::Duration;

use naba_feed::{Entry, Listing, ListingKind};
use naba_frontier::{Hub, Window};
use naba_model::{Millis, NormalUrl, UrlHash, timestamp_of};
use naba_proto::v1::{Discovery, DiscoveryKind, FrontierEntry, Source};

use crate::files::Listed;
use crate::sources::domain_of;

/// Text of an entry beyond these sizes is cut or, for markup, left out: a frontier record is at most 1 MiB.
const MAX_CONTENT_BYTES: usize = 256 * 1024;
const MAX_TEXT_CHARS: usize = 8 * 1024;
const MAX_NAMES: usize = 50;
const MAX_NAME_CHARS: usize = 200;

/// Makes frontier entries of what a listing names.
pub(crate) struct Discoverer<'a> {
    pub(crate) source: &'a Source,
    /// Address that the listing was read from.
    pub(crate) listing_url: &'a str,
    pub(crate) now: Millis,
    /// Age beyond which entries are passed over; zero takes all.
    pub(crate) max_age: Duration,
}

impl Discoverer<'_> {
    pub(crate) fn entries(&self, listing: Listing) -> Vec<FrontierEntry> {
        let kind = kind_of(listing.kind);
        let language = listing.language.unwrap_or_default();
        let young = listing.entries.into_iter().filter(|entry| self.is_young(entry));
        young.filter_map(|entry| self.entry(entry, kind, &language)).collect()
    }

    pub(crate) fn files(&self, files: Vec<Listed>, kind: DiscoveryKind) -> Vec<FrontierEntry> {
        let entry = |file: Listed| {
            let url = NormalUrl::parse(&file.url).ok()?;
            let discovery = Discovery {
                kind: kind.into(),
                feed_url: self.listing_url.to_owned(),
                updated_at: (file.modified_at > 0).then(|| timestamp_of(file.modified_at)),
                language: self.source.language.clone(),
                ..Discovery::default()
            };
            Some(self.found(url, discovery))
        };
        files.into_iter().filter_map(entry).collect()
    }

    fn is_young(&self, entry: &Entry) -> bool {
        let stated = entry.updated_at.max(entry.published_at);
        let oldest = self.now.saturating_sub(Millis::try_from(self.max_age.as_millis()).unwrap_or(Millis::MAX));
        self.max_age.is_zero() || stated.is_none_or(|at| at >= oldest)
    }

    /// Returns `None` for an entry without a web address: a feed has no say about files.
    fn entry(&self, entry: Entry, kind: DiscoveryKind, language: &str) -> Option<FrontierEntry> {
        let url = entry.url.filter(|url| matches!(url.as_url().scheme(), "http" | "https"))?;
        let content_html = entry.content_html.filter(|html| html.len() <= MAX_CONTENT_BYTES).unwrap_or_default();
        let discovery = Discovery {
            kind: kind.into(),
            feed_url: self.listing_url.to_owned(),
            title: cut(entry.title.unwrap_or_default(), MAX_TEXT_CHARS),
            summary: cut(entry.summary.unwrap_or_default(), MAX_TEXT_CHARS),
            content_html,
            published_at: entry.published_at.map(timestamp_of),
            updated_at: entry.updated_at.map(timestamp_of),
            authors: names(entry.authors),
            categories: names(entry.categories),
            guid: cut(entry.guid.unwrap_or_default(), MAX_TEXT_CHARS),
            language: cut(entry.language.unwrap_or_else(|| language.to_owned()), MAX_NAME_CHARS),
        };
        Some(self.found(url, discovery))
    }

    fn found(&self, url: NormalUrl, discovery: Discovery) -> FrontierEntry {
        FrontierEntry {
            url_hash: UrlHash::of(&url).into_string(),
            url: url.to_string(),
            source_id: self.source.source_id.clone(),
            source_name: self.source.name.clone(),
            source_country: self.source.country.clone(),
            discovery: Some(discovery),
            discovered_at: Some(timestamp_of(self.now)),
            origin: self.source.origin,
            ..FrontierEntry::default()
        }
    }
}

/// Says what the schedule wants to know about a listing. Sitemaps of other sites are none of the index's business
/// (sitemaps.org: a sitemap speaks for its own host).
pub(crate) fn schedule_of(
    listing: &Listing,
    url: &str,
    now: Millis,
    max_age: Option<Duration>,
) -> naba_frontier::Listing {
    let domain = domain_of(url);
    let own = listing.sitemaps.iter().filter(|child| domain_of(child.url.as_str()) == domain);
    let children = own.map(|child| (child.url.to_string(), child.modified_at)).collect();
    let hints = &listing.hints;
    let ttl = hints.ttl_minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let update = hints.update_every_seconds.map(Duration::from_secs);
    let hint = [ttl, update, max_age, until_open(&hints.skip_hours, now)].into_iter().flatten().max();
    let window = Window::of(listing.entries.iter().filter_map(|entry| entry.url.as_ref()).map(|url| url.as_str()));
    let newest_at = listing.entries.iter().filter_map(|entry| entry.published_at).max();
    let topic = listing.self_url.as_ref().filter(|own| domain_of(own.as_str()) == domain);
    let hub = listing.hubs.first().zip(topic);
    let hub = hub.map(|(hub, topic)| Hub { url: hub.to_string(), topic: topic.to_string() });
    naba_frontier::Listing { children, hint, window, hub, newest_at }
}

/// Returns the time to the next hour that is not among those in which nothing appears.
fn until_open(skip_hours: &[u8], now: Millis) -> Option<Duration> {
    const HOUR: Millis = 3_600_000;
    let closed = |hours: Millis| {
        let hour = (now.div_euclid(HOUR) + hours).rem_euclid(24);
        skip_hours.iter().any(|skip| Millis::from(*skip) == hour)
    };
    let open = (0..24).find(|hours| !closed(*hours)).filter(|hours| *hours > 0)?;
    let millis = open * HOUR - now.rem_euclid(HOUR);
    u64::try_from(millis).ok().map(Duration::from_millis)
}

fn kind_of(kind: ListingKind) -> DiscoveryKind {
    match kind {
        ListingKind::Rss => DiscoveryKind::Rss,
        ListingKind::Atom => DiscoveryKind::Atom,
        ListingKind::JsonFeed => DiscoveryKind::JsonFeed,
        ListingKind::Sitemap | ListingKind::SitemapIndex => DiscoveryKind::Sitemap,
        ListingKind::NewsSitemap => DiscoveryKind::NewsSitemap,
        ListingKind::Section => DiscoveryKind::SectionPage,
    }
}

fn names(names: Vec<String>) -> Vec<String> {
    names.into_iter().take(MAX_NAMES).map(|name| cut(name, MAX_NAME_CHARS)).collect()
}

fn cut(text: String, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use naba_feed::Input;

    use super::*;

    fn read(text: &str) -> Listing {
        let url = NormalUrl::parse("https://a.example/feed").unwrap();
        naba_feed::read(&Input { bytes: text.as_bytes(), content_type: None, url: &url }).unwrap()
    }

    fn discover(text: &str, max_age: Duration) -> Vec<FrontierEntry> {
        let source = Source { source_id: "s".into(), name: "S".into(), country: "SA".into(), ..Source::default() };
        let now = 1_800_000_000_000;
        Discoverer { source: &source, listing_url: "https://a.example/feed", now, max_age }.entries(read(text))
    }

    #[test]
    fn an_entry_carries_the_publishers_words_and_the_sources_name() {
        let entries = discover(
            "<rss><channel><language>ar</language><item><title>عنوان</title><link>/1?utm_source=x</link>
             <guid>g</guid><category>c</category></item></channel></rss>",
            Duration::ZERO,
        );
        let entry = &entries[0];
        let discovery = entry.discovery.as_ref().unwrap();
        assert_eq!((entry.url.as_str(), entry.source_country.as_str()), ("https://a.example/1", "SA"));
        assert_eq!((discovery.title.as_str(), discovery.language.as_str()), ("عنوان", "ar"));
        assert_eq!(discovery.kind(), DiscoveryKind::Rss);
    }

    #[test]
    fn a_feed_has_no_say_about_files() {
        let text = "<rss><channel><item><link>file:///etc/passwd</link></item></channel></rss>";
        assert!(discover(text, Duration::ZERO).is_empty());
    }

    #[test]
    fn entries_older_than_the_limit_are_passed_over() {
        let text = "<rss><channel><item><link>/old</link><pubDate>Tue, 24 Nov 2020 10:00:00 GMT</pubDate></item>
                    <item><link>/undated</link></item></channel></rss>";
        let urls = |age| discover(text, age).into_iter().map(|entry| entry.url).collect::<Vec<_>>();
        assert_eq!(urls(Duration::ZERO).len(), 2);
        assert_eq!(urls(Duration::from_secs(86_400)), ["https://a.example/undated"]);
    }

    #[test]
    fn sitemaps_of_other_sites_are_not_followed() {
        let index = read(
            "<sitemapindex><sitemap><loc>https://cdn.a.example/1.xml</loc></sitemap>
             <sitemap><loc>https://b.example/2.xml</loc></sitemap></sitemapindex>",
        );
        let schedule = schedule_of(&index, "https://a.example/sitemap.xml", 0, None);
        assert_eq!(schedule.children, [("https://cdn.a.example/1.xml".to_owned(), None)]);
    }

    #[test]
    fn the_longest_wish_of_a_publisher_counts() {
        let feed =
            read("<rss><channel><ttl>10</ttl><skipHours><hour>0</hour><hour>1</hour></skipHours></channel></rss>");
        let half_past_midnight = 30 * 60 * 1000;
        let hint = |now| schedule_of(&feed, "https://a.example/f", now, Some(Duration::from_secs(60))).hint;
        assert_eq!(hint(half_past_midnight), Some(Duration::from_secs(90 * 60)));
        assert_eq!(hint(half_past_midnight + 4 * 3_600_000), Some(Duration::from_secs(600)));
    }
}
