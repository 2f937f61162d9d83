//! SQLite: one file, full-text search, positions in the same transaction. The default of `naba up`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use naba_model::Millis;
use naba_stage::log::TopicPartition;
use naba_stage::{Batch, Sink, StageError, Verdict};
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params, params_from_iter};

use super::{Advance, Epochs, Indexed, Op, Refused};
use crate::error::SinkError;
use crate::judge::Plan;
use crate::row::Row;
use crate::search::query_phrases;
use crate::sql::upsert_article;

/// The schema, one entry a version.
const MIGRATIONS: &[&str] = &[include_str!("../sqlite_v1.sql")];
/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

static PUT_ARTICLE: LazyLock<String> =
    LazyLock::new(|| format!("{} RETURNING id", upsert_article(|i, _| format!("?{i}"), &[])));
const PUT_VERSION: &str = "INSERT INTO article_versions \
    (article_id, version, derivation, content_hash, pub_status, available_at, message) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
const CLAIM: &str = "INSERT INTO positions (topic, partition, epoch) VALUES (?1, ?2, 1) \
    ON CONFLICT (topic, partition) DO UPDATE SET epoch = epoch + 1 RETURNING epoch, position";
const ADVANCE: &str = "UPDATE positions SET position = ?1 WHERE topic = ?2 AND partition = ?3 AND epoch = ?4";
const SEARCH: &str = "SELECT v.article_id, v.headline, v.canonical_url, v.language, v.published_at \
    FROM articles_fts JOIN visible_articles v ON v.id = articles_fts.rowid \
    WHERE articles_fts MATCH ?1 ORDER BY bm25(articles_fts, 10.0, 4.0, 1.0), v.id LIMIT ?2";

/// The sink on a SQLite file.
#[derive(Debug)]
pub struct Sqlite {
    file: Arc<Mutex<File>>,
    epochs: Epochs,
}

#[derive(Debug)]
struct File {
    connection: Connection,
    path: PathBuf,
}

impl Sqlite {
    /// Opens a file, creates it (and its folder) when it is missing, and brings its schema up to date. Blocks.
    pub fn open(path: &Path) -> Result<Self, SinkError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|e| SinkError::Unreachable { store: folder.display().to_string(), reason: e.to_string() })?;
        }
        let failed = |e| failed(path, &e);
        let mut connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        // A commit may be lost with the power, never torn; positions are lost with their rows, so the records come again.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        migrate(&mut connection, path)?;
        let file = File { connection, path: path.to_owned() };
        Ok(Self { file: Arc::new(Mutex::new(file)), epochs: Epochs::default() })
    }

    /// Runs work on the file off the async threads.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut File) -> Result<T, SinkError> + Send + 'static,
    ) -> Result<T, StageError> {
        let file = self.file.clone();
        let done =
            tokio::task::spawn_blocking(move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner))).await;
        done.map_err(StageError::fatal)?.map_err(StageError::from)
    }
}

impl Sink for Sqlite {
    async fn claim(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, StageError> {
        let asked = partitions.to_vec();
        let claimed = self.blocking(move |file| file.claim(&asked)).await?;
        let mut positions = Vec::with_capacity(claimed.len());
        for (partition, (epoch, position)) in partitions.iter().zip(claimed) {
            self.epochs.set(partition, epoch);
            positions.push(position);
        }
        Ok(positions)
    }

    async fn write(&self, batch: &Batch) -> Result<Vec<Verdict>, StageError> {
        let advances = self.epochs.join(&batch.positions)?;
        let records = batch.records.clone();
        self.blocking(move |file| {
            let mut plan = Plan::of(&records);
            let refused = file.write(std::mem::take(&mut plan.ops), &advances)?;
            Ok(plan.verdicts(refused))
        })
        .await
    }
}

impl File {
    fn claim(&mut self, partitions: &[TopicPartition]) -> Result<Vec<(i64, Option<u64>)>, SinkError> {
        let path = self.path.clone();
        let failed = |e| failed(&path, &e);
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let mut claimed = Vec::with_capacity(partitions.len());
        for at in partitions {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?));
            let (epoch, position) = tx.query_row(CLAIM, params![&*at.topic, at.partition], read).map_err(failed)?;
            claimed.push((epoch, position.and_then(|p| u64::try_from(p).ok())));
        }
        tx.commit().map_err(failed)?;
        Ok(claimed)
    }

    fn write(&mut self, ops: Vec<Indexed>, advances: &[Advance]) -> Result<Vec<Refused>, SinkError> {
        let path = self.path.clone();
        let failed = |e| failed(&path, &e);
        let mut tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        for advance in advances {
            let at = &advance.partition;
            let values = params![advance.position_sql(), &*at.topic, at.partition, advance.epoch];
            if tx.prepare_cached(ADVANCE).and_then(|mut s| s.execute(values)).map_err(failed)? != 1 {
                return Err(advance.fenced());
            }
        }
        let mut refused = Vec::new();
        for (index, op) in ops {
            match apply(&mut tx, &op) {
                Ok(()) => {}
                Err(error) if is_about_the_row(&error) => refused.push((index, error.to_string())),
                Err(error) => return Err(failed(error)),
            }
        }
        tx.commit().map_err(failed)?;
        Ok(refused)
    }
}

