//! Listings of a site: RSS 2.0, Atom, JSON Feed, sitemap index and news sitemaps, as they stand at a time.

use crate::address;
use crate::article::{Article, Link, Removal};
use crate::farm::{Farm, SITEMAP_PART, template_of};
use crate::moment;
use crate::site::{IDN_HOST, IDN_HOST_UNICODE, ListingKind, SHORT_LINK_HOST, Site, SiteFault};
use crate::story::{BlockRole, Story};
use crate::template::escape;
use crate::words::Words;

/// An entry of a listing.
pub(crate) struct Entry {
    link: String,
    guid: String,
    title: String,
    summary: String,
    content: Option<String>,
    authors: Vec<String>,
    section: String,
    published_ms: i64,
    updated_ms: i64,
}

/// Tells whether an article is in listings at a time. One that is removed before it was ever served stays listed, as
/// a link to nothing.
pub(crate) fn is_listed(article: &Article, t_ms: i64) -> bool {
    let stillborn = article.removal.is_some_and(|Removal { at_ms, .. }| at_ms <= article.published_at());
    article.published_at() <= t_ms && (stillborn || article.version_at(t_ms).is_some())
}

/// Returns the address by which listings link to an article, before tracking parameters.
pub(crate) fn clean_link(site: &Site, article: &Article) -> String {
    match article.link {
        Link::Direct => site.address(&article.path),
        Link::SameHost => site.address(&address::short_path(article)),
        Link::OtherHost => format!("http://{SHORT_LINK_HOST}{}", address::short_path(article)),
    }
}

/// Returns the address as it stands in a listing.
pub(crate) fn listed_link(site: &Site, article: &Article, kind: ListingKind) -> String {
    let mut link = clean_link(site, article);
    // Half of the entries of the internationalised site name it as people write it.
    if site.host == IDN_HOST && article.index.is_multiple_of(2) && article.link != Link::OtherHost {
        link = link.replacen(IDN_HOST, IDN_HOST_UNICODE, 1);
    }
    match kind {
        ListingKind::Rss if site.tracking => address::with_tracking(&link, "rss"),
        ListingKind::Atom if site.tracking => address::with_tracking(&link, "atom"),
        ListingKind::JsonFeed if site.tracking => address::with_tracking(&link, "json"),
        _ => link,
    }
}

impl Farm {
    /// Returns the articles in a site's listing at a time, newest first.
    fn listed(&self, site: &Site, t_ms: i64, window: usize) -> Vec<&Article> {
        let newest_first = site.articles.iter().rev().filter_map(|index| self.articles().get(*index));
        let listed = newest_first.filter(|article| is_listed(article, t_ms));
        if window == 0 { listed.collect() } else { listed.take(window).collect() }
    }

    fn entry(&self, site: &Site, article: &Article, kind: ListingKind, t_ms: i64) -> Entry {
        let version = article.version_at(t_ms).unwrap_or(1);
        let story = self.story(article, version);
        let shown = template_of(site, article).shows();
        let summary = if shown.deck { story.deck.clone() } else { story.headline.clone() };
        // A page with a fault must not come in by the back door.
        let whole = site.full_content && article.fault.is_none() && !matches!(site.fault, Some(SiteFault::HostBroken));
        Entry {
            link: listed_link(site, article, kind),
            guid: format!("tag:{},2026:{}", site.host, article.index),
            summary,
            content: whole.then(|| content_html(&story)),
            title: story.headline,
            authors: story.authors,
            section: story.section,
            published_ms: article.printed_ms,
            updated_ms: self.modified_ms(article, version).unwrap_or(article.printed_ms),
        }
    }

    /// Returns the time of the last change as printed: none for the first version.
    pub(crate) fn modified_ms(&self, article: &Article, version: u32) -> Option<i64> {
        let at = self.config().epoch_ms + article.version_from(version);
        (version > 1).then(|| at.div_euclid(1000) * 1000)
    }

    /// Writes a listing as it stands at a time.
    pub(crate) fn listing(&self, site: &Site, kind: ListingKind, t_ms: i64) -> String {
        if kind == ListingKind::Sitemap {
            return self.sitemap_index(site);
        }
        let entries: Vec<Entry> = self
            .listed(site, t_ms, self.config().feed_window)
            .into_iter()
            .map(|article| self.entry(site, article, kind, t_ms))
            .collect();
        match kind {
            ListingKind::Rss => rss(site, &entries),
            ListingKind::Atom => atom(site, &entries, self.config().epoch_ms),
            ListingKind::JsonFeed => json_feed(site, &entries),
            ListingKind::Sitemap => String::new(),
        }
    }

