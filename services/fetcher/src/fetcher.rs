//! The fetcher as a [`Source`] of the stage runtime: one frontier a partition, state and outputs of each answer together.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use naba_frontier::{Accepted, Decision, Ending, FetchRequest, Frontier, Settings, Target};
use naba_model::Millis;
use naba_proto::prost::Message;
use naba_proto::v1::{FrontierEntry, HostState, SeenEntry, SeenStatus, Source as Watch, SourceState};
use naba_stage::log::Record;
use naba_stage::{End, Metric, Output, Source, StageError, StateView, StateWrite, Step, Table, WorkId};

use crate::codes;
use crate::config::FetcherConfig;
use crate::document::{self, Fetched};
use crate::http::HttpError;
use crate::perform::{Finished, Found, Job, Performer, is_acceptable};
use crate::sources::domain_of;

/// Between two counts of the silent sources, milliseconds.
const COUNT_EVERY: Millis = 10_000;
const SEEN: &str = "seen";
const SOURCE_STATE: &str = "source-state";
const HOST_STATE: &str = "host-state";

/// Watches sources, fetches pages and publishes documents.
pub struct Fetcher {
    settings: Settings,
    config: Arc<FetcherConfig>,
    performer: Performer,
    partitions: BTreeMap<u32, Partition>,
    /// When the silent sources were last counted.
    counted_at: Millis,
}

struct Partition {
    frontier: Frontier,
    under_way: usize,
    /// Sources that the followed topic names, counted for the gauge.
    sources: usize,
}

impl Fetcher {
    /// Sets the fetcher up. The configuration's own problems are told by [`FetcherConfig::problems`].
    pub fn new(config: FetcherConfig) -> Result<Self, HttpError> {
        let config = Arc::new(config);
        let performer = Performer::new(Arc::clone(&config))?;
        Ok(Self { settings: config.frontier(), config, performer, partitions: BTreeMap::new(), counted_at: 0 })
    }

    fn under_way(&self) -> usize {
        self.partitions.values().map(|partition| partition.under_way).sum()
    }

    /// Counts silent sources, now and then.
    fn count_silence(&mut self, now: Millis) {
        if now - self.counted_at >= COUNT_EVERY {
            self.counted_at = now;
            let silent: usize = self.partitions.values().map(|own| own.frontier.silent_sources(now)).sum();
            Metric::SourceSilence.set(&[Self::NAME], f64::from(u32::try_from(silent).unwrap_or(u32::MAX)));
        }
    }

    fn room(&self) -> usize {
        self.config.concurrency.saturating_sub(self.under_way())
    }
}

