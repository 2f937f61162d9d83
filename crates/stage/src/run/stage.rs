//! Runs a [`Stage`].

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use naba_proto::prost::Message;
use naba_proto::v1::Disposition;
use tokio::sync::{mpsc, oneshot};

use super::{Entry, Frame, Shutdown, StageConfig, Tally, asked, changelog_records, now};
use crate::budget::Budget;
use crate::code::{Code, codes};
use crate::commit::{Chunk, Committer, Ownership, Report};
use crate::context::Context;
use crate::dead_letter::{Original, Reason, dead_letter};
use crate::envelope::EnvelopeError;
use crate::error::{RunError, StageError};
use crate::health::{Health, Latch};
use crate::log::{Consumer, Event, Log, NewRecord, Record, TopicPartition};
use crate::metric::Metric;
use crate::outcome::{Outcome, Output, StateWrite};
use crate::partition::{Count, Finished, Lane};
use crate::pool::{Pool, Ran};
use crate::sabotage;
use crate::stage::Stage;
use crate::state::StateView;

/// Most records of a chunk.
const CHUNK: usize = 256;

/// How an attempt ended.
enum Attempt {
    Ended(Result<(Outcome, Vec<StateWrite>, Vec<Count>), StageError>),
    /// Not begun, because the partition is draining.
    Dropped,
    /// A wait is over: begin the next attempt.
    Again,
}

struct Answer {
    at: TopicPartition,
    epoch: u64,
    number: u64,
    attempt: Attempt,
}

/// What the committer gives back after a commit.
struct Receipt {
    writes: Vec<StateWrite>,
    state: StateView,
    tally: Tally,
    /// The inputs, held in the budget until now.
    _inputs: Vec<Arc<Record>>,
}

struct Revocation {
    partitions: Vec<TopicPartition>,
    deadline: Instant,
    done: Option<oneshot::Sender<()>>,
    flushed: Option<oneshot::Receiver<()>>,
}

/// Runs a stage until shutdown (`Ok`) or until it cannot go on (`Err`: the process is to exit 1).
pub async fn run_stage<S: Stage>(
    stage: S,
    log: Arc<dyn Log>,
    config: StageConfig,
    health: Health,
    mut shutdown: Shutdown,
) -> Result<(), RunError> {
    let assigned = health.latch(format!("{}: partitions assigned", S::NAME));
    let reachable = health.latch(format!("{}: dependencies up", S::NAME));
    reachable.release();
    let frame = Frame::new(S::NAME, &config)?;
    let budget = Budget::new(config.in_flight_bytes);
    let group = config.group(S::NAME, S::INPUT, &budget)?;
    let Some(member) = super::join(S::NAME, &log, group, &health, &mut shutdown).await? else { return Ok(()) };
    let ownership = Arc::new(Ownership::default());
    let (committer, reports) = Committer::start(member.producer, Arc::clone(&ownership), config.commit_policy(S::NAME));
    let (answers, receive_answers) = mpsc::unbounded_channel();
    let mut run = Run {
        stage: Arc::new(stage),
        log,
        pool: Pool::new(config.parallelism, config.record_time_limit),
        changelogs: config.changelogs(S::TABLES)?,
        frame,
        budget,
        ownership,
        committer,
        lanes: HashMap::new(),
        answers,
        assigned,
        reachable,
        waiting_for_dependency: 0,
        revocations: Vec::new(),
        health,
    };
    let mut consumer = member.consumer;
    let ended = run.turn(&mut consumer, receive_answers, reports, &mut shutdown).await;
    run.health.ended(S::NAME);
    run.committer.stop();
    consumer.close().await;
    ended
}

struct Run<S: Stage> {
    stage: Arc<S>,
    log: Arc<dyn Log>,
    frame: Frame,
    pool: Pool,
    changelogs: BTreeMap<&'static str, Arc<str>>,
    budget: Arc<Budget>,
    ownership: Arc<Ownership>,
    committer: Committer<Receipt>,
    lanes: HashMap<TopicPartition, Lane>,
    answers: mpsc::UnboundedSender<Answer>,
    assigned: Latch,
    reachable: Latch,
    waiting_for_dependency: usize,
    revocations: Vec<Revocation>,
    health: Health,
}

