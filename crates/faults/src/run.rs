//! A run: start, faults, drain, judgement.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use naba_stage::Delivery;
use naba_stage::log::{Log as _, LogError, NewRecord, Record, TopicPartition};
use tokio::time::{Instant, sleep};

use crate::accountant::{Accountant, STAGES, Verdict, read_all};
use crate::inject::{Injected, inject};
use crate::instance::InstanceReport;
use crate::line::{Line, LineConfig};
use crate::plan::Plan;

/// Time without anything new after which no more is waited for. An abandoned transaction holds readers back for a minute.
const PATIENCE: Duration = Duration::from_secs(90);
/// Records whose articles are withdrawn at the end.
const WITHDRAWN: usize = 5;
/// Time for which positions must not move before the line counts as drained.
const STILL: Duration = Duration::from_secs(6);

/// What to run.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// The line.
    pub line: LineConfig,
    /// The faults.
    pub plan: Plan,
    /// Where the logs of a run that is judged badly go.
    pub keep: Option<PathBuf>,
    /// Whether to tell of every fault as it comes.
    pub verbose: bool,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What the accountant says.
    pub verdict: Verdict,
    /// What was done to the line.
    pub injected: Injected,
    /// What was seen of the instances.
    pub instances: Vec<InstanceReport>,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// Returns how often an instance ended by itself and was started again.
    pub fn own_ends(&self) -> usize {
        self.instances.iter().map(|instance| instance.own_ends.len()).sum()
    }

    /// Returns the most memory that any instance had resident, in bytes, with its name.
    pub fn most_resident(&self) -> (u64, &str) {
        let most = self.instances.iter().max_by_key(|instance| instance.most_resident);
        most.map_or((0, ""), |instance| (instance.most_resident, instance.name.as_str()))
    }
}

/// Runs a line under a plan, drains it and judges it.
pub async fn run(config: &RunConfig) -> Outcome {
    let began = Instant::now();
    let line = Arc::new(Line::start(&config.line).await);
    let keeper = Keeper::start(&line);
    let verbose = config.verbose;
    let injected = inject(&line, &config.plan, |number, fault| {
        if verbose {
            eprintln!("  {:>4} s  fault {}: {fault}", began.elapsed().as_secs(), number + 1);
        }
    })
    .await;
    let repeats_allowed = config.line.delivery == "at_least_once";
    let verdict = finish(&line, keeper, repeats_allowed, &injected, verbose).await;
    if !verdict.is_clean()
        && let Some(folder) = &config.keep
    {
        let folder = folder.join(format!("seed-{}", config.line.seed));
        match line.keep(&folder) {
            Ok(()) => eprintln!("  the logs are in {}", folder.display()),
            Err(error) => eprintln!("  the logs cannot be kept in {}: {error}", folder.display()),
        }
    }
    let instances = line.instances.iter().map(|instance| instance.report()).collect();
    Outcome { seed: config.line.seed, verdict, injected, instances, took: began.elapsed() }
}

