//! Dead letters: the original record, and why it is here.

use std::sync::Arc;

use bytes::Bytes;
use naba_model::Millis;

use crate::code::Code;
use crate::envelope;
use crate::log::{Header, NewRecord, Record, TopicPartition};
use crate::partitioner::partition_for;
use crate::topics::TopicSpec;

/// Names of the headers that a dead letter adds to the original's.
pub mod header {
    /// Bounded code.
    pub const CODE: &str = "naba-error-code";
    /// For people; at most 1,000 characters.
    pub const MESSAGE: &str = "naba-error-message";
    /// Stage that gave up.
    pub const STAGE: &str = "naba-error-stage";
    /// Topic of the original.
    pub const TOPIC: &str = "naba-error-topic";
    /// Partition of the original.
    pub const PARTITION: &str = "naba-error-partition";
    /// Offset of the original.
    pub const OFFSET: &str = "naba-error-offset";
    /// Timestamp of the original, milliseconds.
    pub const TIMESTAMP: &str = "naba-error-timestamp";
    /// Attempts made.
    pub const ATTEMPTS: &str = "naba-error-attempts";
    /// When the stage gave up, milliseconds.
    pub const FAILED_AT: &str = "naba-error-failed-at";
    /// Prefix of all of them.
    pub const PREFIX: &str = "naba-error-";
}

/// A dead letter that was read back.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// Bounded code.
    pub code: String,
    /// For people.
    pub message: String,
    /// Stage that gave up.
    pub stage: String,
    /// Where the original stood.
    pub origin: TopicPartition,
    /// Offset of the original.
    pub offset: u64,
    /// Attempts made.
    pub attempts: u32,
    /// When the stage gave up.
    pub failed_at: Millis,
}

impl DeadLetter {
    /// Reads the headers of a dead letter; `None` when the record is none.
    pub fn of(record: &Record) -> Option<Self> {
        let number = |name: &str| record.header(name).and_then(|v| v.parse::<u64>().ok());
        Some(Self {
            code: record.header(header::CODE)?.to_owned(),
            message: record.header(header::MESSAGE).unwrap_or_default().to_owned(),
            stage: record.header(header::STAGE)?.to_owned(),
            origin: TopicPartition::new(record.header(header::TOPIC)?, u32::try_from(number(header::PARTITION)?).ok()?),
            offset: number(header::OFFSET)?,
            attempts: u32::try_from(number(header::ATTEMPTS).unwrap_or(1)).unwrap_or(u32::MAX),
            failed_at: number(header::FAILED_AT).and_then(|v| i64::try_from(v).ok()).unwrap_or_default(),
        })
    }

    /// Returns the original record, to be put back on its topic and partition.
    pub fn original(&self, record: &Record) -> NewRecord {
        let headers = record.headers.iter().filter(|h| !h.name.starts_with(header::PREFIX)).cloned().collect();
        NewRecord {
            topic: Arc::clone(&self.origin.topic),
            key: record.key.clone(),
            partition: self.origin.partition,
            value: record.value.clone(),
            headers,
        }
    }
}

/// Why and where a record is given up.
pub(crate) struct Reason<'a> {
    pub(crate) stage: &'a str,
    pub(crate) code: Code,
    pub(crate) message: &'a str,
    pub(crate) attempts: u32,
    pub(crate) now: Millis,
}

/// The original as it goes to the dead-letter topic.
pub(crate) struct Original {
    pub(crate) at: TopicPartition,
    pub(crate) offset: u64,
    pub(crate) timestamp: Millis,
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
    pub(crate) headers: Vec<Header>,
}

impl Original {
    pub(crate) fn of(record: &Record) -> Self {
        Self {
            at: record.at.clone(),
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: record.headers.clone(),
        }
    }
}

/// Makes the dead letter of a record.
pub(crate) fn dead_letter(original: Original, reason: &Reason<'_>, topic: &TopicSpec) -> NewRecord {
    // A redriven record that dies again must not carry the headers of its first death.
    let mut headers = original.headers;
    headers.retain(|h| !h.name.starts_with(header::PREFIX));
    let message: String = reason.message.chars().take(1000).collect();
    headers.extend([
        envelope::header(header::CODE, reason.code),
        envelope::header(header::MESSAGE, message),
        envelope::header(header::STAGE, reason.stage),
        envelope::header(header::TOPIC, original.at.topic.as_ref()),
        envelope::header(header::PARTITION, original.at.partition.to_string()),
        envelope::header(header::OFFSET, original.offset.to_string()),
        envelope::header(header::TIMESTAMP, original.timestamp.to_string()),
        envelope::header(header::ATTEMPTS, reason.attempts.to_string()),
        envelope::header(header::FAILED_AT, reason.now.to_string()),
    ]);
    let field = original.key.clone().unwrap_or_default();
    let partition = partition_for(&field, topic.partitions);
    NewRecord { topic: Arc::from(topic.name.as_str()), key: original.key, partition, value: original.value, headers }
}
