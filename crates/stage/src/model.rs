//! The protocol against a model: the real lane, ownership, committer and state store on a simulated broker, with generated
//! interleavings of completion, hand-over, rebalances, faults and crashes at every step of the writing side.
//!
//! The simulation is deterministic: one thread, a paused clock, and a script for everything else. The property: what is
//! committed in the end is what one record after the other would have given.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use naba_proto::v1::Disposition;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::sync::mpsc;

use crate::budget::Hold;
use crate::commit::{Chunk, CommitPolicy, Committer, Ownership, Report};
use crate::log::{LogError, NewRecord, Producer, Record, TopicPartition};
use crate::outcome::StateWrite;
use crate::partition::{Finished, Lane};
use crate::run::changelog_records;
use crate::sabotage::{self, Sabotage};
use crate::state::{StateView, Table};

const PARTITIONS: u32 = 2;
const RECORDS: u64 = 12;
const TABLES: &[Table] = &[Table { name: "counts", changelog: "log" }];

/// What becomes of an input record.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Counts its key and emits the count.
    Count,
    /// Deletes the count of its key and emits that it did.
    Forget,
    Skip,
    Poison,
    /// As `Count`, after so many attempts.
    Late(u8),
}

#[derive(Debug, Clone, Copy)]
struct Input {
    key: u8,
    fate: Fate,
}

/// What goes wrong with one call of the producer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Nothing happens, or half of a send.
    Unavailable,
    /// It happens, but the answer is lost.
    AnswerLost,
    Abortable,
    CrashBefore,
    CrashAfter,
}

/// What happens next in the process.
#[derive(Debug, Clone, Copy)]
enum Step {
    Read(u8),
    End(u8),
    HandOver(u8),
    Wait(u16),
    Lose(u8),
    Revoke(u8),
    Crash,
}

#[derive(Default)]
struct Broker {
    committed: Vec<NewRecord>,
    positions: BTreeMap<u32, u64>,
    open: Vec<NewRecord>,
    must_abort: bool,
    /// The last commit happened without an answer.
    unanswered: bool,
    owned: BTreeSet<u32>,
    faults: VecDeque<Fault>,
    crashed: bool,
}

type Shared = Arc<Mutex<Broker>>;

struct ModelProducer(Shared);

impl ModelProducer {
    /// Does a call; `act` tells what it changes.
    async fn call(&self, act: impl FnOnce(&mut Broker, bool) -> Result<(), LogError>) -> Result<(), LogError> {
        let ended = {
            let mut broker = self.0.lock().unwrap();
            match broker.faults.pop_front().unwrap_or(Fault::None) {
                Fault::None => Some(act(&mut broker, false)),
                Fault::Unavailable => Some(Err(LogError::Unavailable("model".to_owned()))),
                Fault::AnswerLost => Some(act(&mut broker, true)),
                // Of a commit that has happened the broker says so, or nothing.
                Fault::Abortable if broker.unanswered => Some(Err(LogError::Unavailable("model".to_owned()))),
                Fault::Abortable => {
                    broker.must_abort = true;
                    Some(Err(LogError::Abortable("model".to_owned())))
                }
                Fault::CrashBefore => {
                    broker.crashed = true;
                    None
                }
                Fault::CrashAfter => {
                    let _ = act(&mut broker, false);
                    broker.crashed = true;
                    None
                }
            }
        };
        match ended {
            Some(ended) => ended,
            None => std::future::pending().await,
        }
    }
}

fn abortable(broker: &mut Broker, why: &str) -> LogError {
    broker.must_abort = true;
    LogError::Abortable(why.to_owned())
}

#[async_trait]
impl Producer for ModelProducer {
    async fn send(&mut self, records: &[NewRecord]) -> Result<(), LogError> {
        self.call(|broker, lost| {
            if broker.must_abort {
                return Err(abortable(broker, "abort first"));
            }
            broker.open.extend_from_slice(records);
            if lost { Err(LogError::Unavailable("no answer".to_owned())) } else { Ok(()) }
        })
        .await
    }

    async fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), LogError> {
        self.call(|broker, lost| {
            if std::mem::take(&mut broker.unanswered) {
                return Ok(());
            }
            let ours = positions.iter().all(|(at, _)| broker.owned.contains(&at.partition));
            if broker.must_abort || !(ours || sabotage::is(Sabotage::NoFencing)) {
                return Err(abortable(broker, "not of this generation"));
            }
            let open = std::mem::take(&mut broker.open);
            broker.committed.extend(open);
            broker.positions.extend(positions.iter().map(|(at, offset)| (at.partition, *offset)));
            broker.unanswered = lost;
            if lost { Err(LogError::Unanswered("model".to_owned())) } else { Ok(()) }
        })
        .await
    }

    async fn abort(&mut self) -> Result<(), LogError> {
        self.call(|broker, lost| {
            if broker.unanswered {
                return Err(LogError::Fatal("a commit that was not answered cannot be aborted".to_owned()));
            }
            broker.open.clear();
            (broker.must_abort, broker.unanswered) = (false, false);
            if lost { Err(LogError::Unavailable("no answer".to_owned())) } else { Ok(()) }
        })
        .await
    }
}

