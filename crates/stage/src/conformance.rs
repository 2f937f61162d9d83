//! The suite that every log adapter runs: what the runtime relies on, and the runtime's own promises on that log.
//!
//! Each case takes topics of its own on the log that it is given, so that cases can share a broker. For tests only: a broken
//! promise is a panic.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::manual_async_fn)]

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use naba_proto::prost::Message as _;
use naba_proto::v1::{ArticleVersions, AuditRecord, Disposition, RawDocument};
use tokio::task::JoinHandle;

use crate::log::{Event, GroupConfig, Header, Log, LogError, Member, NewRecord, Position, Record, TopicPartition};
use crate::{
    Batch, Budget, Context, DeadLetter, Delivery, End, Health, Outcome, Output, RunError, Sink, Source, Stage,
    StageConfig, StageError, StateView, StateWrite, Step, Table, Topics, Verdict, WorkId, partition_for, run_sink,
    run_source, run_stage, shutdown_pair,
};

const PARTITIONS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(60);

/// A log under test, with topics of its own.
pub struct Fixture {
    log: Arc<dyn Log>,
    topics: Topics,
    state: std::path::PathBuf,
}

impl Fixture {
    /// Makes the topics of a case. `state` is an empty folder.
    pub async fn new(log: Arc<dyn Log>, case: &str, state: &Path) -> Self {
        let topics = Topics::built_in().expect("topics").adapted(&format!("{case}."), Some(PARTITIONS));
        log.ensure_topics(&topics.all()).await.expect("topics are made");
        Self { log, topics, state: state.join(case) }
    }

    fn name(&self, role: &str) -> Arc<str> {
        Arc::from(self.topics.get(role).expect(role).name.as_str())
    }

    fn at(&self, role: &str, partition: u32) -> TopicPartition {
        TopicPartition::new(self.name(role), partition)
    }

    fn record(&self, role: &str, key: &str, value: Option<Vec<u8>>) -> NewRecord {
        let partition = partition_for(key.as_bytes(), PARTITIONS);
        NewRecord {
            topic: self.name(role),
            key: Some(Bytes::from(key.to_owned())),
            partition,
            value: value.map(Bytes::from),
            headers: vec![Header { name: "h".to_owned(), value: Bytes::from_static(b"v") }],
        }
    }

    async fn put(&self, records: &[NewRecord]) {
        let mut producer = self.log.producer("conformance", Delivery::ExactlyOnce).await.expect("producer");
        producer.send(records).await.expect("send");
        producer.commit(&[]).await.expect("commit");
    }

    async fn all(&self, role: &str) -> Vec<Record> {
        let mut records = Vec::new();
        for partition in 0..PARTITIONS {
            let at = self.at(role, partition);
            self.log.snapshot(&at, 0, &mut |record| records.push(record)).await.expect("snapshot");
        }
        records
    }

    async fn join(&self, group: &str) -> Member {
        self.join_within(group, Budget::new(1 << 20)).await
    }

    async fn join_within(&self, group: &str, budget: Arc<Budget>) -> Member {
        let config = GroupConfig {
            group: format!("{}-{group}", self.name("raw")),
            instance: format!("{group}-0"),
            topics: vec![self.name("raw")],
            delivery: Delivery::ExactlyOnce,
            budget,
            drain: Duration::from_secs(2),
            session: Duration::from_secs(6),
        };
        self.log.join(config).await.expect("join")
    }

    fn config(&self, instance: &str) -> StageConfig {
        let mut config = StageConfig::new(instance, self.topics.clone(), &self.state);
        config.session_timeout = Duration::from_secs(6);
        config.record_time_limit = Duration::from_secs(2);
        config.back_off = Duration::from_millis(5);
        config.commit_interval = Duration::from_millis(20);
        config
    }

    /// Runs a stage until the group has read everything, then shuts it down.
    async fn run<S: Stage>(&self, stage: S, config: StageConfig) -> Result<(), RunError> {
        let (switch, task) = self.start(stage, config);
        self.caught_up(S::NAME, S::INPUT, &task).await;
        let _ = switch.send(true);
        task.await.expect("no panic")
    }

    fn start<S: Stage>(
        &self,
        stage: S,
        config: StageConfig,
    ) -> (tokio::sync::watch::Sender<bool>, JoinHandle<Result<(), RunError>>) {
        let (switch, shutdown) = shutdown_pair();
        let task = tokio::spawn(run_stage(stage, Arc::clone(&self.log), config, Health::new(), shutdown));
        (switch, task)
    }

