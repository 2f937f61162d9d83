//! What the account found, for programs and for people.

use std::fmt;

use crate::truth::TruthRecord;

/// Findings of one kind that are printed; all of them are in the report.
const PRINTED: usize = 10;

/// Something wrong with one version of one article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Canonical address.
    pub url: String,
    /// Number of the version: the pipeline's, or the farm's for what is missing.
    pub version: u32,
    /// Headline.
    pub headline: String,
    /// What is wrong.
    pub what: String,
}

impl Finding {
    pub(super) fn missing(record: &TruthRecord) -> Self {
        let end = [record.superseded_at_ms, record.removed_at_ms].into_iter().flatten().min();
        let until = end.map_or("the end".to_owned(), |ms| format!("{ms} ms"));
        let what = format!(
            "never appeared; served from {} ms to {until}, template {}, {:?}, linked as {}",
            record.publish_at_ms,
            record.template.name(),
            record.reason,
            record.url
        );
        Self { url: record.canonical_url.clone(), version: record.version, headline: record.headline.clone(), what }
    }
}

/// How often a field was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldScore {
    /// Name of the field.
    pub field: &'static str,
    /// Values that were right.
    pub right: usize,
    /// Values that were compared.
    pub compared: usize,
    /// The first wrong values.
    pub examples: Vec<String>,
}

impl FieldScore {
    /// Returns the share that was right, 0 to 1; 1 when nothing was compared.
    pub fn share(&self) -> f64 {
        if self.compared == 0 { 1.0 } else { self.right as f64 / self.compared as f64 }
    }
}

/// How long after its publication a version could be read, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Versions measured.
    pub count: usize,
    /// Half were as fast or faster.
    pub p50_ms: i64,
    /// Ninety-nine in a hundred were as fast or faster.
    pub p99_ms: i64,
    /// The slowest.
    pub max_ms: i64,
}

impl Freshness {
    pub(super) fn of(mut delays: Vec<i64>) -> Option<Self> {
        delays.sort_unstable();
        let at = |percent: usize| delays.get((delays.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self { count: delays.len(), p50_ms: at(50)?, p99_ms: at(99)?, max_ms: at(100)? })
    }
}

/// The account of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountReport {
    /// Records that were observed.
    pub observed: usize,
    /// Versions that must appear.
    pub expected: usize,
    /// Of these, those that did.
    pub expected_appeared: usize,
    /// Versions that may appear.
    pub optional: usize,
    /// Of these, those that did.
    pub optional_appeared: usize,
    /// Versions that must not appear.
    pub forbidden: usize,
    /// Records made from the listing because the page was refused.
    pub feed_only: usize,
    /// Versions that must appear and did not.
    pub missing: Vec<Finding>,
    /// Records of what must not appear, of no known address, or with the content of no version.
    pub unexpected: Vec<Finding>,
    /// Records that repeat an earlier one.
    pub duplicates: Vec<Finding>,
    /// Records whose text holds promotion, comments or other articles.
    pub leaks: Vec<Finding>,
    /// How right each field is, over all versions that appeared.
    pub fields: Vec<FieldScore>,
    /// How fast, when times were given.
    pub freshness: Option<Freshness>,
}

impl AccountReport {
    /// Tells whether nothing is lost, nothing forbidden is there and nothing is there twice.
    pub fn is_exact(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.duplicates.is_empty()
    }

    /// Returns the score of a field, when it was compared.
    pub fn field(&self, name: &str) -> Option<&FieldScore> {
        self.fields.iter().find(|score| score.field == name)
    }
}

impl fmt::Display for AccountReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_exact() { "exact" } else { "NOT EXACT" };
        writeln!(
            f,
            "account {verdict}: {} of {} expected versions appeared, {} of {} optional ones, {} forbidden; {} records, {} from listings alone",
            self.expected_appeared,
            self.expected,
            self.optional_appeared,
            self.optional,
            self.forbidden,
            self.observed,
            self.feed_only
        )?;
        for (name, findings) in [
            ("missing", &self.missing),
            ("unexpected", &self.unexpected),
            ("duplicates", &self.duplicates),
            ("leaks", &self.leaks),
        ] {
            if findings.is_empty() {
                continue;
            }
            writeln!(f, "{name}: {}", findings.len())?;
            for finding in findings.iter().take(PRINTED) {
                writeln!(f, "  {} version {} {:?}: {}", finding.url, finding.version, finding.headline, finding.what)?;
            }
            if findings.len() > PRINTED {
                writeln!(f, "  … and {} more", findings.len() - PRINTED)?;
            }
        }
        if let Some(fresh) = self.freshness {
            writeln!(
                f,
                "freshness of {}: p50 {} ms, p99 {} ms, slowest {} ms",
                fresh.count, fresh.p50_ms, fresh.p99_ms, fresh.max_ms
            )?;
        }
        for score in &self.fields {
            writeln!(
                f,
                "{:<15} {:>7.2} %  ({} of {})",
                score.field,
                score.share() * 100.0,
                score.right,
                score.compared
            )?;
            for example in &score.examples {
                writeln!(f, "    {example}")?;
            }
        }
        Ok(())
    }
}
