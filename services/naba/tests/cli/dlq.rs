//! `naba dlq` on planted dead letters: listed, shown, and put back exactly once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use naba_log_local::LocalLog;
use naba_proto::prost::Message;
use naba_stage::log::{Header, Log, NewRecord, Record, TopicPartition};
use naba_stage::{Delivery, Topics, header};
use naba_testkit::{RawBuilder, eventually, scratch};

use crate::{good, naba, run, text};

fn topics() -> Topics {
    Topics::built_in().unwrap().local()
}

/// Makes a dead letter of the parser, as the runtime writes it.
pub fn letter(topics: &Topics, number: u64, code: &str, value: Vec<u8>) -> NewRecord {
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned().into() };
    let raw = &topics.get("raw").unwrap().name;
    NewRecord {
        topic: Arc::from(topics.get("parser-dlq").unwrap().name.as_str()),
        key: Some(format!("key-{number}").into()),
        partition: 0,
        value: Some(value.into()),
        headers: vec![
            header("naba-language", "ar"),
            header(header::CODE, code),
            header(header::MESSAGE, "the reason\u{1b}[2J"),
            header(header::STAGE, "parser"),
            header(header::TOPIC, raw),
            header(header::PARTITION, "2"),
            header(header::OFFSET, &(100 + number).to_string()),
            header(header::TIMESTAMP, "1704067200000"),
            header(header::ATTEMPTS, "1"),
            header(header::FAILED_AT, &(1_704_067_200_000 + number * 1000).to_string()),
        ],
    }
}

pub async fn write(log: &dyn Log, records: &[NewRecord]) {
    let mut producer = log.producer("test", Delivery::ExactlyOnce).await.unwrap();
    producer.send(records).await.unwrap();
    producer.commit(&[]).await.unwrap();
}

/// Reads a partition whole.
pub async fn read(log: &dyn Log, topic: &str, partition: u32) -> Vec<Record> {
    let mut records = Vec::new();
    log.snapshot(&TopicPartition::new(topic, partition), 0, &mut |record| records.push(record)).await.unwrap();
    records
}

async fn open(data: &Path) -> LocalLog {
    let log = LocalLog::open(&data.join("log")).unwrap();
    log.ensure_topics(&topics().all()).await.unwrap();
    log
}

/// Plants `count` letters with code "panic" and one with code "too_deep" that holds a document.
async fn plant(data: &Path, count: u64) {
    let document = RawBuilder::new("https://news.example/1", "<p>خبر").build().encode_to_vec();
    let mut letters: Vec<NewRecord> =
        (0..count).map(|n| letter(&topics(), n, "panic", vec![0xff, u8::try_from(n).unwrap()])).collect();
    letters.push(letter(&topics(), count, "too_deep", document));
    let log = open(data).await;
    write(&log, &letters).await;
    drop(log);
    // Its writer thread lets the file go a moment later.
    let file = std::fs::File::open(data.join("log/log.redb")).unwrap();
    eventually("the log is closed", Duration::from_secs(10), || file.try_lock().ok());
}

#[tokio::test]
async fn letters_are_counted_listed_and_shown() {
    let data = scratch("dlq");
    plant(data.path(), 2).await;
    let data = text(data.path());
    let listed = good(&["dlq", "list", "--data", data]);
    assert!(
        listed.out.contains("2  parser    panic") && listed.out.contains("1  parser    too_deep"),
        "{}",
        listed.out
    );
    assert!(listed.out.contains("parser/0/2") && listed.out.contains("3 dead letters wait"), "{}", listed.out);
    assert!(!listed.out.contains('\u{1b}'), "a message writes on the terminal");
    let json =
        good(&["dlq", "list", "--json", "--code", "panic", "--since", "2024-01-01T00:00:01Z", "--data", data]).json();
    assert_eq!(json.len(), 1, "{json:?}");
    assert_eq!((&json[0]["id"], &json[0]["offset"]), (&"parser/0/1".into(), &101.into()));

    let shown = good(&["dlq", "show", "parser/0/2", "--data", data]).out;
    for part in ["too_deep", "news.raw.v1/2 offset 102", "key-2", "naba-language: ar"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let shown = good(&["dlq", "show", "parser/0/2", "--json", "--data", data]).json();
    assert_eq!(shown[0]["value"]["finalUrl"], "https://news.example/1");
    let output = naba(&["dlq", "show", "parser/0/1", "--value", "--data", data]).output().unwrap();
    assert_eq!(output.stdout, [0xff, 1]);
    for (id, code) in [("parser/0/3", 1), ("parser/7/0", 1), ("nobody/0/0", 1), ("parser-0-1", 64)] {
        assert_eq!(run(&["dlq", "show", id, "--data", data]).code, code, "{id}");
    }
}

#[tokio::test]
async fn a_letter_is_put_back_once_on_its_partition_with_its_own_headers() {
    let data = scratch("dlq");
    plant(data.path(), 3).await;
    let dlq = |args: &[&str]| good(&[&["dlq"], args, &["--data", text(data.path())]].concat());
    assert!(dlq(&["redrive", "--code", "panic", "--dry-run"]).out.contains("3 letters would be put back"));
    assert!(dlq(&["redrive", "--code", "panic", "--limit", "1"]).out.contains("1 letters were put back"));
    assert!(dlq(&["redrive", "--code", "panic", "--rate", "100/s"]).out.contains("2 letters were put back"));
    assert!(dlq(&["redrive", "--code", "panic"]).out.contains("0 letters were put back"));

    assert_eq!(dlq(&["list", "--json"]).json().len(), 1, "those that were put back are left out");
    let all = dlq(&["list", "--json", "--all"]).json();
    assert_eq!(all.iter().filter(|letter| letter["redriven"] == true).count(), 3, "{all:?}");

    let log = open(data.path()).await;
    let back = read(&log, "news.raw.v1", 2).await;
    let found: Vec<(&[u8], &[u8])> =
        back.iter().map(|r| (r.key.as_deref().unwrap(), r.value.as_deref().unwrap())).collect();
    assert_eq!(found, [(&b"key-0"[..], &[0xff, 0][..]), (b"key-1", &[0xff, 1]), (b"key-2", &[0xff, 2])]);
    for record in &back {
        let names: Vec<&str> = record.headers.iter().map(|header| header.name.as_str()).collect();
        assert_eq!(names, ["naba-language", "naba-redrives"], "the original's headers, and how often it was put back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_redrives_at_once_on_a_running_log_put_each_letter_back_once() {
    let data = scratch("dlq");
    plant(data.path(), 200).await;
    let log = open(data.path()).await;
    let socket = data.path().join("naba.sock");
    let serving = tokio::spawn({
        let (log, socket) = (log.clone(), socket.clone());
        async move { naba_log_local::serve(log, &socket).await }
    });
    while !socket.exists() {
        tokio::task::yield_now().await;
    }
    let redrive = || {
        let data = data.path().to_owned();
        tokio::task::spawn_blocking(move || run(&["dlq", "redrive", "--stage", "parser", "--data", text(&data)]))
    };
    let (one, two) = tokio::join!(redrive(), redrive());
    for done in [one.unwrap(), two.unwrap()] {
        let refused = done.code == 1 && done.err.contains("at work");
        assert!(done.code == 0 || refused, "{} {}", done.code, done.err);
    }
    let third = redrive().await.unwrap();
    assert_eq!(third.code, 0, "{}", third.err);
    assert_eq!(read(&log, "news.raw.v1", 2).await.len(), 201, "each letter once");
    serving.abort();
}
