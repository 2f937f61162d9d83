//! Queues by registrable domain: one request at a time, with a rest between two.

use std::collections::{BTreeSet, HashMap};

use naba_model::{Millis, millis_of, registrable_domain, timestamp_of};
use naba_proto::v1::HostState;
use url::Url;

use crate::schedule::back_off;
use crate::settings::{Settings, millis};

/// Which of a lane's queues, the first first: a feed is a window that moves on, so listings go before pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Listing,
    Hub,
    Page,
}

/// How many queues a lane has.
const RANKS: usize = 3;

/// What stands in a queue: a source_id or a url_hash.
pub(crate) type Name = String;

/// The lane of local files, which need no politeness. No domain contains a colon.
const FILES: &str = "file:";

/// Idle lanes are dropped whenever so many are at hand.
const SWEEP_AT: usize = 10_000;

/// Returns the lane of an address.
pub(crate) fn lane_of(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) if url.scheme() == "file" => FILES.to_owned(),
        Ok(url) => registrable_domain(url.host_str().unwrap_or_default()),
        Err(_) => String::new(),
    }
}

/// All lanes, and when each may next be served.
#[derive(Debug)]
pub(crate) struct Lanes {
    lanes: HashMap<String, Lane>,
    wakes: [BTreeSet<(Millis, String)>; RANKS],
    /// No request before this instant: the owner before us may have sent one just now.
    opens_at: Millis,
}

#[derive(Debug, Default)]
struct Lane {
    not_before: Millis,
    failures: u32,
    /// 403s in a row.
    refusals: u32,
    busy: bool,
    queues: [BTreeSet<(Millis, Name)>; RANKS],
    registered: [Option<Millis>; RANKS],
}

impl Lane {
    /// Returns true when nothing waits in it and it owes no rest.
    fn is_idle(&self, now: Millis) -> bool {
        !self.busy && self.failures == 0 && self.not_before <= now && self.queues.iter().all(BTreeSet::is_empty)
    }
}

impl Lanes {
    pub(crate) fn new(opens_at: Millis) -> Self {
        Self { lanes: HashMap::new(), wakes: Default::default(), opens_at }
    }

    pub(crate) fn restore(&mut self, state: &HostState) {
        let lane = self.lanes.entry(state.domain.clone()).or_default();
        lane.not_before = state.not_before.as_ref().map_or(0, millis_of).max(self.opens_at);
        lane.failures = state.failures;
        self.register(&state.domain);
    }

    pub(crate) fn enqueue(&mut self, key: &str, rank: Rank, at: Millis, name: &str) {
        let opens_at = if key == FILES { 0 } else { self.opens_at };
        let lane = self.lanes.entry(key.to_owned()).or_insert_with(|| Lane { not_before: opens_at, ..Lane::default() });
        lane.queues[rank as usize].insert((at, name.to_owned()));
        self.register(key);
    }

    pub(crate) fn dequeue(&mut self, key: &str, rank: Rank, at: Millis, name: &str) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.queues[rank as usize].remove(&(at, name.to_owned()));
            self.register(key);
        }
    }

    /// Returns the lane and the name that may be served now, if any.
    pub(crate) fn ready(&self, now: Millis, rank: Rank) -> Option<(String, Millis, Name)> {
        let (at, key) = self.wakes[rank as usize].first()?;
        if *at > now {
            return None;
        }
        let (due, name) = self.lanes.get(key)?.queues[rank as usize].first()?;
        Some((key.clone(), *due, name.clone()))
    }

    pub(crate) fn next_wake(&self, rank: Rank) -> Option<Millis> {
        self.wakes[rank as usize].first().map(|(at, _)| *at)
    }

    /// Tells whether one more 403 would be the refusal of the host.
    pub(crate) fn refuses(&self, settings: &Settings, key: &str) -> bool {
        self.lanes.get(key).is_some_and(|lane| lane.refusals.saturating_add(1) >= settings.max_refusals)
    }

    pub(crate) fn occupy(&mut self, key: &str) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.busy = true;
            self.register(key);
        }
    }

    /// Frees a lane after a request. Returns its state when that is worth storing: it began or ended a back-off.
    pub(crate) fn release(&mut self, now: Millis, settings: &Settings, key: &str, rest: &Rest) -> Option<HostState> {
        let lane = self.lanes.get_mut(key)?;
        lane.busy = false;
        let before = lane.failures;
        if key != FILES && rest.asked {
            let delay = millis(settings.delay).max(rest.crawl_delay);
            lane.refusals = match (rest.refused, rest.is_telling) {
                (true, _) => lane.refusals.saturating_add(1),
                (false, true) => 0,
                (false, false) => lane.refusals,
            };
            let failed = rest.failed || (rest.refused && lane.refusals >= settings.max_refusals);
            lane.failures = match (failed, rest.is_telling) {
                (true, _) => before.saturating_add(1),
                (false, true) => 0,
                (false, false) => before,
            };
            let wait = if failed { back_off(key, lane.failures, settings.retry_base, settings.retry_max) } else { 0 };
            let patience = rest.retry_after.min(millis(settings.max_hint));
            lane.not_before = now.saturating_add(delay.max(wait).max(patience));
        }
        let worth = lane.failures != before || (rest.asked && rest.retry_after > 0);
        let state = HostState {
            domain: key.to_owned(),
            not_before: Some(timestamp_of(lane.not_before)),
            failures: lane.failures,
        };
        self.register(key);
        if self.lanes.len() >= SWEEP_AT {
            self.lanes.retain(|_, lane| !lane.is_idle(now));
        }
        worth.then_some(state)
    }

    /// Brings the wake-up times of a lane up to date.
    fn register(&mut self, key: &str) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        for rank in 0..RANKS {
            let wake = lane.queues[rank].first().filter(|_| !lane.busy).map(|(due, _)| (*due).max(lane.not_before));
            if wake == lane.registered[rank] {
                continue;
            }
            if let Some(old) = lane.registered[rank] {
                self.wakes[rank].remove(&(old, key.to_owned()));
            }
            if let Some(new) = wake {
                self.wakes[rank].insert((new, key.to_owned()));
            }
            lane.registered[rank] = wake;
        }
    }
}

/// What a request means for the rest of its lane.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// False when nothing was sent.
    pub(crate) asked: bool,
    /// True when the host failed or asked for patience.
    pub(crate) failed: bool,
    /// True for a 403: many in a row are the host's answer, whatever is asked for.
    pub(crate) refused: bool,
    /// True when an answer shows that the host serves again. A robots.txt does not: hosts that refuse their pages still
    /// give it.
    pub(crate) is_telling: bool,
    /// The wait that it asked for, in milliseconds.
    pub(crate) retry_after: Millis,
    /// The crawl delay of the origin, in milliseconds.
    pub(crate) crawl_delay: Millis,
}