impl<S: Stage> Run<S> {
    async fn turn(
        &mut self,
        consumer: &mut Box<dyn Consumer>,
        mut answers: mpsc::UnboundedReceiver<Answer>,
        mut reports: mpsc::UnboundedReceiver<Report<Receipt>>,
        shutdown: &mut Shutdown,
    ) -> Result<(), RunError> {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        let mut ticks = 0_u64;
        let mut stopping: Option<Revocation> = None;
        loop {
            tokio::select! {
                event = consumer.next(), if stopping.is_none() => self.on_event(event?, consumer).await?,
                Some(answer) = answers.recv() => self.on_answer(answer)?,
                Some(report) = reports.recv() => self.on_report(report)?,
                () = asked(shutdown), if stopping.is_none() => {
                    tracing::info!(stage = S::NAME, "draining");
                    stopping = Some(self.begin_drain(self.lanes.keys().cloned().collect(), self.frame.config.drain_deadline, None));
                }
                _ = tick.tick() => {
                    ticks += 1;
                    self.on_tick(consumer.last_turn(), ticks.is_multiple_of(5)).await;
                }
            }
            while let Ok(answer) = answers.try_recv() {
                self.on_answer(answer)?;
            }
            self.settle_revocations().await?;
            if let Some(mut drain) = stopping.take() {
                if self.settle(&mut drain) {
                    // The last reports come before the flush is answered.
                    while let Ok(report) = reports.try_recv() {
                        self.on_report(report)?;
                    }
                    self.close_states().await?;
                    return Ok(());
                }
                stopping = Some(drain);
            }
        }
    }

    async fn on_event(&mut self, event: Event, consumer: &mut Box<dyn Consumer>) -> Result<(), RunError> {
        match event {
            Event::Records(records) => {
                for record in records {
                    let at = record.at.clone();
                    if let Some(number) = self.lanes.get_mut(&at).and_then(|lane| lane.push(record)) {
                        self.begin(&at, number);
                    }
                }
            }
            Event::Assigned(partitions) => {
                Metric::RebalancesTotal.add(&[S::NAME, "assigned"], 1);
                self.take_over(&partitions).await?;
                partitions.iter().for_each(|at| consumer.start(at, None));
                self.assigned.release();
                Metric::Partitions.set_count(&[S::NAME], self.lanes.len());
            }
            Event::Revoked(partitions, done) => {
                Metric::RebalancesTotal.add(&[S::NAME, "revoked"], 1);
                let drain = self.begin_drain(partitions, self.frame.config.revoke_deadline, Some(done));
                self.revocations.push(drain);
            }
            Event::Lost(partitions) => {
                Metric::RebalancesTotal.add(&[S::NAME, "lost"], 1);
                for at in partitions {
                    tracing::warn!(stage = S::NAME, partition = %at, "partition lost");
                    self.forget(&at);
                }
            }
        }
        Ok(())
    }

    async fn take_over(&mut self, partitions: &[TopicPartition]) -> Result<(), RunError> {
        let epochs: Vec<u64> = partitions.iter().map(|at| self.ownership.take(at)).collect();
        let dir = self.frame.config.store_dir(S::NAME);
        let states = super::restore(S::NAME, S::TABLES, &dir, &self.log, &self.changelogs, partitions).await?;
        for ((at, epoch), (state, restored)) in partitions.iter().zip(epochs).zip(states) {
            tracing::info!(stage = S::NAME, partition = %at, restored, "partition assigned");
            self.lanes.insert(at.clone(), Lane::new(epoch, state, !S::TABLES.is_empty()));
        }
        Ok(())
    }

    fn forget(&mut self, at: &TopicPartition) {
        self.ownership.give_up(at);
        if let Some(lane) = self.lanes.remove(at) {
            lane.drain();
        }
    }

    /// Begins the next attempt at a record.
    fn begin(&mut self, at: &TopicPartition, number: u64) {
        let Some(lane) = self.lanes.get_mut(at) else { return };
        let Some((record, attempt)) = lane.attempt(number) else { return };
        let (epoch, state, draining) = (lane.epoch, lane.state.clone(), Arc::clone(&lane.draining));
        let (stage, pool, answers, at) = (Arc::clone(&self.stage), self.pool.clone(), self.answers.clone(), at.clone());
        tokio::spawn(async move {
            let work = move || async move {
                let Some(value) = record.value.clone() else {
                    return Err(StageError::poison(codes::NO_VALUE, "the record has no value"));
                };
                let input = S::In::decode(value).map_err(|e| StageError::poison(codes::UNDECODABLE, e))?;
                if let Some(long) = sabotage::dawdles(record.offset) {
                    tokio::time::sleep(long).await;
                }
                let context = Context::new(record, now(), attempt, state);
                let outcome = stage.process(input, &context).await?;
                let (writes, counts) = context.into_parts();
                Ok((outcome, writes, counts))
            };
            let ran = pool.run(|| !draining.load(Ordering::Relaxed), work).await;
            let attempt = match ran {
                None => Attempt::Dropped,
                Some(Ran::Value(result, took)) => {
                    Metric::RecordSeconds.observe(&[S::NAME], took.as_secs_f64());
                    Attempt::Ended(result)
                }
                Some(Ran::Panicked(message)) => Attempt::Ended(Err(StageError::poison(codes::PANIC, message))),
                Some(Ran::TimedOut) => {
                    Attempt::Ended(Err(StageError::poison(codes::TIME_LIMIT, "the per-record time limit is over")))
                }
            };
            let _ = answers.send(Answer { at, epoch, number, attempt });
        });
    }

