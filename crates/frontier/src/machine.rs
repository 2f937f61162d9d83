//! The state machine: what is due, and what follows from an answer.

use std::collections::HashMap;

use naba_model::{Millis, NormalUrl, UrlHash, millis_of};
use naba_proto::v1::{
    FrontierEntry, HostState, RobotsDecision, SeenEntry, SeenStatus, Source, SourceKind, SourceState,
};

use crate::decision::{Decision, reasons};
use crate::entry::{Accepted, EntryError};
use crate::gate::{Gate, Question, Word, evidence};
use crate::health::Standing;
use crate::lane::{Lanes, Name, Rank, Rest, lane_of};
use crate::listing::Watched;
use crate::page;
use crate::request::{Answer, Blame, FetchRequest, Site, Target};
use crate::settings::{Settings, millis};
use crate::trap::is_trap;

/// What to fetch when, for the registrable domains of one partition.
///
/// Sources and pages go in, requests come out when they are due, answers go in, decisions come out. Nothing here happens
/// by itself: the clock is an argument, and whatever must survive a restart leaves as a [`Decision`].
#[derive(Debug)]
pub struct Frontier {
    pub(crate) settings: Settings,
    gate: Gate,
    pub(crate) lanes: Lanes,
    pub(crate) sources: HashMap<Name, Slot<Watched>>,
    /// Places of hubs in the queue, by source.
    pub(crate) hubs: HashMap<Name, (String, Millis)>,
    pages: HashMap<Name, Slot<Box<SeenEntry>>>,
}

#[derive(Debug)]
pub(crate) struct Slot<T> {
    pub(crate) item: T,
    lane: String,
    /// Its place in the queue; `None` while its request is under way.
    queued_at: Option<Millis>,
}

impl Frontier {
    /// Opens a frontier. The first request to any host waits one delay: the owner before may have sent one just now.
    pub fn new(settings: Settings, now: Millis) -> Self {
        let lanes = Lanes::new(now.saturating_add(millis(settings.delay)));
        Self {
            settings,
            gate: Gate::default(),
            lanes,
            sources: HashMap::new(),
            hubs: HashMap::new(),
            pages: HashMap::new(),
        }
    }

    /// Takes back what was stored about a host.
    pub fn restore_host(&mut self, state: &HostState) {
        self.lanes.restore(state);
    }

    /// Takes back a stored page; one that nothing is planned for is not kept in memory.
    pub fn restore_page(&mut self, url_hash: &str, state: SeenEntry) {
        self.place_page(url_hash, state);
    }

    /// Watches a source, or takes over its changed description. `state` is what was stored about it, if anything.
    pub fn add_source(&mut self, now: Millis, source: Source, state: Option<SourceState>) {
        let id = source.source_id.clone();
        let lane = lane_of(&source.url);
        let item = match self.sources.remove(&id) {
            Some(slot) => {
                if let Some(at) = slot.queued_at {
                    self.lanes.dequeue(&slot.lane, Rank::Listing, at, &id);
                } else if slot.lane == lane {
                    // Its request is under way; the answer finds the new description.
                    let item = slot.item.redescribe(source);
                    self.sources.insert(id, Slot { item, lane, queued_at: None });
                    return;
                }
                slot.item.redescribe(source)
            }
            None => Watched::new(source, state.unwrap_or_default()),
        };
        let due = item.due_at(now);
        self.sources.insert(id.clone(), Slot { item, lane, queued_at: None });
        self.queue_source(&id, due);
        self.plan_hub(&id);
    }

    /// Watches a source no longer.
    pub fn remove_source(&mut self, source_id: &str) {
        if let Some((lane, at)) = self.hubs.remove(source_id) {
            self.lanes.dequeue(&lane, Rank::Hub, at, source_id);
        }
        if let Some(Slot { lane, queued_at: Some(at), .. }) = self.sources.remove(source_id) {
            self.lanes.dequeue(&lane, Rank::Listing, at, source_id);
        }
    }

    /// Returns the description of a source under watch.
    pub fn source(&self, source_id: &str) -> Option<&Source> {
        self.sources.get(source_id).map(|slot| &slot.item.source)
    }

