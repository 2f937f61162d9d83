//! Runs a [`Sink`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use naba_proto::v1::Disposition;
use tokio::sync::mpsc;

use super::{Entry, Frame, Shutdown, StageConfig, Tally, asked, now};
use crate::budget::Budget;
use crate::commit::{Chunk, Committer, Ownership, Report};
use crate::dead_letter::{Original, Reason, dead_letter};
use crate::error::{RunError, StageError};
use crate::health::{Health, Latch};
use crate::log::{Consumer, Event, Log, NewRecord, TopicPartition};
use crate::metric::Metric;
use crate::sink::{Batch, Sink, SinkRecord, Verdict};

/// Largest batch.
const BATCH_RECORDS: usize = 500;
/// Largest batch in bytes.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

struct Receipt {
    tally: Tally,
    _inputs: Vec<SinkRecord>,
}

/// Runs a sink until shutdown (`Ok`) or until it cannot go on (`Err`: the process is to exit 1).
pub async fn run_sink<S: Sink>(
    sink: S,
    log: Arc<dyn Log>,
    config: StageConfig,
    health: Health,
    mut shutdown: Shutdown,
) -> Result<(), RunError> {
    let assigned = health.latch(format!("{}: partitions assigned", S::NAME));
    let reachable = health.latch(format!("{}: store up", S::NAME));
    reachable.release();
    let frame = Frame::new(S::NAME, &config)?;
    let budget = Budget::new(config.in_flight_bytes);
    let group = config.group(S::NAME, S::INPUT, &budget)?;
    let Some(member) = super::join(S::NAME, &log, group, &health, &mut shutdown).await? else { return Ok(()) };
    let ownership = Arc::new(Ownership::default());
    let (committer, reports) = Committer::start(member.producer, Arc::clone(&ownership), config.commit_policy(S::NAME));
    let mut run = Run {
        sink,
        log,
        frame,
        budget,
        ownership,
        committer,
        owned: HashMap::new(),
        waiting: Vec::new(),
        assigned,
        reachable,
        health,
        shutdown,
    };
    let mut consumer = member.consumer;
    let ended = run.turn(&mut consumer, reports).await;
    run.health.ended(S::NAME);
    run.committer.stop();
    consumer.close().await;
    ended
}

struct Run<S: Sink> {
    sink: S,
    log: Arc<dyn Log>,
    frame: Frame,
    budget: Arc<Budget>,
    ownership: Arc<Ownership>,
    committer: Committer<Receipt>,
    /// Epoch and next offset to write of each partition of ours.
    owned: HashMap<TopicPartition, (u64, u64)>,
    waiting: Vec<SinkRecord>,
    assigned: Latch,
    reachable: Latch,
    health: Health,
    shutdown: Shutdown,
}

impl<S: Sink> Run<S> {
    async fn turn(
        &mut self,
        consumer: &mut Box<dyn Consumer>,
        mut reports: mpsc::UnboundedReceiver<Report<Receipt>>,
    ) -> Result<(), RunError> {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        let mut shutdown = self.shutdown.clone();
        let mut ticks = 0_u64;
        loop {
            tokio::select! {
                biased;
                () = asked(&mut shutdown) => {
                    self.flush().await;
                    while let Ok(report) = reports.try_recv() {
                        self.on_report(report)?;
                    }
                    return Ok(());
                }
                Some(report) = reports.recv() => self.on_report(report)?,
                event = consumer.next() => self.on_event(event?, consumer).await?,
                _ = tick.tick() => {
                    ticks += 1;
                    self.on_tick(consumer.last_turn(), ticks.is_multiple_of(5));
                }
            }
            self.write_waiting().await?;
        }
    }

