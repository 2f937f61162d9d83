//! The only member of a group: reads all partitions, and commits outputs and positions together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use naba_stage::log::{Consumer, Event, GroupConfig, LogError, NewRecord, Producer, TopicPartition};
use tokio::sync::watch;

use crate::log::Shared;
use crate::store::Write;

/// Records handed over at once.
const BATCH: usize = 200;
/// Bytes handed over at once, about.
const BATCH_BYTES: usize = 1024 * 1024;
/// Between two looks into a log that cannot be read now.
const AGAIN: Duration = Duration::from_secs(1);

/// The reading side.
pub(crate) struct LocalConsumer {
    shared: Arc<Shared>,
    config: GroupConfig,
    epoch: u64,
    commits: watch::Receiver<u64>,
    /// Not yet told.
    new: Vec<TopicPartition>,
    all: Vec<TopicPartition>,
    /// Partitions that flow, with the next offset once it is known; turned so that none starves.
    flowing: VecDeque<(TopicPartition, Option<u64>)>,
}

impl LocalConsumer {
    pub(crate) fn new(shared: Arc<Shared>, config: GroupConfig, partitions: Vec<TopicPartition>, epoch: u64) -> Self {
        let commits = shared.commits.clone();
        Self { shared, config, epoch, commits, new: partitions.clone(), all: partitions, flowing: VecDeque::new() }
    }

    /// Reads from the first partition that has something. Changes nothing when it fails.
    fn read(&mut self) -> Result<Option<Event>, LogError> {
        for _ in 0..self.flowing.len() {
            let Some((at, next)) = self.flowing.front() else { break };
            let (low, end) = self.shared.store.watermarks(at)?;
            let next = match next {
                Some(next) => *next,
                None => self.shared.store.position(&self.config.group, at)?.unwrap_or(0),
            };
            let next = next.max(low);
            let mut records = Vec::new();
            let mut after = next;
            if next < end {
                records = self.shared.store.read(at, next, BATCH, BATCH_BYTES)?;
                // Compaction leaves gaps, also at the end.
                after = records.last().map_or(end, |r| r.offset + 1);
            }
            if let Some((at, _)) = self.flowing.pop_front() {
                self.flowing.push_back((at, Some(after)));
            }
            if !records.is_empty() {
                for record in &mut records {
                    record.hold = self.config.budget.hold(record.size());
                }
                return Ok(Some(Event::Records(records)));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Consumer for LocalConsumer {
    async fn next(&mut self) -> Result<Event, LogError> {
        if !self.new.is_empty() {
            return Ok(Event::Assigned(std::mem::take(&mut self.new)));
        }
        loop {
            if !self.shared.holds(&self.config.group, self.epoch) {
                if self.all.is_empty() {
                    return Err(LogError::Fenced(format!("group {} has a newer member", self.config.group)));
                }
                self.flowing.clear();
                return Ok(Event::Lost(std::mem::take(&mut self.all)));
            }
            self.config.budget.room().await;
            self.commits.borrow_and_update();
            match self.read() {
                Ok(Some(event)) => return Ok(event),
                Ok(None) => {}
                Err(error @ (LogError::Unavailable(_) | LogError::NoSpace(_))) => {
                    tracing::warn!(%error, "reading, trying again");
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
                Err(error) => return Err(error),
            }
            if self.commits.changed().await.is_err() {
                return Err(LogError::Fatal("the writer thread ended".to_owned()));
            }
        }
    }

    fn start(&mut self, partition: &TopicPartition, offset: Option<u64>) {
        self.flowing.push_back((partition.clone(), offset));
    }

    fn last_turn(&self) -> Option<Instant> {
        None
    }

    async fn close(&mut self) {
        self.flowing.clear();
    }
}

/// The writing side: keeps what was sent until the commit.
pub(crate) struct LocalProducer {
    shared: Arc<Shared>,
    identity: String,
    epoch: u64,
    group: Option<String>,
    sent: Vec<NewRecord>,
}

impl LocalProducer {
    pub(crate) fn new(shared: Arc<Shared>, identity: String, epoch: u64, group: Option<String>) -> Self {
        Self { shared, identity, epoch, group, sent: Vec::new() }
    }
}

#[async_trait]
impl Producer for LocalProducer {
    async fn send(&mut self, records: &[NewRecord]) -> Result<(), LogError> {
        for record in records {
            let topic = self.shared.store.topic(&record.topic)?;
            if record.partition as usize >= topic.partitions.len() {
                return Err(LogError::Fatal(format!("{} has no partition {}", record.topic, record.partition)));
            }
        }
        self.sent.extend_from_slice(records);
        Ok(())
    }

    async fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), LogError> {
        let write = Write { group: self.group.clone(), records: self.sent.clone(), positions: positions.to_vec() };
        let (shared, identity, epoch) = (Arc::clone(&self.shared), self.identity.clone(), self.epoch);
        let allowed = move || {
            if shared.holds(&identity, epoch) { Ok(()) } else { Err(LogError::Fenced(identity.clone())) }
        };
        self.shared.writer.write(write, allowed).await?;
        self.sent.clear();
        Ok(())
    }

    async fn abort(&mut self) -> Result<(), LogError> {
        self.sent.clear();
        Ok(())
    }
}
