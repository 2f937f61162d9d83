//! The store: topics, records and positions in one file, and what is kept of it in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use naba_stage::log::{LogError, NewRecord, Record, TopicPartition};
use naba_stage::{Cleanup, Latch, TopicSpec};
use prost::Message as _;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::file::{DataFile, Failed, in_use};
use crate::room::Room;
use crate::wire::WireRecord;

/// Between two attempts to open a file that cannot be opened.
const AGAIN: Duration = Duration::from_secs(1);
/// Version of the format; a store of another version is refused.
const FORMAT: u64 = 2;
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Topic name → number, partitions, cleanup (0 delete, 1 compact, 2 both), retention in milliseconds.
const TOPICS: TableDefinition<'_, &str, (u32, u32, u8, i64)> = TableDefinition::new("topics");
/// Topic number, partition, offset → record.
pub(crate) const RECORDS: TableDefinition<'_, (u32, u32, u64), &[u8]> = TableDefinition::new("records");
/// Topic number, partition → low and high watermark, bytes of its records.
pub(crate) const EXTENTS: TableDefinition<'_, (u32, u32), (u64, u64, u64)> = TableDefinition::new("extents");
/// Group, topic, partition → next offset to read.
const POSITIONS: TableDefinition<'_, (&str, &str, u32), u64> = TableDefinition::new("positions");

/// What a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Extent {
    /// Oldest offset.
    pub(crate) low: u64,
    /// Next offset.
    pub(crate) high: u64,
    /// Bytes of its records as they are stored.
    pub(crate) bytes: u64,
}

impl Extent {
    pub(crate) fn row(self) -> (u64, u64, u64) {
        (self.low, self.high, self.bytes)
    }

    fn of((low, high, bytes): (u64, u64, u64)) -> Self {
        Self { low, high, bytes }
    }
}

/// A topic of the store.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    pub(crate) name: Arc<str>,
    pub(crate) number: u32,
    pub(crate) cleanup: Cleanup,
    pub(crate) retention_ms: i64,
    pub(crate) partitions: Vec<Extent>,
}

/// The store.
pub(crate) struct Store {
    /// Held as long as the store lives; `None` where there is no folder. The database's own lock is let go when it is opened
    /// again.
    _lock: Option<File>,
    pub(crate) file: DataFile,
    pub(crate) room: Room,
    topics: RwLock<BTreeMap<String, Topic>>,
}

/// What is written in one transaction.
#[derive(Debug, Default)]
pub(crate) struct Write {
    pub(crate) group: Option<String>,
    pub(crate) records: Vec<NewRecord>,
    pub(crate) positions: Vec<(TopicPartition, u64)>,
}

/// Partitions and what they hold after a write.
pub(crate) type Changes = BTreeMap<(Arc<str>, u32), Extent>;

impl Store {
    /// Opens or makes the store in a folder. The latch is held while its disk is full.
    pub(crate) fn open(folder: &Path, latch: Option<Latch>) -> Result<Self, LogError> {
        let failed = |e: std::io::Error| LogError::Fatal(format!("{}: {e}", folder.display()));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join("log.lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(in_use(folder)),
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        Self::on(DataFile::in_folder(folder)?, Room::new(Some(folder), latch), Some(lock))
    }

    /// Opens the store on a file.
    pub(crate) fn on(file: DataFile, room: Room, lock: Option<File>) -> Result<Self, LogError> {
        let store = Self { _lock: lock, file, room, topics: RwLock::default() };
        if store.file.read(is_empty)? {
            store.file.once(prepare).map_err(|failed| store.file.failed(failed.error))?;
        }
        store.reload()?;
        Ok(store)
    }

    /// Reads the topics again from the file.
    pub(crate) fn reload(&self) -> Result<(), LogError> {
        let topics = self.file.read(topics)?;
        *self.topics.write().unwrap_or_else(PoisonError::into_inner) = topics;
        Ok(())
    }

    /// Opens the file again after a failed write, and reads what that has left. Returns what it failed with.
    pub(crate) fn recover(&self, failed: Failed) -> Result<LogError, LogError> {
        let error = self.file.failed(failed.error);
        self.file.open_again(failed.generation).map_err(|e| self.file.failed(e))?;
        self.reload()?;
        Ok(error)
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
        Ok(self.extent(at)?.high)
    }

    /// Returns low and high watermark of a partition.
    pub(crate) fn watermarks(&self, at: &TopicPartition) -> Result<(u64, u64), LogError> {
        self.extent(at).map(|extent| (extent.low, extent.high))
    }

    /// Returns what a partition holds.
    pub(crate) fn extent(&self, at: &TopicPartition) -> Result<Extent, LogError> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        let extent = topics.get(at.topic.as_ref()).and_then(|t| t.partitions.get(at.partition as usize));
        extent.copied().ok_or_else(|| LogError::UnknownTopic(at.to_string()))
    }

