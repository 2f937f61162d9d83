//! What a stage knows about the record it processes, and its way to keyed state.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use naba_model::Millis;
use naba_proto::prost::Message;

use crate::error::StageError;
use crate::log::Record;
use crate::metric::Metric;
use crate::outcome::StateWrite;
use crate::partition::Count;
use crate::state::StateView;

/// What a stage knows about the record it processes, and its way to keyed state.
#[derive(Debug)]
pub struct Context {
    record: Arc<Record>,
    now: Millis,
    attempt: u32,
    state: StateView,
    writes: Mutex<Vec<StateWrite>>,
    counts: Mutex<Vec<Count>>,
}

impl Context {
    /// Makes the context of one attempt at a record.
    pub(crate) fn new(record: Arc<Record>, now: Millis, attempt: u32, state: StateView) -> Self {
        Self { record, now, attempt, state, writes: Mutex::default(), counts: Mutex::default() }
    }

    /// Returns the record being processed.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Returns the wall clock at the start of this attempt.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Returns the number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Reads a message from keyed state, writes of this call and of earlier records of the key included.
    pub fn get<M: Message + Default>(&self, table: &'static str, key: &[u8]) -> Result<Option<M>, StageError> {
        let own = self.lock().iter().rev().find(|w| w.table == table && w.key == key).map(|w| w.value.clone());
        match own {
            Some(None) => Ok(None),
            Some(Some(value)) => {
                let decoded = M::decode(value).map_err(|e| StageError::fatal(format!("state table {table}: {e}")))?;
                Ok(Some(decoded))
            }
            None => self.state.get_message(table, key),
        }
    }

    /// Writes a message to keyed state, committed with the outputs.
    pub fn put<M: Message>(&self, table: &'static str, key: impl Into<Bytes>, message: &M) {
        self.lock().push(StateWrite::put(table, key, message));
    }

    /// Deletes a key from keyed state, committed with the outputs.
    pub fn delete(&self, table: &'static str, key: impl Into<Bytes>) {
        self.lock().push(StateWrite::delete(table, key));
    }

    /// Counts something about this record, once, when it is committed. `labels` in the order of [`Metric::labels`].
    pub fn count(&self, metric: Metric, labels: &[&str]) {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).push((metric, labels));
    }

    pub(crate) fn into_parts(self) -> (Vec<StateWrite>, Vec<Count>) {
        let writes = self.writes.into_inner().unwrap_or_else(PoisonError::into_inner);
        (writes, self.counts.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<StateWrite>> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
