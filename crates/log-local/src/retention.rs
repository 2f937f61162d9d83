//! What is to be forgotten: by age, by key, and by size.
//!
//! Age and key respect the groups: what a group has not read stays. Size does not, because a full disk would stop everything:
//! what nobody needs goes first, then the oldest of the rest, counted and logged as an error.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use naba_stage::Cleanup;
use naba_stage::log::{LogError, TopicPartition};
use redb::Database;

use crate::store::{Changes, EXTENTS, RECORDS, Store, Topic};

/// How long a tombstone stays readable, so that followers see it: Kafka's default of a day.
const TOMBSTONE_MS: i64 = 24 * 3600 * 1000;
/// Records deleted in one transaction; writers wait for it.
const AT_ONCE: usize = 1000;
/// Bytes looked at or deleted at once, about.
const BYTES_AT_ONCE: usize = 16 * 1024 * 1024;
/// A file below this is not made smaller.
const SMALL_FILE: u64 = 64 * 1024 * 1024;
/// A file that takes so many times the bytes of its records is made smaller. Pages of half-used powers of two take up to two.
const SLACK: u64 = 4;

/// How much the log may hold, counted in bytes of records as they are stored. The file takes up to twice as much, and up to
/// four times for a while after much was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Of all topics that forget by time, together.
    pub log_bytes: u64,
    /// Of single topics that forget by time, by name.
    pub topic_bytes: BTreeMap<String, u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { log_bytes: 16 * 1024 * 1024 * 1024, topic_bytes: BTreeMap::new() }
    }
}

/// What a sweep has deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Records beyond their retention time.
    pub expired: u64,
    /// Records that a newer one of their key stands for.
    pub superseded: u64,
    /// Records that every group had read, deleted because of the size.
    pub shed: u64,
    /// Records that a group had not read, deleted because of the size: lost to that group.
    pub unread: u64,
}

/// How each partition was left when it was last compacted, so that a topic without news is not read again and again.
pub(crate) type Compacted = Mutex<HashMap<TopicPartition, Clean>>;

/// What the last compaction left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clean {
    /// The end as of then.
    high: u64,
    /// Keys that it left.
    keys: u64,
    /// When the oldest tombstone was written that it left.
    tombstone: i64,
}

/// A sweep of the store at an instant.
pub(crate) struct Sweep<'a> {
    pub(crate) store: &'a Store,
    pub(crate) limits: &'a Limits,
    pub(crate) compacted: &'a Compacted,
    /// The first offset of each partition that a group has not read.
    pub(crate) unread: HashMap<TopicPartition, u64>,
    pub(crate) now: i64,
}

/// Tells what was deleted from a partition.
#[derive(Clone, Copy, Default)]
struct Deleted {
    records: u64,
    bytes: u64,
}

