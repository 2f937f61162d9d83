//! Running a stage, a source or a sink on a log until shutdown.

mod guard;
mod ledger;
pub(crate) mod sink;
pub(crate) mod source;
pub(crate) mod stage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use naba_model::Millis;
use tokio::sync::watch;

use self::guard::Guard;
use self::ledger::Ledger;
pub(crate) use self::ledger::{Entry, Tally};
use crate::budget::Budget;
use crate::commit::CommitPolicy;
use crate::envelope::Envelope;
use crate::error::RunError;
use crate::health::Health;
use crate::log::{GroupConfig, Log, LogError, Member, NewRecord, TopicPartition};
use crate::metric::Metric;
use crate::sabotage::{self, Sabotage};
use crate::state::{StateView, Table};
use crate::topics::{TopicSpec, Topics};

/// How outputs and offsets belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// One transaction: read-committed readers see every output once.
    #[default]
    ExactlyOnce,
    /// Offsets are committed after the outputs are acknowledged: a crash in between repeats outputs.
    AtLeastOnce,
}

/// How much of the audit is written.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Audit {
    /// Every record.
    #[default]
    All,
    /// This share of the records, 0 to 1, chosen by key.
    Share(f64),
    /// Nothing.
    Off,
}

/// When too many dead letters stop the stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeadLetterLimit {
    /// Dead letters in a row.
    pub run: u32,
    /// Share of dead letters among the last `window` records, 0 to 1.
    pub ratio: f64,
    /// Records that the share is taken over.
    pub window: u32,
}

impl Default for DeadLetterLimit {
    fn default() -> Self {
        Self { run: 200, ratio: 0.5, window: 1000 }
    }
}

/// How a stage runs.
#[derive(Debug, Clone)]
pub struct StageConfig {
    /// Stable name of this instance, unique in the group.
    pub instance: String,
    /// Topics by role.
    pub topics: Topics,
    /// Delivery mode.
    pub delivery: Delivery,
    /// Longest time between commits.
    pub commit_interval: Duration,
    /// Bytes of outputs after which a transaction is committed early.
    pub commit_bytes: usize,
    /// Bytes in flight after which reading stops.
    pub in_flight_bytes: usize,
    /// Work at once.
    pub parallelism: usize,
    /// Longest time for one record.
    pub record_time_limit: Duration,
    /// Attempts at a retryable record.
    pub max_attempts: u32,
    /// First back-off; doubled each time, with full jitter.
    pub back_off: Duration,
    /// Longest back-off.
    pub max_back_off: Duration,
    /// Longest time to finish work on shutdown.
    pub drain_deadline: Duration,
    /// Longest time to finish work when partitions are taken away.
    pub revoke_deadline: Duration,
    /// Time after which a silent instance loses its partitions.
    pub session_timeout: Duration,
    /// When too many dead letters stop the stage.
    pub dead_letter_limit: DeadLetterLimit,
    /// How much of the audit is written.
    pub audit: Audit,
    /// Folder of the state stores; one sub-folder a stage.
    pub state_dir: PathBuf,
}

impl StageConfig {
    /// Makes the default configuration for an instance.
    pub fn new(instance: impl Into<String>, topics: Topics, state_dir: impl Into<PathBuf>) -> Self {
        Self {
            instance: instance.into(),
            topics,
            delivery: Delivery::ExactlyOnce,
            commit_interval: Duration::from_millis(100),
            commit_bytes: 32 * 1024 * 1024,
            in_flight_bytes: 64 * 1024 * 1024,
            parallelism: std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            record_time_limit: Duration::from_secs(30),
            max_attempts: 5,
            back_off: Duration::from_millis(200),
            max_back_off: Duration::from_secs(30),
            drain_deadline: Duration::from_secs(20),
            revoke_deadline: Duration::from_secs(5),
            session_timeout: Duration::from_secs(15),
            dead_letter_limit: DeadLetterLimit::default(),
            audit: Audit::All,
            state_dir: state_dir.into(),
        }
    }

