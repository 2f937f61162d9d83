//! The answer to a request, as a pure function of the plan, the request and the time.

use crate::address;
use crate::article::{Article, Fault, Link};
use crate::farm::{Farm, Resource, template_of};
use crate::listing;
use crate::moment;
use crate::pack;
use crate::site::{Charset, Coding, ListingKind, Site, SiteFault, Validators};
use crate::template::{self, Page, Template};
use crate::words::Words;

/// What a client asks for.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Host name, without port, lower case.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// If-None-Match.
    pub if_none_match: Option<String>,
    /// If-Modified-Since.
    pub if_modified_since: Option<String>,
    /// Accept-Encoding.
    pub accept_encoding: String,
    /// Earlier requests to the same address.
    pub earlier: u32,
    /// Earlier requests to the same host.
    pub earlier_on_host: u32,
}

/// How the body is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// At once and whole.
    Whole,
    /// Up to half, then the connection is cut.
    Cut,
    /// Up to half, then a byte a second, without end.
    Stalled,
    /// Nothing: the connection is cut before the answer.
    HangUp,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// Body as it goes over the wire.
    pub body: Vec<u8>,
    /// How it goes.
    pub delivery: Delivery,
    /// Milliseconds to wait before it goes.
    pub delay_ms: u64,
}