    async fn caught_up(&self, stage: &str, role: &str, task: &JoinHandle<Result<(), RunError>>) {
        let group = self.topics.group(stage);
        let partitions: Vec<_> = (0..PARTITIONS).map(|p| self.at(role, p)).collect();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !task.is_finished() {
            let newest: Vec<u64> = {
                let mut newest = Vec::new();
                for at in &partitions {
                    let mut last = 0;
                    self.log.snapshot(at, 0, &mut |r| last = r.offset + 1).await.expect("snapshot");
                    newest.push(last);
                }
                newest
            };
            // A broker on a busy machine may not answer in time.
            let committed = match self.log.committed(&group, &partitions).await {
                Err(LogError::Unavailable(_)) => vec![None; partitions.len()],
                committed => committed.expect("positions"),
            };
            if committed.iter().zip(&newest).all(|(at, newest)| at.unwrap_or(0) >= *newest) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{stage} stands at {committed:?} of {newest:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Checks that the audit has exactly one disposition for every input record, and returns them.
    async fn audit(&self, role: &str) -> Vec<AuditRecord> {
        let mut by_offset: BTreeMap<(u32, u64), AuditRecord> = BTreeMap::new();
        for record in self.all("audit").await {
            let audit = AuditRecord::decode(record.value.expect("value")).expect("audit record");
            let twice = by_offset.insert((audit.partition, audit.offset), audit);
            assert!(twice.is_none(), "two dispositions of one record: {twice:?}");
        }
        let inputs: Vec<_> = self.all(role).await.iter().map(|r| (r.at.partition, r.offset)).collect();
        assert_eq!(by_offset.keys().copied().collect::<Vec<_>>(), inputs, "every input has one disposition");
        by_offset.into_values().collect()
    }
}

async fn assigned(member: &mut Member) -> Vec<TopicPartition> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match tokio::time::timeout_at(deadline, member.consumer.next()).await.expect("assignment").expect("event") {
            Event::Assigned(partitions) => return partitions,
            Event::Records(_) => panic!("records before the start"),
            Event::Revoked(..) | Event::Lost(_) => {}
        }
    }
}

async fn read(member: &mut Member, count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while records.len() < count {
        let event = tokio::time::timeout_at(deadline, member.consumer.next()).await;
        let event = event.unwrap_or_else(|_| panic!("{} records of {count}", records.len())).expect("event");
        if let Event::Records(more) = event {
            records.extend(more);
        }
    }
    records
}

/// Records come back as they were written, in order of their partition.
pub async fn records_come_back_whole_and_in_order(f: &Fixture) {
    let written: Vec<_> = (0..50_u8).map(|i| f.record("raw", "k", (i % 7 != 0).then(|| vec![i; 100]))).collect();
    f.put(&written).await;
    let read = f.all("raw").await;
    assert_eq!(read.len(), 50);
    for (read, written) in read.iter().zip(&written) {
        assert_eq!((&read.key, &read.value, &read.headers), (&written.key, &written.value, &written.headers));
        assert_eq!(read.at.partition, written.partition);
        assert!(read.timestamp > 0);
    }
    assert!(read.windows(2).all(|w| w[0].offset < w[1].offset));
}

/// What was aborted, or is still open, is seen by nobody.
pub async fn aborted_and_open_transactions_are_invisible(f: &Fixture) {
    let mut producer = f.log.producer("aborter", Delivery::ExactlyOnce).await.expect("producer");
    producer.send(&[f.record("raw", "gone", Some(vec![1]))]).await.expect("send");
    producer.abort().await.expect("abort");
    producer.send(&[f.record("raw", "kept", Some(vec![2]))]).await.expect("send");
    producer.commit(&[]).await.expect("commit");
    producer.send(&[f.record("raw", "open", Some(vec![3]))]).await.expect("send");
    let partitions: Vec<_> = (0..PARTITIONS).map(|p| (f.at("raw", p), Position::Beginning)).collect();
    let mut reader = f.log.reader(&partitions).await.expect("reader");
    let mut keys = Vec::new();
    for _ in 0..4 {
        let records = reader.read(10, Duration::from_millis(500)).await.expect("read");
        keys.extend(records.into_iter().map(|r| r.key.expect("key")));
    }
    assert_eq!(keys, ["kept"]);
    producer.abort().await.expect("abort");
}

/// A member's positions are committed with its outputs, and a new member goes on from there.
pub async fn outputs_and_positions_are_committed_together(f: &Fixture) {
    f.put(&(0..10_u8).map(|i| f.record("raw", "k", Some(vec![i]))).collect::<Vec<_>>()).await;
    let partition = partition_for(b"k", PARTITIONS);
    let mut member = f.join("together").await;
    for at in assigned(&mut member).await {
        member.consumer.start(&at, None);
    }
    let records = read(&mut member, 10).await;
    let at = records[0].at.clone();
    assert_eq!(at.partition, partition);
    member.producer.send(&[f.record("articles", "k", Some(vec![1]))]).await.expect("send");
    member.producer.commit(&[(at.clone(), records[3].offset + 1)]).await.expect("commit");
    member.producer.send(&[f.record("articles", "k", Some(vec![2]))]).await.expect("send");
    member.producer.abort().await.expect("abort");
    member.consumer.close().await;
    drop(member);
    assert_eq!(f.all("articles").await.len(), 1);
    let mut member = f.join("together").await;
    for at in assigned(&mut member).await {
        member.consumer.start(&at, None);
    }
    let rest = read(&mut member, 6).await;
    assert_eq!(rest[0].value.as_deref(), Some(&[4_u8][..]));
    member.consumer.close().await;
}

/// A start offset overrules the group's position, in both directions.
pub async fn a_member_can_start_where_it_says(f: &Fixture) {
    f.put(&(0..10_u8).map(|i| f.record("raw", "k", Some(vec![i]))).collect::<Vec<_>>()).await;
    let mut member = f.join("start").await;
    let partition = partition_for(b"k", PARTITIONS);
    for at in assigned(&mut member).await {
        let offset = (at.partition == partition).then_some(7);
        member.consumer.start(&at, offset);
    }
    let records = read(&mut member, 3).await;
    assert_eq!(records[0].value.as_deref(), Some(&[7_u8][..]));
    member.consumer.close().await;
}

/// Nothing that was read is lost when the high mark is reached and left again all the time.
pub async fn nothing_is_lost_at_the_high_mark(f: &Fixture) {
    let records: Vec<_> = (0..3000_u32).map(|i| f.record("raw", "k", Some(i.to_be_bytes().to_vec()))).collect();
    f.put(&records).await;
    let budget = Budget::new(1 << 20);
    let mut member = f.join_within("mark", Arc::clone(&budget)).await;
    let presser = tokio::spawn(async move {
        loop {
            let held = budget.hold(2 << 20);
            tokio::time::sleep(Duration::from_micros(fastrand::u64(0..3000))).await;
            drop(held);
            tokio::time::sleep(Duration::from_micros(fastrand::u64(0..3000))).await;
        }
    });
    for at in assigned(&mut member).await {
        member.consumer.start(&at, None);
    }
    let read = read(&mut member, 3000).await;
    presser.abort();
    let values: Vec<_> = read.iter().map(|r| r.value.clone().unwrap()).collect();
    let expected: Vec<_> = (0..3000_u32).map(|i| Bytes::copy_from_slice(&i.to_be_bytes())).collect();
    assert!(values == expected, "{} records, not those that were written", values.len());
    member.consumer.close().await;
}

/// A newer instance of the same identity fences the older one's transactions.
pub async fn a_newer_instance_fences_the_older(f: &Fixture) {
    let mut old = f.log.producer("fenced", Delivery::ExactlyOnce).await.expect("producer");
    old.send(&[f.record("raw", "old", Some(vec![1]))]).await.expect("send");
    let mut new = f.log.producer("fenced", Delivery::ExactlyOnce).await.expect("producer");
    let refused = old.commit(&[]).await;
    assert!(matches!(refused, Err(LogError::Fenced(_) | LogError::Fatal(_))), "{refused:?}");
    new.send(&[f.record("raw", "new", Some(vec![2]))]).await.expect("send");
    new.commit(&[]).await.expect("commit");
    let keys: Vec<_> = f.all("raw").await.into_iter().filter_map(|r| r.key).collect();
    assert_eq!(keys, ["new"]);
}

/// Readers begin where they are told to.
pub async fn readers_begin_where_they_are_told(f: &Fixture) {
    let partition = partition_for(b"k", PARTITIONS);
    let at = f.at("raw", partition);
    f.put(&[f.record("raw", "k", Some(vec![1])), f.record("raw", "k", Some(vec![2]))]).await;
    let mut end = f.log.reader(&[(at.clone(), Position::End)]).await.expect("reader");
    // A reader may fix its end at the first read.
    let nothing = end.read(10, Duration::from_millis(1500)).await.expect("read");
    assert!(nothing.is_empty(), "a reader at the end sees nothing old");
    tokio::time::sleep(Duration::from_millis(20)).await;
    let between = crate::run::now();
    tokio::time::sleep(Duration::from_millis(20)).await;
    f.put(&[f.record("raw", "k", Some(vec![3]))]).await;
    let mut values = Vec::new();
    while values.is_empty() {
        values.extend(end.read(10, Duration::from_secs(20)).await.expect("read").into_iter().filter_map(|r| r.value));
    }
    assert_eq!(values, [&[3_u8][..]]);
    for (position, first) in [(Position::Beginning, 1_u8), (Position::Offset(1), 2), (Position::Time(between), 3)] {
        let mut reader = f.log.reader(&[(at.clone(), position)]).await.expect("reader");
        let records = reader.read(1, Duration::from_secs(20)).await.expect("read");
        assert_eq!(records[0].value.as_deref(), Some(&[first][..]), "{position:?}");
    }
    let mut tail = Vec::new();
    f.log.snapshot(&at, 1, &mut |r| tail.push(r.value.unwrap())).await.expect("snapshot");
    assert_eq!(tail, [&[2_u8][..], &[3][..]]);
}

/// Making topics twice is nothing; changing their number of partitions is refused; a missing one is named.
pub async fn topics_are_made_once_and_never_resized(f: &Fixture) {
    assert!(f.log.ensure_topics(&f.topics.all()).await.expect("again").is_empty());
    let mut raw = f.topics.get("raw").expect("raw").clone();
    raw.partitions += 1;
    let refused = f.log.ensure_topics(&[raw]).await.expect_err("resized");
    assert!(refused.to_string().contains("partitions"), "{refused}");
    assert!(matches!(f.log.partitions("no.such.topic").await, Err(LogError::UnknownTopic(_))));
    assert_eq!(f.log.partitions(&f.name("raw")).await.expect("count"), PARTITIONS);
    assert!(f.log.topics().await.expect("topics").iter().any(|t| t.name == *f.name("raw")));
}

/// A stage that does what its input says.
struct Obedient {
    flaky: AtomicU32,
}

impl Stage for Obedient {
    type In = RawDocument;
    const NAME: &'static str = "parser";

