//! The store: one redb file, and what is kept of it in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use naba_stage::log::{LogError, NewRecord, Record, TopicPartition};
use naba_stage::{Cleanup, TopicSpec};
use prost::Message as _;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::wire::WireRecord;

/// Version of the format; a store of another version is refused.
const FORMAT: u64 = 1;
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Topic name → number, partitions, cleanup (0 delete, 1 compact, 2 both), retention in milliseconds.
const TOPICS: TableDefinition<'_, &str, (u32, u32, u8, i64)> = TableDefinition::new("topics");
/// Topic number, partition, offset → record.
pub(crate) const RECORDS: TableDefinition<'_, (u32, u32, u64), &[u8]> = TableDefinition::new("records");
/// Topic number, partition → low and high watermark.
pub(crate) const WATERMARKS: TableDefinition<'_, (u32, u32), (u64, u64)> = TableDefinition::new("watermarks");
/// Group, topic, partition → next offset to read.
const POSITIONS: TableDefinition<'_, (&str, &str, u32), u64> = TableDefinition::new("positions");

/// A topic of the store.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    pub(crate) name: Arc<str>,
    pub(crate) number: u32,
    pub(crate) cleanup: Cleanup,
    pub(crate) retention_ms: i64,
    /// Low and high watermark of each partition.
    pub(crate) partitions: Vec<(u64, u64)>,
}

/// The store.
pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) database: Database,
    topics: RwLock<BTreeMap<String, Topic>>,
}

/// What is written in one transaction.
pub(crate) struct Write {
    pub(crate) group: Option<String>,
    pub(crate) records: Vec<NewRecord>,
    pub(crate) positions: Vec<(TopicPartition, u64)>,
}

/// Sorts an error of the store.
pub(crate) fn failed(path: &Path, error: impl Into<redb::Error>) -> LogError {
    let error = error.into();
    match &error {
        redb::Error::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => {
            LogError::NoSpace(path.display().to_string())
        }
        redb::Error::DatabaseAlreadyOpen => LogError::Fatal(format!(
            "{} is in use by another process: stop it, or use the commands that work while it runs",
            path.display()
        )),
        _ => LogError::Fatal(format!("{}: {error}", path.display())),
    }
}

impl Store {
    /// Opens or makes the store in a folder.
    pub(crate) fn open(folder: &Path) -> Result<Self, LogError> {
        std::fs::create_dir_all(folder).map_err(|e| LogError::Fatal(format!("{}: {e}", folder.display())))?;
        let path = folder.join("log.redb");
        let database = Database::builder().set_cache_size(128 * 1024 * 1024).create(&path);
        let database = database.map_err(|e| failed(&path, e))?;
        let topics = prepare(&database).map_err(|e| failed(&path, e))?;
        Ok(Self { path, database, topics: RwLock::new(topics) })
    }

    fn failed(&self, error: impl Into<redb::Error>) -> LogError {
        failed(&self.path, error)
    }