    /// Counts the sources by how they stand, in the order of [`Standing::ALL`].
    pub fn standings(&self, now: Millis) -> [usize; Standing::ALL.len()] {
        let mut counts = [0; Standing::ALL.len()];
        for slot in self.sources.values() {
            let standing = Standing::of(&slot.item.source, &slot.item.state, &self.settings, now);
            counts[standing as usize] += 1;
        }
        counts
    }

    /// Takes an entry of the frontier topic. `known` is the stored state of its address, if any; `again` is true when an
    /// operator wants an address tried again that was given up.
    pub fn accept(
        &mut self,
        now: Millis,
        entry: FrontierEntry,
        known: Option<SeenEntry>,
        again: bool,
    ) -> Result<Accepted, EntryError> {
        let url = NormalUrl::parse(&entry.url)?;
        let expected = UrlHash::of(&url).into_string();
        if expected != entry.url_hash {
            return Err(EntryError::Hash { found: entry.url_hash, expected });
        }
        if is_trap(url.as_url(), now) {
            return Ok(Accepted::Refused(reasons::TRAP));
        }
        let known = self.pages.get(&expected).map(|slot| (*slot.item).clone()).or(known);
        let Some(state) = page::accept(now, &self.settings, entry, known, again) else { return Ok(Accepted::Seen) };
        self.place_page(&expected, state.clone());
        Ok(Accepted::Pending(Box::new(state)))
    }

    /// Returns requests that are due, at most `room`, listings before pages. Pages leave a quarter of `total`, the bound
    /// of requests under way at once, to listings that fall due meanwhile.
    ///
    /// Each request must be answered through [`Frontier::observe`]: its domain is served no further until then.
    pub fn due(&mut self, now: Millis, room: usize, total: usize) -> Vec<FetchRequest> {
        let mut requests = Vec::new();
        for (rank, room) in [(Rank::Listing, room), (Rank::Hub, room), (Rank::Page, room_for_pages(room, total))] {
            while requests.len() < room {
                let Some((lane, at, name)) = self.lanes.ready(now, rank) else { break };
                self.lanes.dequeue(&lane, rank, at, &name);
                if let Some(request) = self.serve(now, rank, &lane, &name) {
                    let request = FetchRequest { due_at: at, ..request };
                    self.lanes.occupy(&lane);
                    requests.push(request);
                }
            }
        }
        requests
    }

    /// Returns when [`Frontier::due`] with the same bounds will next have something to give, if nothing else happens.
    pub fn next_wake(&self, room: usize, total: usize) -> Option<Millis> {
        let listing = [Rank::Listing, Rank::Hub].into_iter().filter_map(|rank| self.lanes.next_wake(rank));
        let listing = listing.min().filter(|_| room > 0);
        let page = self.lanes.next_wake(Rank::Page).filter(|_| room_for_pages(room, total) > 0);
        listing.into_iter().chain(page).min()
    }

    /// Takes the answer to a request and says what follows from it.
    pub fn observe(&mut self, now: Millis, request: &FetchRequest, answer: Answer) -> Vec<Decision> {
        let rest = self.rest(request, &answer);
        let mut decisions = match &request.target {
            Target::Robots { origin } => {
                self.gate.learn(now, &self.settings, origin, &answer);
                Vec::new()
            }
            Target::Tdm { origin } => {
                self.gate.learn_tdm(now, &self.settings, origin, &answer);
                Vec::new()
            }
            Target::Source { source_id, .. } => self.observe_source(now, source_id, request, answer),
            Target::Hub { source_id, .. } => self.observe_hub(now, source_id, &answer),
            Target::Page { url_hash } => self.observe_page(now, url_hash, request, answer),
        };
        let host = self.lanes.release(now, &self.settings, &request.lane, &rest);
        decisions.extend(host.map(Decision::SaveHost));
        decisions
    }

