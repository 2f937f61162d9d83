//! The committer: outputs, dead letters, audit, changelog writes and input offsets in one transaction.
//!
//! Chunks are sent as they come, and the transaction is committed by time or size, so that the next chunks are made while the
//! last ones commit. What was sent is kept until the commit has succeeded: on an abortable error the transaction is aborted
//! and the chunks that are still ours are sent again, without asking the stage twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::budget::Hold;
use crate::log::{LogError, NewRecord, Producer, TopicPartition};
use crate::metric::Metric;
use crate::sabotage::{self, Sabotage};

/// Which partitions are ours, and since which assignment. Results of an older assignment are thrown away.
#[derive(Debug, Default)]
pub(crate) struct Ownership {
    epochs: Mutex<(u64, HashMap<TopicPartition, u64>)>,
}

impl Ownership {
    /// Takes a partition over and returns the epoch of this assignment.
    pub(crate) fn take(&self, at: &TopicPartition) -> u64 {
        self.with(|(next, epochs)| {
            *next += 1;
            epochs.insert(at.clone(), *next);
            *next
        })
    }

    /// Gives a partition up.
    pub(crate) fn give_up(&self, at: &TopicPartition) {
        self.with(|(_, epochs)| {
            epochs.remove(at);
        });
    }

    /// Tells whether a partition is ours since `epoch`.
    pub(crate) fn is(&self, at: &TopicPartition, epoch: u64) -> bool {
        sabotage::is(Sabotage::NoFencing) || self.with(|(_, epochs)| epochs.get(at) == Some(&epoch))
    }

