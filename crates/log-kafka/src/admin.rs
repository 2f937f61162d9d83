//! Topics and group positions.

use std::collections::BTreeMap;

use naba_stage::TopicSpec;
use naba_stage::log::{LogError, TopicInfo, TopicPartition};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::classify::classify;
use crate::settings::KafkaSettings;
use crate::{ASK, blocking, partition_number};

/// Creates the topics that are missing.
pub(crate) async fn ensure(settings: &KafkaSettings, topics: &[TopicSpec]) -> Result<Vec<String>, LogError> {
    let client: AdminClient<DefaultClientContext> = settings.client().create().map_err(classify)?;
    let settings = settings.clone();
    let existing: BTreeMap<String, u32> = blocking(move || {
        let asker: BaseConsumer = settings.client().create().map_err(classify)?;
        let metadata = asker.fetch_metadata(None, ASK).map_err(classify)?;
        let count = |t: &rdkafka::metadata::MetadataTopic| {
            (t.name().to_owned(), u32::try_from(t.partitions().len()).unwrap_or(u32::MAX))
        };
        Ok(metadata.topics().iter().map(count).collect())
    })
    .await?;
    for topic in topics {
        if let Some(count) = existing.get(&topic.name)
            && *count != topic.partitions
        {
            let text = format!(
                "topic {} has {count} partitions, deploy/topics.toml says {}: changing the count moves keys; \
                 make a topic of a new name, or put the count back",
                topic.name, topic.partitions
            );
            return Err(LogError::Fatal(text));
        }
    }
    let missing: Vec<&TopicSpec> = topics.iter().filter(|t| !existing.contains_key(&t.name)).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let settings: Vec<[String; 2]> =
        missing.iter().map(|t| [t.retention_ms.to_string(), t.max_message_bytes.to_string()]).collect();
    let new: Vec<NewTopic<'_>> = missing
        .iter()
        .zip(&settings)
        .map(|(topic, [retention, size])| {
            // -1: the replication that the cluster gives by default.
            NewTopic::new(&topic.name, partition_number(topic.partitions), TopicReplication::Fixed(-1))
                .set("cleanup.policy", topic.cleanup.policy())
                .set("retention.ms", retention)
                .set("max.message.bytes", size)
        })
        .collect();
    let results = client.create_topics(&new, &AdminOptions::new()).await.map_err(classify)?;
    let mut created = Vec::new();
    for result in results {
        match result {
            Ok(name) => created.push(name),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => return Err(LogError::Fatal(format!("creating topic {name}: {code}"))),
        }
    }
    Ok(created)
}

/// Lists topics with their watermarks; internal ones are left out.
pub(crate) fn list(asker: &BaseConsumer) -> Result<Vec<TopicInfo>, LogError> {
    let metadata = asker.fetch_metadata(None, ASK).map_err(classify)?;
    let mut topics = Vec::new();
    for topic in metadata.topics().iter().filter(|t| !t.name().starts_with("__")) {
        let mut partitions = Vec::new();
        for partition in topic.partitions() {
            let (low, high) = asker.fetch_watermarks(topic.name(), partition.id(), ASK).map_err(classify)?;
            partitions.push((u64::try_from(low).unwrap_or_default(), u64::try_from(high).unwrap_or_default()));
        }
        topics.push(TopicInfo { name: topic.name().to_owned(), partitions });
    }
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(topics)
}

/// Counts the partitions of a topic.
pub(crate) fn partition_count(asker: &BaseConsumer, topic: &str) -> Result<u32, LogError> {
    let metadata = asker.fetch_metadata(Some(topic), ASK).map_err(classify)?;
    let found = metadata.topics().iter().find(|t| t.name() == topic && t.error().is_none());
    let count = found.map_or(0, |t| t.partitions().len());
    if count == 0 {
        return Err(LogError::UnknownTopic(topic.to_owned()));
    }
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Asks for a group's positions; waits for those of open transactions to be settled.
pub(crate) fn committed(asker: &BaseConsumer, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, LogError> {
    let mut list = TopicPartitionList::new();
    for at in partitions {
        list.add_partition(&at.topic, partition_number(at.partition));
    }
    let committed = asker.committed_offsets(list, ASK).map_err(classify)?;
    let position = |at: &TopicPartition| {
        let found = committed.find_partition(&at.topic, partition_number(at.partition))?;
        match found.offset() {
            Offset::Offset(offset) => u64::try_from(offset).ok(),
            _ => None,
        }
    };
    Ok(partitions.iter().map(position).collect())
}
