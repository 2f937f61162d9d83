//! Runs a [`Source`].

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{try_join, try_join_all};
use naba_proto::v1::Disposition;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Entry, Frame, Shutdown, StageConfig, Tally, asked, changelog_records, now};
use crate::budget::Budget;
use crate::code::{Code, codes};
use crate::commit::{Chunk, Committer, Ownership, Report};
use crate::dead_letter::{Original, Reason, dead_letter};
use crate::envelope::EnvelopeError;
use crate::error::{RunError, StageError};
use crate::health::{Health, Latch};
use crate::log::{Consumer, Event, Log, NewRecord, Position, Record, TopicPartition};
use crate::metric::Metric;
use crate::outcome::StateWrite;
use crate::source::{End, Source, Step};
use crate::state::StateView;

/// Work at once: enough to keep slow hosts from holding up the others.
const MAX_WORK: usize = 256;

struct Receipt {
    writes: Vec<StateWrite>,
    state: StateView,
    tally: Tally,
}

struct Owned {
    at: TopicPartition,
    epoch: u64,
    state: StateView,
    follow: tokio::task::JoinHandle<()>,
}

/// A record of a followed topic.
struct Followed {
    partition: u32,
    epoch: u64,
    role: &'static str,
    record: Record,
}

struct Performed<S: Source> {
    partition: u32,
    epoch: u64,
    /// The work comes back undone when performing it panicked.
    done: Result<S::Done, S::Work>,
}

/// Runs a source until shutdown (`Ok`) or until it cannot go on (`Err`: the process is to exit 1).
pub async fn run_source<S: Source>(
    source: S,
    log: Arc<dyn Log>,
    config: StageConfig,
    health: Health,
    mut shutdown: Shutdown,
) -> Result<(), RunError> {
    let assigned = health.latch(format!("{}: partitions assigned", S::NAME));
    let frame = Frame::new(S::NAME, &config)?;
    let budget = Budget::new(config.in_flight_bytes);
    let group = config.group(S::NAME, S::INPUT, &budget)?;
    let Some(member) = super::join(S::NAME, &log, group, &health, &mut shutdown).await? else { return Ok(()) };
    let ownership = Arc::new(Ownership::default());
    let (committer, reports) = Committer::start(member.producer, Arc::clone(&ownership), config.commit_policy(S::NAME));
    let (follow, followed) = mpsc::channel(1024);
    let mut run = Run {
        source,
        log,
        changelogs: config.changelogs(S::TABLES)?,
        frame,
        budget,
        ownership,
        committer,
        owned: HashMap::new(),
        follow,
        work: JoinSet::new(),
        assigned,
        health,
    };
    let mut consumer = member.consumer;
    let ended = run.turn(&mut consumer, followed, reports, &mut shutdown).await;
    run.health.ended(S::NAME);
    run.committer.stop();
    consumer.close().await;
    ended
}

