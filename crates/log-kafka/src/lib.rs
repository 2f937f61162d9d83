//! The log ports of `naba-stage` on Apache Kafka, through rdkafka. The only crate that names rdkafka.
//!
//! One thread polls the consumer and never blocks on the runtime, but for the bounded wait of a revoke; transactions run on a
//! producer with a poll thread of its own. Settings and the reasons for them are in [`KafkaSettings`].

mod admin;
mod classify;
mod consumer;
mod producer;
mod reader;
mod settings;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use naba_stage::log::{
    GroupConfig, Log, LogError, Member, Position, Producer, Reader, Record, TopicInfo, TopicPartition,
};
use naba_stage::sabotage::{self, Sabotage};
use naba_stage::{Delivery, TopicSpec};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

pub use settings::KafkaSettings;

use classify::classify;

/// How long a question to the cluster may take before it is tried again.
const ASK: Duration = Duration::from_secs(10);

/// A Kafka cluster.
pub struct KafkaLog {
    settings: KafkaSettings,
    /// Asks for metadata, watermarks and times; sees uncommitted ends.
    asker: Arc<BaseConsumer>,
    counts: Mutex<HashMap<String, u32>>,
    /// Ask for the positions of a group; one client each, because lag is measured again and again.
    groups: Mutex<HashMap<String, Arc<BaseConsumer>>>,
}

impl KafkaLog {
    /// Opens a cluster. Nothing is asked yet: an unreachable cluster shows at the first question.
    pub fn open(settings: KafkaSettings) -> Result<Self, LogError> {
        let mut config = settings.client();
        config.set("isolation.level", "read_uncommitted");
        let asker = config.create().map_err(classify)?;
        Ok(Self { settings, asker: Arc::new(asker), counts: Mutex::default(), groups: Mutex::default() })
    }

    fn asker_of(&self, group: &str) -> Result<Arc<BaseConsumer>, LogError> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asker) = groups.get(group) {
            return Ok(Arc::clone(asker));
        }
        let asker: BaseConsumer = self.settings.reader().set("group.id", group).create().map_err(classify)?;
        let asker = Arc::new(asker);
        groups.insert(group.to_owned(), Arc::clone(&asker));
        Ok(asker)
    }

    /// Asks on a thread that may block. A new topic or a moved leader makes brokers answer "not here" for a moment.
    async fn ask<T, F>(&self, question: F) -> Result<T, LogError>
    where
        T: Send + 'static,
        F: Fn(&BaseConsumer) -> Result<T, LogError> + Send + 'static,
    {
        let asker = Arc::clone(&self.asker);
        blocking(move || settle(|| question(&asker))).await
    }
}

/// Asks again while the cluster is unavailable, for some seconds. Blocks.
fn settle<T>(question: impl Fn() -> Result<T, LogError>) -> Result<T, LogError> {
    let deadline = std::time::Instant::now() + ASK;
    loop {
        match question() {
            Err(LogError::Unavailable(why)) if std::time::Instant::now() < deadline => {
                tracing::debug!(why, "asking the cluster again");
                std::thread::sleep(Duration::from_millis(200));
            }
            answer => return answer,
        }
    }
}

/// Returns the first and the next offset of a partition. A client that looked while brokers were starting knows the partition
/// as one that is not there, and would go on so for its refresh interval: it is made to look again. Blocks.
fn watermarks(asker: &BaseConsumer, at: &TopicPartition) -> Result<(u64, u64), LogError> {
    let asked = asker.fetch_watermarks(&at.topic, partition_number(at.partition), ASK);
    let (low, high) = asked.map_err(|error| {
        if let Err(error) = asker.fetch_metadata(Some(&at.topic), ASK) {
            tracing::debug!(%error, partition = %at, "metadata");
        }
        classify(error)
    })?;
    Ok((u64::try_from(low).unwrap_or_default(), u64::try_from(high).unwrap_or_default()))
}

/// Runs what blocks off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| LogError::Fatal(e.to_string()))?
}

