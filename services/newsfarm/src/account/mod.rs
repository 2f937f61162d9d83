//! The account: what a pipeline delivered against what the farm published.
//!
//! Versions are matched by what they say, not by their number: a pipeline numbers what it saw, and may rightly miss a
//! version that was served too shortly.

mod fields;
mod report;

use std::collections::{HashMap, HashSet};

use crate::fate::Fate;
use crate::truth::TruthRecord;
use fields::Fields;
pub use report::{AccountReport, FieldScore, Finding, Freshness};

/// An article as a pipeline delivered it. Fields that are None are not compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// The pipeline's identifier of the article.
    pub article_id: String,
    /// The pipeline's number of the version.
    pub version: u32,
    /// Runs of newer code over the same version.
    pub derivation: u32,
    /// The address that answered.
    pub url: String,
    /// The canonical address.
    pub canonical_url: String,
    /// True when it was made from the listing because the page was refused; counted apart, and compared with nothing.
    pub feed_only: bool,
    /// Headline.
    pub headline: String,
    /// Body: its blocks with an empty line between them.
    pub body: String,
    /// Deck.
    pub deck: Option<String>,
    /// Standfirst.
    pub standfirst: Option<String>,
    /// Section.
    pub section: Option<String>,
    /// Language, BCP 47; only the primary part is compared.
    pub language: Option<String>,
    /// `ltr` or `rtl`, in any case.
    pub direction: Option<String>,
    /// `news`, `live_blog`, in any case.
    pub kind: Option<String>,
    /// Authors, in order.
    pub authors: Option<Vec<String>>,
    /// Publication time in milliseconds since 1970; the inner None says that none was found.
    pub published_ms: Option<Option<i64>>,
    /// Place of the dateline; empty for none.
    pub dateline: Option<String>,
    /// Whether it says that it is not free.
    pub paywall: Option<bool>,
    /// Text and speaker of each direct quotation.
    pub quotes: Option<Vec<(String, String)>>,
    /// When it could be read, in milliseconds since the farm's start.
    pub available_at_ms: Option<i64>,
}

/// Compares what was delivered with what was published.
///
/// `is_exact` of the report holds when every version that must appear appeared, nothing appeared that must not, and
/// nothing appeared twice. How right the fields are is a question of its own, answered by `fields` and `leaks`.
///
/// ```
/// use naba_newsfarm::{Farm, FarmConfig, Fate, Observed, account};
/// let farm = Farm::new(FarmConfig::calm(1, 3, 12));
/// let truth = farm.truth();
/// let delivered = truth.iter().map(|record| Observed {
///     article_id: record.canonical_url.clone(),
///     version: record.version,
///     canonical_url: record.canonical_url.clone(),
///     headline: record.headline.clone(),
///     body: record.body_text(),
///     ..Observed::default()
/// });
/// assert!(account(&truth, delivered).is_exact());
/// ```
pub fn account(truth: &[TruthRecord], observed: impl IntoIterator<Item = Observed>) -> AccountReport {
    let mut book = Book::open(truth);
    for one in observed {
        book.enter(&one);
    }
    book.close()
}

/// The account while it is being kept.
struct Book<'a> {
    truth: &'a [TruthRecord],
    by_address: HashMap<String, Vec<usize>>,
    seen: HashSet<(String, u32, u32)>,
    appeared: HashMap<usize, (String, u32)>,
    delays: Vec<i64>,
    fields: Fields,
    report: AccountReport,
}

