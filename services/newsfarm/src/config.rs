//! What a farm is made from.

use serde::{Deserialize, Serialize};

/// When articles come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Schedule {
    /// Everything is there at the start, except edits and deletions: for fast tests.
    Instant,
    /// Articles are spread over a time, like a newsroom's day pressed into it.
    Live {
        /// Time over which the articles are spread, in milliseconds.
        duration_ms: i64,
    },
}

/// Settings of a farm; the plan is a pure function of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FarmConfig {
    /// Every choice comes from this number.
    pub seed: u64,
    /// Sites; with 12 or more, the last six have a fault of their own (see [`crate::SiteFault`]).
    pub sites: usize,
    /// Articles over all sites.
    pub articles: usize,
    /// When articles come out.
    pub schedule: Schedule,
    /// The farm's start as printed on pages, in milliseconds since 1970.
    pub epoch_ms: i64,
    /// A version that was served for less than this is not expected: it may appear. Milliseconds.
    pub min_served_ms: i64,
    /// Earliest and latest time from a version to the edit that follows, in milliseconds.
    pub edit_after_ms: (i64, i64),
    /// Earliest and latest time from the last version to the deletion, in milliseconds.
    pub delete_after_ms: (i64, i64),
    /// Articles with at least one edit, in a thousand.
    pub edited_per_mille: u32,
    /// Articles that are deleted, in a thousand; every fourth of them before it was ever served.
    pub deleted_per_mille: u32,
    /// Articles that are copies of another site's article, in a thousand.
    pub syndicated_per_mille: u32,
    /// Articles with a fault of their own (see [`crate::Fault`]), in a thousand.
    pub faulty_per_mille: u32,
    /// Whether the last sites have faults of their own.
    pub site_faults: bool,
    /// How long a feed that is dead at first, a 503 and the like last, in milliseconds.
    pub outage_ms: i64,
    /// Entries in a feed, newest first; 0 for all. Sitemaps list everything.
    pub feed_window: usize,
    /// Seconds of `Crawl-delay` in robots.txt; 0 for none.
    pub crawl_delay_s: u32,
    /// Text of the founding article in its plain form; None leaves it out.
    pub seed_text: Option<String>,
}

impl Default for FarmConfig {
    fn default() -> Self {
        Self {
            seed: 7,
            sites: 20,
            articles: 2000,
            schedule: Schedule::Instant,
            epoch_ms: 1_767_225_600_000,
            min_served_ms: 15_000,
            edit_after_ms: (20_000, 40_000),
            delete_after_ms: (30_000, 60_000),
            edited_per_mille: 100,
            deleted_per_mille: 40,
            syndicated_per_mille: 60,
            faulty_per_mille: 60,
            site_faults: true,
            outage_ms: 3_000,
            feed_window: 0,
            crawl_delay_s: 0,
            seed_text: Some(SEED_TEXT.to_owned()),
        }
    }
}

impl FarmConfig {
    /// Makes a farm without faults, edits or deletions: what is published stays and can be read.
    pub fn calm(seed: u64, sites: usize, articles: usize) -> Self {
        Self {
            seed,
            sites,
            articles,
            edited_per_mille: 0,
            deleted_per_mille: 0,
            faulty_per_mille: 0,
            site_faults: false,
            ..Self::default()
        }
    }
}

/// The founding article, the first that naba had to read right.
pub const SEED_TEXT: &str = include_str!("../data/seed.txt");
