//! The plan of a whole farm, a pure function of its settings.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::address;
use crate::article::{Article, Fault, Link, Removal};
use crate::config::{FarmConfig, Schedule};
use crate::draw::Draw;
use crate::edit;
use crate::prose::Writer;
use crate::seed;
use crate::site::{Charset, ListingKind, SHORT_LINK_HOST, Site, registrable};
use crate::story::Story;
use crate::template::Template;
use crate::words::{LANGUAGES, Words};

/// What stands at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    /// An article's page.
    Page(usize),
    /// The plain page that an AMP page names as canonical.
    Plain(usize),
    /// A redirect to an article's page.
    Redirect { article: usize, status: u16 },
    /// The other end of a redirect circle.
    Circle(usize),
    /// A listing.
    Listing { site: usize, kind: ListingKind },
    /// A news sitemap under the index.
    SitemapPart { site: usize, part: usize },
    /// A listing that is no well-formed XML.
    BrokenListing(usize),
    /// robots.txt.
    Robots(usize),
    /// The home page.
    Home(usize),
}

/// Articles in one news sitemap.
pub(crate) const SITEMAP_PART: usize = 400;

/// A planned newsroom: sites, articles, their versions, faults and addresses.
///
/// ```
/// use naba_newsfarm::{Farm, FarmConfig};
/// let farm = Farm::new(FarmConfig { sites: 4, articles: 40, ..FarmConfig::default() });
/// assert_eq!(farm.articles().len(), 40);
/// assert_eq!(farm.truth(), Farm::new(farm.config().clone()).truth());
/// ```
#[derive(Debug)]
pub struct Farm {
    config: FarmConfig,
    sites: Vec<Site>,
    articles: Vec<Article>,
    routes: HashMap<String, Resource>,
    /// Listings as last made, with the change that they show: polls outnumber changes by far.
    shelf: Mutex<HashMap<Resource, (i64, Vec<u8>)>>,
}

impl Farm {
    /// Plans a farm. Settings out of range are brought into it: at least one site, at most 9999.
    pub fn new(mut config: FarmConfig) -> Self {
        config.sites = config.sites.clamp(1, 9999);
        let sites = (0..config.sites)
            .map(|index| Site::plan(index, config.sites, config.seed, config.site_faults, config.outage_ms))
            .collect();
        let mut farm = Self { config, sites, articles: Vec::new(), routes: HashMap::new(), shelf: Mutex::default() };
        farm.plan_articles();
        farm.plan_routes();
        farm
    }

    /// Returns the settings.
    pub fn config(&self) -> &FarmConfig {
        &self.config
    }

    /// Returns the sites.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Returns the articles, in order of publication.
    pub fn articles(&self) -> &[Article] {
        &self.articles
    }