fn partition_number(partition: u32) -> i32 {
    i32::try_from(partition).unwrap_or(i32::MAX)
}

fn offset_number(offset: u64) -> Offset {
    Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX))
}

fn as_list(positions: &[(TopicPartition, u64)]) -> Result<TopicPartitionList, LogError> {
    let mut list = TopicPartitionList::new();
    for (at, offset) in positions {
        list.add_partition_offset(&at.topic, partition_number(at.partition), offset_number(*offset))
            .map_err(classify)?;
    }
    Ok(list)
}

#[async_trait]
impl Log for KafkaLog {
    async fn ensure_topics(&self, topics: &[TopicSpec]) -> Result<Vec<String>, LogError> {
        admin::ensure(&self.settings, topics).await
    }

    async fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        self.ask(admin::list).await
    }

    async fn partitions(&self, topic: &str) -> Result<u32, LogError> {
        if let Some(count) = self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(topic) {
            return Ok(*count);
        }
        let name = topic.to_owned();
        let count = self.ask(move |asker| admin::partition_count(asker, &name)).await?;
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).insert(topic.to_owned(), count);
        Ok(count)
    }

    async fn join(&self, config: GroupConfig) -> Result<Member, LogError> {
        for topic in &config.topics {
            self.partitions(topic).await?;
        }
        let settings = self.settings.clone();
        // The producer first: init_transactions ends the open transaction of a killed predecessor, which would otherwise
        // hold back the positions that the consumer asks for.
        let mut id = format!("{}.{}", config.group, config.instance);
        if sabotage::is(Sabotage::NoFencing) {
            id = format!("{id}.{}", std::process::id());
        }
        let delivery = config.delivery;
        let producer = blocking(move || producer::open(&settings, &id, delivery)).await?;
        let consumer = consumer::join(&self.settings, config)?;
        let producer = producer.of_member(consumer.membership());
        Ok(Member { consumer: Box::new(consumer), producer: Box::new(producer) })
    }

    async fn producer(&self, id: &str, delivery: Delivery) -> Result<Box<dyn Producer>, LogError> {
        let (settings, id) = (self.settings.clone(), id.to_owned());
        let producer = blocking(move || producer::open(&settings, &id, delivery)).await?;
        Ok(Box::new(producer))
    }

    async fn reader(&self, partitions: &[(TopicPartition, Position)]) -> Result<Box<dyn Reader>, LogError> {
        let (settings, partitions) = (self.settings.clone(), partitions.to_vec());
        let asker = Arc::clone(&self.asker);
        let reader = blocking(move || settle(|| reader::open(&settings, &asker, &partitions))).await?;
        Ok(Box::new(reader))
    }

    async fn snapshot(
        &self,
        partition: &TopicPartition,
        from: u64,
        each: &mut (dyn FnMut(Record) + Send),
    ) -> Result<u64, LogError> {
        let (settings, at, asker) = (self.settings.clone(), partition.clone(), Arc::clone(&self.asker));
        let mut snapshot =
            blocking(move || settle(|| reader::Snapshot::open(&settings, &asker, at.clone(), from))).await?;
        loop {
            let (back, records) = blocking(move || {
                let records = snapshot.read()?;
                Ok((snapshot, records))
            })
            .await?;
            snapshot = back;
            match records {
                Some(records) => records.into_iter().for_each(&mut *each),
                None => return Ok(snapshot.end()),
            }
        }
    }

    async fn ends(&self, partitions: &[TopicPartition]) -> Result<Vec<u64>, LogError> {
        let partitions = partitions.to_vec();
        let end = |asker: &BaseConsumer, at: &TopicPartition| Ok(watermarks(asker, at)?.1);
        self.ask(move |asker| partitions.iter().map(|at| end(asker, at)).collect()).await
    }

    async fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, LogError> {
        let (asker, partitions) = (self.asker_of(group)?, partitions.to_vec());
        blocking(move || settle(|| admin::committed(&asker, &partitions))).await
    }
}