impl Sweep<'_> {
    /// Sweeps every topic once.
    pub(crate) fn run(&self) -> Result<Swept, LogError> {
        let mut swept = Swept::default();
        for topic in self.store.topics() {
            for at in partitions(&topic) {
                if topic.cleanup != Cleanup::Compact && topic.retention_ms >= 0 {
                    swept.expired += self.expire(&topic, &at)?;
                }
                if topic.cleanup != Cleanup::Delete {
                    swept.superseded += self.compact(&topic, &at)?;
                }
            }
        }
        for (name, limit) in &self.limits.topic_bytes {
            let topic = self.store.topics().into_iter().filter(|topic| topic.name.as_ref() == name);
            self.shed(topic.collect(), *limit, &mut swept)?;
        }
        self.shed(self.store.topics(), self.limits.log_bytes, &mut swept)?;
        self.give_back()?;
        if swept != Swept::default() {
            self.store.room.was_made();
        }
        Ok(swept)
    }

    fn read_by_all(&self, at: &TopicPartition) -> u64 {
        self.unread.get(at).copied().unwrap_or(u64::MAX)
    }

    /// Deletes from the old end what is older than the topic remembers.
    fn expire(&self, topic: &Topic, at: &TopicPartition) -> Result<u64, LogError> {
        let until = self.store.offset_for_time(at, self.now - topic.retention_ms)?.min(self.read_by_all(at));
        let mut deleted = 0;
        while self.store.watermarks(at)?.0 < until {
            deleted += self.cut(topic, at, until, u64::MAX)?.records;
        }
        Ok(deleted)
    }

    /// Deletes records that a newer one of their key stands for, and old tombstones.
    fn compact(&self, topic: &Topic, at: &TopicPartition) -> Result<u64, LogError> {
        let (low, high) = self.store.watermarks(at)?;
        let before = self.with_compacted(|compacted| compacted.get(at).copied());
        // As Kafka's dirty ratio: when the news are half of it, so that the work for a record is bounded.
        let is_clean = |c: Clean| high - c.high < c.keys.max(1) && c.tombstone >= self.now - TOMBSTONE_MS;
        if before.is_some_and(is_clean) {
            return Ok(0);
        }
        let read = self.read_by_all(at);
        let mut newest: HashMap<Vec<u8>, u64> = HashMap::new();
        let (mut gone, mut next, mut tombstone) = (Vec::new(), low, i64::MAX);
        while next < high {
            let records = self.store.read(at, next, AT_ONCE, BYTES_AT_ONCE)?;
            next = records.last().map_or(high, |r| r.offset + 1);
            for record in records.iter().filter(|record| record.offset < high) {
                let Some(key) = &record.key else { continue };
                gone.extend(newest.insert(key.to_vec(), record.offset));
                match record.value {
                    None if record.timestamp < self.now - TOMBSTONE_MS => {
                        gone.push(record.offset);
                        newest.remove(key.as_ref());
                    }
                    None => tombstone = tombstone.min(record.timestamp),
                    Some(_) => {}
                }
            }
        }
        let found = gone.len();
        gone.retain(|offset| *offset < read);
        if gone.len() < found {
            // Some wait for a group to read them: look again the next time.
            tombstone = i64::MIN;
        }
        let mut deleted = 0;
        for offsets in gone.chunks(AT_ONCE) {
            deleted += self.delete(topic, at, |records| take_out(records, topic, at, offsets), None)?.records;
        }
        self.with_compacted(|compacted| {
            compacted.insert(at.clone(), Clean { high, keys: newest.len() as u64, tombstone })
        });
        Ok(deleted)
    }

    fn with_compacted<T>(&self, act: impl FnOnce(&mut HashMap<TopicPartition, Clean>) -> T) -> T {
        act(&mut self.compacted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Deletes the oldest records of topics that forget by time until they hold no more than `limit` bytes together.
    fn shed(&self, topics: Vec<Topic>, limit: u64, swept: &mut Swept) -> Result<(), LogError> {
        let topics: Vec<Topic> = topics.into_iter().filter(|topic| topic.cleanup != Cleanup::Compact).collect();
        let held = |topic: &Topic| topic.partitions.iter().map(|extent| extent.bytes).sum::<u64>();
        let mut over = topics.iter().map(held).sum::<u64>().saturating_sub(limit);
        for is_read in [true, false] {
            while over > 0 {
                let Some((topic, at)) = self.oldest(&topics, is_read)? else { break };
                let until = if is_read { self.read_by_all(&at) } else { u64::MAX };
                let low = self.store.watermarks(&at)?.0;
                let deleted = self.cut(topic, &at, until, over)?;
                over = over.saturating_sub(deleted.bytes);
                if is_read {
                    swept.shed += deleted.records;
                } else {
                    swept.unread += deleted.records;
                    let records = deleted.records;
                    tracing::error!(partition = %at, records, from = low, "the log is over its size: records that a group has not read were deleted");
                }
            }
        }
        Ok(())
    }

    /// Finds the partition whose oldest record is the oldest.
    fn oldest<'t>(&self, topics: &'t [Topic], is_read: bool) -> Result<Option<(&'t Topic, TopicPartition)>, LogError> {
        let mut oldest: Option<(i64, &Topic, TopicPartition)> = None;
        for topic in topics {
            for at in partitions(topic) {
                let low = self.store.watermarks(&at)?.0;
                let Some(record) = self.store.read(&at, low, 1, 1)?.pop() else { continue };
                let may = !is_read || record.offset < self.read_by_all(&at);
                if may && oldest.as_ref().is_none_or(|(time, ..)| record.timestamp < *time) {
                    oldest = Some((record.timestamp, topic, at));
                }
            }
        }
        Ok(oldest.map(|(_, topic, at)| (topic, at)))
    }

    /// Deletes some of the oldest records below `until`, no more than needed for `bytes`.
    fn cut(&self, topic: &Topic, at: &TopicPartition, until: u64, bytes: u64) -> Result<Deleted, LogError> {
        let (low, high) = self.store.watermarks(at)?;
        let until = until.min(high);
        let mut offsets = Vec::new();
        let (mut size, mut new_low) = (0, low);
        for record in self.store.read(at, low, AT_ONCE, BYTES_AT_ONCE)? {
            if record.offset >= until || size >= bytes {
                break;
            }
            size += record.size() as u64;
            new_low = record.offset + 1;
            offsets.push(record.offset);
        }
        if offsets.is_empty() {
            // Compaction has left nothing here.
            new_low = until;
        }
        self.delete(topic, at, |records| take_out(records, topic, at, &offsets), Some(new_low))
    }

    fn delete(
        &self,
        topic: &Topic,
        at: &TopicPartition,
        take: impl Fn(&mut redb::Table<'_, (u32, u32, u64), &'static [u8]>) -> Result<Deleted, redb::Error>,
        low: Option<u64>,
    ) -> Result<Deleted, LogError> {
        let _turn = self.store.turn();
        let mut extent = self.store.extent(at)?;
        let done = self.store.file.once(|database: &Database| {
            let transaction = database.begin_write()?;
            let deleted = take(&mut transaction.open_table(RECORDS)?)?;
            extent.low = low.unwrap_or(extent.low).max(extent.low);
            extent.bytes = extent.bytes.saturating_sub(deleted.bytes);
            transaction.open_table(EXTENTS)?.insert((topic.number, at.partition), extent.row())?;
            transaction.commit()?;
            Ok(deleted)
        });
        match done {
            Ok(deleted) => {
                self.store.note(Changes::from([((at.topic.clone(), at.partition), extent)]));
                Ok(deleted)
            }
            Err(failed) => Err(self.store.recover(failed)?),
        }
    }

    /// Gives room in the file back to the disk when most of it is empty.
    fn give_back(&self) -> Result<(), LogError> {
        let topics = self.store.topics();
        let held: u64 = topics.iter().flat_map(|topic| &topic.partitions).map(|extent| extent.bytes).sum();
        let before = self.store.file.bytes_on_disk();
        if before <= SMALL_FILE || before / SLACK <= held {
            return Ok(());
        }
        let _turn = self.store.turn();
        if let Err(failed) = self.store.file.shrink() {
            return Err(self.store.recover(failed)?);
        }
        let after = self.store.file.bytes_on_disk();
        tracing::info!(before, after, "the log's file was made smaller");
        Ok(())
    }
}

