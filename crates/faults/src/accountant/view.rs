//! The two views of a topic: what a read-committed consumer sees, and what lies in the log.

use std::collections::HashMap;

use naba_stage::Topics;
use naba_stage::log::{Log, LogError, Record, TopicPartition};

/// How often a topic that is not available is asked for; each time takes ten seconds and more.
const ATTEMPTS: u32 = 12;

/// Reads every record of a role's topic, as far as it goes when a partition's turn comes.
pub async fn read_all(log: &dyn Log, topics: &Topics, role: &str) -> Vec<Record> {
    let topic = topics.get(role).expect(role);
    let mut records = Vec::new();
    for partition in 0..topic.partitions {
        let at = TopicPartition::new(topic.name.as_str(), partition);
        let before = records.len();
        // Brokers that were killed a moment ago take their time.
        let mut attempts = 0;
        while let Err(error) = log.snapshot(&at, 0, &mut |record| records.push(record)).await {
            attempts += 1;
            assert!(matches!(error, LogError::Unavailable(_)) && attempts < ATTEMPTS, "{at} cannot be read: {error}");
            records.truncate(before);
        }
    }
    records
}

/// What one topic holds.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Records that read-committed consumers see.
    pub committed: u64,
    /// Records of aborted transactions, which only read-uncommitted consumers see.
    pub aborted: u64,
}

/// Compares the views of all topics; the texts tell of committed records that the log does not hold as they were read.
pub async fn views(log: &dyn Log, raw_log: &dyn Log, topics: &Topics) -> (Vec<View>, Vec<String>) {
    let (mut views, mut differences) = (Vec::new(), Vec::new());
    for topic in topics.all() {
        let raw = read_all(raw_log, topics, &topic.role).await;
        let committed = read_all(log, topics, &topic.role).await;
        let view =
            View { committed: committed.len() as u64, aborted: raw.len().saturating_sub(committed.len()) as u64 };
        let at = |record: &Record| (record.at.partition, record.offset);
        let raw: HashMap<(u32, u64), &Record> = raw.iter().map(|record| (at(record), record)).collect();
        for record in &committed {
            let same = raw.get(&at(record)).is_some_and(|other| other.value == record.value && other.key == record.key);
            // A compacted topic may have been cleaned between the two readings, the newest record of a key never.
            if !same && topic.cleanup.policy() == "delete" {
                differences.push(format!("{} offset {}", record.at, record.offset));
            }
        }
        views.push(view);
    }
    (views, differences)
}
