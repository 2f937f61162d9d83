//! Running a stage, a source or a sink on a log until shutdown.

pub(crate) mod sink;
pub(crate) mod source;
pub(crate) mod stage;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::try_join_all;
use naba_model::Millis;
use naba_proto::prost::Message;
use naba_proto::v1::{AuditRecord, Disposition};
use tokio::sync::watch;

use crate::budget::Budget;
use crate::code::Code;
use crate::commit::CommitPolicy;
use crate::envelope::Envelope;
use crate::error::RunError;
use crate::health::Health;
use crate::log::{GroupConfig, Log, LogError, Member, NewRecord, Record, TopicPartition};
use crate::metric::Metric;
use crate::partition::Count;
use crate::partitioner::partition_for;
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

/// Writes audit records and counts dispositions.
#[derive(Clone)]
pub(crate) struct Ledger {
    stage: &'static str,
    audit: Audit,
    topic: Option<TopicSpec>,
}

/// What the audit says of one record.
pub(crate) struct Entry<'a> {
    pub(crate) at: &'a TopicPartition,
    pub(crate) offset: u64,
    pub(crate) key: Bytes,
    pub(crate) disposition: Disposition,
    pub(crate) code: Code,
    pub(crate) outputs: usize,
}

impl Ledger {
    pub(crate) fn new(stage: &'static str, config: &StageConfig) -> Result<Self, RunError> {
        let topic = if config.audit == Audit::Off { None } else { Some(config.topic("audit")?) };
        Ok(Self { stage, audit: config.audit, topic })
    }

    /// Makes the audit record of a disposition, unless it is not to be written.
    pub(crate) fn audit(&self, entry: Entry<'_>) -> Option<NewRecord> {
        let topic = self.topic.as_ref()?;
        if let Audit::Share(share) = self.audit {
            let drawn = f64::from(crate::partitioner::murmur2(&entry.key)) / f64::from(u32::MAX);
            if drawn >= share {
                return None;
            }
        }
        let record = AuditRecord {
            stage: self.stage.to_owned(),
            topic: entry.at.topic.to_string(),
            partition: entry.at.partition,
            offset: entry.offset,
            key: entry.key.clone(),
            disposition: entry.disposition.into(),
            code: entry.code.to_owned(),
            outputs: u32::try_from(entry.outputs).unwrap_or(u32::MAX),
        };
        Some(NewRecord {
            topic: Arc::from(topic.name.as_str()),
            partition: partition_for(&entry.key, topic.partitions),
            key: Some(entry.key),
            value: Some(Bytes::from(record.encode_to_vec())),
            headers: Vec::new(),
        })
    }

    /// Counts what has been committed.
    pub(crate) fn count(&self, tally: &Tally) {
        for ((disposition, code), count) in &tally.dispositions {
            let disposition = match disposition {
                1 => "emitted",
                2 => "skipped",
                _ => "dead_lettered",
            };
            Metric::RecordsTotal.add(&[self.stage, disposition, code], *count);
        }
        for (metric, labels) in &tally.counts {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            metric.add(&labels, 1);
        }
        let now = now();
        for clocks in &tally.clocks {
            clocks.observe(self.stage, now);
        }
    }
}

/// What is counted when a chunk is committed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    dispositions: BTreeMap<(i32, Code), u64>,
    counts: Vec<Count>,
    clocks: Vec<DocumentClocks>,
}

impl Tally {
    pub(crate) fn add(&mut self, disposition: Disposition, code: Code) {
        *self.dispositions.entry((disposition.into(), code)).or_default() += 1;
    }

    pub(crate) fn add_counts(&mut self, counts: Vec<Count>) {
        self.counts.extend(counts);
    }

    pub(crate) fn add_clocks(&mut self, record: &Record) {
        self.clocks.extend(DocumentClocks::of(record));
    }
}

/// The clocks that travel in headers (see `envelope::CARRIED`).
#[derive(Debug)]
struct DocumentClocks {
    discovered_at: Option<Millis>,
    fetched_at: Option<Millis>,
    published_at: Option<Millis>,
}

impl DocumentClocks {
    fn of(record: &Record) -> Option<Self> {
        if record.header("naba-origin").is_some_and(|origin| origin != "live") {
            return None;
        }
        let clock = |name: &str| record.header(name).and_then(|v| v.parse::<Millis>().ok());
        let fetched_at = clock("naba-fetched-at");
        fetched_at?;
        Some(Self { discovered_at: clock("naba-discovered-at"), fetched_at, published_at: clock("naba-published-at") })
    }

    #[allow(clippy::cast_precision_loss)]
    fn observe(&self, stage: &str, now: Millis) {
        let since = |at: Millis| (now - at).max(0) as f64 / 1000.0;
        if let Some(at) = self.fetched_at {
            Metric::AgeSeconds.observe(&[stage], since(at));
        }
        if let Some(at) = self.published_at {
            Metric::FreshnessSeconds.observe(&[stage], since(at));
        }
        if let Some(at) = self.discovered_at
            && stage == "sink"
        {
            Metric::EndToEndSeconds.observe(&[stage], since(at));
        }
    }
}

/// Watches the share of dead letters.
pub(crate) struct Guard {
    limit: DeadLetterLimit,
    run: u32,
    recent: VecDeque<bool>,
    dead: u32,
}

impl Guard {
    pub(crate) fn new(limit: DeadLetterLimit) -> Self {
        Self { limit, run: 0, recent: VecDeque::new(), dead: 0 }
    }

    /// Notes how a record ended; an error when the stage has to stop.
    pub(crate) fn note(&mut self, dead: bool, code: Code) -> Result<(), RunError> {
        self.run = if dead { self.run + 1 } else { 0 };
        self.dead += u32::from(dead);
        self.recent.push_back(dead);
        if self.recent.len() > self.limit.window as usize && self.recent.pop_front() == Some(true) {
            self.dead -= 1;
        }
        if self.run >= self.limit.run {
            return Err(RunError::DeadLetterLimit(format!("{} in a row, the last with code {code}", self.run)));
        }
        let full = self.recent.len() >= self.limit.window as usize;
        let share = f64::from(self.dead) / f64::from(self.limit.window.max(1));
        if full && share > self.limit.ratio {
            let text = format!("{} of the last {}, the last with code {code}", self.dead, self.limit.window);
            return Err(RunError::DeadLetterLimit(text));
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_dead_letters_stops_the_stage_and_a_good_record_breaks_the_run() {
        let limit = DeadLetterLimit { run: 3, ratio: 1.0, window: 100 };
        let mut guard = Guard::new(limit);
        for dead in [true, true, false, true, true] {
            guard.note(dead, "x").unwrap();
        }
        assert!(matches!(guard.note(true, "x"), Err(RunError::DeadLetterLimit(_))));
    }

    #[test]
    fn a_share_of_dead_letters_stops_the_stage_once_the_window_is_full() {
        let limit = DeadLetterLimit { run: 100, ratio: 0.4, window: 10 };
        let mut guard = Guard::new(limit);
        for i in 0..9 {
            guard.note(i % 2 == 0, "x").unwrap();
        }
        assert!(guard.note(true, "x").is_err());
    }
}
