//! What is to be forgotten: by age, and by key.

use std::collections::HashMap;

use naba_stage::Cleanup;
use naba_stage::log::{LogError, TopicPartition};
use redb::ReadableTable;

use crate::store::{RECORDS, Store, Topic, WATERMARKS, failed};

/// How long a tombstone stays readable, so that followers see it: Kafka's default of a day.
const TOMBSTONE_MS: i64 = 24 * 3600 * 1000;

/// What a sweep has deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Records beyond their retention time.
    pub expired: u64,
    /// Records that a newer one of their key stands for.
    pub superseded: u64,
}

/// Sweeps every topic once.
pub(crate) fn sweep(store: &Store, now: i64) -> Result<Swept, LogError> {
    let mut swept = Swept::default();
    for topic in store.topics() {
        for partition in 0..u32::try_from(topic.partitions.len()).unwrap_or(u32::MAX) {
            let at = TopicPartition::new(topic.name.clone(), partition);
            if topic.cleanup != Cleanup::Compact && topic.retention_ms >= 0 {
                swept.expired += expire(store, &topic, &at, now - topic.retention_ms)?;
            }
            if topic.cleanup != Cleanup::Delete {
                swept.superseded += compact(store, &topic, &at, now - TOMBSTONE_MS)?;
            }
        }
    }
    Ok(swept)
}

/// Deletes from the old end what is older than `before`.
fn expire(store: &Store, topic: &Topic, at: &TopicPartition, before: i64) -> Result<u64, LogError> {
    let (low, _) = store.watermarks(at)?;
    let new_low = store.offset_for_time(at, before)?;
    if new_low <= low {
        return Ok(0);
    }
    delete(store, topic, at, (low..new_low).collect(), Some(new_low))
}

/// Deletes records that a newer one of their key stands for, and old tombstones.
fn compact(store: &Store, topic: &Topic, at: &TopicPartition, tombstones_before: i64) -> Result<u64, LogError> {
    let (low, high) = store.watermarks(at)?;
    let mut newest: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut gone = Vec::new();
    let mut next = low;
    while next < high {
        let records = store.read(at, next, 1000, 8 * 1024 * 1024)?;
        next = records.last().map_or(high, |r| r.offset + 1);
        for record in records {
            let Some(key) = &record.key else { continue };
            if let Some(older) = newest.insert(key.to_vec(), record.offset) {
                gone.push(older);
            }
            if record.value.is_none() && record.timestamp < tombstones_before {
                gone.push(record.offset);
                newest.remove(key.as_ref());
            }
        }
    }
    if gone.is_empty() {
        return Ok(0);
    }
    delete(store, topic, at, gone, None)
}

fn delete(
    store: &Store,
    topic: &Topic,
    at: &TopicPartition,
    offsets: Vec<u64>,
    low: Option<u64>,
) -> Result<u64, LogError> {
    let error = |e: redb::Error| failed(&store.path, e);
    let mut deleted = 0;
    let transaction = store.database.begin_write().map_err(|e| error(e.into()))?;
    // The writer waits meanwhile, so the high watermark read here is the newest.
    let (old_low, high) = store.watermarks(at)?;
    let new_low = low.unwrap_or(old_low);
    {
        let mut records = transaction.open_table(RECORDS).map_err(|e| error(e.into()))?;
        for offset in offsets {
            let removed = records.remove((topic.number, at.partition, offset)).map_err(|e| error(e.into()))?;
            deleted += u64::from(removed.is_some());
        }
        let mut watermarks = transaction.open_table(WATERMARKS).map_err(|e| error(e.into()))?;
        let stored = watermarks.get((topic.number, at.partition)).map_err(|e| error(e.into()))?.map(|w| w.value());
        let high = stored.map_or(high, |(_, stored)| stored.max(high));
        watermarks.insert((topic.number, at.partition), (new_low, high)).map_err(|e| error(e.into()))?;
    }
    transaction.commit().map_err(|e| error(e.into()))?;
    if low.is_some() {
        store.raise_low(&at.topic, at.partition, new_low);
    }
    Ok(deleted)
}