    async fn process(&self, input: RawDocument, _ctx: &Context) -> Result<Outcome, StageError> {
        match input.url.as_str() {
            "skip" => Ok(Outcome::Skip("told_to")),
            "poison" => Err(StageError::poison("told_to", "as told")),
            "panic" => panic!("as told"),
            "hang" => {
                tokio::time::sleep(Duration::from_secs(600)).await;
                Ok(Outcome::Skip("never"))
            }
            "huge" => {
                let body = Bytes::from(vec![7; naba_model::MAX_MESSAGE_BYTES]);
                let huge = RawDocument { body, ..RawDocument::default() };
                Ok(Outcome::emit(Output::new("articles", input.url_hash, &huge)))
            }
            "flaky" if self.flaky.fetch_add(1, Ordering::Relaxed) < 2 => Err(StageError::retryable("flaky", "not yet")),
            "never" => Err(StageError::retryable("never", "not ever")),
            _ => Ok(Outcome::emit(Output::new("articles", input.url_hash.clone(), &input))),
        }
    }
}

fn document(key: &str, url: &str) -> Vec<u8> {
    RawDocument { url_hash: key.to_owned(), url: url.to_owned(), ..RawDocument::default() }.encode_to_vec()
}

/// Every record ends in exactly one disposition, whatever the stage does; dead letters hold the original.
pub async fn every_record_ends_in_one_disposition(f: &Fixture) {
    let told = ["ok", "skip", "poison", "panic", "hang", "huge", "flaky", "never", "ok"];
    let mut records: Vec<_> = told
        .iter()
        .enumerate()
        .map(|(i, what)| f.record("raw", &format!("k{i}"), Some(document(&format!("k{i}"), what))))
        .collect();
    records.push(f.record("raw", "broken", Some(vec![0xff; 9])));
    records.push(f.record("raw", "nothing", None));
    f.put(&records).await;
    let mut config = f.config("one");
    config.max_attempts = 3;
    f.run(Obedient { flaky: AtomicU32::new(0) }, config).await.expect("run");
    let audit = f.audit("raw").await;
    let mut ends: Vec<_> = audit
        .iter()
        .map(|a| (String::from_utf8_lossy(&a.key).into_owned(), a.disposition(), a.code.as_str()))
        .collect();
    ends.sort();
    let dead = Disposition::DeadLettered;
    let expected = [
        ("broken", dead, "undecodable"),
        ("k0", Disposition::Emitted, ""),
        ("k1", Disposition::Skipped, "told_to"),
        ("k2", dead, "told_to"),
        ("k3", dead, "panic"),
        ("k4", dead, "time_limit"),
        ("k5", dead, "output_too_large"),
        ("k6", Disposition::Emitted, ""),
        ("k7", dead, "retries_exhausted"),
        ("k8", Disposition::Emitted, ""),
        ("nothing", dead, "no_value"),
    ];
    let ends: Vec<_> = ends.iter().map(|(key, disposition, code)| (key.as_str(), *disposition, *code)).collect();
    assert_eq!(ends, expected);
    assert_eq!(f.all("articles").await.len(), 3);
    let letters = f.all("parser-dlq").await;
    assert_eq!(letters.len(), 7);
    for letter in &letters {
        let dead = DeadLetter::of(letter).expect("headers of a dead letter");
        let original = dead.original(letter);
        let same = records.iter().find(|r| r.key == original.key).expect("an original");
        assert_eq!((&original.value, &original.headers, &original.topic), (&same.value, &same.headers, &same.topic));
        assert_eq!(original.partition, same.partition);
    }
}

/// Outputs carry CloudEvents headers and go on with the trace and the clocks of their input.
pub async fn outputs_carry_their_envelope(f: &Fixture) {
    let mut record = f.record("raw", "k", Some(document("k", "ok")));
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (name, value) in [("traceparent", parent), ("naba-fetched-at", "1700000000000")] {
        record.headers.push(Header { name: name.to_owned(), value: Bytes::from(value) });
    }
    f.put(&[record]).await;
    f.run(Obedient { flaky: AtomicU32::new(9) }, f.config("envelope")).await.expect("run");
    let outputs = f.all("articles").await;
    let header = |name: &str| outputs[0].header(name).unwrap_or_else(|| panic!("no header {name}")).to_owned();
    assert_eq!(header("ce_specversion"), "1.0");
    assert_eq!(header("ce_source"), "/naba/parser");
    assert_eq!(header("ce_type"), "naba.v1.rawdocument");
    assert_eq!(header("content-type"), "application/protobuf");
    assert_eq!(header("naba-fetched-at"), "1700000000000");
    assert!(header("traceparent").starts_with(&parent[..35]) && header("traceparent") != parent);
}

/// A dead-letter limit stops the stage instead of diverting everything.
pub async fn a_bad_deploy_does_not_divert_everything(f: &Fixture) {
    f.put(&(0..50).map(|i| f.record("raw", &format!("k{i}"), Some(document("k", "poison")))).collect::<Vec<_>>()).await;
    let mut config = f.config("limit");
    config.dead_letter_limit.run = 10;
    let ended = f.run(Obedient { flaky: AtomicU32::new(0) }, config).await;
    assert!(matches!(ended, Err(RunError::DeadLetterLimit(_))), "{ended:?}");
    assert!(f.all("parser-dlq").await.len() < 50);
}

/// Counts the records of each key in keyed state.
struct Counter;

impl Stage for Counter {
    type In = RawDocument;
    const NAME: &'static str = "enricher";
    const INPUT: &'static str = "articles";
    const TABLES: &'static [Table] = &[Table { name: "versions", changelog: "enricher-versions" }];