    fn with<T>(&self, act: impl FnOnce(&mut (u64, HashMap<TopicPartition, u64>)) -> T) -> T {
        act(&mut self.epochs.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is committed whole or not at all. `R` is the coordinator's receipt, given back after the commit.
pub(crate) struct Chunk<R> {
    /// The partition that the chunk belongs to.
    pub(crate) at: TopicPartition,
    /// The epoch of its assignment.
    pub(crate) epoch: u64,
    /// Everything to be written.
    pub(crate) records: Vec<NewRecord>,
    /// The group's position after it, when it ends input records.
    pub(crate) position: Option<u64>,
    /// Bytes of `records`, held until they are committed.
    pub(crate) hold: Hold,
    /// For the coordinator.
    pub(crate) receipt: R,
}

enum Order<R> {
    Chunk(Chunk<R>),
    Flush(oneshot::Sender<()>),
}

/// What the committer reports.
pub(crate) enum Report<R> {
    /// These are committed, in order. Their records are gone already.
    Committed(Vec<Chunk<R>>),
    /// The committer has stopped for good.
    Failed(LogError),
}

/// When a transaction is committed.
#[derive(Debug, Clone)]
pub(crate) struct CommitPolicy {
    pub(crate) stage: &'static str,
    pub(crate) interval: Duration,
    pub(crate) max_bytes: usize,
}

/// The coordinator's end of the committer.
pub(crate) struct Committer<R> {
    orders: mpsc::UnboundedSender<Order<R>>,
    task: tokio::task::JoinHandle<()>,
}

impl<R: Send + Sync + 'static> Committer<R> {
    /// Starts a committer; reports come on the returned channel.
    pub(crate) fn start(
        producer: Box<dyn Producer>,
        ownership: Arc<Ownership>,
        policy: CommitPolicy,
    ) -> (Self, mpsc::UnboundedReceiver<Report<R>>) {
        let (orders, receive_orders) = mpsc::unbounded_channel();
        let (reports, receive_reports) = mpsc::unbounded_channel();
        let mut work = Work { producer, ownership, policy, batch: Vec::new(), bytes: 0, broken: None };
        let task = tokio::spawn(async move {
            if let Err(error) = work.run(receive_orders, &reports).await {
                let _ = reports.send(Report::Failed(error));
            }
        });
        (Self { orders, task }, receive_reports)
    }

    /// Hands a chunk over. Chunks of one partition are committed in the order they were handed over.
    pub(crate) fn submit(&self, chunk: Chunk<R>) {
        let _ = self.orders.send(Order::Chunk(chunk));
    }

    /// Commits everything handed over so far; the channel answers when that is done (or closes when it failed).
    pub(crate) fn flush(&self) -> oneshot::Receiver<()> {
        let (done, wait) = oneshot::channel();
        let _ = self.orders.send(Order::Flush(done));
        wait
    }

    /// Stops without committing what is open.
    pub(crate) fn stop(self) {
        self.task.abort();
    }
}

struct Work<R> {
    producer: Box<dyn Producer>,
    ownership: Arc<Ownership>,
    policy: CommitPolicy,
    batch: Vec<Chunk<R>>,
    bytes: usize,
    broken: Option<LogError>,
}

impl<R: Send + Sync + 'static> Work<R> {
    async fn run(
        &mut self,
        mut orders: mpsc::UnboundedReceiver<Order<R>>,
        reports: &mpsc::UnboundedSender<Report<R>>,
    ) -> Result<(), LogError> {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Flush(done) => drop(done.send(())),
                Order::Chunk(chunk) => {
                    self.add(chunk).await?;
                    let waiting = self.gather(&mut orders).await?;
                    self.commit().await?;
                    for chunk in &mut self.batch {
                        chunk.records = Vec::new();
                        chunk.hold = Hold::none();
                    }
                    self.bytes = 0;
                    let _ = reports.send(Report::Committed(std::mem::take(&mut self.batch)));
                    if let Some(done) = waiting {
                        let _ = done.send(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes further chunks until the transaction is due; returns who asked for a flush.
    async fn gather(
        &mut self,
        orders: &mut mpsc::UnboundedReceiver<Order<R>>,
    ) -> Result<Option<oneshot::Sender<()>>, LogError> {
        let due = Instant::now() + self.policy.interval;
        while self.bytes < self.policy.max_bytes {
            match timeout_at(due, orders.recv()).await {
                Ok(Some(Order::Chunk(chunk))) => self.add(chunk).await?,
                Ok(Some(Order::Flush(done))) => return Ok(Some(done)),
                Ok(None) | Err(_) => break,
            }
        }
        Ok(None)
    }

    async fn add(&mut self, chunk: Chunk<R>) -> Result<(), LogError> {
        if !self.ownership.is(&chunk.at, chunk.epoch) {
            return Ok(());
        }
        self.bytes += chunk.records.iter().map(NewRecord::size).sum::<usize>();
        let early = !sabotage::is(Sabotage::CommitBeforeProduce);
        if early && self.broken.is_none() && !chunk.records.is_empty() {
            self.send(&chunk.records).await?;
        }
        self.batch.push(chunk);
        Ok(())
    }

    async fn send(&mut self, records: &[NewRecord]) -> Result<(), LogError> {
        let mut pause = Pause::new();
        loop {
            match self.producer.send(records).await {
                Ok(()) => return Ok(()),
                // Sending is all or nothing only inside a transaction, so an outage while sending aborts it.
                Err(error @ (LogError::Abortable(_) | LogError::Unavailable(_))) => {
                    self.broken = Some(error);
                    return Ok(());
                }
                Err(error @ LogError::NoSpace(_)) => pause.wait(&error).await,
                Err(error) => return Err(error),
            }
        }
    }

    async fn commit(&mut self) -> Result<(), LogError> {
        let mut pause = Pause::new();
        let (mut produced, mut unanswered) = (false, false);
        loop {
            // What is lost after the commit was begun was ours when it was: the broker has looked at the generation.
            if !unanswered && self.batch.iter().any(|chunk| !self.ownership.is(&chunk.at, chunk.epoch)) {
                self.broken.get_or_insert_with(|| LogError::Abortable("a partition was lost".to_owned()));
            }
            if let Some(error) = self.broken.take() {
                if let Err(again) = self.begin_again(&error).await? {
                    self.broken = Some(again);
                    pause.wait(&error).await;
                    continue;
                }
                if self.broken.is_some() {
                    pause.wait(&error).await;
                    continue;
                }
            }
            if sabotage::is(Sabotage::CommitBeforeProduce) && !produced {
                self.commit_then_produce().await?;
                produced = true;
            }
            let started = Instant::now();
            match self.producer.commit(&self.positions()).await {
                Ok(()) => {
                    Metric::CommitSeconds.observe(&[self.policy.stage], started.elapsed().as_secs_f64());
                    Metric::CommitsTotal.add(&[self.policy.stage, "committed"], 1);
                    return Ok(());
                }
                Err(error @ (LogError::Unavailable(_) | LogError::NoSpace(_))) => pause.wait(&error).await,
                Err(error @ LogError::Unanswered(_)) => {
                    unanswered = true;
                    pause.wait(&error).await;
                }
                Err(error @ LogError::Abortable(_)) => {
                    unanswered = false;
                    pause.wait(&error).await;
                    self.broken = Some(error);
                    produced = false;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Aborts, then sends again what is still ours. The inner error says that aborting has to be tried again.
    async fn begin_again(&mut self, why: &LogError) -> Result<Result<(), LogError>, LogError> {
        tracing::warn!(stage = self.policy.stage, error = %why, "transaction aborted, sending again");
        match self.producer.abort().await {
            Ok(()) => {}
            Err(error @ (LogError::Unavailable(_) | LogError::Abortable(_) | LogError::NoSpace(_))) => {
                return Ok(Err(error));
            }
            Err(error) => return Err(error),
        }
        Metric::CommitsTotal.add(&[self.policy.stage, "aborted"], 1);
        let ownership = Arc::clone(&self.ownership);
        self.batch.retain(|chunk| ownership.is(&chunk.at, chunk.epoch));
        let batch = std::mem::take(&mut self.batch);
        for chunk in &batch {
            if sabotage::is(Sabotage::SkipResendAfterAbort) || sabotage::is(Sabotage::CommitBeforeProduce) {
                break;
            }
            if self.broken.is_none() && !chunk.records.is_empty() {
                self.send(&chunk.records).await?;
            }
        }
        self.batch = batch;
        Ok(Ok(()))
    }

    /// The order that loses records; the outputs follow a moment later, as an eager writer would have it.
    async fn commit_then_produce(&mut self) -> Result<(), LogError> {
        while let Err(error) = self.producer.commit(&self.positions()).await {
            match error {
                LogError::Unavailable(_) | LogError::NoSpace(_) => tokio::time::sleep(self.policy.interval).await,
                LogError::Abortable(_) => self.producer.abort().await?,
                error => return Err(error),
            }
        }
        tokio::time::sleep(self.policy.interval).await;
        let batch = std::mem::take(&mut self.batch);
        for chunk in batch.iter().filter(|chunk| !chunk.records.is_empty()) {
            self.send(&chunk.records).await?;
        }
        self.batch = batch;
        Ok(())
    }

    fn positions(&self) -> Vec<(TopicPartition, u64)> {
        let mut positions = BTreeMap::new();
        for chunk in &self.batch {
            if let Some(position) = chunk.position {
                let newest = positions.entry(chunk.at.clone()).or_insert(position);
                *newest = position.max(*newest);
            }
        }
        positions.into_iter().collect()
    }
}

/// Exponential back-off with full jitter, from 50 ms to 5 s.
struct Pause {
    next: Duration,
}

impl Pause {
    fn new() -> Self {
        Self { next: Duration::from_millis(50) }
    }

    async fn wait(&mut self, error: &LogError) {
        let micros = u64::try_from(self.next.as_micros()).unwrap_or(u64::MAX);
        tracing::warn!(%error, "waiting before trying again");
        tokio::time::sleep(Duration::from_micros(fastrand::u64(micros / 2..=micros))).await;
        self.next = (self.next * 2).min(Duration::from_secs(5));
    }
}
