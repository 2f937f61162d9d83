//! Records as they lie in the store and go over the socket.

use bytes::Bytes;
use naba_stage::Hold;
use naba_stage::log::{Header, LogError, NewRecord, Record, TopicPartition};
use prost::Message;

/// A header.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireHeader {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) value: Bytes,
}

/// A record. `topic`, `partition` and `offset` are left out in the store, where the key says them.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireRecord {
    #[prost(int64, tag = "1")]
    pub(crate) timestamp: i64,
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(crate) key: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(crate) value: Option<Bytes>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) headers: Vec<WireHeader>,
    #[prost(string, tag = "5")]
    pub(crate) topic: String,
    #[prost(uint32, tag = "6")]
    pub(crate) partition: u32,
    #[prost(uint64, tag = "7")]
    pub(crate) offset: u64,
}

impl WireRecord {
    pub(crate) fn of_new(record: &NewRecord, timestamp: i64) -> Self {
        let header = |h: &Header| WireHeader { name: h.name.clone(), value: h.value.clone() };
        Self {
            timestamp,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: record.headers.iter().map(header).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn of(record: &Record) -> Self {
        let header = |h: &Header| WireHeader { name: h.name.clone(), value: h.value.clone() };
        Self {
            timestamp: record.timestamp,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: record.headers.iter().map(header).collect(),
            topic: record.at.topic.to_string(),
            partition: record.at.partition,
            offset: record.offset,
        }
    }

    pub(crate) fn into_new(self) -> NewRecord {
        NewRecord {
            topic: self.topic.into(),
            key: self.key,
            partition: self.partition,
            value: self.value,
            headers: self.headers.into_iter().map(|h| Header { name: h.name, value: h.value }).collect(),
        }
    }

    pub(crate) fn into_record(self, at: TopicPartition, offset: u64) -> Record {
        Record {
            at,
            offset,
            timestamp: self.timestamp,
            key: self.key,
            value: self.value,
            headers: self.headers.into_iter().map(|h| Header { name: h.name, value: h.value }).collect(),
            hold: Hold::none(),
        }
    }
}

/// What a client of the socket asks for.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Request {
    #[prost(enumeration = "Ask", tag = "1")]
    pub(crate) ask: i32,
    #[prost(string, tag = "2")]
    pub(crate) topic: String,
    #[prost(uint32, tag = "3")]
    pub(crate) partition: u32,
    #[prost(uint64, tag = "4")]
    pub(crate) offset: u64,
    #[prost(uint32, tag = "5")]
    pub(crate) max: u32,
    #[prost(int64, tag = "6")]
    pub(crate) time: i64,
    #[prost(string, tag = "7")]
    pub(crate) group: String,
    #[prost(message, repeated, tag = "8")]
    pub(crate) records: Vec<WireRecord>,
    /// Whose records they are, with the epoch that it was enlisted with.
    #[prost(string, tag = "9")]
    pub(crate) producer: String,
    #[prost(uint64, tag = "10")]
    pub(crate) epoch: u64,
}

/// The questions of the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum Ask {
    Topics = 0,
    Read = 1,
    Append = 2,
    Committed = 3,
    OffsetForTime = 4,
    /// To be the only producer of a name.
    Enlist = 5,
}

/// A topic over the socket: low and high watermark of each partition, one after the other.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireTopic {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(uint64, repeated, tag = "2")]
    pub(crate) watermarks: Vec<u64>,
}

/// The answer.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Response {
    /// Empty when all went well.
    #[prost(string, tag = "1")]
    pub(crate) error: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) records: Vec<WireRecord>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) topics: Vec<WireTopic>,
    #[prost(uint64, optional, tag = "4")]
    pub(crate) number: Option<u64>,
    /// What sort of error it is.
    #[prost(enumeration = "Failure", tag = "5")]
    pub(crate) failure: i32,
}

/// The errors that a client tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum Failure {
    Fatal = 0,
    Unavailable = 1,
    Fenced = 2,
    UnknownTopic = 3,
    NoSpace = 4,
}

impl Response {
    pub(crate) fn failed(error: LogError) -> Self {
        let (failure, error) = match error {
            LogError::Unavailable(text) => (Failure::Unavailable, text),
            LogError::Fenced(text) => (Failure::Fenced, text),
            LogError::UnknownTopic(text) => (Failure::UnknownTopic, text),
            LogError::NoSpace(text) => (Failure::NoSpace, text),
            LogError::Fatal(text) | LogError::Abortable(text) | LogError::Unanswered(text) => (Failure::Fatal, text),
        };
        Self { error, failure: failure.into(), ..Self::default() }
    }

    pub(crate) fn checked(self) -> Result<Self, LogError> {
        if self.error.is_empty() {
            return Ok(self);
        }
        Err(match self.failure() {
            Failure::Fatal => LogError::Fatal(self.error),
            Failure::Unavailable => LogError::Unavailable(self.error),
            Failure::Fenced => LogError::Fenced(self.error),
            Failure::UnknownTopic => LogError::UnknownTopic(self.error),
            Failure::NoSpace => LogError::NoSpace(self.error),
        })
    }
}