    async fn process(&self, input: RawDocument, ctx: &Context) -> Result<Outcome, StageError> {
        let key = input.url_hash.clone();
        let mut versions: ArticleVersions = ctx.get("versions", key.as_bytes())?.unwrap_or_default();
        versions.latest_version += 1;
        ctx.put("versions", key.clone().into_bytes(), &versions);
        let counted = RawDocument { attempt: versions.latest_version, ..input };
        Ok(Outcome::emit(Output::new("enriched", key, &counted)))
    }
}

/// Keyed state neither forgets nor repeats: across shutdown, across a lost store, and across an instance that is cut off.
pub async fn keyed_state_neither_forgets_nor_repeats(f: &Fixture) {
    let keys: Vec<String> = (0..20).map(|i| format!("key{i}")).collect();
    let round = || keys.iter().map(|key| f.record("articles", key, Some(document(key, "ok")))).collect::<Vec<_>>();
    for _ in 0..5 {
        f.put(&round()).await;
    }
    f.run(Counter, f.config("state")).await.expect("run");
    f.put(&round()).await;
    f.run(Counter, f.config("state")).await.expect("again on the same store");
    f.put(&round()).await;
    std::fs::remove_dir_all(&f.state).expect("the store is lost");
    f.run(Counter, f.config("state")).await.expect("restored from the changelog");
    f.put(&round()).await;
    // Cut off in the middle, without a word.
    let (_switch, task) = f.start(Counter, f.config("state"));
    tokio::time::sleep(Duration::from_millis(300)).await;
    task.abort();
    let _ = task.await;
    f.put(&round()).await;
    f.run(Counter, f.config("state")).await.expect("after the cut");
    let mut counts: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for record in f.all("enriched").await {
        let counted = RawDocument::decode(record.value.expect("value")).expect("document");
        counts.entry(counted.url_hash).or_default().push(counted.attempt);
    }
    assert_eq!(counts.len(), 20);
    for (key, counts) in counts {
        assert_eq!(counts, (1..=9).collect::<Vec<_>>(), "{key}");
    }
    f.audit("articles").await;
}

/// At-least-once delivery loses nothing either.
pub async fn at_least_once_loses_nothing(f: &Fixture) {
    f.put(
        &(0..200)
            .map(|i| f.record("raw", &format!("k{i}"), Some(document(&format!("k{i}"), "ok"))))
            .collect::<Vec<_>>(),
    )
    .await;
    let mut config = f.config("alo");
    config.delivery = Delivery::AtLeastOnce;
    f.run(Obedient { flaky: AtomicU32::new(9) }, config).await.expect("run");
    let keys: std::collections::BTreeSet<_> = f.all("articles").await.into_iter().filter_map(|r| r.key).collect();
    assert_eq!(keys.len(), 200);
}

/// Waits for a dependency without a limit.
struct Dependent {
    up: Arc<AtomicU32>,
}

impl Stage for Dependent {
    type In = RawDocument;
    const NAME: &'static str = "parser";