    fn on_answer(&mut self, answer: Answer) -> Result<(), RunError> {
        let Answer { at, epoch, number, attempt } = answer;
        let Some(lane) = self.lanes.get_mut(&at).filter(|lane| lane.epoch == epoch) else { return Ok(()) };
        let result = match attempt {
            Attempt::Dropped => {
                lane.drop_undone(number);
                return Ok(());
            }
            Attempt::Again if lane.draining.load(Ordering::Relaxed) => {
                lane.drop_undone(number);
                return Ok(());
            }
            Attempt::Again => {
                self.begin(&at, number);
                return Ok(());
            }
            Attempt::Ended(result) => result,
        };
        let Some((record, attempts)) = lane.look(number) else { return Ok(()) };
        let finished = match result {
            Ok((Outcome::Skip(code), writes, counts)) => {
                Finished { records: Vec::new(), writes, disposition: Disposition::Skipped, code, counts }
            }
            Ok((Outcome::Emit(outputs), writes, counts)) => self.emitted(&record, outputs, writes, counts)?,
            Err(StageError::Poison { code, message }) => self.dead(&record, code, &message, attempts),
            Err(StageError::Fatal { message }) => return Err(RunError::Fatal(message)),
            Err(StageError::Retryable { code, message }) if attempts >= self.frame.config.max_attempts => {
                let message = format!("{code}: {message}");
                self.dead(&record, codes::RETRIES_EXHAUSTED, &message, attempts)
            }
            Err(StageError::Retryable { code, message }) => {
                self.try_again(&at, epoch, number, code, &message, attempts);
                return Ok(());
            }
            Err(StageError::Unavailable { code, message }) => {
                self.waiting_for_dependency += 1;
                self.reachable.hold();
                self.try_again(&at, epoch, number, code, &message, attempts);
                return Ok(());
            }
        };
        if self.waiting_for_dependency > 0 {
            self.waiting_for_dependency = 0;
            self.reachable.release();
        }
        self.frame.guard.note(finished.disposition == Disposition::DeadLettered, finished.code)?;
        let next = self.lanes.get_mut(&at).and_then(|lane| lane.finish(number, finished));
        if let Some(next) = next {
            self.begin(&at, next);
        }
        self.hand_over(&at);
        Ok(())
    }

    fn emitted(
        &self,
        record: &Record,
        outputs: Vec<Output>,
        writes: Vec<StateWrite>,
        counts: Vec<Count>,
    ) -> Result<Finished, RunError> {
        let now = now();
        let mut records = Vec::with_capacity(outputs.len());
        for output in outputs {
            match self.frame.envelope.seal(output, Some(record), now) {
                Ok(record) => records.push(record),
                Err(EnvelopeError::UnknownRole(role)) => return Err(RunError::UnknownRole(role.to_owned())),
                Err(EnvelopeError::TooLarge { topic, bytes, limit }) => {
                    let message = format!("{bytes} bytes for {topic}, whose limit is {limit}");
                    return Ok(self.dead(record, codes::OUTPUT_TOO_LARGE, &message, 1));
                }
            }
        }
        Ok(Finished { records, writes, disposition: Disposition::Emitted, code: "", counts })
    }

    fn dead(&self, record: &Record, code: Code, message: &str, attempts: u32) -> Finished {
        tracing::warn!(stage = S::NAME, code, message, partition = %record.at, offset = record.offset, "dead letter");
        let reason = Reason { stage: S::NAME, code, message, attempts, now: now() };
        let letter = dead_letter(Original::of(record), &reason, &self.frame.dead_letters);
        Finished {
            records: vec![letter],
            writes: Vec::new(),
            disposition: Disposition::DeadLettered,
            code,
            counts: Vec::new(),
        }
    }

