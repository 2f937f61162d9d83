//! The bare loop: polls a record and sends it on, whole, with nothing in between: no group, position, transaction or work.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::{Failure, Mark, Plan, client};

/// Longest time without a record.
const PATIENCE: Duration = Duration::from_secs(60);

/// Moves the records from `begin` on; returns the seconds from the first record to the last acknowledgement.
pub fn turn(plan: &Plan, input: &str, output: &str, begin: &[u64]) -> Result<[f64; 3], Failure> {
    let mut list = TopicPartitionList::new();
    for (partition, begin) in begin.iter().enumerate() {
        list.add_partition_offset(input, i32::try_from(partition)?, Offset::Offset(i64::try_from(*begin)?))?;
    }
    let consumer: BaseConsumer = client::reader(&plan.bootstrap).set("queued.min.messages", "10000").create()?;
    let producer = client::producer(&plan.bootstrap, "zstd")?;
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
                client::send(&producer, record)?;
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
