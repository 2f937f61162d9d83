//! The log ports on the store.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use naba_stage::log::{
    GroupConfig, Log, LogError, Member, Position, Producer, Reader, Record, TopicInfo, TopicPartition,
};
use naba_stage::{Delivery, TopicSpec};
use tokio::sync::watch;

use crate::member::{LocalConsumer, LocalProducer};
use crate::reader::LocalReader;
use crate::retention::{Swept, sweep};
use crate::store::Store;
use crate::writer::{Writer, now};

/// A log in a folder of this machine.
#[derive(Clone)]
pub struct LocalLog {
    pub(crate) shared: Arc<Shared>,
}

/// What the log's handles share.
pub(crate) struct Shared {
    pub(crate) store: Arc<Store>,
    pub(crate) writer: Writer,
    pub(crate) commits: watch::Receiver<u64>,
    /// The newest member or producer of each identity; an older one is fenced.
    epochs: Mutex<HashMap<String, u64>>,
}

impl Shared {
    /// Takes an identity over and returns the epoch of its new holder.
    pub(crate) fn take(&self, identity: &str) -> u64 {
        let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        let epoch = epochs.entry(identity.to_owned()).or_default();
        *epoch += 1;
        *epoch
    }

    /// Tells whether a holder is still the newest.
    pub(crate) fn holds(&self, identity: &str, epoch: u64) -> bool {
        self.epochs.lock().unwrap_or_else(PoisonError::into_inner).get(identity) == Some(&epoch)
    }
}

impl LocalLog {
    /// Opens or makes the log in a folder. Fails when another process has it open.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        let store = Arc::new(Store::open(folder)?);
        let (commits, receive) = watch::channel(0);
        let writer = Writer::start(Arc::clone(&store), commits)?;
        Ok(Self { shared: Arc::new(Shared { store, writer, commits: receive, epochs: Mutex::default() }) })
    }

    /// Deletes what retention and compaction say is to go. Blocks; call it now and then on a thread that may.
    pub fn sweep(&self) -> Result<Swept, LogError> {
        sweep(&self.shared.store, now())
    }
}

#[async_trait]
impl Log for LocalLog {
    async fn ensure_topics(&self, topics: &[TopicSpec]) -> Result<Vec<String>, LogError> {
        self.shared.store.ensure_topics(topics)
    }

    async fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        let topics = self.shared.store.topics().into_iter();
        Ok(topics.map(|t| TopicInfo { name: t.name.to_string(), partitions: t.partitions }).collect())
    }

    async fn partitions(&self, topic: &str) -> Result<u32, LogError> {
        let count = self.shared.store.topic(topic)?.partitions.len();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    async fn join(&self, config: GroupConfig) -> Result<Member, LogError> {
        let mut partitions = Vec::new();
        for topic in &config.topics {
            let count = self.partitions(topic).await?;
            partitions.extend((0..count).map(|p| TopicPartition::new(Arc::clone(topic), p)));
        }
        let epoch = self.shared.take(&config.group);
        let producer =
            LocalProducer::new(Arc::clone(&self.shared), config.group.clone(), epoch, Some(config.group.clone()));
        let consumer = LocalConsumer::new(Arc::clone(&self.shared), config, partitions, epoch);
        Ok(Member { consumer: Box::new(consumer), producer: Box::new(producer) })
    }

    async fn producer(&self, id: &str, _delivery: Delivery) -> Result<Box<dyn Producer>, LogError> {
        let identity = format!("producer/{id}");
        let epoch = self.shared.take(&identity);
        Ok(Box::new(LocalProducer::new(Arc::clone(&self.shared), identity, epoch, None)))
    }

    async fn reader(&self, partitions: &[(TopicPartition, Position)]) -> Result<Box<dyn Reader>, LogError> {
        Ok(Box::new(LocalReader::open(Arc::clone(&self.shared), partitions)?))
    }

    async fn snapshot(
        &self,
        partition: &TopicPartition,
        from: u64,
        each: &mut (dyn FnMut(Record) + Send),
    ) -> Result<u64, LogError> {
        let (low, end) = self.shared.store.watermarks(partition)?;
        let mut next = from.max(low);
        while next < end {
            let records = self.shared.store.read(partition, next, 1000, 8 * 1024 * 1024)?;
            // Compaction leaves gaps, also at the end.
            next = records.last().map_or(end, |r| r.offset + 1);
            records.into_iter().filter(|r| r.offset < end).for_each(&mut *each);
            tokio::task::yield_now().await;
        }
        Ok(end)
    }

    async fn ends(&self, partitions: &[TopicPartition]) -> Result<Vec<u64>, LogError> {
        partitions.iter().map(|at| self.shared.store.end(at)).collect()
    }

    async fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, LogError> {
        partitions.iter().map(|at| self.shared.store.position(group, at)).collect()
    }
}