    fn sitemap_index(&self, site: &Site) -> String {
        let parts = site.articles.len().div_ceil(SITEMAP_PART).max(1);
        let items: String = (0..parts)
            .map(|part| {
                let address = site.address(&address::sitemap_part(site, part));
                format!("<sitemap><loc>{}</loc></sitemap>\n", escape(&address))
            })
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{items}</sitemapindex>\n"
        )
    }

    /// Writes one news sitemap; articles keep their part, so that one part is never a moving window.
    pub(crate) fn sitemap_part(&self, site: &Site, part: usize, t_ms: i64) -> String {
        let members = site.articles.iter().skip(part * SITEMAP_PART).take(SITEMAP_PART);
        let mut items = String::new();
        for article in members.filter_map(|index| self.articles().get(*index)) {
            if !is_listed(article, t_ms) {
                continue;
            }
            let entry = self.entry(site, article, ListingKind::Sitemap, t_ms);
            items.push_str(&format!(
                "<url><loc>{}</loc><lastmod>{}</lastmod><news:news><news:publication><news:name>{}</news:name>\
                 <news:language>{}</news:language></news:publication><news:publication_date>{}</news:publication_date>\
                 <news:title>{}</news:title></news:news></url>\n",
                escape(&entry.link),
                moment::utc(entry.updated_ms),
                escape(&site.name),
                site.language,
                moment::utc(entry.published_ms),
                escape(&entry.title)
            ));
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
             xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">\n{items}</urlset>\n"
        )
    }
}

fn content_html(story: &Story) -> String {
    let mut out = String::new();
    for (index, block) in story.body.iter().enumerate() {
        let tag = if block.role == BlockRole::Subhead { "h3" } else { "p" };
        out.push_str(&format!("<{tag}>{}</{tag}>\n", escape(&story.printed(index))));
    }
    out
}

fn rss(site: &Site, entries: &[Entry]) -> String {
    let mut items = String::new();
    for entry in entries {
        let content = entry.content.as_deref().map_or(String::new(), |html| {
            format!("<content:encoded><![CDATA[{}]]></content:encoded>", html.replace("]]>", "]]&gt;"))
        });
        let authors: String =
            entry.authors.iter().map(|name| format!("<dc:creator>{}</dc:creator>", escape(name))).collect();
        items.push_str(&format!(
            "<item><title>{}</title><link>{}</link><guid isPermaLink=\"false\">{}</guid><pubDate>{}</pubDate>\
             <description>{}</description><category>{}</category>{authors}{content}</item>\n",
            escape(&entry.title),
            escape(&entry.link),
            escape(&entry.guid),
            moment::rfc2822(entry.published_ms),
            escape(&entry.summary),
            escape(&entry.section)
        ));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"{}\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">\n<channel><title>{}</title><link>{}</link>\
         <description>{}</description><language>{}</language>\n{items}</channel></rss>\n",
        site.charset.name(),
        escape(&site.name),
        site.address("/"),
        escape(Words::of(site.language).first("share")),
        site.language
    )
}

fn atom(site: &Site, entries: &[Entry], epoch_ms: i64) -> String {
    let mut items = String::new();
    for entry in entries {
        let content = entry
            .content
            .as_deref()
            .map_or(String::new(), |html| format!("<content type=\"html\">{}</content>", escape(html)));
        let authors: String =
            entry.authors.iter().map(|name| format!("<author><name>{}</name></author>", escape(name))).collect();
        items.push_str(&format!(
            "<entry><title>{}</title><link rel=\"alternate\" href=\"{}\"/><id>{}</id><published>{}</published>\
             <updated>{}</updated><summary>{}</summary><category term=\"{}\"/>{authors}{content}</entry>\n",
            escape(&entry.title),
            escape(&entry.link),
            escape(&entry.guid),
            moment::utc(entry.published_ms),
            moment::utc(entry.updated_ms),
            escape(&entry.summary),
            escape(&entry.section)
        ));
    }
    let updated = entries.iter().map(|entry| entry.updated_ms).max().unwrap_or(epoch_ms);
    format!(
        "<?xml version=\"1.0\" encoding=\"{}\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n<title>{}</title>\
         <id>{}</id><updated>{}</updated><link rel=\"self\" href=\"{}\"/>\n{items}</feed>\n",
        site.charset.name(),
        site.language,
        escape(&site.name),
        site.address("/"),
        moment::utc(updated),
        site.address("/atom.xml")
    )
}

fn json_feed(site: &Site, entries: &[Entry]) -> String {
    let items: Vec<serde_json::Value> = entries
        .iter()
        .map(|entry| {
            let authors: Vec<serde_json::Value> =
                entry.authors.iter().map(|name| serde_json::json!({ "name": name })).collect();
            let mut item = serde_json::json!({
                "id": entry.guid,
                "url": entry.link,
                "title": entry.title,
                "summary": entry.summary,
                "date_published": moment::utc(entry.published_ms),
                "date_modified": moment::utc(entry.updated_ms),
                "authors": authors,
                "tags": [entry.section],
            });
            if let (Some(html), Some(fields)) = (&entry.content, item.as_object_mut()) {
                fields.insert("content_html".into(), html.as_str().into());
            }
            item
        })
        .collect();
    serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.name,
        "home_page_url": site.address("/"),
        "feed_url": site.address("/feed.json"),
        "language": site.language,
        "items": items,
    })
    .to_string()
}

/// Writes a listing that ends in the middle of a tag, after a bare ampersand and a tag that is closed twice.
pub(crate) fn broken(site: &Site) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>{} & more</title></title><item><title>half an ent",
        site.name
    )
}