impl Source for Fetcher {
    type Work = Job;
    type Done = Finished;
    const NAME: &'static str = "fetcher";
    const INPUT: &'static str = "frontier";
    const FOLLOWED: &'static [&'static str] = &["sources"];
    const TABLES: &'static [Table] = &[
        Table { name: SEEN, changelog: "seen" },
        Table { name: SOURCE_STATE, changelog: "source-state" },
        Table { name: HOST_STATE, changelog: "host-state" },
    ];

    fn on_assigned(&mut self, partition: u32, state: &StateView, now: Millis) -> Result<(), StageError> {
        let mut frontier = Frontier::new(self.settings.clone(), now);
        let mut broken = None;
        state.scan(HOST_STATE, |_, value| match HostState::decode(value) {
            Ok(host) => frontier.restore_host(&host),
            Err(error) => broken = Some(format!("state table {HOST_STATE}: {error}")),
        })?;
        state.scan(SEEN, |key, value| match SeenEntry::decode(value) {
            Ok(page) if page.next_fetch_at.is_some() => frontier.restore_page(&String::from_utf8_lossy(key), page),
            Ok(_) => {}
            Err(error) => broken = Some(format!("state table {SEEN}: {error}")),
        })?;
        if let Some(message) = broken {
            return Err(StageError::fatal(message));
        }
        self.partitions.insert(partition, Partition { frontier, under_way: 0, sources: 0 });
        Ok(())
    }

    fn on_revoked(&mut self, partition: u32) {
        self.partitions.remove(&partition);
    }

    fn on_followed(&mut self, partition: u32, _: &'static str, record: &Record, state: &StateView, now: Millis) {
        let Some(own) = self.partitions.get_mut(&partition) else { return };
        let key = record.key.clone().unwrap_or_default();
        let source_id = String::from_utf8_lossy(&key).into_owned();
        let known = own.frontier.source(&source_id).is_some();
        match record.value.as_ref().map(|value| Watch::decode(value.as_ref())) {
            None => {
                own.frontier.remove_source(&source_id);
                own.sources -= usize::from(known);
            }
            Some(Ok(source)) if source.source_id == source_id => {
                let learnt = state.get_message::<SourceState>(SOURCE_STATE, &key).unwrap_or_else(|error| {
                    tracing::error!(%error, source = source.name, "state of a source is unreadable, it begins anew");
                    None
                });
                own.frontier.add_source(now, source, learnt);
                own.sources += usize::from(!known);
            }
            Some(Ok(_)) => tracing::warn!(source_id, offset = record.offset, "source has another id than its key"),
            Some(Err(error)) => tracing::warn!(source_id, %error, offset = record.offset, "source does not decode"),
        }
        let sources: usize = self.partitions.values().map(|partition| partition.sources).sum();
        Metric::Sources.set(&[Self::NAME], f64::from(u32::try_from(sources).unwrap_or(u32::MAX)));
    }

    fn on_caught_up(&mut self, partition: u32, _: &StateView, _: Millis) {
        let sources = self.partitions.get(&partition).map_or(0, |own| own.sources);
        tracing::info!(partition, sources, "sources of the partition are known");
    }

    fn accept(&mut self, partition: u32, record: &Record, state: &StateView, now: Millis) -> Result<Step, StageError> {
        let value = record.value.as_ref();
        let value =
            value.ok_or_else(|| StageError::poison(naba_stage::codes::NO_VALUE, "frontier record has no value"))?;
        let entry = FrontierEntry::decode(value.as_ref())
            .map_err(|error| StageError::poison(naba_stage::codes::UNDECODABLE, error))?;
        let url_hash = entry.url_hash.clone();
        if !is_acceptable(&entry.url, &self.config.file_roots) {
            return Ok(Step { end: Some(End::Skipped(codes::FILE_OUTSIDE)), ..Step::default() });
        }
        let known = state.get_message::<SeenEntry>(SEEN, url_hash.as_bytes())?;
        let again = known.as_ref().is_some_and(|known| is_redriven(&entry, known));
        let Some(own) = self.partitions.get_mut(&partition) else {
            return Err(StageError::fatal(format!("record of partition {partition}, which is not assigned")));
        };
        let accepted = own.frontier.accept(now, entry, known, again);
        match accepted.map_err(|error| StageError::poison(codes::BAD_ENTRY, error))? {
            Accepted::Seen => Ok(Step { end: Some(End::Skipped(naba_frontier::reasons::SEEN)), ..Step::default() }),
            Accepted::Pending(state) => Ok(Step {
                writes: vec![StateWrite::put(SEEN, url_hash, state.as_ref())],
                end: Some(End::Emitted),
                ..Step::default()
            }),
        }
    }

    fn due(&mut self, now: Millis, room: usize) -> Vec<(u32, Job)> {
        self.count_silence(now);
        let total = self.config.concurrency;
        let mut room = room.min(self.room());
        let mut work = Vec::new();
        for (partition, own) in &mut self.partitions {
            let requests = own.frontier.due(now, room, total);
            own.under_way += requests.len();
            room -= requests.len();
            for request in requests {
                let source = match &request.target {
                    Target::Source { source_id, .. } => own.frontier.source(source_id).cloned(),
                    _ => None,
                };
                work.push((*partition, Job { request, source }));
            }
        }
        work
    }

    fn next_wake(&self, _: Millis) -> Option<Millis> {
        let (room, total) = (self.room(), self.config.concurrency);
        self.partitions.values().filter_map(|own| own.frontier.next_wake(room, total)).min()
    }

    fn perform(&self, work: Job) -> impl Future<Output = Finished> + Send + 'static {
        self.performer.clone().perform(work)
    }

    fn complete(&mut self, partition: u32, done: Finished, state: &StateView, now: Millis) -> Step {
        let Some(own) = self.partitions.get_mut(&partition) else { return Step::default() };
        own.under_way = own.under_way.saturating_sub(1);
        let Finished { request, answer, found } = done;
        let decisions = own.frontier.observe(now, &request, answer);
        let mut step = Step::default();
        let mut found = Some(found);
        for decision in decisions {
            apply(decision, &mut step, &mut found, &request, state, now);
        }
        step
    }

    fn abandoned(&mut self, partition: u32, _: Job, _: Millis) {
        // Panics are answers already (see `Performer::perform`); this one was the answering itself.
        if let Some(own) = self.partitions.get_mut(&partition) {
            own.under_way = own.under_way.saturating_sub(1);
        }
    }
}