impl Answer {
    fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, body, delivery: Delivery::Whole, delay_ms: 0 }
    }

    fn plain(status: u16) -> Self {
        let text =
            format!("<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
        Self::new(status, "text/html; charset=utf-8", text.into_bytes())
    }

    fn retry(status: u16, seconds: i64) -> Self {
        let mut answer = Self::plain(status);
        answer.headers.push(("retry-after", seconds.max(1).to_string()));
        answer
    }

    fn redirect(status: u16, to: String) -> Self {
        let mut answer = Self::plain(status);
        answer.headers.push(("location", to));
        answer
    }

    /// Returns a header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl Farm {
    /// Answers a request at a time, in milliseconds since the farm's start.
    pub fn answer(&self, ask: &Ask, t_ms: i64) -> Answer {
        let site = self.sites().iter().find(|site| site.host == ask.host);
        let fault = site.and_then(|site| site.fault);
        if fault == Some(SiteFault::HostBroken) {
            return Answer { delivery: Delivery::HangUp, ..Answer::plain(500) };
        }
        if let Some(SiteFault::Throttled { every }) = fault
            && ask.earlier_on_host % every.max(1) == every.max(1) - 1
        {
            return Answer::retry(429, 1);
        }
        let mut answer = match self.resource(&ask.host, &ask.path) {
            Some(resource) => self.answer_resource(resource, ask, t_ms),
            None => Answer::plain(404),
        };
        if let Some(SiteFault::Slow { delay_ms }) = fault {
            answer.delay_ms += delay_ms;
        }
        answer
    }

    fn answer_resource(&self, resource: Resource, ask: &Ask, t_ms: i64) -> Answer {
        match resource {
            Resource::Page(index) => self.with_article(index, |site, article| self.page(site, article, ask, t_ms)),
            Resource::Plain(index) => {
                self.with_article(index, |site, article| self.sound_page(site, article, Template::JsonLd, ask, t_ms))
            }
            Resource::Redirect { article, status } => {
                self.with_article(article, |site, article| Answer::redirect(status, site.address(&article.path)))
            }
            Resource::Circle(index) => {
                self.with_article(index, |site, article| Answer::redirect(302, site.address(&article.path)))
            }
            Resource::Robots(index) => self.robots(self.sites().get(index)),
            Resource::Home(index) => {
                self.sites().get(index).map_or_else(|| Answer::plain(404), |site| self.hub(site, t_ms))
            }
            Resource::BrokenListing(index) => match self.sites().get(index) {
                Some(site) => Answer::new(200, "application/rss+xml", listing::broken(site).into_bytes()),
                None => Answer::plain(404),
            },
            Resource::Listing { site, kind } => self.with_listing(site, t_ms, |site| {
                let (name, charset) = match kind {
                    ListingKind::Rss => ("application/rss+xml", site.charset),
                    ListingKind::Atom => ("application/atom+xml", site.charset),
                    ListingKind::JsonFeed => ("application/feed+json", Charset::Utf8),
                    ListingKind::Sitemap => ("application/xml", Charset::Utf8),
                };
                let changed_ms = self.last_change(site, t_ms);
                let body = self.shelved(resource, changed_ms, || charset.encode(&self.listing(site, kind, t_ms)));
                let answer = Answer::new(200, &format!("{name}; charset={}", charset.name()), body);
                self.finish(site, answer, changed_ms, ask, t_ms)
            }),
            Resource::SitemapPart { site, part } => self.with_listing(site, t_ms, |site| {
                let changed_ms = self.last_change(site, t_ms);
                let body = self.shelved(resource, changed_ms, || {
                    let text = self.sitemap_part(site, part, t_ms).into_bytes();
                    if site.gzip_sitemap { pack::gzip(&text) } else { text }
                });
                let name = if site.gzip_sitemap { "application/gzip" } else { "application/xml; charset=utf-8" };
                self.finish(site, Answer::new(200, name, body), changed_ms, ask, t_ms)
            }),
        }
    }

    fn with_article(&self, index: usize, answer: impl FnOnce(&Site, &Article) -> Answer) -> Answer {
        let article = self.articles().get(index);
        match article.and_then(|article| Some((self.site_of(article)?, article))) {
            Some((site, article)) => answer(site, article),
            None => Answer::plain(404),
        }
    }

    fn with_listing(&self, index: usize, t_ms: i64, answer: impl FnOnce(&Site) -> Answer) -> Answer {
        match self.sites().get(index) {
            Some(site) => match site.fault {
                Some(SiteFault::ListingsDead { until_ms }) if t_ms < until_ms => Answer::plain(503),
                _ => answer(site),
            },
            None => Answer::plain(404),
        }
    }

    fn robots(&self, site: Option<&Site>) -> Answer {
        let Some(site) = site else {
            return Answer::new(200, "text/plain", b"User-agent: *\nDisallow:\n".to_vec());
        };
        match site.fault {
            Some(SiteFault::RobotsUnavailable) => return Answer::plain(503),
            // No robots.txt means no rule (RFC 9309, section 2.3.1.3); kept where no article needs the rule.
            _ if site.index % 7 == 6 && !self.has_private(site) => return Answer::plain(404),
            _ => {}
        }
        let mut text = String::from("# virtual newsroom\nUser-agent: *\nDisallow: /private/\nAllow: /\n");
        if self.config().crawl_delay_s > 0 {
            text.push_str(&format!("Crawl-delay: {}\n", self.config().crawl_delay_s));
        }
        text.push_str(&format!("\nUser-agent: GreedyBot\nDisallow: /\n\nSitemap: {}\n", site.address("/sitemap.xml")));
        Answer::new(200, "text/plain; charset=utf-8", text.into_bytes())
    }

    fn has_private(&self, site: &Site) -> bool {
        let mut articles = site.articles.iter().filter_map(|index| self.articles().get(*index));
        articles.any(|article| article.fault == Some(Fault::RobotsDisallowed))
    }

    /// Returns when a site's listings last changed, in milliseconds since the farm's start.
    fn last_change(&self, site: &Site, t_ms: i64) -> i64 {
        let articles = site.articles.iter().filter_map(|index| self.articles().get(*index));
        let changes = articles
            .flat_map(|article| article.versions.iter().copied().chain(article.removal.map(|removal| removal.at_ms)));
        changes.filter(|at| *at <= t_ms).max().unwrap_or(0)
    }

    fn hub(&self, site: &Site, t_ms: i64) -> Answer {
        let words = Words::of(site.language);
        let mut items = String::new();
        let listed = site.articles.iter().rev().filter_map(|index| self.articles().get(*index));
        for article in listed.filter(|article| listing::is_listed(article, t_ms)).take(12) {
            let story = self.story(article, article.version_at(t_ms).unwrap_or(1));
            let title = template::escape(&story.headline);
            items.push_str(&format!("<li><h3><a href=\"{}\">{title}</a></h3></li>\n", template::escape(&article.path)));
        }
        let text = format!(
            "<!DOCTYPE html><html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title>\
             <meta property=\"og:type\" content=\"website\"></head><body><h1>{}</h1><ul>\n{items}</ul></body></html>\n",
            site.language,
            words.dir(),
            template::escape(&site.name),
            template::escape(&site.name)
        );
        Answer::new(200, "text/html; charset=utf-8", text.into_bytes())
    }

    fn page(&self, site: &Site, article: &Article, ask: &Ask, t_ms: i64) -> Answer {
        if t_ms < article.published_at() {
            return Answer::plain(404);
        }
        let html = |body: Vec<u8>| Answer::new(200, "text/html; charset=utf-8", body);
        let template = template_of(site, article);
        let sound = || self.sound_page(site, article, template, ask, t_ms);
        let text = || self.page_text(site, article, template, "utf-8", 1);
        let until = article.published_at() + self.config().outage_ms;
        match article.fault {
            Some(Fault::NotFound) => Answer::plain(404),
            Some(Fault::Gone) => Answer::plain(410),
            Some(Fault::RateLimited) if ask.earlier < 2 => Answer::retry(429, 1),
            Some(Fault::Unavailable) if t_ms < until => Answer::retry(503, (until - t_ms) / 1000),
            Some(Fault::Slow) => Answer { delay_ms: 1500, ..sound() },
            Some(Fault::Stalled) => Answer { delivery: Delivery::Stalled, ..sound() },
            Some(Fault::Cut) => Answer { delivery: Delivery::Cut, ..sound() },
            Some(Fault::Garbage) => html(pack::garbage(article.index)),
            Some(Fault::MalformedHtml) => html(pack::mangle(&text())),
            Some(Fault::Oversized) => html(pack::oversized(&text())),
            Some(Fault::Bomb) => {
                let mut answer = html(pack::bomb().to_vec());
                answer.headers.push(("content-encoding", "gzip".into()));
                answer
            }
            Some(Fault::WrongCharset) => html(site.charset.encode(&text())),
            Some(Fault::BotWall) => html(pack::BOT_WALL.as_bytes().to_vec()),
            Some(Fault::Hub) => self.hub(site, t_ms),
            Some(Fault::RedirectLoop) => Answer::redirect(302, site.address(&address::short_path(article))),
            Some(Fault::Empty) => html(Vec::new()),
            Some(Fault::RobotsDisallowed | Fault::RateLimited | Fault::Unavailable) | None => sound(),
        }
    }

    fn sound_page(&self, site: &Site, article: &Article, template: Template, ask: &Ask, t_ms: i64) -> Answer {
        let Some(version) = article.version_at(t_ms) else {
            return Answer::plain(article.removal.map_or(404, |removal| removal.status));
        };
        // AMP prescribes UTF-8.
        let charset = if template == Template::Amp { Charset::Utf8 } else { site.charset };
        let text = self.page_text(site, article, template, charset.name(), version);
        let answer = Answer::new(200, &format!("text/html; charset={}", charset.name()), charset.encode(&text));
        self.finish(site, answer, article.version_from(version), ask, t_ms)
    }

    /// Writes the page of a version.
    pub(crate) fn page_text(
        &self,
        site: &Site,
        article: &Article,
        template: Template,
        charset: &'static str,
        version: u32,
    ) -> String {
        let story = self.story(article, version);
        let next = (template == Template::Endless).then(|| self.neighbour(site, article)).flatten();
        let page = Page {
            words: Words::of(site.language),
            site,
            story: &story,
            canonical: self.canonical(site, article),
            published_ms: article.printed_ms,
            modified_ms: self.modified_ms(article, version),
            related: self.related(site, article),
            next: next.map(|other| Box::new(self.story(other, 1))),
            charset,
        };
        template::render(template, &page)
    }

    /// Returns the canonical address of an article.
    pub(crate) fn canonical(&self, site: &Site, article: &Article) -> String {
        if template_of(site, article) == Template::Amp && article.fault.is_none() {
            site.address(&address::plain_path(article))
        } else {
            site.address(&article.path)
        }
    }

    fn neighbour(&self, site: &Site, article: &Article) -> Option<&Article> {
        let at = site.articles.iter().position(|index| *index == article.index)?;
        let other = site.articles.get(at.checked_sub(1)?)?;
        self.articles().get(*other).filter(|other| other.fault.is_none())
    }

    /// Returns titles and addresses for the box of related articles.
    pub(crate) fn related(&self, site: &Site, article: &Article) -> Vec<(String, String)> {
        let at = site.articles.iter().position(|index| *index == article.index).unwrap_or(0);
        let before = site.articles.iter().take(at).rev().take(3).filter_map(|index| self.articles().get(*index));
        before
            .filter(|other| other.fault.is_none() && other.link == Link::Direct)
            .map(|other| (self.first_headline(other, site), other.path.clone()))
            .collect()
    }
}

