//! What the simulation measured.

use naba_frontier::{FetchRequest, Target};
use naba_model::Millis;

use crate::world::HOUR;

const NAMES: [&str; 5] = ["1", "2-9", "10-99", "100-999", "1,000 and more"];

pub struct Report {
    feeds: usize,
    hosts: usize,
    /// Memory of the sources alone, and at the end.
    added_bytes: u64,
    pub grown_bytes: u64,
    polls: u64,
    others: u64,
    /// Time from due to asked, by class of host, in seconds.
    lateness: [Vec<u32>; NAMES.len()],
    /// Articles found on hosts that have time for all of their feeds, after the first hours, and how long they waited.
    found: u64,
    waited: f64,
    settled_polls: u64,
    cpu_seconds: f64,
    end: Millis,
}

/// The first hours, in which intervals are learnt, are no part of the comparison.
const SETTLED: Millis = 6 * HOUR;

impl Report {
    pub fn new(feeds: usize, hosts: usize, added_bytes: u64) -> Self {
        Self {
            feeds,
            hosts,
            added_bytes,
            grown_bytes: 0,
            polls: 0,
            others: 0,
            lateness: Default::default(),
            found: 0,
            waited: 0.0,
            settled_polls: 0,
            cpu_seconds: 0.0,
            end: 0,
        }
    }

    pub fn asked(&mut self, request: &FetchRequest, class: Option<usize>, now: Millis) {
        if !matches!(request.target, Target::Source { .. }) {
            self.others += 1;
            return;
        }
        self.polls += 1;
        self.settled_polls += u64::from(now >= SETTLED);
        if let Some(late) = class.and_then(|class| self.lateness.get_mut(class)) {
            late.push(u32::try_from((now - request.due_at).max(0) / 1_000).unwrap_or(u32::MAX));
        }
    }

    pub fn found(&mut self, is_steady: bool, delay: Millis, now: Millis) {
        if is_steady && now >= SETTLED {
            self.found += 1;
            self.waited += delay as f64 / 1_000.0;
        }
    }

    pub fn ended(&mut self, cpu_seconds: f64, end: Millis) {
        (self.cpu_seconds, self.end) = (cpu_seconds, end);
    }

    pub fn print(&mut self) {
        let (feeds, requests) = (self.feeds as f64, (self.polls + self.others) as f64);
        println!("{} feeds on {} hosts, {} hours", self.feeds, self.hosts, self.end / HOUR);
        println!("memory      {:.0} bytes a source when added", self.added_bytes as f64 / feeds);
        println!(
            "            {:.0} bytes a source at the end, robots.txt and windows included",
            self.grown_bytes as f64 / feeds
        );
        println!("requests    {} polls, {} for robots.txt", self.polls, self.others);
        println!("cpu         {:.1} us a request, the virtual web included", self.cpu_seconds * 1e6 / requests);
        for (name, late) in NAMES.iter().zip(&mut self.lateness) {
            late.sort_unstable();
            let at =
                |share: f64| late.get((late.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or(0);
            let (median, high, worst) = (at(0.5), at(0.99), at(1.0));
            println!(
                "late        hosts of {name} feeds: {} polls, p50 {median} s, p99 {high} s, worst {worst} s",
                late.len()
            );
        }
        let seconds = (self.end - SETTLED).max(1) as f64 / 1_000.0;
        let mean = self.waited / self.found.max(1) as f64;
        let fixed = feeds * seconds / (2.0 * mean).max(1.0);
        println!("freshness   {} articles on hosts under 100 feeds, found after {mean:.0} s in the mean", self.found);
        println!(
            "saved       {:.0} polls/s; polling all at one interval of {:.0} s is as fresh and takes {:.0} polls/s: {:.1} times as many",
            self.settled_polls as f64 / seconds,
            2.0 * mean,
            fixed / seconds,
            fixed / self.settled_polls.max(1) as f64
        );
    }
}

/// Returns the memory of this process, from /proc.
pub fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

/// Returns the processor time of this process, from /proc: a busy machine does not count.
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds: f64 = stat.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0);
    nanoseconds / 1e9
}
