//! Parse and enrich on one thread, without a log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Result;
use naba_enrich::Pipeline;
use naba_extract::extract;

use crate::clock::thread_cpu;
use crate::pages::Page;

/// Pages of a group that warm caches and tables up before the clock runs.
const WARM_UP: usize = 20;

/// What one group of pages took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Pages.
    pub pages: usize,
    /// Articles that came of them.
    pub articles: usize,
    /// Bytes of the pages.
    pub bytes: usize,
    /// CPU time of the thread, in seconds.
    pub cpu: f64,
    /// Wall-clock time, in seconds.
    pub wall: f64,
    /// Wall-clock time in the parser alone, in seconds.
    pub parse_wall: f64,
}

impl Cost {
    fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.articles += other.articles;
        self.bytes += other.bytes;
        self.cpu += other.cpu;
        self.wall += other.wall;
        self.parse_wall += other.parse_wall;
    }
}

/// What parsing and enriching cost.
#[derive(Debug, Clone, Default)]
pub struct Core {
    /// By language.
    pub groups: BTreeMap<&'static str, Cost>,
    /// All together.
    pub all: Cost,
    /// Different articles: what a store holds in the end.
    pub distinct: usize,
    /// Pages that gave no article, by code.
    pub refused: BTreeMap<&'static str, usize>,
}

/// Measures every group of pages, once over.
pub fn measure(pages: &[Page]) -> Result<Core> {
    let pipeline = Pipeline::standard()?;
    let mut core = Core::default();
    let languages: BTreeSet<&'static str> = pages.iter().map(|page| page.language).collect();
    let mut distinct = BTreeSet::new();
    for language in languages {
        let group: Vec<&Page> = pages.iter().filter(|page| page.language == language).collect();
        for page in group.iter().take(WARM_UP) {
            if let Ok(extracted) = extract(&page.document) {
                pipeline.run(&extracted.article);
            }
        }
        let cost = measure_group(&group, &pipeline, &mut distinct, &mut core.refused);
        core.all.add(&cost);
        core.groups.insert(language, cost);
    }
    core.distinct = distinct.len();
    Ok(core)
}

fn measure_group(
    pages: &[&Page],
    pipeline: &Pipeline,
    distinct: &mut BTreeSet<(String, String)>,
    refused: &mut BTreeMap<&'static str, usize>,
) -> Cost {
    let (cpu, begin, mut parse) = (thread_cpu(), Instant::now(), Duration::ZERO);
    let mut cost = Cost { pages: pages.len(), ..Cost::default() };
    for page in pages {
        cost.bytes += page.document.body.len();
        let started = Instant::now();
        let extracted = extract(&page.document);
        parse += started.elapsed();
        match extracted {
            Ok(extracted) => {
                std::hint::black_box(pipeline.run(&extracted.article));
                cost.articles += 1;
                distinct.insert((extracted.article.article_id, extracted.article.content_hash));
            }
            Err(error) => *refused.entry(error.code()).or_default() += 1,
        }
    }
    cost.cpu = thread_cpu() - cpu;
    cost.wall = begin.elapsed().as_secs_f64();
    cost.parse_wall = parse.as_secs_f64();
    cost
}