impl Farm {
    /// Adds validators, answers conditional requests, and applies the content coding.
    fn finish(&self, site: &Site, mut answer: Answer, changed_ms: i64, ask: &Ask, t_ms: i64) -> Answer {
        let tag = pack::etag(&answer.body);
        let (etag, dated) = match site.validators {
            Validators::Both => (Some(tag), true),
            Validators::WeakEtag => (Some(format!("W/{tag}")), false),
            Validators::LastModified => (None, true),
            Validators::None => (None, false),
        };
        // A second that is not over may bring another change, which the date could not show (RFC 9110, section 8.8.2.2).
        let (changed, now) = (self.config().epoch_ms + changed_ms, self.config().epoch_ms + t_ms);
        let dated = dated && changed.div_euclid(1000) < now.div_euclid(1000);
        let modified = dated.then(|| moment::http(changed));
        let unchanged = match (&etag, &ask.if_none_match) {
            (Some(etag), Some(sent)) => {
                sent.split(',').any(|one| one.trim().trim_start_matches("W/") == etag.trim_start_matches("W/"))
            }
            (_, None) => modified.is_some() && modified == ask.if_modified_since,
            (None, Some(_)) => false,
        };
        if let Some(etag) = etag {
            answer.headers.push(("etag", etag));
        }
        if let Some(modified) = modified {
            answer.headers.push(("last-modified", modified));
        }
        if unchanged {
            answer.status = 304;
            answer.body = Vec::new();
            return answer;
        }
        encode(site.coding, &mut answer, &ask.accept_encoding);
        answer
    }
}

fn encode(coding: Coding, answer: &mut Answer, accepted: &str) {
    let accepts = |name: &str| accepted.split(',').any(|one| one.split(';').next().unwrap_or("").trim() == name);
    let (name, packed) = match coding {
        Coding::Gzip if accepts("gzip") => ("gzip", pack::gzip(&answer.body)),
        Coding::Br if accepts("br") => ("br", pack::brotli(&answer.body)),
        Coding::Zstd if accepts("zstd") => ("zstd", pack::zstd(&answer.body)),
        _ => return,
    };
    if let Some(packed) = Some(packed).filter(|packed| !packed.is_empty()) {
        answer.body = packed;
        answer.headers.push(("content-encoding", name.to_owned()));
        answer.headers.push(("vary", "accept-encoding".to_owned()));
    }
}

/// Returns the host part of a Host header.
pub(crate) fn host_of(header: &str) -> String {
    header.rsplit_once(':').map_or(header, |(host, _)| host).trim_end_matches('.').to_ascii_lowercase()
}