    async fn on_event(&mut self, event: Event, consumer: &mut Box<dyn Consumer>) -> Result<(), RunError> {
        match event {
            Event::Records(records) => {
                let ours = records.into_iter().filter(|record| self.owned.contains_key(&record.at));
                self.waiting.extend(ours.map(Arc::new));
            }
            Event::Assigned(partitions) => {
                Metric::RebalancesTotal.add(&[S::NAME, "assigned"], 1);
                self.take_over(&partitions, consumer).await?;
                self.assigned.release();
            }
            Event::Revoked(partitions, done) => {
                Metric::RebalancesTotal.add(&[S::NAME, "revoked"], 1);
                // Nothing is under way here: `write_waiting` has emptied the batch before the next event was taken.
                let wait = self.committer.flush();
                let _ = tokio::time::timeout(self.frame.config.revoke_deadline, wait).await;
                self.forget(&partitions);
                let _ = done.send(());
            }
            Event::Lost(partitions) => {
                Metric::RebalancesTotal.add(&[S::NAME, "lost"], 1);
                self.forget(&partitions);
            }
        }
        Metric::Partitions.set_count(&[S::NAME], self.owned.len());
        Ok(())
    }

    /// Begins where the store or the group stands, whichever is behind: rows are upserts, and the group's position says which
    /// dispositions are written.
    async fn take_over(
        &mut self,
        partitions: &[TopicPartition],
        consumer: &mut Box<dyn Consumer>,
    ) -> Result<(), RunError> {
        let group = self.frame.config.topics.group(S::NAME);
        let mut attempts = 0;
        let committed = loop {
            match self.log.committed(&group, partitions).await {
                Ok(committed) => break committed,
                Err(error) => super::wait_out(S::NAME, "positions of the group", error.into(), &mut attempts).await?,
            }
        };
        let stored = loop {
            match self.sink.claim(partitions).await {
                Ok(stored) => break stored,
                Err(error) => {
                    if self.wait_after(error).await? {
                        return Ok(());
                    }
                }
            }
        };
        self.reachable.release();
        for ((at, committed), stored) in partitions.iter().zip(committed).zip(stored) {
            let begin = match (committed, stored) {
                (Some(committed), Some(stored)) => Some(committed.min(stored)),
                (committed, None) => committed,
                (None, Some(_)) => None,
            };
            let epoch = self.ownership.take(at);
            self.owned.insert(at.clone(), (epoch, begin.unwrap_or(0)));
            tracing::info!(stage = S::NAME, partition = %at, ?begin, ?committed, ?stored, "partition assigned");
            consumer.start(at, begin);
        }
        Ok(())
    }

    fn forget(&mut self, partitions: &[TopicPartition]) {
        for at in partitions {
            self.ownership.give_up(at);
            self.owned.remove(at);
        }
        self.waiting.retain(|record| self.owned.contains_key(&record.at));
    }