/// Applies one op whole or not at all.
fn apply(tx: &mut Transaction<'_>, op: &Op) -> rusqlite::Result<()> {
    let savepoint = tx.savepoint()?;
    match op {
        Op::Put(row) => put(&savepoint, row)?,
        Op::Withdraw(id) => {
            savepoint.prepare_cached("DELETE FROM articles WHERE article_id = ?1")?.execute([id.as_str()])?;
            savepoint.prepare_cached("DELETE FROM article_versions WHERE article_id = ?1")?.execute([id.as_str()])?;
        }
    }
    savepoint.commit()
}

fn put(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    let message = (!row.message.is_empty()).then_some(row.message.as_slice());
    connection.prepare_cached(PUT_VERSION)?.execute(params![
        row.article_id,
        row.version,
        row.derivation,
        row.content_hash,
        row.pub_status,
        row.available_at,
        message
    ])?;
    let mut statement = connection.prepare_cached(&PUT_ARTICLE)?;
    let mut newest = statement.query(params_from_iter(values(row)))?;
    let Some(stored) = newest.next()? else { return Ok(()) };
    let id: i64 = stored.get(0)?;
    drop(newest);
    connection.prepare_cached("DELETE FROM articles_fts WHERE rowid = ?1")?.execute([id])?;
    if row.is_held() {
        return Ok(());
    }
    connection
        .prepare_cached("INSERT INTO articles_fts (rowid, headline, lead, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, row.words.headline, row.words.lead, row.words.body])?;
    Ok(())
}

/// The values of [`crate::sql::ARTICLE_COLUMNS`].
fn values(row: &Row) -> [Value; 30] {
    let text = |value: &String| Value::Text(value.clone());
    let list = |values: &Vec<String>| Value::Text(serde_json::json!(values).to_string());
    let instant = |value: Option<Millis>| value.map_or(Value::Null, Value::Integer);
    [
        text(&row.article_id),
        Value::Integer(row.version),
        Value::Integer(row.derivation),
        text(&row.content_hash),
        Value::Text(row.pub_status.to_owned()),
        instant(row.embargoed_until),
        text(&row.url),
        text(&row.canonical_url),
        text(&row.source_id),
        text(&row.source_name),
        text(&row.domain),
        text(&row.country),
        text(&row.language),
        text(&row.direction),
        text(&row.kind),
        text(&row.section),
        text(&row.headline),
        text(&row.deck),
        text(&row.standfirst),
        text(&row.body),
        list(&row.authors),
        list(&row.tags),
        text(&row.licence_class),
        Value::Integer(row.paywalled.into()),
        instant(row.published_at),
        instant(row.modified_at),
        instant(row.first_seen_at),
        instant(row.fetched_at),
        instant(row.available_at),
        text(&row.enrichments),
    ]
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), SinkError> {
    let failed = |e| failed(path, &e);
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(SinkError::NewerSchema { store: path.display().to_string(), found, known });
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        tx.execute_batch(migration).map_err(failed)?;
    }
    tx.pragma_update(None, "user_version", known).map_err(failed)?;
    tx.commit().map_err(failed)
}

/// Tells whether the values of this row are the reason, so that it can never be stored.
fn is_about_the_row(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(e, _) => {
            matches!(e.code, ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch)
        }
        rusqlite::Error::ToSqlConversionFailure(_) => true,
        _ => false,
    }
}

fn failed(path: &Path, error: &rusqlite::Error) -> SinkError {
    let (store, reason) = (path.display().to_string(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SinkError::Busy { store, reason },
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory) => {
            SinkError::NoSpace { store, reason }
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            SinkError::Unreachable { store, reason }
        }
        _ => SinkError::Broken { store, reason },
    }
}

/// An article found by a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The article.
    pub article_id: String,
    /// Its headline.
    pub headline: String,
    /// Its canonical address.
    pub url: String,
    /// Its language, BCP 47.
    pub language: String,
    /// When it was published, where stated.
    pub published_at: Option<Millis>,
}

/// Finds visible articles in a sink's file that hold every word of a query, best first. Blocks.
pub fn search_sqlite(path: &Path, query: &str, limit: u32) -> Result<Vec<Hit>, SinkError> {
    let phrases = query_phrases(query);
    if phrases.is_empty() {
        return Ok(Vec::new());
    }
    let failed = |e| failed(path, &e);
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let mut statement = connection.prepare(SEARCH).map_err(failed)?;
    let hit = |row: &rusqlite::Row<'_>| {
        Ok(Hit {
            article_id: row.get(0)?,
            headline: row.get(1)?,
            url: row.get(2)?,
            language: row.get(3)?,
            published_at: row.get(4)?,
        })
    };
    let hits = statement.query_map(params![phrases, limit], hit).map_err(failed)?;
    hits.collect::<Result<_, _>>().map_err(failed)
}