/// Returns true when an operator has put a dead letter back: it is the very entry that was given up, while a listing that
/// names the address again has another time of discovery.
fn is_redriven(entry: &FrontierEntry, known: &SeenEntry) -> bool {
    let given_up = known.status() == SeenStatus::DeadLettered;
    given_up && known.entry.as_ref().is_some_and(|old| old.discovered_at == entry.discovered_at)
}

/// Writes a decision into the step that commits it.
fn apply(
    decision: Decision,
    step: &mut Step,
    found: &mut Option<Found>,
    request: &FetchRequest,
    state: &StateView,
    now: Millis,
) {
    match decision {
        Decision::SaveSource(learnt) => {
            step.writes.push(StateWrite::put(SOURCE_STATE, learnt.source_id.clone(), &learnt));
        }
        Decision::SavePage { url_hash, state } => step.writes.push(StateWrite::put(SEEN, url_hash, &state)),
        Decision::SaveHost(host) => step.writes.push(StateWrite::put(HOST_STATE, host.domain.clone(), &host)),
        Decision::Forward(entry) => step.outputs.push(frontier_record(&entry)),
        Decision::PublishEntries { at_most } => {
            if let Some(Found::Entries(entries)) = found.take() {
                let news = entries.iter().filter(|entry| is_news(entry, state)).take(at_most);
                step.outputs.extend(news.map(frontier_record));
            }
        }
        Decision::NoteGap => {
            tracing::info!(
                source = request.key(),
                url = request.url,
                "feed moved on past what was seen, polled faster"
            );
        }
        Decision::NoteFlood { new } => {
            tracing::warn!(source = request.key(), url = request.url, new, "more new entries than a day may bring");
        }
        Decision::Publish { entry, attempt } => {
            if let Some(Found::Document(fetched)) = found.take() {
                step.outputs.push(document::record(&fetched.into_document(entry, attempt, false)));
            }
        }
        Decision::PublishFeedOnly { entry, robots, attempt } => {
            let fetched = Fetched::from_listing(&entry, robots, &request.site, now);
            step.outputs.push(document::record(&fetched.into_document(entry, attempt, true)));
        }
        Decision::End(ending) => {
            step.end = Some(end(ending));
            step.work = Some(work_id(request, now));
        }
    }
}

/// Returns false for an entry that this partition knows and that says nothing new: most entries of most polls. Entries of
/// other partitions' domains are judged by their owner.
fn is_news(entry: &FrontierEntry, state: &StateView) -> bool {
    match state.get_message::<SeenEntry>(SEEN, entry.url_hash.as_bytes()) {
        Ok(Some(known)) => naba_frontier::is_news(entry, &known),
        Ok(None) | Err(_) => true,
    }
}

fn frontier_record(entry: &FrontierEntry) -> Output {
    Output::new("frontier", entry.url_hash.clone(), entry).partition_by(domain_of(&entry.url))
}

fn end(ending: Ending) -> End {
    match ending {
        Ending::Emitted => End::Emitted,
        Ending::Skipped(code) => End::Skipped(code),
        Ending::DeadLettered { code, message, entry } => End::DeadLettered {
            code,
            message,
            key: Bytes::from(entry.url_hash.clone()),
            partition_by: Bytes::from(domain_of(&entry.url)),
            value: Bytes::from(entry.encode_to_vec()),
        },
    }
}

/// Names finished work in the audit by its instant: attempts count anew when a page that was given up is tried again.
fn work_id(request: &FetchRequest, now: Millis) -> WorkId {
    WorkId { key: Bytes::from(request.key().to_owned()), attempt: u64::try_from(now).unwrap_or_default() }
}