    fn observe_source(
        &mut self,
        now: Millis,
        source_id: &str,
        request: &FetchRequest,
        answer: Answer,
    ) -> Vec<Decision> {
        let Some(slot) = self.sources.get_mut(source_id) else { return Vec::new() };
        // Removed, described anew or added again since: the answer is about something else.
        if slot.queued_at.is_some() {
            return Vec::new();
        }
        if slot.item.poll().url != request.url {
            let due = slot.item.due_at(now);
            self.queue_source(source_id, due);
            return Vec::new();
        }
        let (mut decisions, next) = slot.item.after(now, &self.settings, request, answer);
        let due = slot.item.due_at(now).map(|_| next);
        self.queue_source(source_id, due);
        self.plan_hub(source_id);
        decisions.retain(|decision| match decision {
            Decision::MoveSource { source, .. } => !self.is_meeting_place(&source.url),
            _ => true,
        });
        decisions
    }

    /// Tells whether several sources are led to one address: a site in maintenance, not a feed that has moved.
    fn is_meeting_place(&self, url: &str) -> bool {
        let led = |slot: &&Slot<Watched>| slot.item.state.moving.as_ref().is_some_and(|to| to.url == url);
        self.sources.values().filter(led).nth(1).is_some()
    }

    fn observe_page(&mut self, now: Millis, url_hash: &str, request: &FetchRequest, answer: Answer) -> Vec<Decision> {
        let Some(mut slot) = self.pages.remove(url_hash) else { return Vec::new() };
        let host_refuses = self.lanes.refuses(&self.settings, &request.lane);
        let decisions = page::after(now, &self.settings, request, &mut slot.item, answer, host_refuses);
        self.place_page(url_hash, *slot.item);
        decisions
    }

    /// Turns a place in the queue into a request; `None` when it has to wait for its robots.txt.
    fn serve(&mut self, now: Millis, rank: Rank, lane: &str, name: &str) -> Option<FetchRequest> {
        let request = match rank {
            Rank::Listing => self.source_request(lane, name)?,
            Rank::Page => self.page_request(lane, name)?,
            Rank::Hub => return self.hub_request(lane, name),
        };
        match self.gate.word(now, &self.settings, &request.url, rank) {
            Word::Answer(robots) => {
                let tdm = self.gate.tdm_question(now, &self.settings, &request.url).filter(|_| rank == Rank::Page);
                if let Some(question) = tdm {
                    return Some(self.ask_site(now, rank, name, request, question));
                }
                self.mark(rank, name, None);
                // A source of no stated kind may be a home page, and its robots.txt names sitemaps.
                let wants_site = rank == Rank::Page || request.kind == SourceKind::Unspecified;
                let site = if wants_site { self.gate.site(&request.url) } else { Site::default() };
                Some(FetchRequest { robots, site, ..request })
            }
            Word::Ask(question) => Some(self.ask_site(now, rank, name, request, question)),
            Word::Wait(_) if rank == Rank::Page && self.is_overdue(now, name) => {
                self.mark(rank, name, None);
                Some(FetchRequest { robots: evidence(RobotsDecision::Unreachable), ..request })
            }
            Word::Wait(until) => {
                self.requeue(rank, lane, name, until);
                None
            }
        }
    }

    /// Asks for a file of the site first; what wanted to be served keeps its place.
    fn ask_site(
        &mut self,
        now: Millis,
        rank: Rank,
        name: &str,
        request: FetchRequest,
        question: Question,
    ) -> FetchRequest {
        self.requeue(rank, &request.lane, name, now);
        FetchRequest {
            target: question.target,
            url: question.url,
            kind: SourceKind::Unspecified,
            etag: question.etag,
            last_modified: question.last_modified,
            known_sha256: String::new(),
            attempt: 1,
            robots: evidence(RobotsDecision::Allowed),
            ..request
        }
    }

    fn source_request(&self, lane: &str, name: &str) -> Option<FetchRequest> {
        let watched = &self.sources.get(name)?.item;
        let poll = watched.poll();
        Some(FetchRequest {
            target: Target::Source { source_id: name.to_owned(), child: poll.child },
            url: poll.url,
            lane: lane.to_owned(),
            kind: watched.source.kind(),
            etag: poll.etag,
            last_modified: poll.last_modified,
            known_sha256: poll.sha256,
            attempt: watched.state.failures.saturating_add(1),
            robots: evidence(RobotsDecision::Unspecified),
            site: Site::default(),
            due_at: 0,
            listed_at: 0,
        })
    }