struct Receipt {
    writes: Vec<StateWrite>,
    state: StateView,
}

/// One life of the process.
struct Process {
    ownership: Arc<Ownership>,
    committer: Committer<Receipt>,
    reports: mpsc::UnboundedReceiver<Report<Receipt>>,
    lanes: BTreeMap<u32, Lane>,
    next: BTreeMap<u32, u64>,
    /// Partition, epoch and number of the records being worked on.
    running: Vec<(u32, u64, u64)>,
}

struct World {
    broker: Shared,
    inputs: Vec<Vec<Input>>,
    process: Process,
}

fn at(partition: u32) -> TopicPartition {
    TopicPartition::new("in", partition)
}

fn record(topic: &str, partition: u32, key: String, value: Option<String>) -> NewRecord {
    let value = value.map(Bytes::from);
    NewRecord { topic: Arc::from(topic), key: Some(key.into()), partition, value, headers: Vec::new() }
}

impl Process {
    fn start(broker: &Shared) -> Self {
        {
            let mut broker = broker.lock().unwrap();
            // A new producer of the same identity ends the open transaction.
            broker.open.clear();
            (broker.must_abort, broker.unanswered, broker.crashed) = (false, false, false);
        }
        let ownership = Arc::new(Ownership::default());
        let policy = CommitPolicy { stage: "model", interval: Duration::from_millis(100), max_bytes: 600 };
        let producer = Box::new(ModelProducer(Arc::clone(broker)));
        let (committer, reports) = Committer::start(producer, Arc::clone(&ownership), policy);
        let (lanes, next, running) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut process = Self { ownership, committer, reports, lanes, next, running };
        (0..PARTITIONS).for_each(|partition| process.assign(broker, partition));
        process
    }

    /// Takes a partition over where the group stands, with the state that its changelog gives.
    fn assign(&mut self, broker: &Shared, partition: u32) {
        let mut broker = broker.lock().unwrap();
        broker.owned.insert(partition);
        let state = StateView::in_memory(TABLES);
        let logged = broker.committed.iter().filter(|r| &*r.topic == "log" && r.partition == partition);
        let tombstones = !sabotage::is(Sabotage::LostTombstone);
        let writes: Vec<_> = logged
            .filter(|record| tombstones || record.value.is_some())
            .map(|r| StateWrite { table: "counts", key: r.key.clone().unwrap(), value: r.value.clone() })
            .collect();
        state.stage(&writes);
        state.committed(&writes).unwrap();
        let epoch = self.ownership.take(&at(partition));
        self.lanes.insert(partition, Lane::new(epoch, state, true));
        self.next.insert(partition, broker.positions.get(&partition).copied().unwrap_or(0));
    }

    fn lose(&mut self, broker: &Shared, partition: u32) {
        broker.lock().unwrap().owned.remove(&partition);
        self.ownership.give_up(&at(partition));
        self.lanes.remove(&partition);
    }

    fn read(&mut self, inputs: &[Vec<Input>], partition: u32) {
        let next = self.next.get_mut(&partition).unwrap();
        let Some(input) = inputs[partition as usize].get(usize::try_from(*next).unwrap()) else { return };
        let key = Some(Bytes::from(vec![input.key]));
        let (value, headers, hold) = (None, Vec::new(), Hold::none());
        let record = Record { at: at(partition), offset: *next, timestamp: 0, key, value, headers, hold };
        *next += 1;
        let lane = self.lanes.get_mut(&partition).unwrap();
        let (epoch, begins) = (lane.epoch, lane.push(record));
        self.begin(partition, epoch, begins);
    }

    fn begin(&mut self, partition: u32, epoch: u64, number: Option<u64>) {
        if let Some(number) = number {
            self.lanes.get_mut(&partition).unwrap().attempt(number);
            self.running.push((partition, epoch, number));
        }
    }

    /// Ends an attempt at one of the running records, whichever the script picks.
    fn end(&mut self, inputs: &[Vec<Input>], pick: usize) {
        if self.running.is_empty() {
            return;
        }
        let (partition, epoch, number) = self.running.swap_remove(pick % self.running.len());
        let Some(lane) = self.lanes.get_mut(&partition).filter(|lane| lane.epoch == epoch) else { return };
        let (record, attempts) = lane.look(number).unwrap();
        let input = inputs[partition as usize][usize::try_from(record.offset).unwrap()];
        if matches!(input.fate, Fate::Late(more) if attempts <= u32::from(more)) {
            return self.begin(partition, epoch, Some(number));
        }
        let before = lane.state.get("counts", &[input.key]).unwrap().map(|value| value[0]);
        let next = lane.finish(number, finished(partition, record.offset, input, before));
        self.begin(partition, epoch, next);
    }