fn partitions(topic: &Topic) -> impl Iterator<Item = TopicPartition> + use<> {
    let name = topic.name.clone();
    (0..u32::try_from(topic.partitions.len()).unwrap_or(u32::MAX)).map(move |p| TopicPartition::new(name.clone(), p))
}

fn take_out(
    records: &mut redb::Table<'_, (u32, u32, u64), &'static [u8]>,
    topic: &Topic,
    at: &TopicPartition,
    offsets: &[u64],
) -> Result<Deleted, redb::Error> {
    let mut deleted = Deleted::default();
    for offset in offsets {
        if let Some(record) = records.remove((topic.number, at.partition, *offset))? {
            deleted.records += 1;
            deleted.bytes += record.value().len() as u64;
        }
    }
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use naba_stage::log::{Log, NewRecord};
    use naba_stage::{Delivery, TopicSpec, Topics};

    use super::*;
    use crate::LocalLog;

    async fn put(log: &LocalLog, key: &str, value: Option<&str>) {
        let mut producer = log.producer("test", Delivery::ExactlyOnce).await.unwrap();
        let (key, value) = (key.to_owned(), value.map(|v| Bytes::from(v.to_owned())));
        let record =
            NewRecord { topic: Arc::from("c"), key: Some(key.into()), partition: 0, value, headers: Vec::new() };
        producer.send(&[record]).await.unwrap();
        producer.commit(&[]).await.unwrap();
    }

    async fn keys(log: &LocalLog) -> Vec<Bytes> {
        let mut keys = Vec::new();
        log.snapshot(&TopicPartition::new("c", 0), 0, &mut |r| keys.extend(r.key)).await.unwrap();
        keys
    }

    #[tokio::test]
    async fn a_tombstone_stays_for_a_day_then_the_key_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let log = LocalLog::open(folder.path()).unwrap();
        let raw = Topics::built_in().unwrap().get("raw").unwrap().clone();
        let spec = TopicSpec { name: "c".into(), cleanup: Cleanup::Compact, partitions: 1, ..raw };
        log.ensure_topics(&[spec]).await.unwrap();
        put(&log, "a", Some("1")).await;
        put(&log, "b", Some("1")).await;
        put(&log, "a", None).await;
        let now = crate::writer::now();
        assert_eq!(log.sweep_at(now).unwrap().superseded, 1);
        assert_eq!(keys(&log).await, ["b", "a"]);
        log.sweep_at(now + TOMBSTONE_MS / 2).unwrap();
        assert_eq!(keys(&log).await, ["b", "a"]);
        log.sweep_at(now + TOMBSTONE_MS + 60_000).unwrap();
        assert_eq!(keys(&log).await, ["b"]);
    }
}
