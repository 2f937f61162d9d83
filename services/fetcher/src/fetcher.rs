//! The fetcher as a [`Source`] of the stage runtime: one frontier a partition, state and outputs of each answer together.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::Arc;

use naba_frontier::{Accepted, Frontier, Settings, Standing, Target};
use naba_model::Millis;
use naba_proto::prost::Message;
use naba_proto::v1::{FrontierEntry, HostState, SeenEntry, Source as Watch, SourceState};
use naba_stage::log::Record;
use naba_stage::{End, Metric, Source, StageError, StateView, StateWrite, Step, Table};
use tokio::sync::mpsc;

use crate::codes;
use crate::config::FetcherConfig;
use crate::http::HttpError;
use crate::perform::{Finished, Job, Performer, is_acceptable};
use crate::spelling::{self, Settled};
use crate::step;
use crate::websub::{Callbacks, Event, Push};

/// Between two counts of the sources, milliseconds.
const COUNT_EVERY: Millis = 10_000;
pub(crate) const SEEN: &str = "seen";
pub(crate) const SOURCE_STATE: &str = "source-state";
pub(crate) const HOST_STATE: &str = "host-state";

/// Watches sources, fetches pages and publishes documents.
pub(crate) struct Fetcher {
    settings: Settings,
    config: Arc<FetcherConfig>,
    performer: Performer,
    partitions: BTreeMap<u32, Partition>,
    /// When the sources were last counted.
    counted_at: Millis,
    /// What hubs have sent.
    inbox: mpsc::Receiver<Event>,
    /// Pushes that wait to be handed out.
    pushes: VecDeque<Box<Push>>,
}

/// Work handed out by the fetcher.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// Something to fetch.
    Fetch(Box<Job>),
    /// Something that was pushed: only its entries have to be committed.
    Push(Box<Push>),
}

/// Work that was performed.
#[derive(Debug)]
pub(crate) enum Done {
    /// Something was fetched.
    Fetched(Box<Finished>),
    /// Something was pushed.
    Pushed(Box<Push>),
}

struct Partition {
    frontier: Frontier,
    under_way: usize,
    /// Sources that the followed topic names, counted for the gauge.
    sources: usize,
}

impl Fetcher {
    /// Sets the fetcher up. The configuration's own problems are told by [`FetcherConfig::problems`].
    pub(crate) fn new(
        config: FetcherConfig,
        callbacks: Option<Callbacks>,
        inbox: mpsc::Receiver<Event>,
    ) -> Result<Self, HttpError> {
        let config = Arc::new(config);
        let performer = Performer::new(Arc::clone(&config), callbacks)?;
        let settings = config.frontier();
        let (partitions, pushes) = (BTreeMap::new(), VecDeque::new());
        Ok(Self { settings, config, performer, partitions, counted_at: 0, inbox, pushes })
    }

    fn under_way(&self) -> usize {
        self.partitions.values().map(|partition| partition.under_way).sum()
    }

    /// Counts the sources by how they stand, now and then.
    fn count_standings(&mut self, now: Millis) {
        if now - self.counted_at < COUNT_EVERY {
            return;
        }
        self.counted_at = now;
        let counts: Vec<_> = self.partitions.values().map(|own| own.frontier.standings(now)).collect();
        for standing in Standing::ALL {
            let count = counts.iter().map(|counts| counts[standing as usize]).sum();
            Metric::SourcesByState.set_count(&[Self::NAME, standing.word()], count);
            if standing == Standing::Silent {
                Metric::SourceSilence.set_count(&[Self::NAME], count);
            }
        }
    }

    /// Takes what hubs have sent.
    fn take_events(&mut self, now: Millis) {
        while let Ok(event) = self.inbox.try_recv() {
            match event {
                Event::Pushed(push) => self.pushes.push_back(push),
                Event::Leased { source_id, lease } => {
                    self.partitions.values_mut().for_each(|own| own.frontier.leased(now, &source_id, lease));
                }
            }
        }
    }

    /// Hands out what was pushed: to the owner of the source, else to anybody, because its entries go their own ways.
    fn due_pushes(&mut self) -> Vec<(u32, Work)> {
        let Some(first) = self.partitions.keys().next().copied() else { return Vec::new() };
        let partitions = &self.partitions;
        let owner = |push: &Push| partitions.iter().find(|(_, own)| own.frontier.source(&push.source_id).is_some());
        let work = self.pushes.drain(..).map(|push| {
            let partition = owner(&push).map_or(first, |(partition, _)| *partition);
            (partition, Work::Push(push))
        });
        work.collect()
    }