    fn hand_over(&mut self, max: usize) {
        let changelogs = BTreeMap::from([("log", Arc::from("log"))]);
        for (partition, lane) in &mut self.lanes {
            let Some((position, done)) = lane.take_chunk(max) else { continue };
            let (mut records, mut writes) = (Vec::new(), Vec::new());
            for (_, finished) in done {
                records.extend(changelog_records(&finished.writes, TABLES, &changelogs, *partition));
                writes.extend(finished.writes);
                records.extend(finished.records);
            }
            let receipt = Receipt { writes, state: lane.state.clone() };
            let (at, epoch, hold) = (at(*partition), lane.epoch, Hold::none());
            self.committer.submit(Chunk { at, epoch, records, position: Some(position), hold, receipt });
        }
    }

    /// Takes the reports; false when the committer has given up.
    fn reports(&mut self) -> bool {
        while let Ok(report) = self.reports.try_recv() {
            match report {
                Report::Failed(_) => return false,
                Report::Committed(chunks) => {
                    for chunk in chunks {
                        chunk.receipt.state.committed(&chunk.receipt.writes).unwrap();
                    }
                }
            }
        }
        true
    }
}

/// What a record gives, when its key's count was `before`.
fn finished(partition: u32, offset: u64, input: Input, before: Option<u8>) -> Finished {
    let (mut records, mut writes) = (Vec::new(), Vec::new());
    let mut emit = |count: Option<u8>| {
        let key = Bytes::from(vec![input.key]);
        writes.push(StateWrite { table: "counts", key, value: count.map(|count| Bytes::from(vec![count])) });
        records.push(record("out", partition, offset.to_string(), Some(format!("{offset}: {before:?} to {count:?}"))));
    };
    let disposition = match input.fate {
        Fate::Count | Fate::Late(_) => {
            emit(Some(before.unwrap_or(0) + 1));
            Disposition::Emitted
        }
        Fate::Forget => {
            emit(None);
            Disposition::Emitted
        }
        Fate::Skip => Disposition::Skipped,
        Fate::Poison => Disposition::DeadLettered,
    };
    records.push(record("audit", partition, offset.to_string(), Some(format!("{disposition:?}"))));
    Finished { records, writes, disposition, code: "", counts: Vec::new() }
}

impl World {
    fn new(inputs: Vec<Vec<Input>>, faults: Vec<Fault>) -> Self {
        let broker: Shared = Arc::new(Mutex::new(Broker { faults: faults.into(), ..Broker::default() }));
        let process = Process::start(&broker);
        Self { broker, inputs, process }
    }

    fn restart(&mut self) {
        let dead = std::mem::replace(&mut self.process, Process::start(&self.broker));
        dead.committer.stop();
    }

    async fn step(&mut self, step: Step) {
        let process = &mut self.process;
        match step {
            Step::Read(p) => process.read(&self.inputs, u32::from(p) % PARTITIONS),
            Step::End(pick) => process.end(&self.inputs, usize::from(pick)),
            Step::HandOver(max) => process.hand_over(usize::from(max % 4) + 1),
            Step::Wait(ms) => tokio::time::sleep(Duration::from_millis(u64::from(ms))).await,
            Step::Lose(p) | Step::Revoke(p) => {
                let partition = u32::from(p) % PARTITIONS;
                if matches!(step, Step::Revoke(_)) {
                    process.hand_over(RECORDS as usize);
                    let _ = tokio::time::timeout(Duration::from_secs(1), process.committer.flush()).await;
                }
                process.lose(&self.broker, partition);
                // Another member has it for a moment, does nothing, and gives it back.
                process.assign(&self.broker, partition);
            }
            Step::Crash => return self.restart(),
        }
        tokio::task::yield_now().await;
        if !self.process.reports() || self.broker.lock().unwrap().crashed {
            self.restart();
        }
    }