    async fn process(&self, input: RawDocument, ctx: &Context) -> Result<Outcome, StageError> {
        if ctx.attempt() <= 8 {
            self.up.fetch_add(1, Ordering::Relaxed);
            return Err(StageError::unavailable("store_down", "not there"));
        }
        Ok(Outcome::emit(Output::new("articles", input.url_hash.clone(), &input)))
    }
}

/// With a dependency down, nothing is dead-lettered, the stage is not ready, and all of it arrives afterwards.
pub async fn an_outage_dead_letters_nothing(f: &Fixture) {
    f.put(
        &(0..10).map(|i| f.record("raw", &format!("k{i}"), Some(document(&format!("k{i}"), "ok")))).collect::<Vec<_>>(),
    )
    .await;
    let mut config = f.config("outage");
    config.max_attempts = 2;
    let up = Arc::new(AtomicU32::new(0));
    f.run(Dependent { up: Arc::clone(&up) }, config).await.expect("run");
    assert_eq!(up.load(Ordering::Relaxed), 80, "each record failed eight times");
    assert_eq!((f.all("articles").await.len(), f.all("parser-dlq").await.len()), (10, 0));
}

/// Bytes in flight stay near the limit while the stage is slow, and everything arrives.
pub async fn back_pressure_bounds_what_is_in_flight(f: &Fixture) {
    let body = Bytes::from(vec![1_u8; 20_000]);
    let big = |key: &str| RawDocument { url_hash: key.to_owned(), body: body.clone(), ..RawDocument::default() };
    let keys: Vec<String> = (0..300).map(|i| format!("k{i}")).collect();
    f.put(&keys.iter().map(|key| f.record("raw", key, Some(big(key).encode_to_vec()))).collect::<Vec<_>>()).await;
    let mut config = f.config("pressure");
    config.in_flight_bytes = 200_000;
    config.parallelism = 1;
    f.run(Obedient { flaky: AtomicU32::new(9) }, config).await.expect("run");
    let order: Vec<_> = f.all("articles").await.into_iter().map(|r| (r.at.partition, r.key.unwrap())).collect();
    let inputs: Vec<_> = f.all("raw").await.into_iter().map(|r| (r.at.partition, r.key.unwrap())).collect();
    assert_eq!(order, inputs, "everything arrives, in order");
}

/// Keeps what it was given, in memory that outlives the run, as a store would.
#[derive(Clone, Default)]
struct Store {
    rows: Arc<std::sync::Mutex<BTreeMap<(u32, u64), Bytes>>>,
    writes: Arc<AtomicU32>,
}

impl Sink for Store {
    const INPUT: &'static str = "raw";

