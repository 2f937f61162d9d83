//! The schema and the statements.

use naba_stage::sabotage::{self, Sabotage};
use tokio_postgres::{Client, Error};

use super::Statements;
use super::failure::failed;
use crate::error::SinkError;
use crate::sql::{ARTICLE_COLUMNS, upsert_article};

/// The schema, one entry a version.
const MIGRATIONS: &[&str] = &[include_str!("../../postgres_v1.sql")];
/// Key of the advisory lock under which one instance migrates while others wait: "naba" in ASCII.
const MIGRATION_LOCK: i64 = 0x6e61_6261;

/// Brings the schema up to date, in one transaction.
pub(super) async fn migrate(client: &mut Client, store: &str) -> Result<(), SinkError> {
    let failed = |e| failed(store, &e);
    let tx = client.transaction().await.map_err(failed)?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK]).await.map_err(failed)?;
    let table = "CREATE TABLE IF NOT EXISTS naba_schema (version bigint NOT NULL)";
    tx.batch_execute(&format!("SET LOCAL client_min_messages = warning; {table}")).await.map_err(failed)?;
    let row = tx.query_one("SELECT coalesce(max(version), 0) FROM naba_schema", &[]).await.map_err(failed)?;
    let found: i64 = row.try_get(0).map_err(failed)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(SinkError::NewerSchema { store: store.to_owned(), found, known });
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        tx.batch_execute(migration).await.map_err(failed)?;
    }
    if found < known {
        tx.execute("INSERT INTO naba_schema VALUES ($1)", &[&known]).await.map_err(failed)?;
    }
    tx.commit().await.map_err(failed)
}

/// Prepares every statement.
pub(super) async fn prepare(client: &Client) -> Result<Statements, Error> {
    let first = ARTICLE_COLUMNS.len() + 1;
    let weighted = |i: usize, weight: char| format!("setweight(to_tsvector('simple', ${i}::text), '{weight}')");
    let search = format!("{} || {} || {}", weighted(first, 'A'), weighted(first + 1, 'B'), weighted(first + 2, 'D'));
    let placeholder = |i: usize, column: &str| match column {
        "enrichments" => format!("${i}::text::jsonb"),
        _ => format!("${i}"),
    };
    let mut put_article = upsert_article(placeholder, &[("search", search)]);
    if sabotage::is(Sabotage::SinkWithoutCompareAndSet) {
        put_article.truncate(put_article.rfind(" WHERE ").unwrap_or(put_article.len()));
    }
    Ok(Statements {
        claim: client
            .prepare(
                "INSERT INTO positions (topic, partition, epoch) VALUES ($1, $2, 1) \
                 ON CONFLICT (topic, partition) DO UPDATE SET epoch = positions.epoch + 1 RETURNING epoch, position",
            )
            .await?,
        advance: client
            .prepare("UPDATE positions SET position = $1 WHERE topic = $2 AND partition = $3 AND epoch = $4")
            .await?,
        put_version: client
            .prepare(
                "INSERT INTO article_versions \
                 (article_id, version, derivation, content_hash, pub_status, available_at, message) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            )
            .await?,
        put_article: client.prepare(&put_article).await?,
        withdraw_article: client.prepare("DELETE FROM articles WHERE article_id = $1").await?,
        withdraw_versions: client.prepare("DELETE FROM article_versions WHERE article_id = $1").await?,
    })
}