    /// Keeps other writers out until memory says what the file says.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.file.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what has been committed.
    pub(crate) fn note(&self, changes: Changes) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        for ((name, partition), extent) in changes {
            let topic = topics.get_mut(name.as_ref());
            if let Some(slot) = topic.and_then(|t| t.partitions.get_mut(partition as usize)) {
                *slot = extent;
            }
        }
    }

    /// Makes the topics that are missing; returns their names.
    pub(crate) fn ensure_topics(&self, specs: &[TopicSpec]) -> Result<Vec<String>, LogError> {
        let _turn = self.turn();
        let known = self.topics();
        let find = |spec: &TopicSpec| known.iter().find(|topic| topic.name.as_ref() == spec.name);
        for (spec, topic) in specs.iter().filter_map(|spec| Some((spec, find(spec)?))) {
            let count = topic.partitions.len();
            if count != spec.partitions as usize {
                return Err(LogError::Fatal(format!(
                    "topic {} has {count} partitions, not {}: changing the count moves keys",
                    spec.name, spec.partitions
                )));
            }
        }
        // How long a topic remembers may change from one version to the next.
        let is_stored = |spec: &&TopicSpec| {
            find(spec).is_some_and(|t| t.cleanup == spec.cleanup && t.retention_ms == spec.retention_ms)
        };
        let changed: Vec<&TopicSpec> = specs.iter().filter(|spec| !is_stored(spec)).collect();
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        let mut next = known.iter().map(|t| t.number + 1).max().unwrap_or(0);
        let mut numbered: Vec<(&TopicSpec, u32)> = Vec::new();
        for spec in &changed {
            let number = find(spec).map_or(next, |topic| topic.number);
            next += u32::from(number == next);
            numbered.push((*spec, number));
        }
        let done = self.file.once(|database| {
            let transaction = database.begin_write()?;
            {
                let mut table = transaction.open_table(TOPICS)?;
                for (spec, number) in &numbered {
                    let row = (*number, spec.partitions, cleanup_code(spec.cleanup), spec.retention_ms);
                    table.insert(spec.name.as_str(), row)?;
                }
            }
            Ok(transaction.commit()?)
        });
        if let Err(failed) = done {
            return Err(self.recover(failed)?);
        }
        self.reload()?;
        Ok(changed.iter().filter(|spec| find(spec).is_none()).map(|spec| spec.name.clone()).collect())
    }

    /// Writes several transactions in one, durably. All of them or none, and it is known which when this returns.
    pub(crate) fn write(&self, writes: &[&Write], now: i64) -> Result<(), LogError> {
        let bytes = writes.iter().flat_map(|w| &w.records).map(NewRecord::size).sum();
        if !self.room.allows(bytes) {
            return Err(LogError::NoSpace(self.file.path().display().to_string()));
        }
        let _turn = self.turn();
        let mut intended = Changes::new();
        let mut done = self.file.once(|database| self.put(database, writes, now, &mut intended));
        if let (true, Err(Failed { generation, error: redb::Error::PreviousIo })) = (intended.is_empty(), &done) {
            // Another's failure has closed the file before this write began.
            self.file.open_again(*generation).map_err(|e| self.file.failed(e))?;
            self.reload()?;
            done = self.file.once(|database| self.put(database, writes, now, &mut intended));
        }
        match done {
            Ok(()) => {
                self.note(intended);
                self.room.is_there();
                Ok(())
            }
            Err(failed) => self.settle(failed, &intended),
        }
    }

    /// Finds out whether a write that failed is in the file.
    fn settle(&self, failed: Failed, intended: &Changes) -> Result<(), LogError> {
        let generation = failed.generation;
        let error = self.file.failed(failed.error);
        if matches!(error, LogError::NoSpace(_)) {
            self.room.is_full(self.file.path());
        }
        let again = || self.file.open_again(generation).map_err(|e| self.file.failed(e)).and_then(|()| self.reload());
        while let Err(again) = again() {
            // Nobody may be told that a transaction failed as long as it may turn out to be in the file.
            if intended.is_empty() || matches!(again, LogError::Fatal(_)) {
                return Err(again);
            }
            tracing::warn!(error = %again, "the log cannot be opened again yet");
            std::thread::sleep(AGAIN);
        }
        let is_there = |((name, partition), extent): (&(Arc<str>, u32), &Extent)| {
            self.extent(&TopicPartition::new(Arc::clone(name), *partition)).is_ok_and(|found| found == *extent)
        };
        if !intended.is_empty() && intended.iter().all(is_there) { Ok(()) } else { Err(error) }
    }

    /// Writes and commits. `intended` tells what partitions will hold, as soon as that may become true.
    fn put(&self, database: &Database, writes: &[&Write], now: i64, intended: &mut Changes) -> Result<(), redb::Error> {
        let mut changes = Changes::new();
        let mut transaction = database.begin_write()?;
        transaction.set_durability(Durability::Immediate).map_err(redb::Error::from)?;
        {
            let mut records = transaction.open_table(RECORDS)?;
            let mut extents = transaction.open_table(EXTENTS)?;
            let mut positions = transaction.open_table(POSITIONS)?;
            for write in writes {
                for record in &write.records {
                    let Ok(number) = self.topic_number(&record.topic) else { continue };
                    let extent = match changes.entry((Arc::clone(&record.topic), record.partition)) {
                        std::collections::btree_map::Entry::Occupied(slot) => slot.into_mut(),
                        std::collections::btree_map::Entry::Vacant(slot) => {
                            let row = extents.get((number, record.partition))?.map(|row| row.value());
                            slot.insert(row.map(Extent::of).unwrap_or_default())
                        }
                    };
                    let value = WireRecord::of_new(record, now).encode_to_vec();
                    records.insert((number, record.partition, extent.high), value.as_slice())?;
                    extent.high += 1;
                    extent.bytes += value.len() as u64;
                }
                if let Some(group) = &write.group {
                    for (at, position) in &write.positions {
                        positions.insert((group.as_str(), at.topic.as_ref(), at.partition), *position)?;
                    }
                }
            }
            for ((name, partition), extent) in &changes {
                let Ok(number) = self.topic_number(name) else { continue };
                extents.insert((number, *partition), extent.row())?;
            }
        }
        *intended = changes;
        Ok(transaction.commit()?)
    }

    fn topic_number(&self, name: &str) -> Result<u32, LogError> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        topics.get(name).map(|t| t.number).ok_or_else(|| LogError::UnknownTopic(name.to_owned()))
    }

    /// Reads records of a partition from an offset, at most `max` and about `bytes`.
    pub(crate) fn read(
        &self,
        at: &TopicPartition,
        from: u64,
        max: usize,
        bytes: usize,
    ) -> Result<Vec<Record>, LogError> {
        let (number, end) = (self.topic_number(&at.topic)?, self.end(at)?);
        let raw = self.file.read(|database| {
            let transaction = database.begin_read()?;
            let table = transaction.open_table(RECORDS)?;
            let (mut raw, mut size) = (Vec::new(), 0);
            for entry in table.range((number, at.partition, from)..(number, at.partition, end.max(from)))? {
                let (key, value) = entry?;
                size += value.value().len();
                raw.push((key.value().2, bytes::Bytes::copy_from_slice(value.value())));
                if raw.len() >= max || size >= bytes {
                    break;
                }
            }
            Ok(raw)
        })?;
        let decode = |(offset, value)| match WireRecord::decode(value) {
            Ok(wire) => Ok(wire.into_record(at.clone(), offset)),
            Err(error) => Err(self.file.failed(redb::Error::Corrupted(format!("{at} offset {offset}: {error}")))),
        };
        raw.into_iter().map(decode).collect()
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
        self.file.read(|database| {
            let transaction = database.begin_read()?;
            let table = transaction.open_table(POSITIONS)?;
            let position = table.get((group, at.topic.as_ref(), at.partition))?;
            Ok(position.map(|p| p.value()))
        })
    }

    /// Returns every position that a group has committed: group, partition, next offset to read.
    pub(crate) fn positions(&self) -> Result<Vec<(String, TopicPartition, u64)>, LogError> {
        self.file.read(|database| {
            let transaction = database.begin_read()?;
            let table = transaction.open_table(POSITIONS)?;
            let mut positions = Vec::new();
            for row in table.iter()? {
                let (key, position) = row?;
                let (group, topic, partition) = key.value();
                positions.push((group.to_owned(), TopicPartition::new(topic, partition), position.value()));
            }
            Ok(positions)
        })
    }
}

