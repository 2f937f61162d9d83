//! The bare loop: polls a record and sends it on, whole, with nothing in between: no group, position, transaction or work. Its
//! settings are those of naba's clients, so that it compresses, checks and waits for acknowledgements as they do.

use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::{Failure, Mark, Plan};

/// Longest time without a record.
const PATIENCE: Duration = Duration::from_secs(60);

type Pump = ThreadedProducer<DefaultProducerContext>;

fn consumer(bootstrap: &str) -> Result<BaseConsumer, KafkaError> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "hop-bare")
        .set("enable.metrics.push", "false")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("check.crcs", "true")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.queue.backoff.ms", "50")
        .set("queued.max.messages.kbytes", "16384")
        .set("queued.min.messages", "10000")
        .set("fetch.message.max.bytes", "9437184")
        .set("fetch.max.bytes", "16777216")
        .set("receive.message.max.bytes", "33554432");
    config.create()
}

fn producer(bootstrap: &str) -> Result<Pump, KafkaError> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("enable.metrics.push", "false")
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", "5")
        .set("compression.type", "zstd")
        .set("compression.level", "3")
        .set("message.max.bytes", "9437184")
        .set("queue.buffering.max.kbytes", "65536")
        .set("queue.buffering.max.messages", "20000");
    config.create()
}

/// Moves the records from `begin` on; returns the seconds from the first record to the last acknowledgement.
pub fn turn(plan: &Plan, input: &str, output: &str, begin: &[u64]) -> Result<[f64; 3], Failure> {
    let mut list = TopicPartitionList::new();
    for (partition, begin) in begin.iter().enumerate() {
        list.add_partition_offset(input, i32::try_from(partition)?, Offset::Offset(i64::try_from(*begin)?))?;
    }
    let (consumer, producer) = (consumer(&plan.bootstrap)?, producer(&plan.bootstrap)?);
    consumer.assign(&list)?;
    let (mut first, mut left, mut last) = (None, plan.records, Instant::now());
    while left > 0 {
        match consumer.poll(Duration::from_millis(100)) {
            Some(message) => {
                let message = message?;
                first.get_or_insert_with(|| Mark::now(plan.broker));
                let mut record = BaseRecord::<[u8], [u8]>::to(output).partition(message.partition());
                if let Some(headers) = message.headers() {
                    record = record.headers(headers.detach());
                }
                if let Some(key) = message.key() {
                    record = record.key(key);
                }
                if let Some(value) = message.payload() {
                    record = record.payload(value);
                }
                send(&producer, record)?;
                (left, last) = (left - 1, Instant::now());
            }
            None if last.elapsed() < PATIENCE => {}
            None => return Err(format!("{left} of {} records did not come", plan.records).into()),
        }
    }
    producer.flush(PATIENCE)?;
    let first = first.ok_or("no record came")?;
    Ok(Mark::now(plan.broker).since(&first))
}

fn send(producer: &Pump, mut record: BaseRecord<'_, [u8], [u8]>) -> Result<(), KafkaError> {
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                record = back;
                std::thread::sleep(Duration::from_millis(1));
            }
            Err((error, _)) => return Err(error),
        }
    }
}