    /// Returns every host name, the one of short links included.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.sites.iter().map(|site| site.host.clone()).collect();
        hosts.push(SHORT_LINK_HOST.to_owned());
        hosts
    }

    /// Counts the articles under each registrable domain. A client that waits between requests to one domain needs at
    /// least this many waits, which `min_served_ms` and `edit_after_ms` must leave it time for.
    pub fn articles_by_domain(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for site in &self.sites {
            *counts.entry(registrable(&site.host).to_owned()).or_insert(0) += site.articles.len();
        }
        counts
    }

    /// Returns what stands at a host's path and query.
    pub(crate) fn resource(&self, host: &str, path: &str) -> Option<Resource> {
        self.routes.get(&format!("{host}{}", address::without_tracking(path))).copied()
    }

    /// Returns the site of an article.
    pub(crate) fn site_of(&self, article: &Article) -> Option<&Site> {
        self.sites.get(article.site)
    }

    /// Writes what an article says in a version, 1 and up.
    pub(crate) fn story(&self, article: &Article, version: u32) -> Story {
        let Some(site) = self.site_of(article) else { return Story::default() };
        let mut story = self.first_story(article, site);
        for later in 2..=version {
            let stream = article.index as u64 * 64 + u64::from(later);
            let writer = Writer::new(Draw::new(self.config.seed, "edit", stream), Words::of(site.language));
            edit::apply(&mut story, site.template, writer);
        }
        story
    }

    fn first_story(&self, article: &Article, site: &Site) -> Story {
        if let Some(story) = self.founding_story(article) {
            return story;
        }
        if let Some((original, first_site)) = self.original(article) {
            return self.first_story(original, first_site);
        }
        let draw = Draw::new(self.config.seed, "story", article.index as u64);
        let mut story = Writer::new(draw, Words::of(site.language)).story(site.template == Template::LiveBlog);
        if site.template == Template::Paywall {
            story.cut_after(3);
        }
        story.headline = self.first_headline(article, site);
        story
    }

    /// Writes the headline of the first version, which needs no other part of the story.
    pub(crate) fn first_headline(&self, article: &Article, site: &Site) -> String {
        if let Some(story) = self.founding_story(article) {
            return story.headline;
        }
        if let Some((original, first_site)) = self.original(article) {
            return self.first_headline(original, first_site);
        }
        let draw = Draw::new(self.config.seed, "headline", article.index as u64);
        Writer::new(draw, Words::of(site.language)).headline()
    }

    fn founding_story(&self, article: &Article) -> Option<Story> {
        self.config.seed_text.as_deref().filter(|_| article.founding).and_then(seed::read)
    }

    /// Returns the article that another copies, with its site.
    fn original(&self, article: &Article) -> Option<(&Article, &Site)> {
        let original = self.articles.get(article.copy_of?)?;
        Some((original, self.site_of(original)?))
    }

    /// Returns the bytes of a listing, from the shelf while nothing on the site has changed since they were made.
    pub(crate) fn shelved(&self, what: Resource, changed_ms: i64, make: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        match shelf.get(&what) {
            Some((at, bytes)) if *at == changed_ms => bytes.clone(),
            _ => {
                let bytes = make();
                shelf.insert(what, (changed_ms, bytes.clone()));
                bytes
            }
        }
    }

    fn plan_articles(&mut self) {
        // Sites of which nothing can be fetched get a fifth of the articles of the others.
        let tickets: Vec<usize> = (0..5)
            .flat_map(|round| {
                self.sites.iter().filter(move |site| round == 0 || !site.is_unreachable()).map(|site| site.index)
            })
            .collect();
        let founding = self.sites.iter().find(|site| site.language == "ar" && site.fault.is_none()).map(|s| s.index);
        let mut planner = Planner::default();
        for index in 0..self.config.articles {
            let ticket = tickets.get(index % tickets.len().max(1)).copied().unwrap_or(0);
            let is_founding = index == 0 && self.config.seed_text.is_some() && founding.is_some();
            let site = if is_founding { founding.unwrap_or(ticket) } else { ticket };
            let article = self.plan_article(index, site, is_founding, &mut planner);
            if let Some(site) = self.sites.get_mut(site) {
                site.articles.push(index);
            }
            self.articles.push(article);
        }
    }

    fn plan_article(&self, index: usize, site_index: usize, founding: bool, planner: &mut Planner) -> Article {
        let config = &self.config;
        let mut draw = Draw::new(config.seed, "plan", index as u64);
        let published_at = match config.schedule {
            Schedule::Instant => 0,
            Schedule::Live { duration_ms } => slot(duration_ms, index, config.articles, &mut draw),
        };
        let printed_ms = match config.schedule {
            Schedule::Instant => config.epoch_ms - draw.between(60, 86_400) * 1000,
            Schedule::Live { .. } => config.epoch_ms + published_at,
        };
        let mut article = Article {
            index,
            site: site_index,
            path: String::new(),
            versions: vec![published_at],
            removal: None,
            printed_ms: printed_ms.div_euclid(1000) * 1000,
            fault: None,
            link: Link::Direct,
            copy_of: None,
            founding,
        };
        let Some(site) = self.sites.get(site_index) else { return article };
        if !founding {
            self.plan_fate(&mut article, site, &mut draw, planner);
        }
        let slug = address::needs_headline(site).then(|| self.first_headline(&article, site));
        article.path = address::page_path(site, &article, template_of(site, &article), slug.as_deref());
        article
    }

    /// Decides between a fault, a copy, and an article with edits, a removal and a link of its own.
    fn plan_fate(&self, article: &mut Article, site: &Site, draw: &mut Draw, planner: &mut Planner) {
        let config = &self.config;
        let roll = u32::try_from(draw.below(1000)).unwrap_or(0);
        if site.fault.is_none() && roll < config.faulty_per_mille {
            article.fault = Some(planner.next_fault(site));
            return;
        }
        if site.is_unreachable() {
            return;
        }
        article.link = match draw.below(100) {
            0..10 => Link::SameHost,
            10..15 => Link::OtherHost,
            _ => Link::Direct,
        };
        let whole = !matches!(site.template, Template::LiveBlog | Template::Paywall);
        if whole && roll < config.faulty_per_mille + config.syndicated_per_mille {
            article.copy_of = planner.original_for(site, draw);
            if article.copy_of.is_some() {
                return;
            }
        }
        let mut last = article.published_at();
        if draw.chance(config.edited_per_mille) {
            let edits = if draw.chance(300) { 2 } else { 1 };
            for _ in 0..edits {
                // Some versions are corrected at once, before a fair client can have come by.
                let (low, high) = if draw.chance(150) { (1, config.min_served_ms / 2) } else { config.edit_after_ms };
                last = self.next_second(last, last + draw.between(low, high).max(1));
                article.versions.push(last);
            }
        }
        if draw.chance(config.deleted_per_mille) {
            let status = if draw.chance(500) { 404 } else { 410 };
            if draw.chance(250) {
                article.versions.truncate(1);
                article.removal = Some(Removal { at_ms: article.published_at(), status });
            } else {
                let at_ms = last + draw.between(config.delete_after_ms.0, config.delete_after_ms.1).max(1);
                article.removal = Some(Removal { at_ms, status });
            }
        } else if whole {
            planner.add_original(site, article.index);
        }
    }

    /// Moves a change into the second after the last one at the earliest: listings state whole seconds, and a client
    /// could not tell two changes in one second from one.
    fn next_second(&self, before: i64, at: i64) -> i64 {
        let epoch = self.config.epoch_ms;
        let second = |ms: i64| (epoch + ms).div_euclid(1000);
        if second(at) > second(before) { at } else { (second(before) + 1) * 1000 - epoch }
    }

    fn plan_routes(&mut self) {
        let mut routes = HashMap::new();
        for site in &self.sites {
            let mut add = |path: &str, resource| routes.insert(format!("{}{path}", site.host), resource);
            add("/robots.txt", Resource::Robots(site.index));
            add("/", Resource::Home(site.index));
            add("/broken.xml", Resource::BrokenListing(site.index));
            for kind in [ListingKind::Rss, ListingKind::Atom, ListingKind::JsonFeed, ListingKind::Sitemap] {
                add(kind.path(), Resource::Listing { site: site.index, kind });
            }
            for part in 0..site.articles.len().div_ceil(SITEMAP_PART).max(1) {
                add(&address::sitemap_part(site, part), Resource::SitemapPart { site: site.index, part });
            }
        }
        for article in &self.articles {
            let Some(site) = self.sites.get(article.site) else { continue };
            let index = article.index;
            routes.insert(format!("{}{}", site.host, article.path), Resource::Page(index));
            if template_of(site, article) == Template::Amp {
                routes.insert(format!("{}{}", site.host, address::plain_path(article)), Resource::Plain(index));
            }
            let short = address::short_path(article);
            match article.link {
                Link::SameHost => {
                    routes.insert(format!("{}{short}", site.host), Resource::Redirect { article: index, status: 301 });
                }
                Link::OtherHost => {
                    let at = format!("{SHORT_LINK_HOST}{short}");
                    routes.insert(at, Resource::Redirect { article: index, status: 302 });
                }
                Link::Direct if article.fault == Some(Fault::RedirectLoop) => {
                    routes.insert(format!("{}{short}", site.host), Resource::Circle(index));
                }
                Link::Direct => {}
            }
        }
        routes.insert(format!("{SHORT_LINK_HOST}/robots.txt"), Resource::Robots(usize::MAX));
        self.routes = routes;
    }
}