    fn try_again(&self, at: &TopicPartition, epoch: u64, number: u64, code: Code, message: &str, attempts: u32) {
        Metric::RetriesTotal.add(&[S::NAME, code], 1);
        let wait = self.frame.config.back_off(attempts);
        tracing::debug!(stage = S::NAME, code, message, partition = %at, ?wait, "trying again");
        let (answers, at) = (self.answers.clone(), at.clone());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let _ = answers.send(Answer { at, epoch, number, attempt: Attempt::Again });
        });
    }

    /// Hands what is done over to the committer.
    fn hand_over(&mut self, at: &TopicPartition) {
        let Some(lane) = self.lanes.get_mut(at) else { return };
        loop {
            let Some((position, done)) = lane.take_chunk(CHUNK) else { return };
            let full = done.len() == CHUNK;
            let mut records: Vec<NewRecord> = Vec::new();
            let (mut writes, mut tally, mut inputs) = (Vec::new(), Tally::default(), Vec::with_capacity(done.len()));
            for (record, finished) in done {
                records.extend(changelog_records(&finished.writes, S::TABLES, &self.changelogs, at.partition));
                writes.extend(finished.writes);
                if !sabotage::swallows() {
                    let outputs = finished.records.len();
                    records.extend(finished.records);
                    records.extend(self.frame.ledger.audit(Entry {
                        at: &record.at,
                        offset: record.offset,
                        key: record.key.clone().unwrap_or_default(),
                        disposition: finished.disposition,
                        code: finished.code,
                        outputs,
                    }));
                    tally.add(finished.disposition, finished.code);
                }
                tally.add_counts(finished.counts);
                if finished.disposition == Disposition::Emitted {
                    tally.add_clocks(&record);
                }
                inputs.push(record);
            }
            let hold = self.budget.hold(records.iter().map(NewRecord::size).sum());
            let receipt = Receipt { writes, state: lane.state.clone(), tally, _inputs: inputs };
            self.committer.submit(Chunk {
                at: at.clone(),
                epoch: lane.epoch,
                records,
                position: Some(position),
                hold,
                receipt,
            });
            if !full {
                return;
            }
        }
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

    fn begin_drain(
        &mut self,
        partitions: Vec<TopicPartition>,
        limit: Duration,
        done: Option<oneshot::Sender<()>>,
    ) -> Revocation {
        for at in &partitions {
            if let Some(lane) = self.lanes.get(at) {
                lane.drain();
            }
        }
        Revocation { partitions, deadline: Instant::now() + limit, done, flushed: None }
    }

    /// Brings a drain forward; true when it is over.
    fn settle(&mut self, drain: &mut Revocation) -> bool {
        if Instant::now() >= drain.deadline {
            tracing::warn!(stage = S::NAME, "drain deadline is over, what is open will be done again");
            return true;
        }
        let busy = drain.partitions.iter().any(|at| self.lanes.get(at).is_some_and(Lane::is_busy));
        if busy {
            return false;
        }
        let flushed = drain.flushed.get_or_insert_with(|| self.committer.flush());
        !matches!(flushed.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    async fn settle_revocations(&mut self) -> Result<(), RunError> {
        let mut open = Vec::new();
        for mut drain in std::mem::take(&mut self.revocations) {
            if !self.settle(&mut drain) {
                open.push(drain);
                continue;
            }
            for at in &drain.partitions {
                self.close_state(at).await?;
                self.forget(at);
            }
            if let Some(done) = drain.done.take() {
                let _ = done.send(());
            }
        }
        self.revocations = open;
        Ok(())
    }

    async fn close_states(&mut self) -> Result<(), RunError> {
        for at in self.lanes.keys().cloned().collect::<Vec<_>>() {
            self.close_state(&at).await?;
        }
        Ok(())
    }

    /// Notes how far the store has come. Only a partition that is ours and has nothing open may: its changelog ends with us.
    async fn close_state(&self, at: &TopicPartition) -> Result<(), RunError> {
        let Some(lane) = self.lanes.get(at) else { return Ok(()) };
        super::close_state(&self.log, &lane.state, S::TABLES, &self.changelogs, at.partition).await
    }

    async fn on_tick(&self, last_turn: Option<Instant>, measure: bool) {
        self.health.turned(S::NAME, last_turn.unwrap_or_else(Instant::now));
        #[allow(clippy::cast_precision_loss)]
        Metric::InFlightBytes.set(&[S::NAME], self.budget.used() as f64);
        if measure {
            super::measure_lag(
                S::NAME,
                S::INPUT,
                self.frame.config.topics.group(S::NAME),
                &self.log,
                self.lanes.keys().cloned().collect(),
            );
        }
    }
}
