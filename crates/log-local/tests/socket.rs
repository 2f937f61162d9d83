//! The socket of the local log, and what retention and compaction leave.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use naba_log_local::{LocalLog, RemoteLog, serve};
use naba_stage::log::{Log, LogError, NewRecord, Position, TopicPartition};
use naba_stage::{Cleanup, Delivery, Topics};

fn record(topic: &str, key: &str, value: Option<&str>) -> NewRecord {
    NewRecord {
        topic: Arc::from(topic),
        key: Some(Bytes::from(key.to_owned())),
        partition: 0,
        value: value.map(|v| Bytes::from(v.to_owned())),
        headers: Vec::new(),
    }
}

async fn put(log: &dyn Log, records: &[NewRecord]) {
    let mut producer = log.producer("test", Delivery::ExactlyOnce).await.expect("producer");
    producer.send(records).await.expect("send");
    producer.commit(&[]).await.expect("commit");
}

async fn keys(log: &dyn Log, topic: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut each = |r: naba_stage::log::Record| keys.push(String::from_utf8_lossy(&r.key.unwrap()).into_owned());
    log.snapshot(&TopicPartition::new(topic, 0), 0, &mut each).await.expect("snapshot");
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_reads_and_appends_through_the_socket() {
    let folder = tempfile::tempdir().expect("folder");
    let log = LocalLog::open(folder.path()).expect("log");
    log.ensure_topics(&Topics::built_in().expect("topics").local().all()).await.expect("topics");
    let socket = folder.path().join("naba.sock");
    let (served, path) = (log.clone(), socket.clone());
    let server = tokio::spawn(async move { serve(served, &path).await });
    let remote = loop {
        if let Ok(remote) = RemoteLog::connect(&socket).await {
            break remote;
        }
        assert!(!server.is_finished());
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let mode = std::fs::metadata(&socket).expect("socket").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "only its user may use the socket");

    put(&log, &[record("news.raw.v1", "own", Some("1"))]).await;
    let at = TopicPartition::new("news.raw.v1", 0);
    let mut tail = remote.reader(&[(at.clone(), Position::Beginning)]).await.expect("reader");
    assert_eq!(tail.read(10, Duration::from_secs(5)).await.expect("read").len(), 1);
    put(&remote, &[record("news.raw.v1", "remote", Some("2"))]).await;
    let read = tail.read(10, Duration::from_secs(5)).await.expect("read");
    assert_eq!(read[0].key.as_deref(), Some(&b"remote"[..]));
    assert_eq!(keys(&log, "news.raw.v1").await, ["own", "remote"]);
    assert_eq!(keys(&remote, "news.raw.v1").await, ["own", "remote"]);
    assert_eq!(remote.topics().await.expect("topics"), log.topics().await.expect("topics"));
    assert!(remote.partitions("no.such").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_producer_of_a_name_fences_the_older_through_the_socket() {
    let folder = tempfile::tempdir().expect("folder");
    let log = LocalLog::open(folder.path()).expect("log");
    log.ensure_topics(&Topics::built_in().expect("topics").local().all()).await.expect("topics");
    let socket = folder.path().join("naba.sock");
    let (served, path) = (log.clone(), socket.clone());
    tokio::spawn(async move { serve(served, &path).await });
    while !socket.exists() {
        tokio::task::yield_now().await;
    }
    let remote = RemoteLog::connect(&socket).await.expect("served");
    let mut old = remote.producer("p", Delivery::ExactlyOnce).await.expect("producer");
    old.send(&[record("news.raw.v1", "old", Some("1"))]).await.expect("send");
    let another = RemoteLog::connect(&socket).await.expect("served");
    let mut new = another.producer("p", Delivery::ExactlyOnce).await.expect("producer");
    assert!(matches!(old.commit(&[]).await, Err(LogError::Fenced(_))));
    new.send(&[record("news.raw.v1", "new", Some("1"))]).await.expect("send");
    new.commit(&[]).await.expect("commit");
    assert_eq!(keys(&log, "news.raw.v1").await, ["new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_keeps_the_newest_of_each_key_and_retention_the_young() {
    let folder = tempfile::tempdir().expect("folder");
    let log = LocalLog::open(folder.path()).expect("log");
    let mut spec = Topics::built_in().expect("topics").local().all().remove(0);
    spec.partitions = 1;
    let mut young = spec.clone();
    (spec.name, spec.role, spec.cleanup) = ("compact".into(), "compact".into(), Cleanup::Compact);
    (young.name, young.role, young.cleanup, young.retention_ms) =
        ("young".into(), "young".into(), Cleanup::Delete, 200);
    log.ensure_topics(&[spec, young]).await.expect("topics");
    put(&log, &[record("compact", "a", Some("1")), record("compact", "b", Some("1"))]).await;
    put(&log, &[record("compact", "a", Some("2")), record("compact", "c", Some("1")), record("compact", "b", None)])
        .await;
    put(&log, &[record("young", "old", Some("1"))]).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    put(&log, &[record("young", "new", Some("1"))]).await;
    let swept = log.sweep().expect("sweep");
    assert_eq!((swept.superseded, swept.expired), (2, 1));
    // The tombstone of b stays for a day, so that followers see it.
    assert_eq!(keys(&log, "compact").await, ["a", "c", "b"]);
    assert_eq!(keys(&log, "young").await, ["new"]);
    put(&log, &[record("young", "newer", Some("1"))]).await;
    drop(log);
    // The writer thread lets go of the file a moment after the last handle.
    let log = loop {
        if let Ok(log) = LocalLog::open(folder.path()) {
            break log;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(keys(&log, "young").await, ["new", "newer"]);
    assert_eq!(log.ends(&[TopicPartition::new("young", 0)]).await.expect("end"), [3], "offsets are never used twice");
}