/// Supervises the instances in the background until it is stopped.
pub(crate) struct Keeper {
    stop: tokio::sync::watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Keeper {
    pub(crate) fn start(line: &Arc<Line>) -> Self {
        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        let line = Arc::clone(line);
        let task = tokio::spawn(async move {
            while !*stopped.borrow_and_update() {
                let tended = Arc::clone(&line);
                let _ = tokio::task::spawn_blocking(move || tended.tend()).await;
                let _ = tokio::time::timeout(Duration::from_millis(250), stopped.changed()).await;
            }
        });
        Self { stop, task }
    }

    async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// Waits until everything expected is there or nothing comes any more, drains the line front to back, and judges it.
pub(crate) async fn finish(
    line: &Arc<Line>,
    keeper: Keeper,
    repeats_allowed: bool,
    injected: &Injected,
    verbose: bool,
) -> Verdict {
    let began = Instant::now();
    let say = |what: &str| {
        if verbose {
            eprintln!("  {what}, {} s after the last fault", began.elapsed().as_secs());
        }
    };
    let truth = line.truth();
    let accountant = Accountant {
        log: &line.log,
        raw_log: &line.raw_log,
        topics: &line.topics,
        store: (&line.postgres, &line.database),
        start_ms: line.start_ms,
        repeats_allowed,
    };
    let last_change = truth.iter().map(|record| record.publish_at_ms).max().unwrap_or(0);
    let (mut appeared, mut moved) = (0, Instant::now());
    loop {
        sleep(Duration::from_secs(3)).await;
        if line.farm.now_ms() < last_change + 2_000 {
            moved = Instant::now();
            continue;
        }
        let report = accountant.articles(&truth).await;
        if report.missing.is_empty() {
            break;
        }
        if report.expected_appeared > appeared {
            (appeared, moved) = (report.expected_appeared, Instant::now());
        }
        if moved.elapsed() >= PATIENCE {
            break;
        }
    }
    say("nothing more is waited for");
    let mut bad_ends = injected.bad_ends.clone();
    bad_ends.extend(end(line, "fetcher").await);
    settle(line).await;
    withdraw(line).await;
    settle(line).await;
    say("drained");
    keeper.stop().await;
    for (stage, _) in STAGES.iter().skip(1) {
        bad_ends.extend(end(line, stage).await);
    }
    let mut verdict = accountant.judge(&truth).await;
    say("judged");
    verdict.convict("bad-end-after-sigterm", bad_ends);
    let panics = line.instances.iter().flat_map(|instance| instance.report().panics);
    verdict.convict("panicked", panics.collect::<Vec<_>>());
    verdict
}

/// Withdraws a few articles, as their publishers would have it, by tombstones on the enriched topic.
async fn withdraw(line: &Line) {
    let name = &line.topics.get("enriched").expect("enriched").name;
    let articles = read_all(&line.log, &line.topics, "enriched").await;
    let tombstone = |record: Record| NewRecord {
        topic: name.as_str().into(),
        key: record.key,
        partition: record.at.partition,
        value: None,
        headers: Vec::new(),
    };
    let tombstones: Vec<NewRecord> = articles.into_iter().take(WITHDRAWN).map(tombstone).collect();
    let mut producer = line.log.producer("faults-withdraw", Delivery::ExactlyOnce).await.expect("producer");
    producer.send(&tombstones).await.expect("send");
    producer.commit(&[]).await.expect("commit");
}

/// Ends the instances of a service in order.
async fn end(line: &Arc<Line>, service: &str) -> Vec<String> {
    let mut bad_ends = Vec::new();
    for instance in line.of(service) {
        let ended = tokio::task::spawn_blocking(move || instance.terminate()).await.expect("terminate");
        bad_ends.extend(ended.err());
    }
    bad_ends
}

/// Returns how far each group is behind, by partition.
async fn lags(line: &Line) -> Result<Vec<u64>, LogError> {
    let mut lags = Vec::new();
    for (stage, role) in STAGES.iter().skip(1) {
        let topic = line.topics.get(role).expect(role);
        let partitions: Vec<TopicPartition> =
            (0..topic.partitions).map(|p| TopicPartition::new(topic.name.as_str(), p)).collect();
        let ends = line.log.ends(&partitions).await?;
        let committed = line.log.committed(&line.topics.group(stage), &partitions).await?;
        lags.extend(ends.iter().zip(committed).map(|(end, at)| end.saturating_sub(at.unwrap_or(0))));
    }
    Ok(lags)
}

/// Waits until the groups' positions stand still near the ends of their topics.
async fn settle(line: &Line) {
    let (mut last, mut moved) = (Vec::new(), Instant::now());
    loop {
        match lags(line).await {
            Ok(lags) if lags == last => {}
            Ok(lags) => (last, moved) = (lags, Instant::now()),
            // Brokers that were killed a moment ago take their time.
            Err(error) => assert!(moved.elapsed() < PATIENCE, "positions of the groups: {error}"),
        }
        // After the last record of a partition come only the marks of transactions.
        let near = !last.is_empty() && last.iter().all(|lag| *lag <= 3);
        let still = moved.elapsed();
        if near && still >= STILL || still >= PATIENCE {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
}
