//! The ground truth: one record for each version of each article, with what must become of it.

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::article::Article;
use crate::farm::{Farm, template_of};
use crate::fate::{Fate, Reason};
use crate::listing;
use crate::moment;
use crate::site::{Charset, Coding, IDN_HOST, IDN_HOST_UNICODE, ListingKind, Site, SiteFault, registrable};
use crate::story::{BodyBlock, Story, TrueDateline, TrueQuote};
use crate::template::{StatedTime, Template};
use crate::words::Words;

/// Why a ground truth could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum TruthError {
    /// The file could not be read or written.
    #[error("ground truth could not be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// A line is no truth record.
    #[error("line {line} of the ground truth is no truth record (was it written by another version?): {source}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// What is true of one version of one article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TruthRecord {
    /// Number of the article in the farm.
    pub article: usize,
    /// Host of the site.
    pub site: String,
    /// Name of the site, as in the sources.
    pub source: String,
    /// Registrable domain of the site.
    pub domain: String,
    /// The address in the listing, without tracking parameters.
    pub url: String,
    /// The canonical address.
    pub canonical_url: String,
    /// Every address that leads to the article, `url` and `canonical_url` among them.
    pub urls: Vec<String>,
    /// 1 for the first version, then counting up. A pipeline that misses one counts otherwise: match by content.
    pub version: u32,
    /// When it is served first, in milliseconds since the farm's start.
    pub publish_at_ms: i64,
    /// When the next version takes its place, in milliseconds since the farm's start.
    pub superseded_at_ms: Option<i64>,
    /// When the article is removed, in milliseconds since the farm's start.
    pub removed_at_ms: Option<i64>,
    /// What must become of it.
    pub fate: Fate,
    /// Why.
    pub reason: Reason,
    /// The code by which a pipeline is expected to say what is wrong with it: a hint, empty where nothing is wrong.
    pub code_hint: String,
    /// The structure of the page.
    pub template: Template,
    /// Charset of the page.
    pub charset: Charset,
    /// Content coding of the page, when the client accepts it.
    pub coding: Coding,
    /// BCP 47.
    pub language: String,
    /// `ltr` or `rtl`.
    pub direction: String,
    /// `news` or `live_blog`.
    pub kind: String,
    /// Headline.
    pub headline: String,
    /// Deck; empty where the page shows none.
    pub deck: String,
    /// Standfirst; empty where the page shows none.
    pub standfirst: String,
    /// Section; empty where the page shows none.
    pub section: String,
    /// Authors, in order.
    pub authors: Vec<String>,
    /// Publication time as stated, RFC 3339 in UTC.
    pub published_at: String,
    /// The same in milliseconds since 1970.
    pub published_ms: i64,
    /// How exactly the page states it.
    pub published_stated: StatedTime,
    /// Time of the last change as stated, RFC 3339 in UTC; None for a first version.
    pub modified_at: Option<String>,
    /// Dateline.
    pub dateline: Option<TrueDateline>,
    /// The body: exact texts, in order.
    pub body: Vec<BodyBlock>,
    /// Direct quotations, in order.
    pub quotes: Vec<TrueQuote>,
    /// True when the page says that it is not free.
    pub paywall: bool,
    /// Comments on the page.
    pub comments: usize,
    /// Canonical address of the article that this one copies.
    pub syndicated_of: Option<String>,
    /// True when a listing carries the body, so that it can be had without the page.
    pub listed_in_full: bool,
    /// Texts on the page that belong to no field of the article: promotion, comments, other articles.
    pub must_not_contain: Vec<String>,
}

impl TruthRecord {
    /// Returns the body as one text: its blocks with an empty line between them.
    pub fn body_text(&self) -> String {
        let texts: Vec<&str> = self.body.iter().map(|block| block.text.as_str()).collect();
        texts.join("\n\n")
    }
}

impl Farm {
    /// Returns the ground truth of the whole farm, as if it were watched for ever.
    pub fn truth(&self) -> Vec<TruthRecord> {
        self.truth_until(i64::MAX)
    }

    /// Returns the ground truth for a watch that ends at a time, in milliseconds since the farm's start: what was not
    /// served long enough until then is not expected.
    pub fn truth_until(&self, end_ms: i64) -> Vec<TruthRecord> {
        let mut records = Vec::with_capacity(self.articles().len());
        for article in self.articles() {
            let Some(site) = self.site_of(article) else { continue };
            for version in 1..=u32::try_from(article.versions.len()).unwrap_or(1) {
                records.push(self.record(site, article, version, end_ms));
            }
        }
        records
    }