    fn topic(&self, role: &str) -> Result<TopicSpec, RunError> {
        self.topics.get(role).cloned().ok_or_else(|| RunError::UnknownRole(role.to_owned()))
    }

    fn changelogs(&self, tables: &[Table]) -> Result<BTreeMap<&'static str, Arc<str>>, RunError> {
        let name = |table: &Table| Ok((table.changelog, Arc::from(self.topic(table.changelog)?.name)));
        tables.iter().map(name).collect()
    }

    fn store_dir(&self, stage: &str) -> PathBuf {
        self.state_dir.join(&self.instance).join(stage)
    }

    /// How a stage joins its group to read the topic of a role.
    fn group(&self, stage: &str, role: &str, budget: &Arc<Budget>) -> Result<GroupConfig, RunError> {
        Ok(GroupConfig {
            group: self.topics.group(stage),
            instance: self.instance.clone(),
            topics: vec![Arc::from(self.topic(role)?.name)],
            delivery: self.delivery,
            budget: Arc::clone(budget),
            drain: self.revoke_deadline,
            session: self.session_timeout,
        })
    }

    /// When a stage commits.
    fn commit_policy(&self, stage: &'static str) -> CommitPolicy {
        CommitPolicy { stage, interval: self.commit_interval, max_bytes: self.commit_bytes }
    }

    fn back_off(&self, attempts: u32) -> Duration {
        let most = self.back_off.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1).min(20)));
        let most = u64::try_from(most.min(self.max_back_off).as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(fastrand::u64(0..=most))
    }
}

/// Tells running stages to stop. Clone it freely.
pub type Shutdown = watch::Receiver<bool>;

/// Makes a switch and the [`Shutdown`] it throws: send `true` to stop.
pub fn shutdown_pair() -> (watch::Sender<bool>, Shutdown) {
    watch::channel(false)
}

/// Completes when shutdown was asked for (or its switch is gone).
pub(crate) async fn asked(shutdown: &mut Shutdown) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

pub(crate) fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Makes the records of state writes for their changelogs. The partition is that of the input: state moves with it.
pub(crate) fn changelog_records(
    writes: &[crate::outcome::StateWrite],
    tables: &'static [Table],
    changelogs: &BTreeMap<&'static str, Arc<str>>,
    partition: u32,
) -> Vec<NewRecord> {
    let record = |write: &crate::outcome::StateWrite| {
        if write.value.is_none() && sabotage::is(Sabotage::LostTombstone) {
            return None;
        }
        let table = tables.iter().find(|t| t.name == write.table)?;
        let topic = Arc::clone(changelogs.get(table.changelog)?);
        Some(NewRecord {
            topic,
            key: Some(write.key.clone()),
            partition,
            value: write.value.clone(),
            headers: Vec::new(),
        })
    };
    writes.iter().filter_map(record).collect()
}

/// Joins the group of a stage, waiting without limit for a log that is not there: an outage at the start is an outage like any
/// other, so the process stays up and is not ready. `None` when shutdown was asked for meanwhile.
pub(crate) async fn join(
    stage: &'static str,
    log: &Arc<dyn Log>,
    group: GroupConfig,
    health: &Health,
    shutdown: &mut Shutdown,
) -> Result<Option<Member>, RunError> {
    let mut attempts = 0;
    loop {
        health.turned(stage, Instant::now());
        let error = tokio::select! {
            member = log.join(group.clone()) => match member {
                Ok(member) => return Ok(Some(member)),
                Err(error @ LogError::Unavailable(_)) => error,
                Err(error) => return Err(error.into()),
            },
            () = asked(shutdown) => return Ok(None),
        };
        attempts += 1;
        tracing::warn!(stage, %error, attempts, "the log cannot be reached, trying again");
        tokio::select! {
            () = tokio::time::sleep(pause(attempts)) => {}
            () = asked(shutdown) => return Ok(None),
        }
    }
}