    async fn claim(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, StageError> {
        let rows = self.rows.lock().unwrap();
        let next = |at: &TopicPartition| rows.keys().filter(|(p, _)| *p == at.partition).map(|(_, o)| o + 1).max();
        Ok(partitions.iter().map(next).collect())
    }

    async fn write(&self, batch: &Batch) -> Result<Vec<Verdict>, StageError> {
        if self.writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) {
            return Err(StageError::unavailable("store_down", "every third write fails"));
        }
        let mut rows = self.rows.lock().unwrap();
        let mut verdicts = Vec::new();
        for record in &batch.records {
            let value = record.value.clone().unwrap();
            verdicts.push(match value.first() {
                Some(0) => Verdict::Skipped("zero"),
                Some(1) => Verdict::Poison { code: "one", message: "as told".to_owned() },
                _ => Verdict::Stored,
            });
            rows.insert((record.at.partition, record.offset), value);
        }
        Ok(verdicts)
    }
}

/// A sink sees every record, in order, and every verdict becomes one disposition, across restarts and outages.
pub async fn a_sink_ends_every_record_once(f: &Fixture) {
    let store = Store::default();
    for round in 0..3_u8 {
        let record = |i: u8| f.record("raw", &format!("k{i}"), Some(vec![i % 5, round]));
        f.put(&(0..100).map(record).collect::<Vec<_>>()).await;
        let (switch, shutdown) = shutdown_pair();
        let config = f.config("sink");
        let task = tokio::spawn(run_sink(store.clone(), Arc::clone(&f.log), config, Health::new(), shutdown));
        f.caught_up("sink", "raw", &task).await;
        let _ = switch.send(true);
        task.await.expect("no panic").expect("run");
    }
    assert_eq!(store.rows.lock().unwrap().len(), 300);
    let audit = f.audit("raw").await;
    let count = |d: Disposition| audit.iter().filter(|a| a.disposition() == d).count();
    assert_eq!(
        (count(Disposition::Emitted), count(Disposition::Skipped), count(Disposition::DeadLettered)),
        (180, 60, 60)
    );
    assert_eq!(f.all("sink-dlq").await.len(), 60);
}

/// Fetches what the frontier names, from sources that are followed; every third fetch panics once.
#[derive(Default)]
struct Gatherer {
    pending: BTreeMap<String, u32>,
    busy: std::collections::BTreeSet<String>,
    known: BTreeMap<u32, Vec<String>>,
    caught_up: bool,
}

const SEEN: &str = "seen";

impl Source for Gatherer {
    type Work = (u32, String);
    type Done = String;
    const NAME: &'static str = "fetcher";
    const INPUT: &'static str = "frontier";
    const FOLLOWED: &'static [&'static str] = &["sources"];
    const TABLES: &'static [Table] = &[Table { name: SEEN, changelog: "seen" }];

