//! HTML pages that lead to news: the feeds that a home page names, and the links of a section page that look like articles.

use std::collections::{HashMap, HashSet};

use naba_model::{NormalUrl, registrable_domain};
use naba_text::{Markup, MimeType};

use crate::construct::label;
use crate::fragment::Attribute;
use crate::link::resolve;
use crate::listing::{Entry, Listing, ListingKind, Notes};
use crate::plain::unescape;
use crate::read::Input;
use crate::xml::Scope;

/// Most links of one page that are looked at.
const MAX_LINKS: usize = 5_000;
/// Most bytes of text that a link is judged by.
const MAX_LINK_TEXT: usize = 1_000;

/// Evidence that makes a link an article's.
const ENOUGH: i32 = 4;
/// Links of one form of address from which on the form itself is evidence.
const MANY_ALIKE: usize = 4;

/// Where sites keep feeds that their pages do not name.
const WELL_KNOWN: &[&str] = &[
    "/feed",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/feed.json",
    "/feeds",
    "/rss/index.xml",
    "/feed/rss",
    "/?feed=rss2",
    "/feeds/posts/default",
];

/// Media types of feeds.
const FEED_TYPES: &[&str] =
    &["application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "text/xml"];

/// A page as a way to news.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The feeds that it names, those of comments left out.
    pub feeds: Vec<FeedLink>,
    /// Its links that look like articles, in order, with the words of the link as title.
    pub listing: Listing,
}

/// A feed that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedLink {
    /// Its address.
    pub url: NormalUrl,
    /// What the page calls it.
    pub title: Option<String>,
}

/// Returns the usual addresses of feeds of the site that an address belongs to.
pub fn well_known_feeds(site: &NormalUrl) -> impl Iterator<Item = NormalUrl> {
    WELL_KNOWN.iter().filter_map(|path| site.join(path).ok())
}

/// Reads an HTML page for its feeds and its links to articles.
pub fn read_page(input: &Input<'_>) -> Page {
    let stated = input.content_type.and_then(MimeType::parse);
    let charset = stated.as_ref().and_then(|mime| mime.parameter("charset"));
    let html = naba_text::decode(input.bytes, charset, Markup::Html).text;
    let mut reader = Reader::new(input.url);
    reader.read(&html);
    let entries = articles(&reader.links, input.url);
    let listing = Listing { language: reader.language, entries, ..Listing::new(ListingKind::Section) };
    Page { feeds: reader.feeds, listing }
}

/// A link with what speaks for and against an article behind it.
struct Link {
    url: NormalUrl,
    text: String,
    /// In navigation, beside or below the page's own matter.
    is_aside: bool,
    /// In the page's main part or a headline.
    is_main: bool,
}

struct Reader {
    scope: Scope,
    language: Option<String>,
    feeds: Vec<FeedLink>,
    links: Vec<Link>,
    /// The link whose words are being read.
    open: Option<Link>,
    asides: usize,
    mains: usize,
}

impl Reader {
    fn new(url: &NormalUrl) -> Self {
        Self {
            scope: Scope { base: url.clone(), language: None },
            language: None,
            feeds: Vec::new(),
            links: Vec::new(),
            open: None,
            asides: 0,
            mains: 0,
        }
    }

    fn read(&mut self, html: &str) {
        let mut at = 0;
        while let Some(open) = html.get(at..).and_then(|rest| rest.find('<')) {
            self.words(html.get(at..at + open).unwrap_or_default());
            at += open + 1;
            let rest = html.get(at..).unwrap_or_default();
            if let Some(comment) = rest.strip_prefix("!--") {
                at += 3 + comment.find("-->").map_or(comment.len(), |end| end + 3);
                continue;
            }
            let is_end = rest.starts_with('/');
            let name_at = at + usize::from(is_end);
            let rest = html.get(name_at..).unwrap_or_default();
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let name = rest.get(..length).unwrap_or_default().to_ascii_lowercase();
            at = name_at + length;
            if name.is_empty() {
                continue;
            }
            if is_end {
                self.end(&name);
                continue;
            }
            let mut attributes = Vec::new();
            while let Some(attribute) = Attribute::next(html, &mut at) {
                if let Some((_, value)) = attribute.value {
                    attributes.push((attribute.name.to_ascii_lowercase(), unescape(value).into_owned()));
                }
            }
            at += usize::from(html.get(at..).is_some_and(|rest| rest.starts_with('>')));
            self.start(&name, &attributes);
            if matches!(name.as_str(), "script" | "style" | "noscript" | "template") {
                at += raw_length(html.get(at..).unwrap_or_default(), &name);
            }
        }
    }

    fn words(&mut self, text: &str) {
        if let Some(link) = &mut self.open
            && link.text.len() < MAX_LINK_TEXT
        {
            link.text.push_str(text);
            link.text.push(' ');
        }
    }

