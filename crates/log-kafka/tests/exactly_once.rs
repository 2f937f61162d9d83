//! The first proof: an identity stage on a real Kafka, killed with SIGKILL twenty times, and an accountant.
//!
//! The worker is this test binary itself, started again as a child with `NABA_WORKER` set.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_proto::prost::Message as _;
use naba_proto::v1::RawDocument;
use naba_stage::log::{
    GroupConfig, Log, LogError, Member, NewRecord, Position, Producer, Reader, Record, TopicInfo, TopicPartition,
};
use naba_stage::{
    Context, Delivery, Health, Outcome, Output, Stage, StageConfig, StageError, TopicSpec, Topics, partition_for,
    run_stage, shutdown_pair,
};
use naba_testkit::{RealKafka, Service, scratch};

const PARTITIONS: u32 = 4;

struct Identity;

impl Stage for Identity {
    type In = RawDocument;
    const NAME: &'static str = "parser";

    async fn process(&self, input: RawDocument, _ctx: &Context) -> Result<Outcome, StageError> {
        // A little work, so that a kill finds records at every point of their way.
        tokio::time::sleep(Duration::from_micros(300)).await;
        Ok(Outcome::emit(Output::new("articles", input.url_hash.clone(), &input)))
    }
}

fn topics(prefix: &str) -> Topics {
    Topics::built_in().expect("topics").adapted(prefix, Some(PARTITIONS))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime")
}

/// The child: runs the stage until it is killed. Does nothing when this is not a child.
#[test]
fn worker() {
    let Ok(kind) = std::env::var("NABA_WORKER") else { return };
    tracing_subscriber::fmt().with_ansi(false).init();
    let var = |name: &str| std::env::var(name).expect("worker environment");
    let log = KafkaLog::open(KafkaSettings::new(var("NABA_BOOTSTRAP"))).expect("log");
    let log: Arc<dyn Log> = if kind == "broken" { Arc::new(OffsetsFirst(log)) } else { Arc::new(log) };
    let mut config = StageConfig::new("identity-0", topics(&var("NABA_PREFIX")), var("NABA_STATE"));
    // Each kill costs this time: until then the dead member holds its partitions.
    config.session_timeout = Duration::from_secs(2);
    let (_switch, shutdown) = shutdown_pair();
    let ended = runtime().block_on(run_stage(Identity, log, config, Health::new(), shutdown));
    eprintln!("worker ended: {ended:?}");
    std::process::exit(1);
}

/// A log whose members commit their offsets before their outputs: what the accountant must find out.
struct OffsetsFirst(KafkaLog);

struct OffsetsFirstProducer {
    inner: Box<dyn Producer>,
    held: Vec<NewRecord>,
}

#[async_trait]
impl Producer for OffsetsFirstProducer {
    async fn send(&mut self, records: &[NewRecord]) -> Result<(), LogError> {
        self.held.extend_from_slice(records);
        Ok(())
    }

    async fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), LogError> {
        self.inner.commit(positions).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.inner.send(&std::mem::take(&mut self.held)).await?;
        self.inner.commit(&[]).await
    }

    async fn abort(&mut self) -> Result<(), LogError> {
        self.held.clear();
        self.inner.abort().await
    }
}

#[async_trait]
impl Log for OffsetsFirst {
    async fn ensure_topics(&self, topics: &[TopicSpec]) -> Result<Vec<String>, LogError> {
        self.0.ensure_topics(topics).await
    }
    async fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        self.0.topics().await
    }
    async fn partitions(&self, topic: &str) -> Result<u32, LogError> {
        self.0.partitions(topic).await
    }
    async fn join(&self, config: GroupConfig) -> Result<Member, LogError> {
        let member = self.0.join(config).await?;
        let producer = OffsetsFirstProducer { inner: member.producer, held: Vec::new() };
        Ok(Member { consumer: member.consumer, producer: Box::new(producer) })
    }
    async fn producer(&self, id: &str, delivery: Delivery) -> Result<Box<dyn Producer>, LogError> {
        self.0.producer(id, delivery).await
    }
    async fn reader(&self, partitions: &[(TopicPartition, Position)]) -> Result<Box<dyn Reader>, LogError> {
        self.0.reader(partitions).await
    }
    async fn snapshot(
        &self,
        partition: &TopicPartition,
        from: u64,
        each: &mut (dyn FnMut(Record) + Send),
    ) -> Result<u64, LogError> {
        self.0.snapshot(partition, from, each).await
    }
    async fn ends(&self, partitions: &[TopicPartition]) -> Result<Vec<u64>, LogError> {
        self.0.ends(partitions).await
    }
    async fn committed(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, LogError> {
        self.0.committed(group, partitions).await
    }
}

/// What the accountant found: how often each id is in the committed view.
#[derive(Debug, Default)]
struct Account {
    lost: usize,
    repeated: usize,
    out_of_order: usize,
    counted: usize,
}

