//! Reading committed records without a group.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use naba_stage::log::{Header, LogError, Position, Reader, Record, TopicPartition};
use naba_stage::{Budget, Hold};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::classify::classify;
use crate::settings::KafkaSettings;
use crate::{ASK, blocking, offset_number, partition_number, watermarks};

/// Copies a message out of the client's memory.
pub(crate) fn record_of(message: &BorrowedMessage<'_>, budget: Option<&Arc<Budget>>) -> Record {
    let headers = message.headers().map(|headers| {
        let header = |h: rdkafka::message::Header<'_, &[u8]>| Header {
            name: h.key.to_owned(),
            value: Bytes::copy_from_slice(h.value.unwrap_or_default()),
        };
        headers.iter().map(header).collect()
    });
    let mut record = Record {
        at: TopicPartition::new(message.topic(), u32::try_from(message.partition()).unwrap_or_default()),
        offset: u64::try_from(message.offset()).unwrap_or_default(),
        timestamp: message.timestamp().to_millis().unwrap_or_default(),
        key: message.key().map(Bytes::copy_from_slice),
        value: message.payload().map(Bytes::copy_from_slice),
        headers: headers.unwrap_or_default(),
        hold: Hold::none(),
    };
    if let Some(budget) = budget {
        record.hold = budget.hold(record.size());
    }
    record
}

struct KafkaReader {
    consumer: Arc<BaseConsumer>,
}

/// Opens a reader. Blocks.
pub(crate) fn open(
    settings: &KafkaSettings,
    asker: &BaseConsumer,
    partitions: &[(TopicPartition, Position)],
) -> Result<impl Reader + use<>, LogError> {
    let mut list = TopicPartitionList::new();
    for (at, position) in partitions {
        let partition = partition_number(at.partition);
        let offset = match position {
            Position::Beginning => Offset::Beginning,
            Position::End => Offset::End,
            Position::Offset(offset) => offset_number(*offset),
            Position::Time(millis) => {
                let mut asked = TopicPartitionList::new();
                asked.add_partition_offset(&at.topic, partition, Offset::Offset(*millis)).map_err(classify)?;
                let found = asker.offsets_for_times(asked, ASK).map_err(classify)?;
                found.find_partition(&at.topic, partition).map_or(Offset::End, |e| e.offset())
            }
        };
        list.add_partition_offset(&at.topic, partition, offset).map_err(classify)?;
    }
    let consumer: BaseConsumer = settings.reader().create().map_err(classify)?;
    consumer.assign(&list).map_err(classify)?;
    Ok(KafkaReader { consumer: Arc::new(consumer) })
}

#[async_trait]
impl Reader for KafkaReader {
    async fn read(&mut self, max: usize, wait: Duration) -> Result<Vec<Record>, LogError> {
        let consumer = Arc::clone(&self.consumer);
        blocking(move || {
            let mut records = Vec::new();
            let mut left = wait;
            while records.len() < max {
                match consumer.poll(left) {
                    None => break,
                    Some(Ok(message)) => records.push(record_of(&message, None)),
                    Some(Err(error)) => {
                        tracing::debug!(%error, "reader");
                        if records.is_empty() && consumer.client().fatal_error().is_some() {
                            return Err(classify(error));
                        }
                        break;
                    }
                }
                left = Duration::ZERO;
            }
            Ok(records)
        })
        .await
    }
}

/// Reads the committed records of a partition up to its end as of opening.
pub(crate) struct Snapshot {
    consumer: Option<BaseConsumer>,
    at: TopicPartition,
    end: u64,
}

impl Snapshot {
    /// Opens a snapshot: waits until no transaction is open below the end. Blocks.
    pub(crate) fn open(
        settings: &KafkaSettings,
        asker: &BaseConsumer,
        at: TopicPartition,
        from: u64,
    ) -> Result<Self, LogError> {
        let partition = partition_number(at.partition);
        let (low, end) = watermarks(asker, &at)?;
        if end <= low.max(from) {
            return Ok(Self { consumer: None, at, end });
        }
        let mut config = settings.reader();
        config.set("enable.partition.eof", "true");
        let consumer: BaseConsumer = config.create().map_err(classify)?;
        // A killed predecessor's transaction ends at the latest with its time-out.
        let deadline = Instant::now() + Duration::from_secs(180);
        loop {
            // Under read_committed this is the last stable offset.
            let (_, stable) = consumer.fetch_watermarks(&at.topic, partition, ASK).map_err(classify)?;
            if u64::try_from(stable).unwrap_or_default() >= end {
                break;
            }
            if Instant::now() >= deadline {
                return Err(LogError::Unavailable(format!("a transaction stays open on {at}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&at.topic, partition, offset_number(from.max(low))).map_err(classify)?;
        consumer.assign(&list).map_err(classify)?;
        Ok(Self { consumer: Some(consumer), at, end })
    }

    /// Returns the end.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Returns further records, or `None` at the end. Blocks.
    pub(crate) fn read(&mut self) -> Result<Option<Vec<Record>>, LogError> {
        let Some(consumer) = &self.consumer else { return Ok(None) };
        let mut records = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut ended = false;
        while records.len() < 1000 && !ended {
            let wait = if records.is_empty() { Duration::from_millis(500) } else { Duration::ZERO };
            match consumer.poll(wait) {
                Some(Ok(message)) => {
                    let record = record_of(&message, None);
                    ended = record.offset + 1 >= self.end;
                    if record.offset < self.end {
                        records.push(record);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => ended = true,
                Some(Err(error)) => tracing::debug!(%error, partition = %self.at, "snapshot"),
                None if !records.is_empty() => break,
                None if Instant::now() >= deadline => {
                    return Err(LogError::Unavailable(format!("{} gives no records", self.at)));
                }
                None => {}
            }
        }
        if ended {
            self.consumer = None;
        }
        Ok(Some(records))
    }
}