    /// Returns a topic.
    pub(crate) fn topic(&self, name: &str) -> Result<Topic, LogError> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        topics.get(name).cloned().ok_or_else(|| LogError::UnknownTopic(name.to_owned()))
    }

    /// Returns all topics, by name.
    pub(crate) fn topics(&self) -> Vec<Topic> {
        self.topics.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Returns the high watermark of a partition.
    pub(crate) fn end(&self, at: &TopicPartition) -> Result<u64, LogError> {
        Ok(self.watermarks(at)?.1)
    }

    /// Returns low and high watermark of a partition.
    pub(crate) fn watermarks(&self, at: &TopicPartition) -> Result<(u64, u64), LogError> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        let partition = topics.get(at.topic.as_ref()).and_then(|t| t.partitions.get(at.partition as usize));
        partition.copied().ok_or_else(|| LogError::UnknownTopic(at.to_string()))
    }

    /// Notes watermarks that have been committed.
    pub(crate) fn set_watermarks(&self, name: &str, partition: u32, watermarks: (u64, u64)) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = topics.get_mut(name).and_then(|t| t.partitions.get_mut(partition as usize)) {
            *slot = (slot.0.max(watermarks.0), watermarks.1);
        }
    }

    /// Raises the low watermark in memory, leaving the high one to the writer.
    pub(crate) fn raise_low(&self, name: &str, partition: u32, low: u64) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = topics.get_mut(name).and_then(|t| t.partitions.get_mut(partition as usize)) {
            slot.0 = slot.0.max(low);
        }
    }

    /// Makes the topics that are missing; returns their names.
    pub(crate) fn ensure_topics(&self, specs: &[TopicSpec]) -> Result<Vec<String>, LogError> {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        for spec in specs {
            if let Some(topic) = topics.get(&spec.name)
                && topic.partitions.len() != spec.partitions as usize
            {
                let count = topic.partitions.len();
                return Err(LogError::Fatal(format!(
                    "topic {} has {count} partitions, not {}: changing the count moves keys",
                    spec.name, spec.partitions
                )));
            }
        }
        let missing: Vec<&TopicSpec> = specs.iter().filter(|s| !topics.contains_key(&s.name)).collect();
        let mut number = topics.values().map(|t| t.number + 1).max().unwrap_or(0);
        let transaction = self.database.begin_write().map_err(|e| self.failed(e))?;
        let mut made = Vec::new();
        {
            let mut table = transaction.open_table(TOPICS).map_err(|e| self.failed(e))?;
            for spec in missing {
                let row = (number, spec.partitions, cleanup_code(spec.cleanup), spec.retention_ms);
                table.insert(spec.name.as_str(), row).map_err(|e| self.failed(e))?;
                made.push(Topic {
                    name: Arc::from(spec.name.as_str()),
                    number,
                    cleanup: spec.cleanup,
                    retention_ms: spec.retention_ms,
                    partitions: vec![(0, 0); spec.partitions as usize],
                });
                number += 1;
            }
        }
        transaction.commit().map_err(|e| self.failed(e))?;
        let names = made.iter().map(|t| t.name.to_string()).collect();
        topics.extend(made.into_iter().map(|t| (t.name.to_string(), t)));
        Ok(names)
    }

    /// Writes several transactions in one, durably. All of them or none.
    pub(crate) fn write(&self, writes: &[&Write], now: i64) -> Result<(), LogError> {
        let mut watermarks: BTreeMap<(Arc<str>, u32), (u32, u64, u64)> = BTreeMap::new();
        let mut transaction = self.database.begin_write().map_err(|e| self.failed(e))?;
        transaction.set_durability(Durability::Immediate).map_err(|e| self.failed(e))?;
        {
            let mut table = transaction.open_table(RECORDS).map_err(|e| self.failed(e))?;
            let mut positions = transaction.open_table(POSITIONS).map_err(|e| self.failed(e))?;
            for write in writes {
                for record in &write.records {
                    let slot = (Arc::clone(&record.topic), record.partition);
                    if !watermarks.contains_key(&slot) {
                        let number = self.topic(&record.topic)?.number;
                        let at = TopicPartition::new(Arc::clone(&record.topic), record.partition);
                        let (low, high) = self.watermarks(&at)?;
                        watermarks.insert(slot.clone(), (number, low, high));
                    }
                    let Some((number, _, high)) = watermarks.get_mut(&slot) else { continue };
                    let value = WireRecord::of_new(record, now).encode_to_vec();
                    table.insert((*number, record.partition, *high), value.as_slice()).map_err(|e| self.failed(e))?;
                    *high += 1;
                }
                if let Some(group) = &write.group {
                    for (at, position) in &write.positions {
                        let key = (group.as_str(), at.topic.as_ref(), at.partition);
                        positions.insert(key, *position).map_err(|e| self.failed(e))?;
                    }
                }
            }
            let mut table = transaction.open_table(WATERMARKS).map_err(|e| self.failed(e))?;
            for ((_, partition), (number, low, high)) in &watermarks {
                table.insert((*number, *partition), (*low, *high)).map_err(|e| self.failed(e))?;
            }
        }
        transaction.commit().map_err(|e| self.failed(e))?;
        for ((name, partition), (_, low, high)) in watermarks {
            self.set_watermarks(&name, partition, (low, high));
        }
        Ok(())
    }

    /// Reads records of a partition from an offset, at most `max` and about `bytes`.
    pub(crate) fn read(
        &self,
        at: &TopicPartition,
        from: u64,
        max: usize,
        bytes: usize,
    ) -> Result<Vec<Record>, LogError> {
        let topic = self.topic(&at.topic)?;
        let end = self.end(at)?;
        let transaction = self.database.begin_read().map_err(|e| self.failed(e))?;
        let table = transaction.open_table(RECORDS).map_err(|e| self.failed(e))?;
        let range = (topic.number, at.partition, from)..(topic.number, at.partition, end.max(from));
        let (mut records, mut size) = (Vec::new(), 0);
        for entry in table.range(range).map_err(|e| self.failed(e))? {
            let (key, value) = entry.map_err(|e| self.failed(e))?;
            let (_, _, offset) = key.value();
            let wire = WireRecord::decode(bytes::Bytes::copy_from_slice(value.value()));
            let wire = wire.map_err(|e| LogError::Fatal(format!("{at} offset {offset}: {e}")))?;
            let record = wire.into_record(at.clone(), offset);
            size += record.size();
            records.push(record);
            if records.len() >= max || size >= bytes {
                break;
            }
        }
        Ok(records)
    }

    /// Finds the first offset whose record is not older than an instant.
    pub(crate) fn offset_for_time(&self, at: &TopicPartition, time: i64) -> Result<u64, LogError> {
        let (mut low, mut high) = self.watermarks(at)?;
        // Timestamps grow with offsets: one writer gives both.
        while low < high {
            let middle = low + (high - low) / 2;
            match self.read(at, middle, 1, 1)?.first() {
                Some(record) if record.timestamp < time => low = record.offset + 1,
                Some(_) | None => high = middle,
            }
        }
        Ok(low)
    }

    /// Returns a group's position.
    pub(crate) fn position(&self, group: &str, at: &TopicPartition) -> Result<Option<u64>, LogError> {
        let transaction = self.database.begin_read().map_err(|e| self.failed(e))?;
        let table = transaction.open_table(POSITIONS).map_err(|e| self.failed(e))?;
        let position = table.get((group, at.topic.as_ref(), at.partition)).map_err(|e| self.failed(e))?;
        Ok(position.map(|p| p.value()))
    }
}

