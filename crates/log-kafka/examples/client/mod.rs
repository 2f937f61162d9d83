//! A bare Kafka client with the settings of naba's clients, so that it compresses, checks and waits for acknowledgements as they do.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;

/// A producer that polls by itself.
pub type Pump = ThreadedProducer<DefaultProducerContext>;

/// Returns the settings of every client.
pub fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("enable.metrics.push", "false");
    config
}

/// Returns the settings of a reader of committed records.
pub fn reader(bootstrap: &str) -> ClientConfig {
    let mut config = client(bootstrap);
    config
        .set("group.id", "naba-bench-bare")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("check.crcs", "true")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.queue.backoff.ms", "50")
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.message.max.bytes", "9437184")
        .set("fetch.max.bytes", "16777216")
        .set("receive.message.max.bytes", "33554432");
    config
}

/// Opens an idempotent producer.
pub fn producer(bootstrap: &str, compression: &str) -> Result<Pump, KafkaError> {
    let mut config = client(bootstrap);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", "5")
        .set("compression.type", compression)
        .set("message.max.bytes", "9437184")
        .set("queue.buffering.max.kbytes", "65536")
        .set("queue.buffering.max.messages", "20000");
    if compression == "zstd" {
        config.set("compression.level", "3");
    }
    config.create()
}

/// Hands a record over, waiting while the producer's queue is full.
pub fn send(producer: &Pump, mut record: BaseRecord<'_, [u8], [u8]>) -> Result<(), KafkaError> {
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
