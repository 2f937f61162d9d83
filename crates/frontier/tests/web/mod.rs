//! A virtual web under a virtual clock: every request, its instant and its answer are on record.

#![allow(clippy::unwrap_used, dead_code, unused_imports)] // clippy knows test functions, not the web around them; no test uses all of it

pub use std::collections::{BTreeMap, HashMap};
pub use std::time::Duration;

pub use naba_frontier::{
    Accepted, Answer, Blame, Decision, Ending, FetchRequest, Frontier, Listing, Settings, Standing, Target, Window,
    forbidden,
};
pub use naba_model::{Millis, NormalUrl, UrlHash, registrable_domain, sha256_hex, timestamp_of};
pub use naba_proto::v1::{Discovery, FrontierEntry, SeenEntry, SeenStatus, Source, SourceKind, SourceState};

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;
/// How long the virtual web takes to answer.
pub const LATENCY: Millis = 120;

pub type Script = Box<dyn Fn(Millis, u32) -> Answer>;

/// A web whose answers are functions of time and of the number of requests so far.
pub struct Web {
    pub frontier: Frontier,
    pub now: Millis,
    pub pages: HashMap<String, Script>,
    pub entries: HashMap<String, Vec<FrontierEntry>>,
    pub asked: BTreeMap<String, u32>,
    pub under_way: Vec<(Millis, FetchRequest)>,
    /// What a keyed state would hold.
    pub seen: HashMap<String, SeenEntry>,
    pub sources: HashMap<String, SourceState>,
    pub log: Vec<(Millis, String)>,
    pub published: Vec<(Millis, String)>,
    pub feed_only: Vec<String>,
    pub ends: Vec<(String, Ending)>,
    /// How many entries of listings were let pass, by listing.
    pub passed: Vec<(String, usize)>,
    pub gaps: Vec<String>,
    /// Where sources have moved, and when.
    pub moved: Vec<(Millis, Source)>,
}

impl Web {
    pub fn new(settings: Settings) -> Self {
        Self {
            frontier: Frontier::new(settings, 0),
            now: 0,
            pages: HashMap::new(),
            entries: HashMap::new(),
            asked: BTreeMap::new(),
            under_way: Vec::new(),
            seen: HashMap::new(),
            sources: HashMap::new(),
            log: Vec::new(),
            published: Vec::new(),
            feed_only: Vec::new(),
            ends: Vec::new(),
            passed: Vec::new(),
            gaps: Vec::new(),
            moved: Vec::new(),
        }
    }

    pub fn serve(&mut self, url: &str, script: impl Fn(Millis, u32) -> Answer + 'static) {
        self.pages.insert(url.to_owned(), Box::new(script));
    }

    pub fn watch(&mut self, url: &str) {
        let source = Source {
            source_id: url.to_owned(),
            url: url.to_owned(),
            kind: SourceKind::Feed.into(),
            enabled: true,
            ..Source::default()
        };
        self.frontier.add_source(self.now, source, None);
    }

    pub fn list(&mut self, entry: FrontierEntry) -> bool {
        let hash = entry.url_hash.clone();
        let known = self.seen.get(&hash).cloned();
        match self.frontier.accept(self.now, entry, known, false).unwrap() {
            Accepted::Pending(state) => self.seen.insert(hash, *state).is_none(),
            Accepted::Seen | Accepted::Refused(_) => false,
        }
    }

    pub fn run_until(&mut self, end: Millis) {
        loop {
            let answer = self.under_way.iter().map(|(at, _)| *at).min();
            let wake = self.frontier.next_wake(8 - self.under_way.len(), 8);
            let next = [answer, wake].into_iter().flatten().min().unwrap_or(end).max(self.now);
            if next >= end {
                self.now = end;
                return;
            }
            self.now = next;
            self.answer_those_due();
            let room = 8 - self.under_way.len();
            for request in self.frontier.due(self.now, room, 8) {
                let lane = &request.lane;
                assert!(self.under_way.iter().all(|(_, other)| other.lane != *lane), "two requests at once to {lane}");
                if request.is_permitted() {
                    self.log.push((self.now, request.url.clone()));
                    self.under_way.push((self.now + LATENCY, request));
                } else {
                    self.under_way.push((self.now, request));
                }
            }
        }
    }