fn cleanup_code(cleanup: Cleanup) -> u8 {
    match cleanup {
        Cleanup::Delete => 0,
        Cleanup::Compact => 1,
        Cleanup::CompactDelete => 2,
    }
}

/// Makes the tables, checks the format, and reads the topics.
fn prepare(database: &Database) -> Result<BTreeMap<String, Topic>, redb::Error> {
    let transaction = database.begin_write()?;
    let mut topics = BTreeMap::new();
    {
        let mut meta = transaction.open_table(META)?;
        let format = meta.get("format")?.map(|v| v.value());
        if let Some(format) = format.filter(|f| *f != FORMAT) {
            return Err(redb::Error::Corrupted(format!("format {format}, this version reads {FORMAT}")));
        }
        meta.insert("format", FORMAT)?;
        transaction.open_table(RECORDS)?;
        transaction.open_table(POSITIONS)?;
        let watermarks = transaction.open_table(WATERMARKS)?;
        let table = transaction.open_table(TOPICS)?;
        for row in table.iter()? {
            let (name, row) = row?;
            let (number, count, cleanup, retention_ms) = row.value();
            let mut partitions = Vec::new();
            for partition in 0..count {
                partitions.push(watermarks.get((number, partition))?.map_or((0, 0), |w| w.value()));
            }
            let cleanup = match cleanup {
                0 => Cleanup::Delete,
                1 => Cleanup::Compact,
                _ => Cleanup::CompactDelete,
            };
            let topic = Topic { name: Arc::from(name.value()), number, cleanup, retention_ms, partitions };
            topics.insert(name.value().to_owned(), topic);
        }
    }
    transaction.commit()?;
    Ok(topics)
}
