//! Keyed state of a partition: an embedded store, restored from its changelog topic.
//!
//! The changelog is the truth, the store a copy of it: a write is applied to the store only after the transaction that holds
//! its changelog record has committed. Between the two it lives in an overlay, so that the next record sees it at once.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use naba_model::Millis;
use naba_proto::prost::Message;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::error::{RunError, StageError};
use crate::log::{Log, Record, TopicPartition};
use crate::outcome::StateWrite;
use crate::sabotage::{self, Sabotage};

/// A table of keyed state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Table {
    /// Name inside the stage.
    pub name: &'static str,
    /// Role of its changelog topic in deploy/topics.toml.
    pub changelog: &'static str,
}

/// Version of the store's format. A store of another version is thrown away and restored from the changelog.
const FORMAT: u64 = 1;
/// A store that was last brought up to date longer ago, in milliseconds, is thrown away: deletions leave a compacted changelog
/// after `delete.retention.ms`, a day by default, and a store that missed one would keep the entry for ever.
const MAX_AGE: Millis = 12 * 3_600_000;
/// When the store was last brought up to date, milliseconds since 1970.
const CURRENT_AT: &str = "current-at";
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

type Key = (&'static str, Bytes);

/// A pending value and how many uncommitted writes stand behind it.
struct Pending {
    value: Option<Bytes>,
    writes: usize,
}

/// The keyed state of one partition, as a stage sees it.
#[derive(Clone)]
pub struct StateView {
    inner: Arc<Inner>,
}

struct Inner {
    tables: &'static [Table],
    database: Option<Database>,
    overlay: Mutex<HashMap<Key, Pending>>,
}

impl std::fmt::Debug for StateView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateView").field("tables", &self.inner.tables).finish_non_exhaustive()
    }
}

impl StateView {
    /// Returns a view without tables, for stages that keep none.
    pub(crate) fn none() -> Self {
        Self { inner: Arc::new(Inner { tables: &[], database: None, overlay: Mutex::default() }) }
    }

    /// Opens an empty store that lives in memory only.
    #[cfg(test)]
    pub(crate) fn in_memory(tables: &'static [Table]) -> Self {
        let backend = redb::backends::InMemoryBackend::new();
        let database = Database::builder().create_with_backend(backend).unwrap();
        prepare(&database, tables, 0).unwrap();
        Self { inner: Arc::new(Inner { tables, database: Some(database), overlay: Mutex::default() }) }
    }