/// Returns the structure of an article's page: its site's, unless the article asks for another.
pub(crate) fn template_of(site: &Site, article: &Article) -> Template {
    match article.fault {
        Some(Fault::MalformedHtml) => Template::DivSoup,
        // The founding article has a standfirst and comments, which not every structure shows.
        _ if article.founding => Template::JsonLd,
        _ => site.template,
    }
}

/// Spreads publications evenly, each at a random point of its slot.
fn slot(duration_ms: i64, index: usize, count: usize, draw: &mut Draw) -> i64 {
    let at = |number: usize| {
        let share = i128::from(duration_ms.max(1)) * number as i128 / count.max(1) as i128;
        i64::try_from(share).unwrap_or(0)
    };
    draw.between(at(index), at(index + 1).saturating_sub(1).max(at(index)))
}

/// What planning one article must remember for the next.
#[derive(Default)]
struct Planner {
    faults: usize,
    originals: [Vec<(usize, usize)>; LANGUAGES.len()],
}

impl Planner {
    fn next_fault(&mut self, site: &Site) -> Fault {
        let fault = Fault::ALL.get(self.faults % Fault::ALL.len()).copied().unwrap_or(Fault::NotFound);
        // Only a legacy charset can be declared wrongly; this one waits for a site that has one.
        if fault == Fault::WrongCharset && site.charset == Charset::Utf8 {
            return Fault::MalformedHtml;
        }
        self.faults += 1;
        fault
    }

    fn add_original(&mut self, site: &Site, article: usize) {
        if let Some(list) = self.originals.get_mut(site.index % LANGUAGES.len()) {
            list.push((site.index, article));
        }
    }

    /// Draws an earlier article of another site in the same language; each is copied at most once.
    fn original_for(&mut self, site: &Site, draw: &mut Draw) -> Option<usize> {
        let list = self.originals.get_mut(site.index % LANGUAGES.len())?;
        let mut at = draw.below(list.len());
        for _ in 0..list.len() {
            if list.get(at).is_some_and(|(other, _)| *other != site.index) {
                return Some(list.swap_remove(at).1);
            }
            at = (at + 1) % list.len();
        }
        None
    }
}