async fn account(log: &KafkaLog, topics: &Topics, expected: usize) -> Account {
    let name = topics.get("articles").expect("articles").name.clone();
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    let mut account = Account::default();
    for partition in 0..PARTITIONS {
        let at = TopicPartition::new(name.as_str(), partition);
        let mut newest = 0;
        let mut each = |record: Record| {
            let document = RawDocument::decode(record.value.expect("value")).expect("document");
            let id: u64 = document.sha256.parse().expect("id");
            account.out_of_order += usize::from(id < newest);
            newest = id;
            *seen.entry(id).or_default() += 1;
        };
        log.snapshot(&at, 0, &mut each).await.expect("snapshot");
    }
    account.lost = (0..expected as u64).filter(|id| !seen.contains_key(id)).count();
    account.repeated = seen.values().map(|count| count - 1).sum();
    account.counted = seen.len();
    account
}

async fn fill(log: &KafkaLog, topics: &Topics, count: usize) {
    log.ensure_topics(&topics.all()).await.expect("topics");
    let name: Arc<str> = Arc::from(topics.get("raw").expect("raw").name.as_str());
    let mut producer = log.producer(&format!("{name}-fill"), Delivery::ExactlyOnce).await.expect("producer");
    for id in 0..count {
        let key = format!("{:032x}", id % 997);
        let document = RawDocument { url_hash: key.clone(), sha256: id.to_string(), ..RawDocument::default() };
        let record = NewRecord {
            topic: Arc::clone(&name),
            partition: partition_for(key.as_bytes(), PARTITIONS),
            key: Some(key.into()),
            value: Some(document.encode_to_vec().into()),
            headers: Vec::new(),
        };
        producer.send(&[record]).await.expect("send");
    }
    producer.commit(&[]).await.expect("commit");
}

/// Runs a worker over `count` records, killing it `kills` times, and accounts.
fn kill_and_account(kind: &str, count: usize, kills: usize) -> Account {
    let kafka = RealKafka::shared();
    let runtime = runtime();
    let log = KafkaLog::open(KafkaSettings::new(kafka.bootstrap())).expect("log");
    let prefix = format!("{kind}.");
    let topics = topics(&prefix);
    runtime.block_on(fill(&log, &topics, count));
    let state = scratch("state");
    let start = || {
        let mut command = Command::new(std::env::current_exe().expect("test binary"));
        command
            .args(["--exact", "worker", "--nocapture"])
            .env("NABA_WORKER", kind)
            .env("NABA_BOOTSTRAP", kafka.bootstrap())
            .env("NABA_PREFIX", &prefix)
            .env("NABA_STATE", state.path());
        Service::start("identity", &mut command)
    };
    let inputs: Vec<_> =
        (0..PARTITIONS).map(|p| TopicPartition::new(topics.get("raw").expect("raw").name.as_str(), p)).collect();
    let group = topics.group("parser");
    let done = |log: &KafkaLog| {
        runtime.block_on(async {
            let at = log.committed(&group, &inputs).await.unwrap_or_default();
            at.iter().flatten().sum::<u64>()
        })
    };
    let mut worker = start();
    let mut killed = 0;
    let (mut before, mut patience) = (0, 600);
    loop {
        // Kills fall on progress, not on time, so that a slow machine sees as many of them in the middle of work.
        let position = done(&log);
        if position >= count as u64 {
            break;
        }
        let step = count as u64 / (kills as u64 + 2);
        if killed < kills && position >= before + step / 2 {
            std::thread::sleep(Duration::from_millis(fastrand::u64(0..150)));
            worker.kill();
            killed += 1;
            before = position;
            worker = start();
        }
        if !worker.is_running() {
            eprintln!("{}", worker.log());
            worker = start();
        }
        patience -= 1;
        assert!(patience > 0, "the stage stands at {position} of {count} after {killed} kills:\n{}", worker.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(Duration::from_millis(300));
    let account = runtime.block_on(account(&log, &topics, count));
    eprintln!("{kind}: {killed} kills, {account:?}");
    assert!(killed >= kills.min(3), "only {killed} kills found the stage at work");
    account
}

#[test]
fn a_stage_killed_twenty_times_loses_nothing_repeats_nothing_and_keeps_order() {
    if std::env::var("NABA_WORKER").is_ok() {
        return;
    }
    let account = kill_and_account("identity", 60_000, 20);
    assert_eq!((account.lost, account.repeated, account.out_of_order, account.counted), (0, 0, 0, 60_000));
}

#[test]
fn the_accountant_finds_the_loss_when_offsets_are_committed_before_outputs() {
    if std::env::var("NABA_WORKER").is_ok() {
        return;
    }
    let account = kill_and_account("broken", 20_000, 5);
    assert!(account.lost > 0, "five kills between offsets and outputs lost nothing: the accountant is blind");
}