    fn start(&mut self, name: &str, attributes: &[(String, String)]) {
        let value = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.trim());
        match name {
            "html" => self.language = value("lang").and_then(crate::construct::language),
            "base" => {
                if let Some(base) = value("href").and_then(|href| self.resolve(href)) {
                    self.scope.base = base;
                }
            }
            "link" => self.feed(value("rel"), value("type"), value("href"), value("title")),
            "nav" | "footer" | "aside" => self.asides += 1,
            "main" | "article" | "h1" | "h2" | "h3" | "h4" => self.mains += 1,
            "img" => self.words(value("alt").unwrap_or_default()),
            "a" => {
                self.end("a");
                let url = value("href").filter(|href| !href.starts_with('#')).and_then(|href| self.resolve(href));
                let (is_aside, is_main) = (self.asides > 0, self.mains > 0);
                self.open = url.map(|url| Link { url, text: String::new(), is_aside, is_main });
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "nav" | "footer" | "aside" => self.asides = self.asides.saturating_sub(1),
            "main" | "article" | "h1" | "h2" | "h3" | "h4" => {
                // A headline inside a link closes before the link does.
                self.mains = self.mains.saturating_sub(1);
                if let Some(link) = &mut self.open {
                    link.is_main = true;
                }
            }
            "a" => {
                let room = self.links.len() < MAX_LINKS;
                self.links.extend(self.open.take().filter(|_| room));
            }
            _ => {}
        }
    }

    fn feed(&mut self, rel: Option<&str>, kind: Option<&str>, href: Option<&str>, title: Option<&str>) {
        let is_alternate = rel.is_some_and(|rel| {
            rel.split_ascii_whitespace()
                .any(|word| ["alternate", "feed"].iter().any(|it| word.eq_ignore_ascii_case(it)))
        });
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let is_feed = kind.is_some_and(|kind| FEED_TYPES.contains(&kind.as_str()));
        let Some(url) = href.filter(|_| is_alternate && is_feed).and_then(|href| self.resolve(href)) else { return };
        let is_of_comments = url.as_url().path().contains("comments") || url.as_str().contains("wp-json/oembed");
        if !is_of_comments && self.feeds.iter().all(|known| known.url != url) {
            self.feeds.push(FeedLink { url, title: title.and_then(label) });
        }
    }

    fn resolve(&self, written: &str) -> Option<NormalUrl> {
        resolve(written, &self.scope, &mut Notes::default())
    }
}

