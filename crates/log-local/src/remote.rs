//! The other end of the socket: a log that can be read and appended to, but has no groups.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use naba_stage::log::{
    GroupConfig, Log, LogError, Member, NewRecord, Position, Producer, Reader, Record, TopicInfo, TopicPartition,
};
use naba_stage::{Delivery, TopicSpec};
use prost::Message as _;
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::serve::{read_frame, write_frame};
use crate::wire::{Ask, Request, Response, WireRecord};

/// Between two looks for new records.
const LOOK: Duration = Duration::from_millis(100);

/// A log that another process owns, over its socket.
#[derive(Clone)]
pub struct RemoteLog {
    link: Arc<Link>,
}

struct Link {
    path: PathBuf,
    stream: Mutex<Option<UnixStream>>,
}

impl RemoteLog {
    /// Connects; fails when nobody serves the socket.
    pub async fn connect(path: &Path) -> Result<Self, LogError> {
        let link = Link { path: path.to_owned(), stream: Mutex::default() };
        let log = Self { link: Arc::new(link) };
        log.ask(Request { ask: Ask::Topics.into(), ..Request::default() }).await?;
        Ok(log)
    }

    async fn ask(&self, request: Request) -> Result<Response, LogError> {
        let failed = |e: std::io::Error| LogError::Unavailable(format!("socket {}: {e}", self.link.path.display()));
        let mut slot = self.link.stream.lock().await;
        // Taken while in use, so that an answer to a question nobody waits for any more is never read as another's.
        let mut stream = match slot.take() {
            Some(stream) => stream,
            None => UnixStream::connect(&self.link.path).await.map_err(failed)?,
        };
        write_frame(&mut stream, &request.encode_to_vec()).await.map_err(failed)?;
        let frame = read_frame(&mut stream).await.map_err(failed)?;
        let frame = frame.ok_or_else(|| LogError::Unavailable("the owner of the log closed the socket".to_owned()))?;
        *slot = Some(stream);
        Response::decode(frame.as_slice()).map_err(|e| LogError::Fatal(e.to_string()))?.checked()
    }

    async fn watermarks(&self, at: &TopicPartition) -> Result<(u64, u64), LogError> {
        let topics = self.topics().await?;
        let topic = topics.iter().find(|t| t.name == at.topic.as_ref());
        let partition = topic.and_then(|t| t.partitions.get(at.partition as usize));
        partition.copied().ok_or_else(|| LogError::UnknownTopic(at.to_string()))
    }

    async fn read(&self, at: &TopicPartition, offset: u64, max: usize) -> Result<Vec<Record>, LogError> {
        let max = u32::try_from(max).unwrap_or(u32::MAX);
        let (topic, partition) = (at.topic.to_string(), at.partition);
        let request = Request { ask: Ask::Read.into(), topic, partition, offset, max, ..Request::default() };
        let records = self.ask(request).await?.records.into_iter();
        Ok(records
            .map(|wire| {
                let offset = wire.offset;
                wire.into_record(at.clone(), offset)
            })
            .collect())
    }
}

#[async_trait]
impl Log for RemoteLog {
    async fn ensure_topics(&self, _topics: &[TopicSpec]) -> Result<Vec<String>, LogError> {
        // The owner makes its topics when it starts.
        Ok(Vec::new())
    }