impl<'a> Book<'a> {
    fn open(truth: &'a [TruthRecord]) -> Self {
        let mut by_address: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, record) in truth.iter().enumerate() {
            for url in &record.urls {
                by_address.entry(address_key(url)).or_default().push(index);
            }
        }
        Self {
            truth,
            by_address,
            seen: HashSet::new(),
            appeared: HashMap::new(),
            delays: Vec::new(),
            fields: Fields::default(),
            report: AccountReport::default(),
        }
    }

    fn enter(&mut self, one: &Observed) {
        self.report.observed += 1;
        if !self.seen.insert((one.article_id.clone(), one.version, one.derivation)) {
            let what = format!("version {} derivation {} was delivered twice", one.version, one.derivation);
            self.report.duplicates.push(finding(one, what));
            return;
        }
        let known = self.by_address.get(&address_key(&one.canonical_url));
        let Some(candidates) = known.or_else(|| self.by_address.get(&address_key(&one.url))) else {
            self.report.unexpected.push(finding(one, "address is not of the farm".into()));
            return;
        };
        if one.feed_only {
            // The listing's own words stand for a page that was refused; they are no version of the page.
            self.report.feed_only += 1;
            return;
        }
        match best(self.truth, candidates, one) {
            Some(index) => self.enter_version(index, one),
            None => {
                let first = candidates.first().and_then(|index| self.truth.get(*index));
                let about = first.map_or(String::new(), |record| format!(" ({:?}, {:?})", record.fate, record.reason));
                self.report.unexpected.push(finding(one, format!("content is of no version of this article{about}")));
            }
        }
    }

    fn enter_version(&mut self, index: usize, one: &Observed) {
        let Some(record) = self.truth.get(index) else { return };
        if record.fate == Fate::MustNotAppear {
            let what = format!("must not appear: {:?}", record.reason);
            self.report.unexpected.push(finding(one, what));
            return;
        }
        if let Some((id, version)) = self.appeared.get(&index) {
            let rerun = *id == one.article_id && *version == one.version;
            if !rerun {
                let what = format!(
                    "says what {} version {version} said already (version {} of the farm)",
                    if *id == one.article_id { "its" } else { id.as_str() },
                    record.version
                );
                self.report.duplicates.push(finding(one, what));
            }
            return;
        }
        self.appeared.insert(index, (one.article_id.clone(), one.version));
        if let Some(at) = one.available_at_ms {
            self.delays.push(at - record.publish_at_ms);
        }
        for text in &record.must_not_contain {
            let needle = plain(text);
            if [&one.headline, &one.body]
                .into_iter()
                .chain(&one.deck)
                .chain(&one.standfirst)
                .any(|field| plain(field).contains(&needle))
            {
                self.report.leaks.push(finding(one, format!("contains {text:?}")));
            }
        }
        self.fields.compare(record, one);
    }

    fn close(mut self) -> AccountReport {
        for (index, record) in self.truth.iter().enumerate() {
            let appeared = self.appeared.contains_key(&index);
            match record.fate {
                Fate::MustAppear => {
                    self.report.expected += 1;
                    self.report.expected_appeared += usize::from(appeared);
                    if !appeared {
                        self.report.missing.push(Finding::missing(record));
                    }
                }
                Fate::MayAppear => {
                    self.report.optional += 1;
                    self.report.optional_appeared += usize::from(appeared);
                }
                Fate::MustNotAppear => self.report.forbidden += 1,
            }
        }
        self.report.fields = self.fields.scores();
        self.report.freshness = Freshness::of(self.delays);
        self.report
    }
}

fn finding(one: &Observed, what: String) -> Finding {
    let url = if one.canonical_url.is_empty() { &one.url } else { &one.canonical_url };
    Finding { url: url.clone(), version: one.version, headline: one.headline.clone(), what }
}

/// Finds the version that says what was observed: same body and headline at best, and at least one of the headline,
/// the body, or a third of the paragraphs.
fn best(truth: &[TruthRecord], candidates: &[usize], one: &Observed) -> Option<usize> {
    let headline = plain(&one.headline);
    let paragraphs = paragraphs_of(&one.body);
    let mut best: Option<(f64, usize)> = None;
    for &index in candidates {
        let Some(record) = truth.get(index) else { continue };
        let title = if plain(&record.headline) == headline { 1.0 } else { 0.0 };
        let overlap = overlap(record, &paragraphs);
        if title == 0.0 && overlap < 0.3 {
            continue;
        }
        let score = title + 2.0 * overlap;
        if best.is_none_or(|(least, _)| score > least) {
            best = Some((score, index));
        }
    }
    best.map(|(_, index)| index)
}

/// Measures how many paragraphs two bodies share, of all that either has: 1 for equal bodies.
fn overlap(record: &TruthRecord, observed: &HashSet<String>) -> f64 {
    let printed = fields::printed_first(record).map(|text| plain(&text));
    let mut shared = 0usize;
    let mut own = 0usize;
    for (index, block) in record.body.iter().enumerate() {
        own += 1;
        let text = plain(&block.text);
        let with_place = (index == 0).then_some(printed.as_ref()).flatten().is_some_and(|text| observed.contains(text));
        shared += usize::from(observed.contains(&text) || with_place);
    }
    let all = own + observed.len() - shared;
    if all == 0 { 1.0 } else { shared as f64 / all as f64 }
}

fn paragraphs_of(body: &str) -> HashSet<String> {
    body.split('\n').map(plain).filter(|text| !text.is_empty()).collect()
}

/// Collapses white space, no-break spaces included: how a page breaks its lines is not what it says.
pub(crate) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns what makes two addresses the same page: no scheme, no fragment, no tracking parameters.
fn address_key(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    crate::address::without_tracking(rest)
}

#[cfg(test)]
mod tests;