    fn on_assigned(&mut self, partition: u32, state: &StateView, _now: i64) -> Result<(), StageError> {
        state.scan(SEEN, |key, value| {
            if value == b"pending" {
                self.pending.insert(String::from_utf8_lossy(key).into_owned(), partition);
            }
        })
    }

    fn on_revoked(&mut self, partition: u32) {
        self.pending.retain(|_, p| *p != partition);
    }

    fn on_followed(&mut self, partition: u32, role: &'static str, record: &Record, _state: &StateView, _now: i64) {
        assert_eq!(role, "sources");
        let key = String::from_utf8_lossy(record.key.as_ref().unwrap()).into_owned();
        self.known.entry(partition).or_default().push(key);
    }

    fn on_caught_up(&mut self, _partition: u32, _state: &StateView, _now: i64) {
        self.caught_up = true;
    }

    fn accept(&mut self, partition: u32, record: &Record, state: &StateView, _now: i64) -> Result<Step, StageError> {
        assert!(self.caught_up, "input before the followed topics");
        let key = record.key.clone().unwrap();
        if record.value.is_none() {
            return Err(StageError::poison("no_entry", "a frontier record without a value"));
        }
        if state.get(SEEN, &key)?.is_some() {
            return Ok(Step { end: Some(End::Skipped("seen")), ..Step::default() });
        }
        self.pending.insert(String::from_utf8_lossy(&key).into_owned(), partition);
        let write = StateWrite { table: SEEN, key, value: Some(Bytes::from_static(b"pending")) };
        Ok(Step { writes: vec![write], end: Some(End::Emitted), ..Step::default() })
    }

    fn due(&mut self, _now: i64, room: usize) -> Vec<(u32, Self::Work)> {
        let free = self.pending.iter().filter(|(key, _)| !self.busy.contains(*key));
        let work: Vec<_> = free.take(room).map(|(key, p)| (*p, (*p, key.clone()))).collect();
        self.busy.extend(work.iter().map(|(_, (_, key))| key.clone()));
        work
    }

