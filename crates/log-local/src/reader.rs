//! Reading committed records without a group.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use naba_stage::log::{LogError, Position, Reader, Record, TopicPartition};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::log::Shared;

/// Bytes returned at once, about.
const BYTES: usize = 4 * 1024 * 1024;

/// Reads partitions in turn.
pub(crate) struct LocalReader {
    shared: Arc<Shared>,
    commits: watch::Receiver<u64>,
    next: Vec<(TopicPartition, u64)>,
}

impl LocalReader {
    pub(crate) fn open(shared: Arc<Shared>, partitions: &[(TopicPartition, Position)]) -> Result<Self, LogError> {
        let mut next = Vec::new();
        for (at, position) in partitions {
            let (low, high) = shared.store.watermarks(at)?;
            let offset = match position {
                Position::Beginning => low,
                Position::End => high,
                Position::Offset(offset) => *offset,
                Position::Time(time) => shared.store.offset_for_time(at, *time)?,
            };
            next.push((at.clone(), offset));
        }
        let commits = shared.commits.clone();
        Ok(Self { shared, commits, next })
    }
}

#[async_trait]
impl Reader for LocalReader {
    async fn read(&mut self, max: usize, wait: Duration) -> Result<Vec<Record>, LogError> {
        let deadline = Instant::now() + wait;
        loop {
            self.commits.borrow_and_update();
            let mut records = Vec::new();
            for (at, next) in &mut self.next {
                if records.len() >= max {
                    break;
                }
                let (low, end) = self.shared.store.watermarks(at)?;
                *next = low.max(*next);
                if *next < end {
                    let read = self.shared.store.read(at, *next, max - records.len(), BYTES)?;
                    *next = read.last().map_or(end, |r| r.offset + 1);
                    records.extend(read);
                }
            }
            if !records.is_empty() {
                return Ok(records);
            }
            match timeout_at(deadline, self.commits.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(LogError::Fatal("the writer thread ended".to_owned())),
                Err(_) => return Ok(records),
            }
        }
    }
}