    async fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        let response = self.ask(Request { ask: Ask::Topics.into(), ..Request::default() }).await?;
        let info = |topic: crate::wire::WireTopic| {
            let pairs = topic.watermarks.chunks_exact(2);
            TopicInfo { name: topic.name, partitions: pairs.map(|pair| (pair[0], pair[1])).collect() }
        };
        Ok(response.topics.into_iter().map(info).collect())
    }

    async fn partitions(&self, topic: &str) -> Result<u32, LogError> {
        let topics = self.topics().await?;
        let topic = topics.iter().find(|t| t.name == topic).ok_or_else(|| LogError::UnknownTopic(topic.to_owned()))?;
        Ok(u32::try_from(topic.partitions.len()).unwrap_or(u32::MAX))
    }

    async fn join(&self, config: GroupConfig) -> Result<Member, LogError> {
        Err(LogError::Fatal(format!("group {} cannot be joined over the socket of a local log", config.group)))
    }

    async fn producer(&self, id: &str, _delivery: Delivery) -> Result<Box<dyn Producer>, LogError> {
        let id = id.to_owned();
        let request = Request { ask: Ask::Enlist.into(), producer: id.clone(), ..Request::default() };
        let epoch = self.ask(request).await?.number.unwrap_or_default();
        Ok(Box::new(RemoteProducer { log: self.clone(), id, epoch, sent: Vec::new() }))
    }

    async fn reader(&self, partitions: &[(TopicPartition, Position)]) -> Result<Box<dyn Reader>, LogError> {
        let mut next = Vec::new();
        for (at, position) in partitions {
            let offset = match position {
                Position::Beginning => self.watermarks(at).await?.0,
                Position::End => self.watermarks(at).await?.1,
                Position::Offset(offset) => *offset,
                Position::Time(time) => {
                    let (topic, partition) = (at.topic.to_string(), at.partition);
                    let ask = Ask::OffsetForTime.into();
                    let request = Request { ask, topic, partition, time: *time, ..Request::default() };
                    self.ask(request).await?.number.unwrap_or_default()
                }
            };
            next.push((at.clone(), offset));
        }
        Ok(Box::new(RemoteReader { log: self.clone(), next }))
    }

    async fn snapshot(
        &self,
        partition: &TopicPartition,
        from: u64,
        each: &mut (dyn FnMut(Record) + Send),
    ) -> Result<u64, LogError> {
        let (low, end) = self.watermarks(partition).await?;
        let mut next = from.max(low);
        while next < end {
            let records = self.read(partition, next, 1000).await?;
            next = records.last().map_or(end, |r| r.offset + 1);
            records.into_iter().filter(|r| r.offset < end).for_each(&mut *each);
        }
        Ok(end)
    }

    async fn ends(&self, partitions: &[TopicPartition]) -> Result<Vec<u64>, LogError> {
        let mut ends = Vec::new();
        for at in partitions {
            ends.push(self.watermarks(at).await?.1);
        }
        Ok(ends)
    }

    async fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, LogError> {
        let mut positions = Vec::new();
        for at in partitions {
            let (topic, partition, group) = (at.topic.to_string(), at.partition, group.to_owned());
            let request = Request { ask: Ask::Committed.into(), topic, partition, group, ..Request::default() };
            positions.push(self.ask(request).await?.number);
        }
        Ok(positions)
    }
}

struct RemoteReader {
    log: RemoteLog,
    next: Vec<(TopicPartition, u64)>,
}

#[async_trait]
impl Reader for RemoteReader {
    async fn read(&mut self, max: usize, wait: Duration) -> Result<Vec<Record>, LogError> {
        let deadline = Instant::now() + wait;
        loop {
            let topics = self.log.topics().await?;
            let mut records = Vec::new();
            for (at, next) in &mut self.next {
                let topic = topics.iter().find(|t| t.name == at.topic.as_ref());
                let Some((low, end)) = topic.and_then(|t| t.partitions.get(at.partition as usize)) else { continue };
                *next = (*low).max(*next);
                if *next < *end && records.len() < max {
                    let read = self.log.read(at, *next, max - records.len()).await?;
                    *next = read.last().map_or(*end, |r| r.offset + 1);
                    records.extend(read);
                }
            }
            if !records.is_empty() || Instant::now() >= deadline {
                return Ok(records);
            }
            tokio::time::sleep(LOOK.min(wait)).await;
        }
    }
}

struct RemoteProducer {
    log: RemoteLog,
    id: String,
    epoch: u64,
    sent: Vec<NewRecord>,
}

#[async_trait]
impl Producer for RemoteProducer {
    async fn send(&mut self, records: &[NewRecord]) -> Result<(), LogError> {
        self.sent.extend_from_slice(records);
        Ok(())
    }

    async fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), LogError> {
        if !positions.is_empty() {
            return Err(LogError::Fatal("positions cannot be committed over the socket of a local log".to_owned()));
        }
        let wire = |record: &NewRecord| WireRecord {
            topic: record.topic.to_string(),
            partition: record.partition,
            ..WireRecord::of_new(record, 0)
        };
        let records = self.sent.iter().map(wire).collect();
        let (ask, producer) = (Ask::Append.into(), self.id.clone());
        self.log.ask(Request { ask, records, producer, epoch: self.epoch, ..Request::default() }).await?;
        self.sent.clear();
        Ok(())
    }

    async fn abort(&mut self) -> Result<(), LogError> {
        self.sent.clear();
        Ok(())
    }
}
