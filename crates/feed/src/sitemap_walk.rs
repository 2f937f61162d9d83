//! Which sitemaps of a site to read, in which order, and where to stop.

use std::collections::{HashSet, VecDeque};

use naba_model::{NormalUrl, registrable_domain};

use crate::listing::Listing;

/// Deepest nesting of sitemap indexes. The protocol allows none inside an index; real sites nest once or twice.
const MAX_DEPTH: usize = 4;
/// Most sitemaps of one site.
const MAX_SITEMAPS: usize = 50_000;

/// Where sites keep sitemaps that their robots.txt does not name.
const WELL_KNOWN: &[&str] = &[
    "/sitemap.xml",
    "/sitemap.xml.gz",
    "/sitemap_index.xml",
    "/sitemap_index.xml.gz",
    "/sitemap-index.xml",
    "/sitemap-index.xml.gz",
    "/sitemap-news.xml",
    "/sitemap-news.xml.gz",
    "/sitemap_news.xml",
    "/sitemap_news.xml.gz",
    "/news-sitemap.xml",
    "/googlenews.xml",
    "/.sitemap.xml",
    "/sitemap",
    "/sitemap/sitemap-index.xml",
    "/admin/config/search/xmlsitemap",
];

/// Returns the usual addresses of sitemaps of the site that an address belongs to.
pub fn well_known_sitemaps(site: &NormalUrl) -> impl Iterator<Item = NormalUrl> {
    WELL_KNOWN.iter().filter_map(|path| site.join(path).ok())
}

/// A walk over the sitemaps of a site, from those that robots.txt names and the usual places down through the indexes.
///
/// Each is visited once, loops end by that; an index may name sitemaps of its own registrable domain only (sitemaps.org:
/// others need a proof in robots.txt, which makes them roots).
#[derive(Debug)]
pub struct SitemapWalk {
    queue: VecDeque<(NormalUrl, usize)>,
    seen: HashSet<NormalUrl>,
    /// The sitemap last given, and its depth.
    current: Option<(NormalUrl, usize)>,
}

impl SitemapWalk {
    /// Starts with sitemaps that are trusted, best first.
    pub fn new(roots: impl IntoIterator<Item = NormalUrl>) -> Self {
        let mut walk = Self { queue: VecDeque::new(), seen: HashSet::new(), current: None };
        roots.into_iter().for_each(|root| walk.add(root, 0));
        walk
    }

    /// Returns the next sitemap to read.
    #[expect(clippy::should_implement_trait, reason = "what comes next depends on the answers in between")]
    pub fn next(&mut self) -> Option<NormalUrl> {
        self.current = self.queue.pop_front();
        self.current.as_ref().map(|(url, _)| url.clone())
    }

    /// Takes the sitemaps that the one last given names.
    pub fn read(&mut self, listing: &Listing) {
        let Some((parent, depth)) = self.current.clone() else { return };
        let domain = registrable_domain(parent.host());
        for child in listing.sitemaps.iter().filter(|child| registrable_domain(child.url.host()) == domain) {
            self.add(child.url.clone(), depth + 1);
        }
    }

    /// Takes the address that the one last given moved to.
    pub fn moved(&mut self, to: NormalUrl) {
        if let Some((_, depth)) = self.current {
            self.add(to, depth);
        }
    }

    fn add(&mut self, url: NormalUrl, depth: usize) {
        if depth <= MAX_DEPTH && self.seen.len() < MAX_SITEMAPS && self.seen.insert(url.clone()) {
            self.queue.push_back((url, depth));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{ChildSitemap, ListingKind};

    fn url(text: &str) -> NormalUrl {
        NormalUrl::parse(text).unwrap()
    }

    fn index(children: &[&str]) -> Listing {
        let child = |text: &&str| ChildSitemap { url: url(text), modified_at: None };
        Listing { sitemaps: children.iter().map(child).collect(), ..Listing::new(ListingKind::SitemapIndex) }
    }

    #[test]
    fn loops_strangers_and_endless_depth_end() {
        let mut walk = SitemapWalk::new([url("https://a.example/0")]);
        let mut visited = 0;
        while let Some(at) = walk.next() {
            visited += 1;
            let deeper = format!("{at}0");
            walk.read(&index(&["https://a.example/0", "https://b.example/x", &deeper]));
        }
        assert_eq!(visited, MAX_DEPTH + 1);
    }
}
