//! The stores, one file each.

mod postgres;
mod sqlite;
mod stdout;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use naba_model::ArticleId;
use naba_stage::log::TopicPartition;

use crate::error::SinkError;
use crate::row::Row;

pub use postgres::{Postgres, PostgresConfig};
pub use sqlite::{Hit, Sqlite, search_sqlite};
pub use stdout::{JsonLines, stdout};

/// What a record asks of a store.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// Keep this version, and make it the newest when it is.
    Put(Box<Row>),
    /// Forget every version of an article.
    Withdraw(ArticleId),
}

/// An op with the index of its record in the batch.
pub(crate) type Indexed = (usize, Op);

/// A record that the store can never take: its index in the batch, and why.
pub(crate) type Refused = (usize, String);

/// The owner epochs under which this instance writes.
#[derive(Debug, Default)]
pub(crate) struct Epochs(Mutex<HashMap<TopicPartition, i64>>);

impl Epochs {
    /// Remembers the epoch that a claim gave.
    pub(crate) fn set(&self, partition: &TopicPartition, epoch: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(partition.clone(), epoch);
    }

    /// Joins positions with the epochs under which they may be written, in the order of the partitions, so that two
    /// instances never wait for each other's row locks in a circle.
    pub(crate) fn join(&self, positions: &[(TopicPartition, u64)]) -> Result<Vec<Advance>, SinkError> {
        let epochs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut advances = Vec::with_capacity(positions.len());
        for (partition, position) in positions {
            let epoch = epochs.get(partition).ok_or_else(|| SinkError::Fenced { partition: partition.to_string() })?;
            advances.push(Advance { partition: partition.clone(), position: *position, epoch: *epoch });
        }
        advances.sort_by(|a, b| a.partition.cmp(&b.partition));
        Ok(advances)
    }
}

/// A position to be stored, if the partition is still owned under the epoch.
#[derive(Debug, Clone)]
pub(crate) struct Advance {
    pub(crate) partition: TopicPartition,
    pub(crate) position: u64,
    pub(crate) epoch: i64,
}

impl Advance {
    /// Returns the position as SQL has integers.
    pub(crate) fn position_sql(&self) -> i64 {
        i64::try_from(self.position).unwrap_or(i64::MAX)
    }

    pub(crate) fn fenced(&self) -> SinkError {
        SinkError::Fenced { partition: self.partition.to_string() }
    }
}
