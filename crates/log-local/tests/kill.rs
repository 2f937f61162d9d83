//! The local log and `kill -9`: what was acknowledged is there, what was not is whole or absent, and a consumer goes on where
//! it was, whatever the moment.
//!
//! The process that is killed is this test binary itself, started again with `NABA_CHILD` set.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use naba_log_local::LocalLog;
use naba_stage::log::{Event, GroupConfig, Log, LogError, Member, NewRecord, TopicPartition};
use naba_stage::{Budget, Cleanup, Delivery, TopicSpec, Topics};

const INPUT: &str = "news.raw.v1";
const OUTPUT: &str = "news.articles.v1";
const STATE: &str = "state";
const GROUP: &str = "naba-relay";
const PARTITIONS: u32 = 3;
/// Keys of the compacted topic.
const KEYS: u64 = 5;
const KILLS: u64 = 40;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime")
}

fn topics() -> Vec<TopicSpec> {
    let raw = Topics::built_in().expect("topics").get("raw").expect("raw").clone();
    let topic = |name: &str, cleanup| TopicSpec { name: name.into(), partitions: PARTITIONS, cleanup, ..raw.clone() };
    vec![topic(INPUT, Cleanup::Delete), topic(OUTPUT, Cleanup::Delete), topic(STATE, Cleanup::Compact)]
}