    /// Opens the store of a partition in `dir`, throwing away one that does not open, has another format or is too old.
    pub(crate) fn open(dir: &Path, partition: u32, tables: &'static [Table], now: Millis) -> Result<Self, RunError> {
        if tables.is_empty() {
            return Ok(Self::none());
        }
        std::fs::create_dir_all(dir).map_err(|e| RunError::State(format!("{}: {e}", dir.display())))?;
        let path = dir.join(format!("{partition}.redb"));
        let database = match open_database(&path, tables, now) {
            Ok(database) => database,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "state store is of no use, restoring it from the changelog");
                let aside = PathBuf::from(format!("{}.broken", path.display()));
                let _ = std::fs::rename(&path, &aside);
                open_database(&path, tables, now).map_err(|e| RunError::State(format!("{}: {e}", path.display())))?
            }
        };
        Ok(Self { inner: Arc::new(Inner { tables, database: Some(database), overlay: Mutex::default() }) })
    }

    /// Brings the store up to the end of its changelogs. Returns the number of records read.
    pub(crate) async fn restore(
        &self,
        log: &dyn Log,
        changelogs: &BTreeMap<&'static str, Arc<str>>,
        partition: u32,
        now: Millis,
    ) -> Result<u64, RunError> {
        let mut read = 0;
        for table in self.inner.tables {
            let Some(topic) = changelogs.get(table.changelog) else {
                return Err(RunError::UnknownRole(table.changelog.to_owned()));
            };
            let at = TopicPartition::new(topic.clone(), partition);
            let from = self.position(table.name)?;
            let mut buffer: Vec<StateWrite> = Vec::new();
            let mut failed = None;
            let mut each = |record: Record| {
                read += 1;
                let Some(key) = record.key else { return };
                if record.value.is_none() && sabotage::is(Sabotage::LostTombstone) {
                    return;
                }
                buffer.push(StateWrite { table: table.name, key, value: record.value });
                if buffer.len() >= 1000
                    && let Err(error) = self.apply_to_store(&std::mem::take(&mut buffer), None)
                {
                    failed.get_or_insert(error);
                }
            };
            let end = log.snapshot(&at, from, &mut each).await?;
            if let Some(error) = failed {
                return Err(error);
            }
            if end < from {
                return Err(RunError::State(format!(
                    "the store of table {} is ahead of its changelog {at} ({from} > {end}): the topic was made anew; \
                     remove the state folder of this instance",
                    table.name
                )));
            }
            self.apply_to_store(&buffer, Some((&[(table.name, end)], now)))?;
        }
        Ok(read)
    }

    /// Reads a value, uncommitted writes included.
    pub fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Bytes>, StageError> {
        if let Some(pending) = self.overlay().get(&(table, Bytes::copy_from_slice(key))) {
            return Ok(pending.value.clone());
        }
        self.read_store(table, key).map_err(|e| StageError::fatal(format!("reading state table {table}: {e}")))
    }

    /// Reads a value as a message. A value that does not decode is fatal: the changelog is ours alone.
    pub fn get_message<M: Message + Default>(&self, table: &'static str, key: &[u8]) -> Result<Option<M>, StageError> {
        let Some(value) = self.get(table, key)? else { return Ok(None) };
        let message = M::decode(value).map_err(|e| StageError::fatal(format!("state table {table}: {e}")))?;
        Ok(Some(message))
    }

    /// Visits every committed entry of a table, in key order. Meant for [`crate::Source::on_assigned`].
    pub fn scan(&self, table: &'static str, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), StageError> {
        let scan = || -> Result<(), redb::Error> {
            let Some(database) = &self.inner.database else { return Ok(()) };
            let read = database.begin_read()?;
            let store = read.open_table(definition(table))?;
            for entry in store.iter()? {
                let (key, value) = entry?;
                each(key.value(), value.value());
            }
            Ok(())
        };
        let mut scan = scan;
        scan().map_err(|e| StageError::fatal(format!("scanning state table {table}: {e}")))
    }

    /// Makes writes visible before they are committed.
    pub(crate) fn stage(&self, writes: &[StateWrite]) {
        let mut overlay = self.overlay();
        for write in writes {
            let pending = overlay.entry((write.table, write.key.clone())).or_insert(Pending { value: None, writes: 0 });
            pending.value = write.value.clone();
            pending.writes += 1;
        }
    }

    /// Moves committed writes from the overlay to the store.
    pub(crate) fn committed(&self, writes: &[StateWrite]) -> Result<(), RunError> {
        self.apply_to_store(writes, None)?;
        let mut overlay = self.overlay();
        for write in writes {
            let key = (write.table, write.key.clone());
            if let Some(pending) = overlay.get_mut(&key) {
                pending.writes -= 1;
                if pending.writes == 0 {
                    overlay.remove(&key);
                }
            }
        }
        Ok(())
    }

    /// Tells whether writes wait for their commit.
    pub(crate) fn has_pending(&self) -> bool {
        !self.overlay().is_empty()
    }

    /// Notes that the store holds everything below `ends` (next changelog offset of each table), and makes it durable.
    pub(crate) fn close(&self, ends: &[(&'static str, u64)], now: Millis) -> Result<(), RunError> {
        self.apply_to_store(&[], Some((ends, now)))
    }

    fn overlay(&self) -> MutexGuard<'_, HashMap<Key, Pending>> {
        self.inner.overlay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn position(&self, table: &'static str) -> Result<u64, RunError> {
        let read = || -> Result<u64, redb::Error> {
            let Some(database) = &self.inner.database else { return Ok(0) };
            let read = database.begin_read()?;
            let meta = read.open_table(META)?;
            Ok(meta.get(table)?.map_or(0, |v| v.value()))
        };
        read().map_err(|e| RunError::State(e.to_string()))
    }

    fn read_store(&self, table: &'static str, key: &[u8]) -> Result<Option<Bytes>, redb::Error> {
        let Some(database) = &self.inner.database else { return Ok(None) };
        let read = database.begin_read()?;
        let store = read.open_table(definition(table))?;
        Ok(store.get(key)?.map(|v| Bytes::copy_from_slice(v.value())))
    }

    /// Writes without waiting for the disk, except when it is said how far the store has come, and when: the changelog can
    /// always restore the rest.
    fn apply_to_store(
        &self,
        writes: &[StateWrite],
        current: Option<(&[(&'static str, u64)], Millis)>,
    ) -> Result<(), RunError> {
        let Some(database) = &self.inner.database else { return Ok(()) };
        if writes.is_empty() && current.is_none() {
            return Ok(());
        }
        let apply = || -> Result<(), redb::Error> {
            let mut transaction = database.begin_write()?;
            let durability = if current.is_none() { Durability::None } else { Durability::Immediate };
            transaction.set_durability(durability)?;
            for table in self.inner.tables {
                let mut store = transaction.open_table(definition(table.name))?;
                for write in writes.iter().filter(|w| w.table == table.name) {
                    match &write.value {
                        Some(value) => drop(store.insert(write.key.as_ref(), value.as_ref())?),
                        None => drop(store.remove(write.key.as_ref())?),
                    }
                }
            }
            if let Some((positions, now)) = current {
                let mut meta = transaction.open_table(META)?;
                for (table, position) in positions {
                    meta.insert(*table, *position)?;
                }
                meta.insert(CURRENT_AT, u64::try_from(now).unwrap_or_default())?;
            }
            transaction.commit()?;
            Ok(())
        };
        apply().map_err(|e| RunError::State(e.to_string()))
    }
}

fn definition(table: &str) -> TableDefinition<'_, &'static [u8], &'static [u8]> {
    TableDefinition::new(table)
}

fn open_database(path: &Path, tables: &'static [Table], now: Millis) -> Result<Database, redb::Error> {
    let database = Database::builder().set_cache_size(16 * 1024 * 1024).create(path)?;
    prepare(&database, tables, now)?;
    Ok(database)
}

fn prepare(database: &Database, tables: &'static [Table], now: Millis) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut meta = transaction.open_table(META)?;
        let format = meta.get("format")?.map(|v| v.value());
        if format.is_some_and(|f| f != FORMAT) {
            return Err(redb::Error::Corrupted(format!("format {format:?}, not {FORMAT}")));
        }
        let current_at = meta.get(CURRENT_AT)?.and_then(|v| Millis::try_from(v.value()).ok());
        if let Some(age) = current_at.map(|at| now - at).filter(|age| *age > MAX_AGE) {
            return Err(redb::Error::Corrupted(format!("last brought up to date {} h ago", age / 3_600_000)));
        }
        meta.insert("format", FORMAT)?;
        for table in tables {
            transaction.open_table(definition(table.name))?;
        }
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &[Table] = &[Table { name: "counts", changelog: "log" }];
    const HOUR: Millis = 3_600_000;

    fn with_an_entry(dir: &Path, at: Millis) {
        let store = StateView::open(dir, 0, TABLES, at).unwrap();
        let write =
            StateWrite { table: "counts", key: Bytes::from_static(b"k"), value: Some(Bytes::from_static(b"v")) };
        store.stage(std::slice::from_ref(&write));
        store.committed(&[write]).unwrap();
        store.close(&[("counts", 7)], at).unwrap();
    }

    #[test]
    fn a_store_goes_on_where_it_was_closed() {
        let dir = tempfile::tempdir().unwrap();
        with_an_entry(dir.path(), HOUR);
        let again = StateView::open(dir.path(), 0, TABLES, 2 * HOUR).unwrap();
        assert_eq!((again.position("counts").unwrap(), again.get("counts", b"k").unwrap().is_some()), (7, true));
    }

    #[test]
    fn a_store_older_than_what_a_changelog_remembers_of_deletions_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        with_an_entry(dir.path(), HOUR);
        let again = StateView::open(dir.path(), 0, TABLES, 14 * HOUR).unwrap();
        assert_eq!((again.position("counts").unwrap(), again.get("counts", b"k").unwrap()), (0, None));
    }
}