/// Waits before the log is asked again that did not answer; any other error is given back. Without limit: whoever owns a
/// partition and ended for that would only hand the wait to the next owner.
pub(crate) async fn wait_out(
    stage: &'static str,
    what: &str,
    error: RunError,
    attempts: &mut u32,
) -> Result<(), RunError> {
    let RunError::Log(error @ LogError::Unavailable(_)) = error else { return Err(error) };
    *attempts += 1;
    tracing::warn!(stage, what, %error, attempts = *attempts, "the log does not answer, trying again");
    tokio::time::sleep(pause(*attempts)).await;
    Ok(())
}

/// Opens and restores the state of partitions, all at once: each waits for the log most of the time. Returns them in order,
/// with the number of records read for each.
pub(crate) async fn restore(
    stage: &'static str,
    tables: &'static [Table],
    dir: &Path,
    log: &Arc<dyn Log>,
    changelogs: &BTreeMap<&'static str, Arc<str>>,
    partitions: &[TopicPartition],
) -> Result<Vec<(StateView, u64)>, RunError> {
    try_join_all(partitions.iter().map(|at| async move {
        let state = StateView::open(dir, at.partition, tables, now())?;
        let (what, mut attempts) = (format!("state of partition {}", at.partition), 0);
        let restored = loop {
            match state.restore(log.as_ref(), changelogs, at.partition, now()).await {
                Ok(restored) => break restored,
                Err(error) => wait_out(stage, &what, error, &mut attempts).await?,
            }
        };
        Metric::StateRestoredTotal.add(&[stage], restored);
        Ok((state, restored))
    }))
    .await
}

/// Back-off before asking an absent log again: from 200 ms to 5 s, with jitter.
fn pause(attempts: u32) -> Duration {
    let most = (200 << attempts.min(5)).min(5000);
    Duration::from_millis(fastrand::u64(most / 2..=most))
}

/// Notes how far a state store has come. Only for a partition that is ours and has nothing open: its changelog ends with us.
pub(crate) async fn close_state(
    log: &Arc<dyn Log>,
    state: &StateView,
    tables: &'static [Table],
    changelogs: &BTreeMap<&'static str, Arc<str>>,
    partition: u32,
) -> Result<(), RunError> {
    if tables.is_empty() || state.has_pending() {
        return Ok(());
    }
    let topics = tables.iter().filter_map(|table| changelogs.get(table.changelog));
    let topics: Vec<_> = topics.map(|topic| TopicPartition::new(Arc::clone(topic), partition)).collect();
    if let Ok(ends) = log.ends(&topics).await {
        let ends: Vec<_> = tables.iter().map(|table| table.name).zip(ends).collect();
        state.close(&ends, now())?;
    }
    Ok(())
}

/// Measures the lag of partitions beside the run: asking the log may take its time.
pub(crate) fn measure_lag(
    stage: &'static str,
    role: &'static str,
    group: String,
    log: &Arc<dyn Log>,
    partitions: Vec<TopicPartition>,
) {
    let log = Arc::clone(log);
    tokio::spawn(async move {
        let (ends, committed) = (log.ends(&partitions).await, log.committed(&group, &partitions).await);
        if let (Ok(ends), Ok(committed)) = (ends, committed) {
            let lag = |(end, at): (&u64, &Option<u64>)| end.saturating_sub(at.unwrap_or(0));
            let lag: u64 = ends.iter().zip(&committed).map(lag).sum();
            #[allow(clippy::cast_precision_loss)]
            Metric::ConsumerLag.set(&[stage, role], lag as f64);
        }
    });
}

/// Everything a run needs besides the shape itself.
pub(crate) struct Frame {
    pub(crate) config: StageConfig,
    pub(crate) envelope: Envelope,
    pub(crate) ledger: Ledger,
    pub(crate) dead_letters: TopicSpec,
    pub(crate) guard: Guard,
}

impl Frame {
    pub(crate) fn new(stage: &'static str, config: &StageConfig) -> Result<Self, RunError> {
        sabotage::announce().map_err(RunError::Fatal)?;
        Ok(Self {
            envelope: Envelope::new(config.topics.clone(), stage),
            ledger: Ledger::new(stage, config)?,
            dead_letters: config.topic(&format!("{stage}-dlq"))?,
            guard: Guard::new(config.dead_letter_limit),
            config: config.clone(),
        })
    }
}