    fn page_request(&self, lane: &str, name: &str) -> Option<FetchRequest> {
        let state = &self.pages.get(name)?.item;
        let entry = state.entry.as_ref()?;
        Some(FetchRequest {
            target: Target::Page { url_hash: name.to_owned() },
            url: entry.url.clone(),
            lane: lane.to_owned(),
            kind: SourceKind::Unspecified,
            etag: state.etag.clone(),
            last_modified: state.last_modified.clone(),
            known_sha256: state.body_sha256.clone(),
            attempt: state.attempts.saturating_add(1),
            robots: evidence(RobotsDecision::Unspecified),
            site: Site::default(),
            due_at: 0,
            listed_at: page::stated_at(entry),
        })
    }

    fn is_overdue(&self, now: Millis, name: &str) -> bool {
        let Some(slot) = self.pages.get(name) else { return false };
        let first_seen = slot.item.entry.as_ref().and_then(|entry| entry.discovered_at.as_ref()).map_or(now, millis_of);
        slot.item.status() == SeenStatus::Pending && now - first_seen >= millis(self.settings.give_up_after)
    }

    fn rest(&self, request: &FetchRequest, answer: &Answer) -> Rest {
        let crawl_delay = self.gate.crawl_delay(&self.settings, &request.url);
        let (failed, retry_after) = match answer {
            Answer::Status { status: 429 | 503, retry_after } => (true, retry_after.map_or(0, millis)),
            Answer::Failed { blame: Blame::Host, .. } => (true, 0),
            _ => (false, 0),
        };
        let asked = request.is_permitted() && !matches!(answer, Answer::Refused { .. });
        // Hosts that refuse their pages still give their robots.txt.
        let is_telling = !matches!(request.target, Target::Robots { .. } | Target::Tdm { .. });
        let refused = is_telling && matches!(answer, Answer::Status { status: 403, .. });
        Rest { asked, failed, refused, is_telling: is_telling && !refused, retry_after, crawl_delay }
    }

    fn place_page(&mut self, url_hash: &str, state: SeenEntry) {
        let old = self.pages.remove(url_hash);
        let lane = state.entry.as_ref().map(|entry| lane_of(&entry.url)).unwrap_or_default();
        let under_way = old.as_ref().is_some_and(|slot| slot.queued_at.is_none());
        if let Some(Slot { lane, queued_at: Some(at), .. }) = old {
            self.lanes.dequeue(&lane, Rank::Page, at, url_hash);
        }
        let due = page::due_at(&state);
        if due.is_none() && !under_way {
            return;
        }
        // While a request is under way its answer decides about the next one.
        let queued_at = due.filter(|_| !under_way);
        if let Some(at) = queued_at {
            self.lanes.enqueue(&lane, Rank::Page, at, url_hash);
        }
        self.pages.insert(url_hash.to_owned(), Slot { item: Box::new(state), lane, queued_at });
    }

    fn queue_source(&mut self, source_id: &str, due: Option<Millis>) {
        let Some(slot) = self.sources.get_mut(source_id) else { return };
        slot.queued_at = due;
        if let Some(at) = due {
            // A redirect may have led to another domain, which has its own measure.
            slot.lane = lane_of(&slot.item.poll().url);
            self.lanes.enqueue(&slot.lane, Rank::Listing, at, source_id);
        }
    }

    fn requeue(&mut self, rank: Rank, lane: &str, name: &str, at: Millis) {
        self.lanes.enqueue(lane, rank, at, name);
        self.mark(rank, name, Some(at));
    }

    fn mark(&mut self, rank: Rank, name: &str, queued_at: Option<Millis>) {
        match rank {
            Rank::Listing => {
                if let Some(slot) = self.sources.get_mut(name) {
                    slot.queued_at = queued_at;
                }
            }
            Rank::Hub => {}
            Rank::Page => {
                if let Some(slot) = self.pages.get_mut(name) {
                    slot.queued_at = queued_at;
                }
            }
        }
    }
}

fn room_for_pages(room: usize, total: usize) -> usize {
    room.saturating_sub(total / 4)
}