async fn open(folder: &Path) -> LocalLog {
    // The kernel frees the lock of a killed owner a moment after its end.
    for _ in 0..200 {
        match LocalLog::open(folder) {
            Ok(log) => {
                log.ensure_topics(&topics()).await.expect("topics");
                return log;
            }
            Err(LogError::Fatal(text)) if text.contains("in use") => {
                tokio::time::sleep(Duration::from_millis(20)).await
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the log stays in use");
}

async fn join(log: &LocalLog) -> Member {
    let config = GroupConfig {
        group: GROUP.to_owned(),
        instance: "relay-0".to_owned(),
        topics: vec![Arc::from(INPUT)],
        delivery: Delivery::ExactlyOnce,
        budget: Budget::new(1 << 20),
        drain: Duration::from_secs(2),
        session: Duration::from_secs(6),
    };
    log.join(config).await.expect("join")
}

fn record(topic: &str, key: u64, partition: u32, bytes: usize) -> NewRecord {
    NewRecord {
        topic: Arc::from(topic),
        key: Some(Bytes::from(key.to_string())),
        partition,
        value: Some(Bytes::from(vec![b'x'; bytes])),
        headers: Vec::new(),
    }
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().expect("flush");
}

/// Writes transactions over all partitions for ever, and says each that was acknowledged.
async fn feed(log: LocalLog) {
    let mut next = log.ends(&[TopicPartition::new(INPUT, 0)]).await.expect("end")[0];
    let mut producer = log.producer("feeder", Delivery::ExactlyOnce).await.expect("producer");
    loop {
        let size = [50, 700, 6000, 40_000][usize::try_from(next % 4).unwrap()];
        let mut records: Vec<_> = (0..PARTITIONS).map(|p| record(INPUT, next, p, size)).collect();
        records.push(NewRecord { key: Some(Bytes::from((next % KEYS).to_string())), ..record(STATE, next, 0, 0) });
        records.last_mut().unwrap().value = Some(Bytes::from(next.to_string()));
        producer.send(&records).await.expect("send");
        producer.commit(&[]).await.expect("commit");
        next += 1;
        say(&format!("fed {next}"));
    }
}

/// Takes what is fed, and writes an output for each record with the position in one transaction; ends at `until`.
async fn relay(log: LocalLog, until: Option<u64>) {
    let mut member = join(&log).await;
    let mut done: BTreeMap<u32, u64> = BTreeMap::new();
    let is_done = |done: &BTreeMap<u32, u64>| {
        until.is_some_and(|until| (0..PARTITIONS).all(|p| done.get(&p).is_some_and(|at| *at >= until)))
    };
    while !is_done(&done) {
        match member.consumer.next().await.expect("event") {
            Event::Assigned(partitions) => {
                let committed = log.committed(GROUP, &partitions).await.expect("positions");
                done.extend(partitions.iter().zip(&committed).map(|(at, next)| (at.partition, next.unwrap_or(0))));
                partitions.iter().for_each(|at| member.consumer.start(at, None));
            }
            Event::Records(records) => {
                let (at, next) = records.last().map(|r| (r.at.clone(), r.offset + 1)).expect("a record");
                let key =
                    |r: &naba_stage::log::Record| String::from_utf8_lossy(r.key.as_ref().unwrap()).parse().unwrap();
                let outputs: Vec<_> = records.iter().map(|r| record(OUTPUT, key(r), at.partition, 300)).collect();
                member.producer.send(&outputs).await.expect("send");
                member.producer.commit(&[(at.clone(), next)]).await.expect("commit");
                done.insert(at.partition, next);
                say(&format!("relayed {} {next}", at.partition));
            }
            Event::Revoked(..) | Event::Lost(_) => panic!("there is no other member"),
        }
    }
    member.consumer.close().await;
}

/// The child: feeds, relays and sweeps at the same time, for ever. Does nothing when this is not a child.
#[test]
fn child() {
    let Ok(folder) = std::env::var("NABA_CHILD") else { return };
    runtime().block_on(async {
        let log = open(Path::new(&folder)).await;
        let sweeping = log.clone();
        std::thread::spawn(move || {
            loop {
                sweeping.sweep().expect("sweep");
                std::thread::sleep(Duration::from_millis(15));
            }
        });
        tokio::join!(feed(log.clone()), relay(log, None));
    });
}

/// What a child said was acknowledged: transactions, and positions.
#[derive(Default)]
struct Acknowledged {
    fed: u64,
    relayed: BTreeMap<u32, u64>,
}

impl Acknowledged {
    fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["fed", count] => self.fed = count.parse().expect("count"),
            ["relayed", partition, next] => {
                self.relayed.insert(partition.parse().expect("partition"), next.parse().expect("position"));
            }
            _ => {}
        }
    }
}

/// Starts a child, kills it after a number of lines and some microseconds, and takes all that it said.
fn run_and_kill(folder: &Path, random: &mut fastrand::Rng, acknowledged: &mut Acknowledged) {
    let mut child = Command::new(std::env::current_exe().expect("test binary"))
        .args(["--exact", "child", "--nocapture"])
        .env("NABA_CHILD", folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("child");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    for line in lines.by_ref().take(random.usize(..60)) {
        acknowledged.note(&line.expect("text"));
    }
    std::thread::sleep(Duration::from_micros(random.u64(..8000)));
    child.kill().expect("kill");
    child.wait().expect("wait");
    lines.map_while(Result::ok).for_each(|line| acknowledged.note(&line));
}

async fn keys(log: &LocalLog, topic: &str, partition: u32) -> Vec<u64> {
    let mut keys = Vec::new();
    let at = TopicPartition::new(topic, partition);
    let mut each = |r: naba_stage::log::Record| {
        assert_eq!(r.offset, keys.len() as u64, "a gap in {topic}/{partition}");
        keys.push(String::from_utf8_lossy(&r.key.expect("key")).parse().expect("number"));
    };
    log.snapshot(&at, 0, &mut each).await.expect("snapshot");
    keys
}

/// Checks a log that was killed; returns the number of transactions in it.
async fn check(log: &LocalLog, acknowledged: &Acknowledged) -> u64 {
    let fed = log.ends(&[TopicPartition::new(INPUT, 0)]).await.expect("end")[0];
    assert!(fed >= acknowledged.fed, "{} transactions were acknowledged, {fed} are there", acknowledged.fed);
    for partition in 0..PARTITIONS {
        let all: Vec<u64> = (0..fed).collect();
        assert!(keys(log, INPUT, partition).await == all, "a transaction is torn at {INPUT}/{partition}");
        let at = TopicPartition::new(INPUT, partition);
        let position = log.committed(GROUP, &[at]).await.expect("position")[0].unwrap_or(0);
        assert!(position >= acknowledged.relayed.get(&partition).copied().unwrap_or(0), "a position went back");
        let relayed = keys(log, OUTPUT, partition).await;
        assert!(relayed == all[..usize::try_from(position).unwrap()], "outputs of {partition} part from its position");
    }
    let mut newest: BTreeMap<Bytes, u64> = BTreeMap::new();
    let mut each = |r: naba_stage::log::Record| {
        newest.insert(r.key.unwrap(), String::from_utf8_lossy(&r.value.unwrap()).parse().unwrap());
    };
    log.snapshot(&TopicPartition::new(STATE, 0), 0, &mut each).await.expect("snapshot");
    for number in fed.saturating_sub(KEYS)..fed {
        assert_eq!(newest.get((number % KEYS).to_string().as_bytes()), Some(&number), "compaction lost a newest value");
    }
    fed
}

#[test]
fn whatever_the_moment_of_a_kill_nothing_acknowledged_is_lost_torn_or_repeated() {
    if std::env::var("NABA_CHILD").is_ok() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let mut acknowledged = Acknowledged::default();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..KILLS {
        run_and_kill(folder.path(), &mut random, &mut acknowledged);
        runtime().block_on(async { check(&open(folder.path()).await, &acknowledged).await });
    }
    runtime().block_on(async {
        let log = open(folder.path()).await;
        let fed = check(&log, &acknowledged).await;
        relay(log.clone(), Some(fed)).await;
        for partition in 0..PARTITIONS {
            assert!(keys(&log, OUTPUT, partition).await == (0..fed).collect::<Vec<_>>(), "relayed not exactly once");
        }
        let relayed: u64 = acknowledged.relayed.values().sum();
        let records = acknowledged.fed * u64::from(PARTITIONS + 1);
        println!(
            "{KILLS} kills, {records} records acknowledged, {relayed} relayed before the last, 0 lost, 0 repeated"
        );
        assert!(acknowledged.fed > 200, "only {} transactions", acknowledged.fed);
    });
}

#[tokio::test]
async fn a_log_in_use_says_so() {
    if std::env::var("NABA_CHILD").is_ok() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let _log = open(folder.path()).await;
    let Err(error) = LocalLog::open(folder.path()) else { panic!("opened twice") };
    assert!(error.to_string().contains("in use"), "{error}");
}

#[tokio::test]
async fn a_file_that_lost_its_content_is_not_taken_for_a_new_log() {
    let folder = tempfile::tempdir().expect("folder");
    drop(open(folder.path()).await);
    let path = folder.path().join("log.redb");
    let whole = loop {
        // The writer thread lets go of the file a moment after the last handle.
        let file = std::fs::File::open(&path).expect("file");
        if file.try_lock().is_ok() {
            break std::fs::read(&path).expect("file");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    for length in [0, 100, 4096, whole.len() / 2] {
        std::fs::write(&path, &whole[..length]).expect("write");
        let Err(error) = LocalLog::open(folder.path()) else { panic!("{length} bytes were taken for a log") };
        let text = error.to_string();
        assert!(text.contains("log.redb is damaged") && text.contains("move its folder away"), "{length}: {text}");
    }
    std::fs::write(&path, &whole).expect("write");
    assert_eq!(open(folder.path()).await.topics().await.expect("topics").len(), 3);
}