/// A followed topic's role, partition, end, and its records up to there.
type Caught = (&'static str, TopicPartition, u64, Vec<Record>);

struct Run<S: Source> {
    source: S,
    log: Arc<dyn Log>,
    frame: Frame,
    changelogs: BTreeMap<&'static str, Arc<str>>,
    budget: Arc<Budget>,
    ownership: Arc<Ownership>,
    committer: Committer<Receipt>,
    owned: HashMap<u32, Owned>,
    follow: mpsc::Sender<Followed>,
    work: JoinSet<Performed<S>>,
    assigned: Latch,
    health: Health,
}

impl<S: Source> Run<S> {
    async fn turn(
        &mut self,
        consumer: &mut Box<dyn Consumer>,
        mut followed: mpsc::Receiver<Followed>,
        mut reports: mpsc::UnboundedReceiver<Report<Receipt>>,
        shutdown: &mut Shutdown,
    ) -> Result<(), RunError> {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        let mut ticks = 0_u64;
        loop {
            let wake = self.wake_in();
            tokio::select! {
                event = consumer.next() => self.on_event(event?, consumer).await?,
                Some(record) = followed.recv() => self.on_followed(record),
                Some(performed) = self.work.join_next() => self.on_performed(performed)?,
                Some(report) = reports.recv() => self.on_report(report)?,
                () = tokio::time::sleep(wake) => {}
                () = asked(shutdown) => break,
                _ = tick.tick() => {
                    ticks += 1;
                    self.on_tick(consumer.last_turn(), ticks.is_multiple_of(5));
                }
            }
            self.hand_out_work();
        }
        self.drain(&mut reports).await
    }

    /// Lets work that is under way end, and commits it.
    async fn drain(&mut self, reports: &mut mpsc::UnboundedReceiver<Report<Receipt>>) -> Result<(), RunError> {
        tracing::info!(stage = S::NAME, work = self.work.len(), "draining");
        let deadline = tokio::time::Instant::now() + self.frame.config.drain_deadline;
        while let Ok(Some(performed)) = tokio::time::timeout_at(deadline, self.work.join_next()).await {
            self.on_performed(performed)?;
        }
        let _ = tokio::time::timeout_at(
            deadline.max(tokio::time::Instant::now() + Duration::from_secs(2)),
            self.committer.flush(),
        )
        .await;
        while let Ok(report) = reports.try_recv() {
            self.on_report(report)?;
        }
        for partition in self.owned.keys().copied().collect::<Vec<_>>() {
            self.close_state(partition).await?;
        }
        for (_, owned) in self.owned.drain() {
            owned.follow.abort();
        }
        Ok(())
    }

    fn wake_in(&self) -> Duration {
        let room = self.room() > 0;
        let wake = if room { self.source.next_wake(now()) } else { None };
        let millis = wake.map_or(1000, |at| (at - now()).clamp(1, 1000));
        Duration::from_millis(u64::try_from(millis).unwrap_or(1000))
    }

    fn room(&self) -> usize {
        if self.budget.is_full() { 0 } else { MAX_WORK.saturating_sub(self.work.len()) }
    }

    fn hand_out_work(&mut self) {
        let room = self.room();
        if room == 0 || self.owned.is_empty() {
            return;
        }
        for (partition, work) in self.source.due(now(), room) {
            let Some(owned) = self.owned.get(&partition) else { continue };
            let epoch = owned.epoch;
            let future = self.source.perform(work.clone());
            self.work.spawn(async move {
                // A task of its own, so that a panic is an answer.
                let done = tokio::spawn(future).await.map_err(|_| work);
                Performed { partition, epoch, done }
            });
        }
    }

    async fn on_event(&mut self, event: Event, consumer: &mut Box<dyn Consumer>) -> Result<(), RunError> {
        match event {
            Event::Records(records) => self.on_records(records)?,
            Event::Assigned(partitions) => {
                Metric::RebalancesTotal.add(&[S::NAME, "assigned"], 1);
                self.take_over(&partitions).await?;
                partitions.iter().for_each(|at| consumer.start(at, None));
                self.assigned.release();
            }
            Event::Revoked(partitions, done) => {
                Metric::RebalancesTotal.add(&[S::NAME, "revoked"], 1);
                // Work under way is dropped: fetching is at least once, and what is not committed is due again elsewhere.
                let _ = tokio::time::timeout(self.frame.config.revoke_deadline, self.committer.flush()).await;
                for at in partitions {
                    self.forget(&at);
                }
                let _ = done.send(());
            }
            Event::Lost(partitions) => {
                Metric::RebalancesTotal.add(&[S::NAME, "lost"], 1);
                for at in partitions {
                    self.forget(&at);
                }
            }
        }
        Metric::Partitions.set_count(&[S::NAME], self.owned.len());
        Ok(())
    }

    async fn take_over(&mut self, partitions: &[TopicPartition]) -> Result<(), RunError> {
        for at in partitions {
            // The store of an assignment that ended without a word is still open.
            if let Some(before) = self.owned.get(&at.partition).map(|owned| owned.at.clone()) {
                self.forget(&before);
            }
        }
        let epochs: Vec<u64> = partitions.iter().map(|at| self.ownership.take(at)).collect();
        let dir = self.frame.config.store_dir(S::NAME);
        let states = super::restore(S::NAME, S::TABLES, &dir, &self.log, &self.changelogs, partitions);
        let followed = try_join_all(partitions.iter().map(|at| self.read_followed(at.partition)));
        let (states, followed) = try_join(states, followed).await?;
        let all = partitions.iter().zip(epochs).zip(states.into_iter().zip(followed));
        for ((at, epoch), ((state, restored), followed)) in all {
            let partition = at.partition;
            self.source.on_assigned(partition, &state, now()).map_err(stop)?;
            let mut tails = Vec::new();
            for (role, tail, end, records) in followed {
                for record in &records {
                    self.source.on_followed(partition, role, record, &state, now());
                }
                tails.push((role, tail, end));
            }
            self.source.on_caught_up(partition, &state, now());
            let follow = self.follow_tails(partition, epoch, tails);
            tracing::info!(stage = S::NAME, partition = %at, restored, "partition assigned");
            self.owned.insert(partition, Owned { at: at.clone(), epoch, state, follow });
        }
        Ok(())
    }

    /// Reads the followed topics of a partition up to their ends.
    async fn read_followed(&self, partition: u32) -> Result<Vec<Caught>, RunError> {
        let mut caught = Vec::new();
        for role in S::FOLLOWED {
            let topic = self.frame.config.topic(role)?;
            let tail = TopicPartition::new(topic.name.as_str(), partition);
            let (mut records, mut attempts) = (Vec::new(), 0);
            let end = loop {
                records.clear();
                match self.log.snapshot(&tail, 0, &mut |record| records.push(record)).await {
                    Ok(end) => break end,
                    Err(error) => super::wait_out(S::NAME, &topic.name, error.into(), &mut attempts).await?,
                }
            };
            caught.push((*role, tail, end, records));
        }
        Ok(caught)
    }

    /// Follows the tails of the followed topics in a task, until it is aborted.
    fn follow_tails(
        &self,
        partition: u32,
        epoch: u64,
        tails: Vec<(&'static str, TopicPartition, u64)>,
    ) -> tokio::task::JoinHandle<()> {
        let (log, send) = (Arc::clone(&self.log), self.follow.clone());
        tokio::spawn(async move {
            let positions: Vec<_> = tails.iter().map(|(_, at, end)| (at.clone(), Position::Offset(*end))).collect();
            if positions.is_empty() {
                return;
            }
            let mut reader = loop {
                match log.reader(&positions).await {
                    Ok(reader) => break reader,
                    Err(error) => {
                        tracing::warn!(stage = S::NAME, %error, "followed topics cannot be read, trying again");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            };
            loop {
                match reader.read(100, Duration::from_secs(1)).await {
                    Ok(records) => {
                        for record in records {
                            let Some((role, _, _)) = tails.iter().find(|(_, at, _)| *at == record.at) else { continue };
                            if send.send(Followed { partition, epoch, role, record }).await.is_err() {
                                return;
                            }
                        }
                    }
                    Err(error) => {
                        tracing::warn!(stage = S::NAME, %error, "followed topics cannot be read, trying again");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        })
    }

    fn forget(&mut self, at: &TopicPartition) {
        self.ownership.give_up(at);
        if let Some(owned) = self.owned.remove(&at.partition) {
            owned.follow.abort();
            self.source.on_revoked(at.partition);
        }
    }

    fn on_followed(&mut self, followed: Followed) {
        let Followed { partition, epoch, role, record } = followed;
        if let Some(owned) = self.owned.get(&partition).filter(|owned| owned.epoch == epoch) {
            self.source.on_followed(partition, role, &record, &owned.state, now());
        }
    }

    fn on_records(&mut self, records: Vec<Record>) -> Result<(), RunError> {
        let mut chunks: HashMap<u32, Building> = HashMap::new();
        for record in records {
            let partition = record.at.partition;
            let Some(owned) = self.owned.get(&partition) else { continue };
            let (state, now) = (owned.state.clone(), now());
            let step = match self.source.accept(partition, &record, &state, now) {
                Ok(step) => step,
                Err(StageError::Poison { code, message }) => self.poisoned(&record, code, message),
                Err(error) => return Err(stop(error)),
            };
            let building = chunks.entry(partition).or_default();
            let ended = self.add(building, partition, &state, step, Some(&record))?;
            let (disposition, code, outputs) = ended.unwrap_or((Disposition::Emitted, "", 0));
            let key = record.key.clone().unwrap_or_default();
            let entry = Entry { at: &record.at, offset: record.offset, key, disposition, code, outputs };
            building.records.extend(self.frame.ledger.audit(entry));
            building.position = Some(record.offset + 1);
        }
        for (partition, building) in chunks {
            self.submit(partition, building);
        }
        Ok(())
    }

    fn poisoned(&self, record: &Record, code: Code, message: String) -> Step {
        let (key, value) = (record.key.clone().unwrap_or_default(), record.value.clone().unwrap_or_default());
        tracing::warn!(stage = S::NAME, code, message, partition = %record.at, offset = record.offset, "dead letter");
        Step {
            end: Some(End::DeadLettered { code, message, partition_by: key.clone(), key, value }),
            ..Step::default()
        }
    }

    fn on_performed(&mut self, performed: Result<Performed<S>, tokio::task::JoinError>) -> Result<(), RunError> {
        let Ok(Performed { partition, epoch, done }) = performed else { return Ok(()) };
        let Some(owned) = self.owned.get(&partition).filter(|owned| owned.epoch == epoch) else { return Ok(()) };
        let (at, state) = (owned.at.clone(), owned.state.clone());
        let done = match done {
            Ok(done) => done,
            Err(work) => {
                Metric::RetriesTotal.add(&[S::NAME, codes::PANIC], 1);
                self.source.abandoned(partition, work, now());
                return Ok(());
            }
        };
        let step = self.source.complete(partition, done, &state, now());
        let work = step.work.clone();
        let mut building = Building::default();
        let ended = self.add(&mut building, partition, &state, step, None)?;
        if let (Some(work), Some((disposition, code, outputs))) = (work, ended) {
            let at = TopicPartition::new("work", at.partition);
            let entry = Entry { at: &at, offset: work.attempt, key: work.key, disposition, code, outputs };
            building.records.extend(self.frame.ledger.audit(entry));
        }
        self.submit(partition, building);
        Ok(())
    }

    /// Adds a step to a chunk; returns how it ended.
    fn add(
        &mut self,
        building: &mut Building,
        partition: u32,
        state: &StateView,
        step: Step,
        input: Option<&Record>,
    ) -> Result<Option<(Disposition, Code, usize)>, RunError> {
        let (now, outputs) = (now(), step.outputs.len());
        for output in step.outputs {
            match self.frame.envelope.seal(output, input, now) {
                Ok(record) => building.records.push(record),
                Err(EnvelopeError::UnknownRole(role)) => return Err(RunError::UnknownRole(role.to_owned())),
                Err(EnvelopeError::TooLarge { topic, bytes, limit }) => {
                    let text = format!("{} gave {bytes} bytes for {topic}, whose limit is {limit}", S::NAME);
                    return Err(RunError::Fatal(text));
                }
            }
        }
        state.stage(&step.writes);
        building.records.extend(changelog_records(&step.writes, S::TABLES, &self.changelogs, partition));
        building.writes.extend(step.writes);
        let ended = match step.end {
            None => None,
            Some(End::Emitted) => Some((Disposition::Emitted, "", outputs)),
            Some(End::Skipped(code)) => Some((Disposition::Skipped, code, outputs)),
            Some(End::DeadLettered { code, message, key, partition_by, value }) => {
                let letter = self.letter(code, &message, (key, partition_by, value), input)?;
                building.records.push(letter);
                Some((Disposition::DeadLettered, code, outputs + 1))
            }
        };
        if let Some((disposition, code, _)) = ended {
            self.frame.guard.note(disposition == Disposition::DeadLettered, code)?;
            building.tally.add(disposition, code);
        }
        Ok(ended)
    }

    /// Makes the dead letter of an input record, or of work, as if it had been a record of the input topic.
    fn letter(
        &self,
        code: Code,
        message: &str,
        (key, partition_by, value): (Bytes, Bytes, Bytes),
        input: Option<&Record>,
    ) -> Result<NewRecord, RunError> {
        let reason = Reason { stage: S::NAME, code, message, attempts: 1, now: now() };
        let original = match input {
            Some(record) => Original::of(record),
            None => {
                let topic = self.frame.config.topic(S::INPUT)?;
                let partition = crate::partitioner::partition_for(&partition_by, topic.partitions);
                let at = TopicPartition::new(topic.name, partition);
                let (timestamp, headers) = (now(), Vec::new());
                Original { at, offset: 0, timestamp, key: Some(key), value: Some(value), headers }
            }
        };
        Ok(dead_letter(original, &reason, &self.frame.dead_letters))
    }

    fn submit(&self, partition: u32, building: Building) {
        let Some(owned) = self.owned.get(&partition) else { return };
        let Building { records, writes, tally, position } = building;
        if records.is_empty() && position.is_none() {
            return;
        }
        let hold = self.budget.hold(records.iter().map(NewRecord::size).sum());
        let receipt = Receipt { writes, state: owned.state.clone(), tally };
        self.committer.submit(Chunk { at: owned.at.clone(), epoch: owned.epoch, records, position, hold, receipt });
    }

    fn on_report(&mut self, report: Report<Receipt>) -> Result<(), RunError> {
        match report {
            Report::Failed(error) => Err(error.into()),
            Report::Committed(chunks) => {
                for chunk in chunks {
                    if !chunk.receipt.writes.is_empty() {
                        tokio::task::block_in_place(|| chunk.receipt.state.committed(&chunk.receipt.writes))?;
                    }
                    self.frame.ledger.count(&chunk.receipt.tally);
                }
                Ok(())
            }
        }
    }

    async fn close_state(&self, partition: u32) -> Result<(), RunError> {
        let Some(owned) = self.owned.get(&partition) else { return Ok(()) };
        super::close_state(&self.log, &owned.state, S::TABLES, &self.changelogs, partition).await
    }

    fn on_tick(&self, last_turn: Option<Instant>, measure: bool) {
        self.health.turned(S::NAME, last_turn.unwrap_or_else(Instant::now));
        #[allow(clippy::cast_precision_loss)]
        {
            Metric::InFlightBytes.set(&[S::NAME], self.budget.used() as f64);
            Metric::WorkPending.set(&[S::NAME], self.work.len() as f64);
        }
        if measure {
            let partitions = self.owned.values().map(|owned| owned.at.clone()).collect();
            super::measure_lag(S::NAME, S::INPUT, self.frame.config.topics.group(S::NAME), &self.log, partitions);
        }
    }
}

#[derive(Default)]
struct Building {
    records: Vec<NewRecord>,
    writes: Vec<StateWrite>,
    tally: Tally,
    position: Option<u64>,
}

fn stop(error: StageError) -> RunError {
    RunError::Fatal(error.to_string())
}
