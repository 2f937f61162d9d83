//! One transaction: positions first, which fences a zombie before it has written anything, then withdrawals, then rows.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::try_join_all;
use naba_model::{ArticleId, Millis};
use naba_stage::log::TopicPartition;
use naba_stage::sabotage::{self, Sabotage};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, GenericClient, Transaction};

use super::failure::is_about_the_row;
use super::{Session, Statements};
use crate::error::SinkError;
use crate::row::Row;
use crate::store::{Advance, Indexed, Op, Refused};

/// Why a transaction was rolled back.
pub(super) enum WriteError {
    Fenced(SinkError),
    Postgres(Error),
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        Self::Postgres(error)
    }
}

/// The ops of a batch in an order-free form: what a withdrawal makes pointless is left out, so that all withdrawals can go
/// before all rows, and each kind goes over the wire without waiting for answers.
#[derive(Default)]
pub(super) struct Settled {
    withdrawals: HashMap<String, (usize, ArticleId)>,
    rows: Vec<(usize, Box<Row>)>,
}

impl Settled {
    pub(super) fn of(ops: Vec<Indexed>) -> Self {
        let mut settled = Self::default();
        for (index, op) in ops {
            match op {
                Op::Put(row) => settled.rows.push((index, row)),
                Op::Withdraw(id) => {
                    settled.rows.retain(|(_, row)| row.article_id != id.as_str());
                    settled.withdrawals.insert(id.as_str().to_owned(), (index, id));
                }
            }
        }
        settled
    }
}

impl Session {
    /// Claims partitions; returns their epochs and positions.
    pub(super) async fn claim(&mut self, partitions: &[TopicPartition]) -> Result<Vec<(i64, Option<u64>)>, Error> {
        let tx = self.client.transaction().await?;
        let mut order: Vec<usize> = (0..partitions.len()).collect();
        // Everyone takes row locks in the same order.
        order.sort_by_key(|i| partitions.get(*i));
        let mut claimed = vec![(0, None); partitions.len()];
        for i in order {
            let (Some(at), Some(slot)) = (partitions.get(i), claimed.get_mut(i)) else { continue };
            let row = tx.query_one(&self.statements.claim, &[&&*at.topic, &i64::from(at.partition)]).await?;
            let position: Option<i64> = row.try_get(1)?;
            *slot = (row.try_get(0)?, position.and_then(|p| u64::try_from(p).ok()));
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Writes a batch with all statements on the wire at once.
    pub(super) async fn write(&mut self, settled: &Settled, advances: &[Advance]) -> Result<(), WriteError> {
        let statements = &self.statements;
        let tx = self.client.transaction().await?;
        advance(&tx, statements, advances).await?;
        let withdrawals = settled.withdrawals.values();
        try_join_all(withdrawals.map(|(_, id)| withdraw(&tx, statements, id))).await?;
        try_join_all(settled.rows.iter().map(|(_, row)| put(&tx, statements, row))).await?;
        Ok(tx.commit().await?)
    }

    /// Writes a batch row by row, each under a savepoint, to find those that the database refuses.
    pub(super) async fn write_one_by_one(
        &mut self,
        settled: &Settled,
        advances: &[Advance],
    ) -> Result<Vec<Refused>, WriteError> {
        let statements = &self.statements;
        let mut tx = self.client.transaction().await?;
        advance(&tx, statements, advances).await?;
        for (_, id) in settled.withdrawals.values() {
            withdraw(&tx, statements, id).await?;
        }
        let mut refused = Vec::new();
        for (index, row) in &settled.rows {
            let savepoint = tx.savepoint("row").await?;
            match put(&savepoint, statements, row).await {
                Ok(()) => savepoint.commit().await?,
                Err(error) if is_about_the_row(&error) => {
                    refused.push((*index, super::failure::text(&error)));
                    savepoint.rollback().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        tx.commit().await?;
        Ok(refused)
    }
}

async fn advance(tx: &Transaction<'_>, statements: &Statements, advances: &[Advance]) -> Result<(), WriteError> {
    for advance in advances {
        let at = &advance.partition;
        let values: [&(dyn ToSql + Sync); 4] =
            [&advance.position_sql(), &&*at.topic, &i64::from(at.partition), &advance.epoch];
        let ours = tx.execute(&statements.advance, &values).await? == 1;
        if !ours && !sabotage::is(Sabotage::SinkWithoutCompareAndSet) {
            return Err(WriteError::Fenced(advance.fenced()));
        }
    }
    Ok(())
}

async fn withdraw(tx: &impl GenericClient, statements: &Statements, id: &ArticleId) -> Result<(), Error> {
    if sabotage::is(Sabotage::LostTombstone) {
        return Ok(());
    }
    tx.execute(&statements.withdraw_article, &[&id.as_str()]).await?;
    tx.execute(&statements.withdraw_versions, &[&id.as_str()]).await?;
    Ok(())
}

async fn put(tx: &impl GenericClient, statements: &Statements, row: &Row) -> Result<(), Error> {
    let message = (!row.message.is_empty()).then_some(row.message.as_slice());
    let available_at = instant(row.available_at);
    let version: [&(dyn ToSql + Sync); 7] =
        [&row.article_id, &row.version, &row.derivation, &row.content_hash, &row.pub_status, &available_at, &message];
    let version = tx.execute(&statements.put_version, &version);
    let embargoed_until = instant(row.embargoed_until);
    let (published_at, modified_at) = (instant(row.published_at), instant(row.modified_at));
    let (first_seen_at, fetched_at) = (instant(row.first_seen_at), instant(row.fetched_at));
    // In the order of `sql::ARTICLE_COLUMNS`, then the three texts of the search vector.
    let article: [&(dyn ToSql + Sync); 33] = [
        &row.article_id,
        &row.version,
        &row.derivation,
        &row.content_hash,
        &row.pub_status,
        &embargoed_until,
        &row.url,
        &row.canonical_url,
        &row.source_id,
        &row.source_name,
        &row.domain,
        &row.country,
        &row.language,
        &row.direction,
        &row.kind,
        &row.section,
        &row.headline,
        &row.deck,
        &row.standfirst,
        &row.body,
        &row.authors,
        &row.tags,
        &row.licence_class,
        &row.paywalled,
        &published_at,
        &modified_at,
        &first_seen_at,
        &fetched_at,
        &available_at,
        &row.enrichments,
        &row.words.headline,
        &row.words.lead,
        &row.words.body,
    ];
    let article = tx.execute(&statements.put_article, &article);
    futures_util::future::try_join(version, article).await?;
    Ok(())
}

fn instant(millis: Option<Millis>) -> Option<SystemTime> {
    let millis = millis?;
    let distance = Duration::from_millis(millis.unsigned_abs());
    if millis >= 0 { UNIX_EPOCH.checked_add(distance) } else { UNIX_EPOCH.checked_sub(distance) }
}
