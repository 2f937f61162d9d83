//! The ports: what the runtime asks of a log. `naba-log-kafka` and `naba-log-local` answer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use naba_model::Millis;
use tokio::sync::oneshot;

use crate::budget::{Budget, Hold};
use crate::run::Delivery;
use crate::topics::TopicSpec;

/// A partition of a topic.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TopicPartition {
    /// Topic name.
    pub topic: Arc<str>,
    /// Partition number, from 0.
    pub partition: u32,
}

impl TopicPartition {
    /// Names a partition.
    pub fn new(topic: impl Into<Arc<str>>, partition: u32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

impl std::fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.topic, self.partition)
    }
}

/// Header of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Name.
    pub name: String,
    /// Value.
    pub value: Bytes,
}

/// A record that was read.
#[derive(Debug)]
pub struct Record {
    /// Where it stands.
    pub at: TopicPartition,
    /// Its offset.
    pub offset: u64,
    /// Broker or producer time.
    pub timestamp: Millis,
    /// Key.
    pub key: Option<Bytes>,
    /// Value; `None` is a tombstone.
    pub value: Option<Bytes>,
    /// Headers.
    pub headers: Vec<Header>,
    /// Its share of the bytes in flight, given back on drop.
    pub hold: Hold,
}

impl Record {
    /// Returns the last header of a name as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().rev().find(|h| h.name == name)?;
        std::str::from_utf8(&header.value).ok()
    }

    /// Returns the bytes that the record holds in memory.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|h| h.name.len() + h.value.len()).sum();
        self.key.as_ref().map_or(0, Bytes::len) + self.value.as_ref().map_or(0, Bytes::len) + headers + 64
    }
}

/// A record to be written.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Topic name.
    pub topic: Arc<str>,
    /// Key.
    pub key: Option<Bytes>,
    /// Partition, always set by the writer: murmur2 of the topic's partition field.
    pub partition: u32,
    /// Value; `None` is a tombstone.
    pub value: Option<Bytes>,
    /// Headers.
    pub headers: Vec<Header>,
}

impl NewRecord {
    /// Returns the bytes of key, value and headers.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|h| h.name.len() + h.value.len()).sum();
        self.key.as_ref().map_or(0, Bytes::len) + self.value.as_ref().map_or(0, Bytes::len) + headers + 64
    }
}

/// Why the log did not do as asked, by what has to happen next.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// Not now: the same call may work later.
    #[error("log unavailable: {0}")]
    Unavailable(String),
    /// A commit was begun and nobody knows whether it happened: only the same commit may be tried again. To abort now and send
    /// again would write everything twice.
    #[error("the commit was not answered: {0}")]
    Unanswered(String),
    /// The open transaction cannot be committed: abort it, then send again what is still ours.
    #[error("transaction must be aborted: {0}")]
    Abortable(String),
    /// Another instance with the same identity has taken over.
    #[error("fenced by a newer instance: {0}")]
    Fenced(String),
    /// The log or the client is broken for good.
    #[error("log failed: {0}")]
    Fatal(String),
    /// A topic does not exist.
    #[error("topic {0:?} does not exist: run `naba topics apply`")]
    UnknownTopic(String),
    /// The disk is full.
    #[error("no space left on {0}: make room, writing goes on by itself")]
    NoSpace(String),
}

/// How to join a consumer group.
#[derive(Debug, Clone)]
pub struct GroupConfig {
    /// Consumer group.
    pub group: String,
    /// Stable name of this instance, unique in the group: its transactional identity.
    pub instance: String,
    /// Topics to read.
    pub topics: Vec<Arc<str>>,
    /// Delivery mode of the member's producer.
    pub delivery: Delivery,
    /// Bytes in flight.
    pub budget: Arc<Budget>,
    /// Longest time that a revoke waits for the runtime.
    pub drain: Duration,
    /// Time after which a silent member loses its partitions.
    pub session: Duration,
}

/// A member of a group: reads its partitions, and commits outputs and offsets together.
pub struct Member {
    /// Reading side.
    pub consumer: Box<dyn Consumer>,
    /// Writing side.
    pub producer: Box<dyn Producer>,
}