    fn answer_those_due(&mut self) {
        let now = self.now;
        let (ready, rest) = std::mem::take(&mut self.under_way).into_iter().partition(|(at, _)| *at <= now);
        self.under_way = rest;
        for (_, request) in ready {
            let ready: FetchRequest = request;
            let answer = if ready.is_permitted() { self.answer(&ready) } else { forbidden(&ready) };
            for decision in self.frontier.observe(now, &ready, answer) {
                self.obey(&ready, decision);
            }
        }
    }

    fn answer(&mut self, request: &FetchRequest) -> Answer {
        let count = self.asked.entry(request.url.clone()).or_insert(0);
        *count += 1;
        match self.pages.get(&request.url) {
            Some(script) => script(self.now, *count),
            None => status(404),
        }
    }

    fn obey(&mut self, request: &FetchRequest, decision: Decision) {
        match decision {
            Decision::SavePage { url_hash, state } => drop(self.seen.insert(url_hash, state)),
            Decision::SaveSource(state) => drop(self.sources.insert(state.source_id.clone(), state)),
            Decision::Publish { entry, .. } => self.published.push((self.now, entry.url)),
            Decision::PublishFeedOnly { entry, .. } => self.feed_only.push(entry.url),
            Decision::Forward(entry) => drop(self.list(entry)),
            Decision::End(end) => self.ends.push((request.key().to_owned(), end)),
            Decision::PublishEntries { at_most } => {
                self.passed.push((request.url.clone(), at_most));
                for entry in self.entries.get(&request.url).cloned().unwrap_or_default().into_iter().take(at_most) {
                    self.list(entry);
                }
            }
            Decision::NoteGap => self.gaps.push(request.url.clone()),
            Decision::MoveSource { source, .. } => {
                self.moved.push((self.now, (*source).clone()));
                self.frontier.add_source(self.now, *source, None);
            }
            Decision::NoteFlood { .. } | Decision::NoteFreshness { .. } | Decision::SaveHost(_) => {}
        }
    }

    pub fn state_of(&self, url: &str) -> &SeenEntry {
        &self.seen[&entry(url).url_hash]
    }

    pub fn times_of(&self, url: &str) -> Vec<Millis> {
        self.log.iter().filter(|(_, asked)| asked == url).map(|(at, _)| *at).collect()
    }
}

pub fn entry(url: &str) -> FrontierEntry {
    let normal = NormalUrl::parse(url).unwrap();
    FrontierEntry {
        url_hash: UrlHash::of(&normal).into_string(),
        url: normal.to_string(),
        discovery: Some(Discovery { feed_url: "https://feeds.example/f".into(), ..Discovery::default() }),
        discovered_at: Some(timestamp_of(0)),
        ..FrontierEntry::default()
    }
}

pub fn status(status: u32) -> Answer {
    Answer::Status { status, retry_after: None }
}

pub fn body(text: &str) -> Answer {
    Answer::Body {
        sha256: sha256_hex(text.as_bytes()),
        etag: String::new(),
        last_modified: String::new(),
        listing: Listing::default(),
    }
}

/// A feed that names the given entries, with a body of its own at every instant.
pub fn naming(now: Millis, entries: std::ops::Range<Millis>, hint: Option<Duration>) -> Answer {
    let names: Vec<String> = entries.rev().map(|n| format!("https://a.example/{n}")).collect();
    let window = Window::of(names.iter().map(String::as_str));
    let (etag, last_modified) = (now.to_string(), String::new());
    Answer::Body {
        sha256: now.to_string(),
        etag,
        last_modified,
        listing: Listing { hint, window, ..Listing::default() },
    }
}

pub fn robots(text: &str) -> Answer {
    Answer::RobotsFile {
        bytes: text.as_bytes().to_vec(),
        sha256: sha256_hex(text.as_bytes()),
        etag: String::new(),
        last_modified: String::new(),
    }
}

pub fn once_only() -> Settings {
    Settings { rechecks: Vec::new(), ..Settings::default() }
}