    fn record(&self, site: &Site, article: &Article, version: u32, end_ms: i64) -> TruthRecord {
        let (fate, reason) = self.fate(site, article, version, end_ms);
        let story = self.story(article, version);
        let words = Words::of(site.language);
        let template = template_of(site, article);
        let shown = template.shows();
        let canonical_url = self.canonical(site, article);
        let url = listing::clean_link(site, article);
        let mut urls = vec![url.clone(), canonical_url.clone(), site.address(&article.path)];
        urls.sort();
        urls.dedup();
        let kept = |shown: bool, text: &str| if shown { text.to_owned() } else { String::new() };
        let next = article.versions.get(usize::try_from(version).unwrap_or(usize::MAX)).copied();
        TruthRecord {
            article: article.index,
            site: site.host.clone(),
            source: site.name.clone(),
            domain: registrable(&site.host).to_owned(),
            url,
            canonical_url,
            urls,
            version,
            publish_at_ms: article.version_from(version),
            superseded_at_ms: next,
            removed_at_ms: article.removal.map(|removal| removal.at_ms),
            fate,
            reason,
            code_hint: reason.code_hint().to_owned(),
            template,
            charset: if template == Template::Amp { Charset::Utf8 } else { site.charset },
            coding: site.coding,
            language: site.language.to_owned(),
            direction: words.dir().to_owned(),
            kind: if template == Template::LiveBlog { "live_blog" } else { "news" }.to_owned(),
            headline: story.headline.clone(),
            deck: kept(shown.deck, &story.deck),
            standfirst: kept(shown.standfirst, &story.standfirst),
            section: kept(shown.section, &story.section),
            authors: story.authors.clone(),
            published_at: moment::utc(article.printed_ms),
            published_ms: article.printed_ms,
            published_stated: shown.time,
            modified_at: self.modified_ms(article, version).map(moment::utc),
            paywall: template == Template::Paywall,
            comments: if shown.comments { story.comments.len() } else { 0 },
            syndicated_of: article
                .copy_of
                .and_then(|index| self.articles().get(index))
                .and_then(|original| Some(self.canonical(self.site_of(original)?, original))),
            listed_in_full: site.full_content && article.fault.is_none() && !site.is_unreachable(),
            must_not_contain: self.foreign_text(site, article, &story, words),
            dateline: story.dateline,
            body: story.body,
            quotes: story.quotes,
        }
    }

    /// Collects what stands on the page beside the article.
    fn foreign_text(&self, site: &Site, article: &Article, story: &Story, words: &Words) -> Vec<String> {
        let mut texts: Vec<String> = story.promo.clone();
        texts.extend(story.comments.iter().map(|comment| comment.text.clone()));
        texts.push(words.first("disclaimer").to_owned());
        texts.push(words.first("cookie").to_owned());
        if template_of(site, article) == Template::Paywall {
            texts.push(words.first("paywall").to_owned());
        }
        texts.extend(self.related(site, article).into_iter().map(|(title, _)| title));
        texts.push(story.caption.clone());
        let own: Vec<&str> = story.body.iter().map(|block| block.text.as_str()).collect();
        // A short line, or one that the article happens to say itself, proves nothing.
        texts.retain(|text| text.chars().count() >= 12 && *text != story.headline);
        texts.retain(|text| own.iter().all(|paragraph| !paragraph.contains(text.as_str())));
        texts
    }

    /// Returns the sources of the farm as TOML, an array of tables `source`.
    ///
    /// `min_interval` is a duration such as "5s". The sources of a host that is broken are among them.
    pub fn sources_toml(&self, min_interval: &str) -> String {
        let mut out = String::from("# Sources of a virtual newsroom.\n");
        let quote = |text: &str| serde_json::Value::from(text).to_string();
        let mut add = |name: String, url: String, kind: &str, site: &Site| {
            out.push_str(&format!(
                "\n[[source]]\nname = {}\nurl = {}\nkind = \"{kind}\"\ncountry = \"{}\"\nlanguage = \"{}\"\nmin_interval = {}\n",
                quote(&name),
                quote(&url),
                site.country,
                site.language,
                quote(min_interval)
            ));
        };
        for site in self.sites() {
            for (n, listing) in site.listings().enumerate() {
                let kind = if listing == ListingKind::Sitemap { "sitemap" } else { "feed" };
                let name = if n == 0 { site.name.clone() } else { format!("{} ({})", site.name, n + 1) };
                // The internationalised site is configured as people write it.
                let address = site.address(listing.path()).replacen(IDN_HOST, IDN_HOST_UNICODE, 1);
                add(name, address, kind, site);
            }
            if site.fault == Some(SiteFault::MalformedListing) {
                add(format!("{} (malformed)", site.name), site.address("/broken.xml"), "feed", site);
            }
        }
        out
    }
}

/// Writes records as JSON lines.
pub fn write_truth(mut out: impl Write, records: &[TruthRecord]) -> Result<(), TruthError> {
    for record in records {
        let line = serde_json::to_string(record).map_err(std::io::Error::other)?;
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(())
}

/// Reads records from JSON lines.
pub fn read_truth(input: impl BufRead) -> Result<Vec<TruthRecord>, TruthError> {
    let mut records = Vec::new();
    for (index, line) in input.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        records.push(serde_json::from_str(&line).map_err(|source| TruthError::Line { line: index + 1, source })?);
    }
    Ok(records)
}