/// What happened on the reading side.
pub enum Event {
    /// These partitions are ours. They stay silent until [`Consumer::start`].
    Assigned(Vec<TopicPartition>),
    /// Records, in offset order of each partition.
    Records(Vec<Record>),
    /// These partitions are being taken away: finish, commit, then send on (or drop) the channel. The member waits at most
    /// [`GroupConfig::drain`].
    Revoked(Vec<TopicPartition>, oneshot::Sender<()>),
    /// These partitions are gone already: commit nothing for them.
    Lost(Vec<TopicPartition>),
}

/// The reading side of a group member.
#[async_trait]
pub trait Consumer: Send {
    /// Waits for the next event. Cancel-safe.
    async fn next(&mut self) -> Result<Event, LogError>;
    /// Lets records of an assigned partition flow, from `offset` or from where the group stands (else from the beginning).
    fn start(&mut self, partition: &TopicPartition, offset: Option<u64>);
    /// Instant of the poll loop's last turn, for liveness; `None` where there is no loop.
    fn last_turn(&self) -> Option<std::time::Instant>;
    /// Leaves: stops reading and gives the partitions up without another event.
    async fn close(&mut self);
}

/// The writing side: outputs and offsets, whole or not at all under [`Delivery::ExactlyOnce`].
#[async_trait]
pub trait Producer: Send {
    /// Hands records over; opens a transaction when none is open. They become visible with [`Producer::commit`].
    async fn send(&mut self, records: &[NewRecord]) -> Result<(), LogError>;
    /// Commits what was sent, and the group's positions (next offset to read). `Unavailable` means: call again.
    async fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), LogError>;
    /// Takes back what was sent since the last commit.
    async fn abort(&mut self) -> Result<(), LogError>;
}

/// Where a reader begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Position {
    /// At the oldest record.
    Beginning,
    /// After the newest record.
    End,
    /// At an offset.
    Offset(u64),
    /// At the first record not older than an instant.
    Time(Millis),
}

/// Reads partitions without a group: tail, followed topics, dead letters.
#[async_trait]
pub trait Reader: Send {
    /// Returns records as soon as there are some, at most `max`; an empty list after `wait` without any. Cancel-safe.
    async fn read(&mut self, max: usize, wait: Duration) -> Result<Vec<Record>, LogError>;
}

/// What is known about a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicInfo {
    /// Name.
    pub name: String,
    /// Oldest and next offset of each partition.
    pub partitions: Vec<(u64, u64)>,
}

/// A log: topics of partitions of records.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Creates the topics that are missing; returns their names. A topic with another partition count is an error.
    async fn ensure_topics(&self, topics: &[TopicSpec]) -> Result<Vec<String>, LogError>;
    /// Lists topics.
    async fn topics(&self) -> Result<Vec<TopicInfo>, LogError>;
    /// Returns the number of partitions of a topic.
    async fn partitions(&self, topic: &str) -> Result<u32, LogError>;
    /// Joins a consumer group.
    async fn join(&self, config: GroupConfig) -> Result<Member, LogError>;
    /// Opens a producer outside any group; `id` is its transactional identity.
    async fn producer(&self, id: &str, delivery: Delivery) -> Result<Box<dyn Producer>, LogError>;
    /// Opens a reader of committed records.
    async fn reader(&self, partitions: &[(TopicPartition, Position)]) -> Result<Box<dyn Reader>, LogError>;
    /// Reads the committed records of a partition from `from` up to its end as of this call, waiting for transactions that
    /// are still open below it, and returns that end. `each` sees them in order.
    async fn snapshot(
        &self,
        partition: &TopicPartition,
        from: u64,
        each: &mut (dyn FnMut(Record) + Send),
    ) -> Result<u64, LogError>;
    /// Returns the next offset to be written of each partition, open transactions included.
    async fn ends(&self, partitions: &[TopicPartition]) -> Result<Vec<u64>, LogError>;
    /// Returns the group's position (next offset to read) of each partition.
    async fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, LogError>;
}