fn cleanup_code(cleanup: Cleanup) -> u8 {
    match cleanup {
        Cleanup::Delete => 0,
        Cleanup::Compact => 1,
        Cleanup::CompactDelete => 2,
    }
}

/// Tells whether a database has no tables yet; an error when they are of another version.
fn is_empty(database: &Database) -> Result<bool, redb::Error> {
    let transaction = database.begin_read()?;
    let meta = match transaction.open_table(META) {
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(true),
        table => table?,
    };
    match meta.get("format")?.map(|v| v.value()) {
        Some(FORMAT) => Ok(false),
        format => Err(redb::Error::Corrupted(format!("format {format:?}, this version reads {FORMAT}"))),
    }
}

/// Makes the tables.
fn prepare(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        transaction.open_table(META)?.insert("format", FORMAT)?;
        transaction.open_table(RECORDS)?;
        transaction.open_table(POSITIONS)?;
        transaction.open_table(EXTENTS)?;
        transaction.open_table(TOPICS)?;
    }
    Ok(transaction.commit()?)
}

fn topics(database: &Database) -> Result<BTreeMap<String, Topic>, redb::Error> {
    let transaction = database.begin_read()?;
    let (extents, table) = (transaction.open_table(EXTENTS)?, transaction.open_table(TOPICS)?);
    let mut topics = BTreeMap::new();
    for row in table.iter()? {
        let (name, row) = row?;
        let (number, count, cleanup, retention_ms) = row.value();
        let mut partitions = Vec::new();
        for partition in 0..count {
            partitions.push(extents.get((number, partition))?.map(|row| Extent::of(row.value())).unwrap_or_default());
        }
        let cleanup = match cleanup {
            0 => Cleanup::Delete,
            1 => Cleanup::Compact,
            _ => Cleanup::CompactDelete,
        };
        let topic = Topic { name: Arc::from(name.value()), number, cleanup, retention_ms, partitions };
        topics.insert(name.value().to_owned(), topic);
    }
    Ok(topics)
}