    async fn write_waiting(&mut self) -> Result<(), RunError> {
        while !self.waiting.is_empty() {
            let mut bytes = 0;
            let fits = |record: &&SinkRecord| {
                bytes += record.size();
                bytes <= BATCH_BYTES
            };
            let count = self.waiting.iter().take(BATCH_RECORDS).take_while(fits).count().max(1);
            let records: Vec<SinkRecord> = self.waiting.drain(..count.min(self.waiting.len())).collect();
            if self.write(records).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes a batch; true when shutdown was asked for while the store was down.
    async fn write(&mut self, records: Vec<SinkRecord>) -> Result<bool, RunError> {
        let batch = self.batch(records);
        loop {
            match self.sink.write(&batch).await {
                Ok(verdicts) => {
                    self.reachable.release();
                    self.end(batch, verdicts)?;
                    return Ok(false);
                }
                Err(StageError::Poison { code, message }) if batch.records.len() == 1 => {
                    self.end(batch, vec![Verdict::Poison { code, message }])?;
                    return Ok(false);
                }
                Err(StageError::Poison { .. }) => {
                    for record in batch.records {
                        if Box::pin(self.write(vec![record])).await? {
                            return Ok(true);
                        }
                    }
                    return Ok(false);
                }
                Err(error) => {
                    if self.wait_after(error).await? {
                        return Ok(true);
                    }
                }
            }
        }
    }

    fn batch(&self, records: Vec<SinkRecord>) -> Batch {
        let mut positions: HashMap<TopicPartition, u64> = HashMap::new();
        for record in &records {
            positions.insert(record.at.clone(), record.offset + 1);
        }
        Batch { records, positions: positions.into_iter().collect() }
    }

    /// Commits the dispositions of a batch.
    fn end(&mut self, batch: Batch, verdicts: Vec<Verdict>) -> Result<(), RunError> {
        if verdicts.len() != batch.records.len() {
            return Err(RunError::Fatal(format!("{} verdicts for {} records", verdicts.len(), batch.records.len())));
        }
        let mut by_partition: HashMap<TopicPartition, (Vec<NewRecord>, Receipt, u64)> = HashMap::new();
        for (record, verdict) in batch.records.into_iter().zip(verdicts) {
            let (disposition, code, letter) = match verdict {
                Verdict::Stored => (Disposition::Emitted, "", None),
                Verdict::Skipped(code) => (Disposition::Skipped, code, None),
                Verdict::Poison { code, message } => {
                    tracing::warn!(stage = S::NAME, code, message, partition = %record.at, offset = record.offset, "dead letter");
                    let reason = Reason { stage: S::NAME, code, message: &message, attempts: 1, now: now() };
                    let letter = dead_letter(Original::of(&record), &reason, &self.frame.dead_letters);
                    (Disposition::DeadLettered, code, Some(letter))
                }
            };
            self.frame.guard.note(disposition == Disposition::DeadLettered, code)?;
            let receipt = || Receipt { tally: Tally::default(), _inputs: Vec::new() };
            let (records, receipt, position) =
                by_partition.entry(record.at.clone()).or_insert_with(|| (Vec::new(), receipt(), 0));
            let outputs = usize::from(letter.is_some());
            records.extend(letter);
            let key = record.key.clone().unwrap_or_default();
            let entry = Entry { at: &record.at, offset: record.offset, key, disposition, code, outputs };
            records.extend(self.frame.ledger.audit(entry));
            receipt.tally.add(disposition, code);
            if disposition == Disposition::Emitted {
                receipt.tally.add_clocks(&record);
            }
            *position = record.offset + 1;
            receipt._inputs.push(record);
        }
        for (at, (records, receipt, position)) in by_partition {
            let Some((epoch, next)) = self.owned.get_mut(&at) else { continue };
            *next = position;
            let epoch = *epoch;
            let hold = self.budget.hold(records.iter().map(NewRecord::size).sum());
            self.committer.submit(Chunk { at, epoch, records, position: Some(position), hold, receipt });
        }
        Ok(())
    }

    /// Waits after an error that concerns the whole batch; true when shutdown was asked for meanwhile.
    async fn wait_after(&mut self, error: StageError) -> Result<bool, RunError> {
        let code = match error {
            StageError::Unavailable { code, .. } | StageError::Retryable { code, .. } => code,
            StageError::Poison { message, .. } | StageError::Fatal { message } => return Err(RunError::Fatal(message)),
        };
        self.reachable.hold();
        Metric::RetriesTotal.add(&[S::NAME, code], 1);
        self.health.turned(S::NAME, Instant::now());
        tracing::warn!(stage = S::NAME, %error, "waiting for the store");
        let wait = self.frame.config.back_off(4) + Duration::from_millis(50);
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(false),
            () = asked(&mut shutdown) => Ok(true),
        }
    }

    async fn flush(&self) {
        tracing::info!(stage = S::NAME, "draining");
        let _ = tokio::time::timeout(self.frame.config.drain_deadline, self.committer.flush()).await;
    }

    fn on_report(&mut self, report: Report<Receipt>) -> Result<(), RunError> {
        match report {
            Report::Failed(error) => Err(error.into()),
            Report::Committed(chunks) => {
                for chunk in chunks {
                    self.frame.ledger.count(&chunk.receipt.tally);
                }
                Ok(())
            }
        }
    }

    fn on_tick(&self, last_turn: Option<Instant>, measure: bool) {
        self.health.turned(S::NAME, last_turn.unwrap_or_else(Instant::now));
        #[allow(clippy::cast_precision_loss)]
        Metric::InFlightBytes.set(&[S::NAME], self.budget.used() as f64);
        if measure {
            super::measure_lag(
                S::NAME,
                S::INPUT,
                self.frame.config.topics.group(S::NAME),
                &self.log,
                self.owned.keys().cloned().collect(),
            );
        }
    }
}