    /// Works on without faults until everything is committed.
    async fn calm_down(&mut self) -> Result<(), TestCaseError> {
        self.broker.lock().unwrap().faults.clear();
        self.step(Step::Wait(10_000)).await;
        for turn in 0..400_u16 {
            self.step(Step::Read(u8::try_from(turn % 2).unwrap())).await;
            self.step(Step::End(u8::try_from(turn % 7).unwrap())).await;
            self.step(Step::HandOver(3)).await;
            if turn % 8 == 7 {
                self.step(Step::Wait(1_000)).await;
            }
        }
        self.step(Step::Wait(10_000)).await;
        let positions = self.broker.lock().unwrap().positions.clone();
        prop_assert!((0..PARTITIONS).all(|p| positions.get(&p) == Some(&RECORDS)), "stands at {positions:?}");
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let broker = self.broker.lock().unwrap();
        for (partition, inputs) in (0..PARTITIONS).zip(&self.inputs) {
            let mut expected: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            let mut counts: BTreeMap<u8, u8> = BTreeMap::new();
            for (offset, input) in (0..).zip(inputs) {
                let finished = finished(partition, offset, *input, counts.get(&input.key).copied());
                for write in finished.writes {
                    match write.value {
                        Some(value) => drop(counts.insert(write.key[0], value[0])),
                        None => drop(counts.remove(&write.key[0])),
                    }
                }
                for r in finished.records {
                    let topic = if &*r.topic == "out" { "out" } else { "audit" };
                    expected.entry(topic).or_default().push(text(&r));
                }
            }
            for topic in ["out", "audit"] {
                let there = broker.committed.iter().filter(|r| &*r.topic == topic && r.partition == partition);
                let there: Vec<String> = there.map(text).collect();
                prop_assert_eq!(&there, &expected.remove(topic).unwrap_or_default(), "{} of {}", topic, partition);
            }
            let mut replayed: BTreeMap<u8, u8> = BTreeMap::new();
            for r in broker.committed.iter().filter(|r| &*r.topic == "log" && r.partition == partition) {
                let key = r.key.as_ref().unwrap()[0];
                match &r.value {
                    Some(value) => drop(replayed.insert(key, value[0])),
                    None => drop(replayed.remove(&key)),
                }
            }
            prop_assert_eq!(&replayed, &counts, "changelog of {}", partition);
            let state = &self.process.lanes[&partition].state;
            prop_assert!(!state.has_pending());
            let mut stored = BTreeMap::new();
            state.scan("counts", |key, value| stored.extend([(key[0], value[0])])).unwrap();
            prop_assert_eq!(&stored, &counts, "store of {}", partition);
        }
        Ok(())
    }
}

fn text(record: &NewRecord) -> String {
    let part = |bytes: &Option<Bytes>| String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
    format!("{} {}", part(&record.key), part(&record.value))
}

fn input() -> impl Strategy<Value = Input> {
    let fate = prop_oneof![
        5 => Just(Fate::Count), 2 => Just(Fate::Forget), 1 => Just(Fate::Skip), 1 => Just(Fate::Poison),
        1 => (1_u8..4).prop_map(Fate::Late),
    ];
    (0_u8..3, fate).prop_map(|(key, fate)| Input { key, fate })
}

fn inputs() -> impl Strategy<Value = Vec<Vec<Input>>> {
    let partition = prop::collection::vec(input(), RECORDS as usize);
    prop::collection::vec(partition, PARTITIONS as usize)
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        12 => Just(Fault::None), 2 => Just(Fault::Unavailable), 2 => Just(Fault::AnswerLost),
        2 => Just(Fault::Abortable), 1 => Just(Fault::CrashBefore), 1 => Just(Fault::CrashAfter),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => any::<u8>().prop_map(Step::Read), 12 => any::<u8>().prop_map(Step::End),
        6 => any::<u8>().prop_map(Step::HandOver), 5 => (0_u16..250).prop_map(Step::Wait),
        1 => any::<u8>().prop_map(Step::Lose), 1 => any::<u8>().prop_map(Step::Revoke), 1 => Just(Step::Crash),
    ]
}

/// Runs generated cases with a promise broken, or none.
fn run(cases: u32, planted: Option<Sabotage>) -> Result<(), String> {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let faults = prop::collection::vec(fault(), 0..60);
    let script = (inputs(), faults, prop::collection::vec(step(), 0..150));
    sabotage::plant(planted);
    let ran = TestRunner::new(config).run(&script, |(inputs, faults, steps)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut world = World::new(inputs, faults);
            for step in steps {
                world.step(step).await;
            }
            world.calm_down().await?;
            world.check()
        })
    });
    sabotage::plant(None);
    ran.map_err(|error| error.to_string())
}

#[test]
fn every_record_is_committed_once_and_in_order_whatever_fails_and_wherever_the_process_dies() {
    if let Err(found) = run(300, None) {
        panic!("{found}");
    }
}

#[test]
fn the_model_convicts_each_broken_promise() {
    for planted in [
        Sabotage::CommitBeforeProduce,
        Sabotage::NoFencing,
        Sabotage::WatermarkPastGap,
        Sabotage::SkipResendAfterAbort,
        Sabotage::LostTombstone,
    ] {
        let found = run(2000, Some(planted));
        assert!(found.is_err(), "{} was not found", planted.name());
    }
}
