//! What the log forgets, what it must not forget, and that its file does not grow for ever.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use naba_log_local::{Limits, LocalLog, Options};
use naba_stage::log::{Event, GroupConfig, Log, Member, NewRecord, TopicPartition};
use naba_stage::{Budget, Cleanup, Delivery, TopicSpec, Topics};

const MIB: u64 = 1024 * 1024;

fn topic(name: &str, cleanup: Cleanup, retention_ms: i64) -> TopicSpec {
    let raw = Topics::built_in().expect("topics").get("raw").expect("raw").clone();
    TopicSpec { name: name.into(), role: name.into(), partitions: 2, cleanup, retention_ms, ..raw }
}

async fn open(folder: &Path, log_bytes: u64, topic_bytes: &[(&str, u64)], topics: &[TopicSpec]) -> LocalLog {
    let topic_bytes: BTreeMap<String, u64> = topic_bytes.iter().map(|(name, limit)| ((*name).into(), *limit)).collect();
    let options = Options { limits: Limits { log_bytes, topic_bytes }, health: None };
    let log = LocalLog::open_with(folder, options).expect("log");
    log.ensure_topics(topics).await.expect("topics");
    log
}

async fn put(log: &LocalLog, topic: &str, count: usize, bytes: usize) {
    let mut producer = log.producer("test", Delivery::ExactlyOnce).await.expect("producer");
    let record = |i: usize| NewRecord {
        topic: Arc::from(topic),
        key: Some(Bytes::from(i.to_string())),
        partition: u32::try_from(i % 2).unwrap(),
        value: Some(Bytes::from(vec![b'x'; bytes])),
        headers: Vec::new(),
    };
    producer.send(&(0..count).map(record).collect::<Vec<_>>()).await.expect("send");
    producer.commit(&[]).await.expect("commit");
}

async fn watermarks(log: &LocalLog, topic: &str) -> Vec<(u64, u64)> {
    let topics = log.topics().await.expect("topics");
    topics.into_iter().find(|t| t.name == topic).expect("topic").partitions
}

async fn join(log: &LocalLog, topic: &str) -> Member {
    let config = GroupConfig {
        group: "readers".to_owned(),
        instance: "reader-0".to_owned(),
        topics: vec![Arc::from(topic)],
        delivery: Delivery::ExactlyOnce,
        budget: Budget::new(1 << 20),
        drain: Duration::from_secs(2),
        session: Duration::from_secs(6),
    };
    log.join(config).await.expect("join")
}

fn on_disk(folder: &Path) -> u64 {
    std::fs::metadata(folder.join("log.redb")).expect("file").blocks() * 512
}

#[tokio::test]
async fn age_spares_what_a_group_has_not_read() {
    let folder = tempfile::tempdir().expect("folder");
    let log = open(folder.path(), u64::MAX, &[], &[topic("t", Cleanup::Delete, 50)]).await;
    put(&log, "t", 20, 100).await;
    let mut member = join(&log, "t").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(log.sweep().expect("sweep").expired, 0, "a group that has joined and not yet read");
    member
        .producer
        .commit(&[(TopicPartition::new("t", 0), 4), (TopicPartition::new("t", 1), 10)])
        .await
        .expect("commit");
    drop((member, log));

    // Also after a start in which the group has not joined yet.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let log = open(folder.path(), u64::MAX, &[], &[topic("t", Cleanup::Delete, 50)]).await;
    assert_eq!(log.sweep().expect("sweep").expired, 14);
    assert_eq!(watermarks(&log, "t").await, [(4, 10), (10, 10)]);
}

#[tokio::test]
async fn size_takes_what_is_read_first_then_the_oldest_and_counts_it() {
    let folder = tempfile::tempdir().expect("folder");
    let topics = [topic("read", Cleanup::Delete, -1), topic("unread", Cleanup::Delete, -1)];
    let log = open(folder.path(), 60_000, &[], &topics).await;
    put(&log, "unread", 40, 1000).await;
    let mut member = join(&log, "unread").await;
    put(&log, "read", 40, 1000).await;
    let swept = log.sweep().expect("sweep");
    assert!((20..=25).contains(&swept.shed) && swept.unread == 0, "{swept:?}");
    assert_eq!(watermarks(&log, "unread").await, [(0, 20), (0, 20)]);
    assert_eq!(log.sweep().expect("sweep").shed, 0, "enough is enough");

    put(&log, "unread", 40, 1000).await;
    let swept = log.sweep().expect("sweep");
    assert!(swept.shed > 10 && swept.unread > 20, "{swept:?}");
    // The group goes on with what is there.
    let Event::Assigned(partitions) = member.consumer.next().await.expect("event") else { panic!("assignment") };
    partitions.iter().for_each(|at| member.consumer.start(at, None));
    let Event::Records(records) = member.consumer.next().await.expect("event") else { panic!("records") };
    let low = watermarks(&log, "unread").await[records[0].at.partition as usize].0;
    assert_eq!((records[0].offset, records[0].offset > 0), (low, true));
}

#[tokio::test]
async fn the_file_stays_bounded_over_many_rounds_and_gives_room_back() {
    let folder = tempfile::tempdir().expect("folder");
    let topics = [topic("t", Cleanup::Delete, -1), topic("c", Cleanup::Compact, -1)];
    let log = open(folder.path(), u64::MAX, &[("t", 4 * MIB)], &topics).await;
    let mut sizes = Vec::new();
    for round in 0..30 {
        put(&log, "t", 200, 20_000).await;
        put(&log, "c", 50, 20_000).await;
        log.sweep().expect("sweep");
        if round % 6 == 5 {
            sizes.push(on_disk(folder.path()) / MIB);
        }
    }
    println!("file in MiB over 30 rounds of 5 MB, 5 MB kept: {sizes:?}");
    assert!(sizes.iter().all(|size| *size <= 64), "{sizes:?}");
    assert!(sizes.last() <= sizes.first().map(|first| first * 2).as_ref(), "it grows: {sizes:?}");

    for _ in 0..30 {
        put(&log, "t", 200, 20_000).await;
    }
    let (full, _) = (on_disk(folder.path()), log.sweep().expect("sweep"));
    let swept = on_disk(folder.path());
    println!("file of {} MiB, after a sweep {} MiB", full / MIB, swept / MIB);
    assert!(full > 100 * MIB && swept < full / 3, "{full} bytes, after a sweep {swept}");
    put(&log, "t", 10, 100).await;
    assert_eq!(watermarks(&log, "c").await, [(0, 750), (0, 750)]);
}