/// Returns the bytes up to the end tag of an element whose content is no markup.
fn raw_length(text: &str, name: &str) -> usize {
    let ends = |(at, _): &(usize, &str)| {
        let behind = text.get(at + 2..at + 2 + name.len());
        behind.is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    text.match_indices("</").find(ends).map_or(text.len(), |(at, _)| at)
}

/// Chooses the links that look like articles of the page's own site: by the form of the address, by their words, by where they
/// stand, and by how many others have the same form.
fn articles(links: &[Link], page: &NormalUrl) -> Vec<Entry> {
    let domain = registrable_domain(page.host());
    let own: Vec<&Link> =
        links.iter().filter(|link| registrable_domain(link.url.host()) == domain && link.url != *page).collect();
    let mut forms: HashMap<String, HashSet<&NormalUrl>> = HashMap::new();
    for link in &own {
        forms.entry(form(&link.url)).or_default().insert(&link.url);
    }
    let mut order: Vec<&NormalUrl> = Vec::new();
    let mut best: HashMap<&NormalUrl, (i32, &str)> = HashMap::new();
    for link in own {
        let alike = forms.get(&form(&link.url)).map_or(0, HashSet::len);
        let score = address_score(&link.url) + link_score(link) + i32::from(alike >= MANY_ALIKE);
        let known = best.entry(&link.url).or_insert_with(|| {
            order.push(&link.url);
            (i32::MIN, "")
        });
        // A picture and a headline often lead to one page: the words are the headline's.
        let words = if link.text.trim().len() > known.1.trim().len() { link.text.as_str() } else { known.1 };
        *known = (known.0.max(score), words);
    }
    let chosen = order.into_iter().filter(|url| best.get(url).is_some_and(|(score, _)| *score >= ENOUGH));
    let entry = |url: &NormalUrl| Entry {
        url: Some(url.clone()),
        title: best.get(url).and_then(|(_, words)| label(&unescape(words))),
        ..Entry::default()
    };
    chosen.map(entry).collect()
}

/// Returns the form of an address: its folders with numbers as `0`, its last segment as `*`.
fn form(url: &NormalUrl) -> String {
    let path = url.as_url().path();
    let (folders, _) = path.trim_end_matches('/').rsplit_once('/').unwrap_or_default();
    let numbered = folders.chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
    format!("{}{}/*", url.host(), numbered.collect::<String>())
}

fn address_score(url: &NormalUrl) -> i32 {
    let url = url.as_url();
    let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let Some(last) = segments.last() else { return -ENOUGH };
    let is_number = |text: &str, digits: usize| text.len() >= digits && text.bytes().all(|b| b.is_ascii_digit());
    let words = last.split(['-', '_']).filter(|word| !word.is_empty()).count();
    let parts = || last.split(['-', '_', '.']).chain(url.query_pairs().next().map(|_| ""));
    let has_id = parts().any(|part| is_number(part.trim_start_matches(|c: char| c.is_ascii_alphabetic()), 5))
        || url.query_pairs().any(|(_, value)| is_number(&value, 4));
    let is_year =
        |text: &&str| text.len() == 4 && is_number(text, 4) && (text.starts_with("19") || text.starts_with("20"));
    let has_date = segments.iter().any(is_year) || last.split('-').any(|part| is_year(&part));
    let is_file = [".html", ".htm", ".shtml", ".aspx", ".php"].iter().any(|end| last.ends_with(end));
    let is_listing = ["tag", "tags", "category", "topic", "topics", "author", "authors", "search", "page", "login"];
    let penalty = i32::from(segments.iter().any(|segment| is_listing.contains(segment))) * ENOUGH;
    let slug = if words >= 4 { 2 } else { i32::from(words == 3) };
    slug + i32::from(has_id) * 2 + i32::from(has_date) * 2 + i32::from(is_file) - penalty
}

fn link_score(link: &Link) -> i32 {
    let words = link.text.split_whitespace().count();
    let chars = link.text.trim().chars().count();
    let text = match (words, chars) {
        (4.., 20..) | (_, 30..) => 2,
        (3.., 12..) => 1,
        _ => 0,
    };
    text + i32::from(link.is_main) - i32::from(link.is_aside) * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        let url = NormalUrl::parse("https://www.a.example/news/").unwrap();
        read_page(&Input { bytes: html.as_bytes(), content_type: Some("text/html"), url: &url })
    }

    fn urls(html: &str) -> Vec<String> {
        page(html).listing.entries.into_iter().filter_map(|entry| entry.url).map(|url| url.to_string()).collect()
    }

    #[test]
    fn a_home_page_names_its_feeds_and_those_of_comments_are_left_out() {
        let page = page(
            "<html lang=ar><head><base href='https://a.example/'>
             <link rel=alternate type='application/rss+xml' title='A &amp; B' href=feed>
             <link rel='ALTERNATE' type='application/atom+xml; charset=utf-8' href='https://b.example/atom'>
             <link rel=alternate type='application/rss+xml' href='/comments/feed'>
             <link rel=stylesheet type=text/css href=x><link rel=alternate hreflang=en href=/en>",
        );
        let feeds: Vec<_> = page.feeds.iter().map(|feed| (feed.url.as_str(), feed.title.as_deref())).collect();
        assert_eq!(feeds, [("https://a.example/feed", Some("A & B")), ("https://b.example/atom", None)]);
        assert_eq!(page.listing.language.as_deref(), Some("ar"));
    }

    #[test]
    fn links_to_articles_are_told_from_navigation() {
        let html = "<nav><a href=/politics>Politics of the whole wide world</a>
            <a href=/2026/11/24/an-old-story-in-the-menu>Menu</a></nav>
            <main><h2><a href='/news/2026/storm-hits-the-coast'>Storm hits the coast, thousands flee</a></h2>
            <a href=/news/12345678.html><img src=x alt=''></a><a href=/news/12345678.html>وزير الخارجية يصل إلى جنيف</a>
            <a href=/tag/storm-and-other-things>Everything about the storm and others</a>
            <a href='https://elsewhere.example/2026/11/24/a-long-story-told'>A long story told by others</a></main>
            <footer><a href=/about-us-and-our-values.html>About us and all our values</a></footer>
            <script>'<a href=/2026/11/24/not-a-link-at-all>not a link at all here</a>'</script>";
        assert_eq!(
            urls(html),
            ["https://www.a.example/news/2026/storm-hits-the-coast", "https://www.a.example/news/12345678.html"]
        );
        let titles: Vec<_> = page(html).listing.entries.into_iter().filter_map(|entry| entry.title).collect();
        assert_eq!(titles, ["Storm hits the coast, thousands flee", "وزير الخارجية يصل إلى جنيف"]);
    }

    #[test]
    fn any_markup_is_read() {
        for html in ["<a", "<a href", "<a href='/x", "<!--", "<script>", "</", "<a href=/x>", "<base href=''>"] {
            assert!(page(html).feeds.is_empty(), "{html}");
        }
    }

    #[test]
    fn usual_places_of_feeds_are_on_the_site_itself() {
        let site = NormalUrl::parse("https://a.example/x/y").unwrap();
        assert!(well_known_feeds(&site).any(|url| url.as_str() == "https://a.example/rss.xml"));
    }
}