    fn next_wake(&self, now: i64) -> Option<i64> {
        (self.busy.len() < self.pending.len()).then_some(now)
    }

    fn perform(&self, (_, key): Self::Work) -> impl Future<Output = Self::Done> + Send + 'static {
        async move {
            static PERFORMED: AtomicU32 = AtomicU32::new(0);
            assert_ne!(PERFORMED.fetch_add(1, Ordering::Relaxed), 5, "the sixth panics, as told");
            key
        }
    }

    fn complete(&mut self, _partition: u32, key: String, _state: &StateView, _now: i64) -> Step {
        self.pending.remove(&key);
        self.busy.remove(&key);
        let document = RawDocument { url_hash: key.clone(), ..RawDocument::default() };
        let write = StateWrite { table: SEEN, key: Bytes::from(key.clone()), value: Some(Bytes::from_static(b"done")) };
        let work = Some(WorkId { key: Bytes::from(key.clone()), attempt: 1 });
        let outputs = vec![Output::new("raw", key, &document)];
        Step { outputs, writes: vec![write], end: Some(End::Emitted), work }
    }

    fn abandoned(&mut self, _partition: u32, (_, key): Self::Work, _now: i64) {
        self.busy.remove(&key);
    }
}

/// A source fetches each accepted address once, across restarts, a lost store and a panic, and knows its followed topics first.
pub async fn a_source_does_its_work_once(f: &Fixture) {
    let keys: Vec<String> = (0..60).map(|i| format!("url{i}")).collect();
    f.put(&[f.record("sources", "a source", Some(vec![1]))]).await;
    for round in 0..3 {
        let known = keys.iter().take(20 * (round + 1));
        let mut records: Vec<_> = known.map(|key| f.record("frontier", key, Some(vec![1]))).collect();
        records.push(f.record("frontier", &format!("broken{round}"), None));
        f.put(&records).await;
        let (switch, shutdown) = shutdown_pair();
        let config = f.config("source");
        let task = tokio::spawn(run_source(Gatherer::default(), Arc::clone(&f.log), config, Health::new(), shutdown));
        f.caught_up("fetcher", "frontier", &task).await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while f.all("raw").await.len() < 20 * (round + 1) {
            assert!(tokio::time::Instant::now() < deadline && !task.is_finished(), "round {round} does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let _ = switch.send(true);
        task.await.expect("no panic").expect("run");
        if round == 1 {
            std::fs::remove_dir_all(&f.state).expect("the store is lost");
        }
    }
    let mut fetched: Vec<_> = f.all("raw").await.into_iter().filter_map(|r| r.key).collect();
    fetched.sort();
    fetched.dedup();
    assert_eq!((fetched.len(), f.all("raw").await.len()), (60, 60));
    assert_eq!(f.all("fetcher-dlq").await.len(), 3);
    let audit = f.all("audit").await.into_iter().map(|r| AuditRecord::decode(r.value.unwrap()).unwrap());
    let (work, input): (Vec<_>, Vec<_>) = audit.partition(|a| a.topic == "work");
    assert_eq!(work.len(), 60);
    let skipped = input.iter().filter(|a| a.code == "seen").count();
    assert_eq!((input.len(), skipped), (123, 60), "each frontier record has one disposition");
}

/// Runs the whole suite on a log. `state` is an empty folder.
/// `only` names one case to be run alone.
pub async fn suite(log: Arc<dyn Log>, state: &Path, only: Option<String>) {
    macro_rules! cases {
        ($($case:ident),* $(,)?) => {
            $(
                if only.as_ref().is_none_or(|only| only == stringify!($case)) {
                    tracing::info!(case = stringify!($case), "conformance");
                    let fixture = Fixture::new(Arc::clone(&log), stringify!($case), state).await;
                    $case(&fixture).await;
                }
            )*
        };
    }
    cases!(
        records_come_back_whole_and_in_order,
        aborted_and_open_transactions_are_invisible,
        outputs_and_positions_are_committed_together,
        a_member_can_start_where_it_says,
        nothing_is_lost_at_the_high_mark,
        a_newer_instance_fences_the_older,
        readers_begin_where_they_are_told,
        topics_are_made_once_and_never_resized,
        every_record_ends_in_one_disposition,
        outputs_carry_their_envelope,
        a_bad_deploy_does_not_divert_everything,
        keyed_state_neither_forgets_nor_repeats,
        at_least_once_loses_nothing,
        an_outage_dead_letters_nothing,
        back_pressure_bounds_what_is_in_flight,
        a_sink_ends_every_record_once,
        a_source_does_its_work_once,
    );
}
