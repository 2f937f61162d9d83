//! The access log, and what it says about a client's manners.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::site::registrable;

/// One request and its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessRecord {
    /// When the request was read, in milliseconds since the farm's start.
    pub t_ms: i64,
    /// When the answer was sent or given up, in milliseconds since the farm's start.
    pub ended_ms: i64,
    /// Host that was asked for.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// Status that was answered; 0 for a connection cut before any answer.
    pub status: u16,
    /// Bytes of the body that were sent.
    pub bytes: u64,
    /// User-Agent.
    pub user_agent: String,
    /// If-None-Match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_none_match: Option<String>,
    /// If-Modified-Since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_modified_since: Option<String>,
    /// Seconds of Retry-After that were answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

/// How a client treated one registrable domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manners {
    /// Requests.
    pub requests: usize,
    /// Shortest time from the start of one request to the start of the next, in milliseconds; None below two requests.
    pub min_gap_ms: Option<i64>,
    /// Most requests under way at once.
    pub max_concurrent: usize,
    /// Answers 304.
    pub unchanged: usize,
}

/// How a client treated the farm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolitenessReport {
    /// By registrable domain.
    pub domains: BTreeMap<String, Manners>,
    /// Requests under a path that robots.txt disallows.
    pub disallowed: Vec<String>,
    /// Hosts of which a page was asked for before their robots.txt.
    pub before_robots: Vec<String>,
    /// Requests to a host before its Retry-After was over.
    pub impatient: Vec<String>,
    /// Requests without a User-Agent.
    pub nameless: usize,
}

impl PolitenessReport {
    /// Returns the shortest gap over all domains.
    pub fn min_gap_ms(&self) -> Option<i64> {
        self.domains.values().filter_map(|manners| manners.min_gap_ms).min()
    }

    /// Returns the most requests under way at once at any domain.
    pub fn max_concurrent(&self) -> usize {
        self.domains.values().map(|manners| manners.max_concurrent).max().unwrap_or(0)
    }

    /// Tells whether robots.txt and Retry-After were kept and every request was named.
    pub fn is_polite(&self) -> bool {
        self.disallowed.is_empty() && self.before_robots.is_empty() && self.impatient.is_empty() && self.nameless == 0
    }
}

impl fmt::Display for PolitenessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests: usize = self.domains.values().map(|manners| manners.requests).sum();
        let gap = self.min_gap_ms().map_or("none".to_owned(), |ms| format!("{ms} ms"));
        writeln!(
            f,
            "{requests} requests to {} domains; shortest gap {gap}, at most {} at once; {} disallowed, {} before robots.txt, {} before Retry-After was over, {} without a name",
            self.domains.len(),
            self.max_concurrent(),
            self.disallowed.len(),
            self.before_robots.len(),
            self.impatient.len(),
            self.nameless
        )?;
        for (what, list) in [
            ("disallowed", &self.disallowed),
            ("before robots.txt", &self.before_robots),
            ("impatient", &self.impatient),
        ] {
            for line in list.iter().take(5) {
                writeln!(f, "  {what}: {line}")?;
            }
        }
        Ok(())
    }
}

/// Judges an access log. `slack_ms` is forgiven on Retry-After, for clocks that differ.
pub fn politeness(log: &[AccessRecord], slack_ms: i64) -> PolitenessReport {
    let mut records: Vec<&AccessRecord> = log.iter().collect();
    records.sort_by_key(|record| (record.t_ms, record.ended_ms));
    let mut report = PolitenessReport::default();
    let mut domains: BTreeMap<&str, Vec<&AccessRecord>> = BTreeMap::new();
    let mut robots: BTreeSet<&str> = BTreeSet::new();
    let mut not_before: HashMap<&str, i64> = HashMap::new();
    for record in records {
        let at = || format!("{} ms {}{}", record.t_ms, record.host, record.path);
        domains.entry(registrable(&record.host)).or_default().push(record);
        if record.path == "/robots.txt" {
            robots.insert(&record.host);
        } else if !robots.contains(record.host.as_str()) {
            report.before_robots.push(at());
        }
        if record.path.starts_with("/private/") {
            report.disallowed.push(at());
        }
        if not_before.get(record.host.as_str()).is_some_and(|until| record.t_ms + slack_ms < *until) {
            report.impatient.push(at());
        }
        if let Some(seconds) = record.retry_after_s {
            not_before.insert(&record.host, record.ended_ms + i64::from(seconds) * 1000);
        }
        report.nameless += usize::from(record.user_agent.is_empty());
    }
    report.domains = domains.into_iter().map(|(domain, records)| (domain.to_owned(), manners(&records))).collect();
    report
}

/// Judges the requests to one domain, in order of time.
fn manners(records: &[&AccessRecord]) -> Manners {
    let gaps = records.iter().zip(records.iter().skip(1)).map(|(a, b)| b.t_ms - a.t_ms);
    let mut ends: Vec<i64> = Vec::new();
    let mut max_concurrent = 0;
    for record in records {
        // One that ends in the millisecond in which the next begins is not counted as concurrent.
        ends.retain(|end| *end > record.t_ms);
        ends.push(record.ended_ms);
        max_concurrent = max_concurrent.max(ends.len());
    }
    Manners {
        requests: records.len(),
        min_gap_ms: gaps.min(),
        max_concurrent,
        unchanged: records.iter().filter(|record| record.status == 304).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(t_ms: i64, ended_ms: i64, host: &str, path: &str) -> AccessRecord {
        AccessRecord {
            t_ms,
            ended_ms,
            host: host.into(),
            path: path.into(),
            status: 200,
            user_agent: "naba".into(),
            ..AccessRecord::default()
        }
    }

    #[test]
    fn gaps_and_concurrency_are_counted_by_registrable_domain() {
        let log = [
            request(0, 5, "a.news.example", "/robots.txt"),
            request(100, 180, "a.news.example", "/1"),
            request(120, 130, "b.news.example", "/robots.txt"),
            request(121, 125, "other.example", "/robots.txt"),
        ];
        let report = politeness(&log, 0);
        assert_eq!(report.domains["news.example"].min_gap_ms, Some(20));
        assert_eq!(report.domains["news.example"].max_concurrent, 2);
        assert_eq!(report.domains["other.example"].min_gap_ms, None);
        assert!(report.is_polite(), "{report}");
    }

    #[test]
    fn bad_manners_are_named() {
        let mut throttled = request(10, 11, "a.example", "/x");
        throttled.retry_after_s = Some(1);
        let log = [
            throttled,
            request(500, 501, "a.example", "/robots.txt"),
            request(2000, 2001, "a.example", "/private/7.html"),
        ];
        let report = politeness(&log, 0);
        assert_eq!(report.before_robots, ["10 ms a.example/x"]);
        assert_eq!(report.impatient, ["500 ms a.example/robots.txt"]);
        assert_eq!(report.disallowed, ["2000 ms a.example/private/7.html"]);
    }
}
