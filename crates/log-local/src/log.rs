//! The log ports on the store.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use naba_stage::log::{
    GroupConfig, Log, LogError, Member, Position, Producer, Reader, Record, TopicInfo, TopicPartition,
};
use naba_stage::{Delivery, Health, TopicSpec};
use tokio::sync::watch;

use crate::member::{LocalConsumer, LocalProducer};
use crate::reader::LocalReader;
use crate::retention::{Compacted, Limits, Sweep, Swept};
use crate::store::{Store, Topic};
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
    /// Groups that joined, with what they read: what they have not read is kept, also before their first commit.
    groups: Mutex<BTreeSet<(String, TopicPartition)>>,
    limits: Limits,
    compacted: Compacted,
}

impl Shared {
    /// Takes an identity over and returns the epoch of its new holder. What the holder before has written is there when this
    /// returns, and nothing of it comes later.
    async fn take_over(&self, identity: &str) -> Result<u64, LogError> {
        let epoch = {
            let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
            let epoch = epochs.entry(identity.to_owned()).or_default();
            *epoch += 1;
            *epoch
        };
        self.writer.settle().await?;
        Ok(epoch)
    }

    /// Tells whether a holder is still the newest.
    pub(crate) fn holds(&self, identity: &str, epoch: u64) -> bool {
        self.epochs.lock().unwrap_or_else(PoisonError::into_inner).get(identity) == Some(&epoch)
    }

    /// Returns the first offset of each partition that some group has not read.
    fn unread(&self) -> Result<HashMap<TopicPartition, u64>, LogError> {
        let mut positions: HashMap<(String, TopicPartition), u64> = HashMap::new();
        let joined = self.groups.lock().unwrap_or_else(PoisonError::into_inner).clone();
        positions.extend(joined.into_iter().map(|member| (member, 0)));
        positions.extend(self.store.positions()?.into_iter().map(|(group, at, offset)| ((group, at), offset)));
        let mut unread: HashMap<TopicPartition, u64> = HashMap::new();
        for ((_, at), offset) in positions {
            let first = unread.entry(at).or_insert(offset);
            *first = offset.min(*first);
        }
        Ok(unread)
    }
}

/// How a log is kept.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How much it may hold.
    pub limits: Limits,
    /// Where it is said that the disk is full: the process is not ready meanwhile.
    pub health: Option<Health>,
}

impl LocalLog {
    /// Opens or makes the log in a folder. Fails when another process has it open, and when its file is damaged.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        Self::open_with(folder, Options::default())
    }

    /// Opens or makes the log in a folder, with options.
    pub fn open_with(folder: &Path, options: Options) -> Result<Self, LogError> {
        let latch = options.health.as_ref().map(|health| health.latch("log has room"));
        Self::on(Store::open(folder, latch)?, options.limits)
    }

    /// Opens the log on a store.
    pub(crate) fn on(store: Store, limits: Limits) -> Result<Self, LogError> {
        let store = Arc::new(store);
        let (commits, receive) = watch::channel(0);
        let writer = Writer::start(Arc::clone(&store), commits)?;
        let (epochs, groups, compacted) = Default::default();
        Ok(Self { shared: Arc::new(Shared { store, writer, commits: receive, epochs, groups, limits, compacted }) })
    }

    /// Takes the identity of a producer over, and returns the epoch that it holds it with.
    pub(crate) async fn enlist(&self, id: &str) -> Result<u64, LogError> {
        self.shared.take_over(&identity(id)).await
    }

    /// Returns the producer that holds an identity with an epoch.
    pub(crate) fn enlisted(&self, id: &str, epoch: u64) -> LocalProducer {
        LocalProducer::new(Arc::clone(&self.shared), identity(id), epoch, None)
    }

    /// Deletes what retention and compaction say is to go. Blocks; call it now and then on a thread that may.
    pub fn sweep(&self) -> Result<Swept, LogError> {
        self.sweep_at(now())
    }

    pub(crate) fn sweep_at(&self, now: i64) -> Result<Swept, LogError> {
        let Shared { store, limits, compacted, .. } = self.shared.as_ref();
        Sweep { store, limits, compacted, unread: self.shared.unread()?, now }.run()
    }
}

fn identity(producer: &str) -> String {
    format!("producer/{producer}")
}

#[async_trait]
impl Log for LocalLog {
    async fn ensure_topics(&self, topics: &[TopicSpec]) -> Result<Vec<String>, LogError> {
        self.shared.store.ensure_topics(topics)
    }

    async fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        let topics = self.shared.store.topics().into_iter();
        let watermarks = |t: &Topic| t.partitions.iter().map(|extent| (extent.low, extent.high)).collect();
        Ok(topics.map(|t| TopicInfo { name: t.name.to_string(), partitions: watermarks(&t) }).collect())
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
        let members = partitions.iter().map(|at| (config.group.clone(), at.clone()));
        self.shared.groups.lock().unwrap_or_else(PoisonError::into_inner).extend(members);
        let epoch = self.shared.take_over(&config.group).await?;
        let producer =
            LocalProducer::new(Arc::clone(&self.shared), config.group.clone(), epoch, Some(config.group.clone()));
        let consumer = LocalConsumer::new(Arc::clone(&self.shared), config, partitions, epoch);
        Ok(Member { consumer: Box::new(consumer), producer: Box::new(producer) })
    }

    async fn producer(&self, id: &str, _delivery: Delivery) -> Result<Box<dyn Producer>, LogError> {
        let epoch = self.enlist(id).await?;
        Ok(Box::new(self.enlisted(id, epoch)))
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