    fn room(&self) -> usize {
        self.config.concurrency.saturating_sub(self.under_way())
    }
}

impl Source for Fetcher {
    type Work = Work;
    type Done = Done;
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
        Metric::Sources.set_count(&[Self::NAME], sources);
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
        if !is_acceptable(&entry.url, &self.config.file_roots) {
            return Ok(Step { end: Some(End::Skipped(codes::FILE_OUTSIDE)), ..Step::default() });
        }
        let Settled { spelling, known, alias } = spelling::settle(&entry, state)?;
        let entry = match spelling {
            Some((url, url_hash)) => FrontierEntry { url, url_hash, ..entry },
            None => entry,
        };
        let url_hash = entry.url_hash.clone();
        let again = known.as_ref().is_some_and(|known| step::is_redriven(&entry, known));
        let Some(own) = self.partitions.get_mut(&partition) else {
            return Err(StageError::fatal(format!("record of partition {partition}, which is not assigned")));
        };
        let source = own.frontier.source(&entry.source_id);
        let entry = step::named(entry, source);
        let accepted = own.frontier.accept(now, entry, known, again);
        match accepted.map_err(|error| StageError::poison(codes::BAD_ENTRY, error))? {
            Accepted::Seen => Ok(Step { end: Some(End::Skipped(naba_frontier::reasons::SEEN)), ..Step::default() }),
            Accepted::Refused(reason) => Ok(Step { end: Some(End::Skipped(reason)), ..Step::default() }),
            Accepted::Pending(state) => Ok(Step {
                writes: alias.into_iter().chain([StateWrite::put(SEEN, url_hash, state.as_ref())]).collect(),
                end: Some(End::Emitted),
                ..Step::default()
            }),
        }
    }

    fn due(&mut self, now: Millis, room: usize) -> Vec<(u32, Work)> {
        self.count_standings(now);
        self.take_events(now);
        let mut work = self.due_pushes();
        let total = self.config.concurrency;
        let mut room = room.min(self.room());
        for (partition, own) in &mut self.partitions {
            let requests = own.frontier.due(now, room, total);
            own.under_way += requests.len();
            room -= requests.len();
            for request in requests {
                step::note_lateness(&request, now);
                let source = match &request.target {
                    Target::Source { source_id, .. } => own.frontier.source(source_id).cloned(),
                    _ => None,
                };
                work.push((*partition, Work::Fetch(Box::new(Job { request, source }))));
            }
        }
        work
    }

    fn next_wake(&self, _: Millis) -> Option<Millis> {
        let (room, total) = (self.room(), self.config.concurrency);
        self.partitions.values().filter_map(|own| own.frontier.next_wake(room, total)).min()
    }

    fn perform(&self, work: Work) -> impl Future<Output = Done> + Send + 'static {
        let performer = self.performer.clone();
        async move {
            match work {
                Work::Fetch(job) => Done::Fetched(Box::new(performer.perform(*job).await)),
                Work::Push(push) => Done::Pushed(push),
            }
        }
    }

    fn complete(&mut self, partition: u32, done: Done, state: &StateView, now: Millis) -> Step {
        let Some(own) = self.partitions.get_mut(&partition) else { return Step::default() };
        let done = match done {
            Done::Fetched(done) => *done,
            Done::Pushed(push) => return step::pushed(&mut own.frontier, *push, state, now),
        };
        own.under_way = own.under_way.saturating_sub(1);
        let Finished { request, answer, found } = done;
        let decisions = own.frontier.observe(now, &request, answer);
        let mut committed = Step::default();
        let mut found = Some(found);
        for decision in decisions {
            step::apply(decision, &mut committed, &mut found, &request, state, now);
        }
        committed
    }

    fn abandoned(&mut self, partition: u32, work: Work, _: Millis) {
        // Panics are answers already (see `Performer::perform`); this one was the answering itself.
        if matches!(work, Work::Fetch(_))
            && let Some(own) = self.partitions.get_mut(&partition)
        {
            own.under_way = own.under_way.saturating_sub(1);
        }
    }
}
