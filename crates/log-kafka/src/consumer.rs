//! The reading side of a group member: one thread polls, and hands events over.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use naba_stage::Budget;
use naba_stage::log::{Consumer, Event, GroupConfig, LogError, Record, TopicPartition};
use naba_stage::sabotage::{self, Sabotage};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, ConsumerGroupMetadata, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::{mpsc, oneshot};

use crate::classify::{classify, fatal_of};
use crate::reader::record_of;
use crate::settings::KafkaSettings;
use crate::{offset_number, partition_number};

/// Records handed over at once.
const BATCH: usize = 500;

type Events = mpsc::UnboundedSender<Result<Event, LogError>>;

/// What the callbacks, the poll thread and the producer share.
pub(crate) struct Shared {
    events: Events,
    drain: Duration,
    /// Partitions of ours.
    owned: Mutex<HashSet<TopicPartition>>,
    /// Those of them that wait for [`Consumer::start`].
    silent: Mutex<HashSet<TopicPartition>>,
    rebalances: AtomicU64,
}

impl Shared {
    /// Tells whether all of these partitions are ours.
    pub(crate) fn owns<'a>(&self, mut partitions: impl Iterator<Item = &'a TopicPartition>) -> bool {
        let owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        partitions.all(|at| owned.contains(at))
    }

    fn is_silent(&self, at: &TopicPartition) -> bool {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).contains(at)
    }

    fn sing(&self, at: &TopicPartition) {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).remove(at);
    }

    fn took(&self, partitions: &[TopicPartition]) {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner).extend(partitions.iter().cloned());
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).extend(partitions.iter().cloned());
        self.rebalances.fetch_add(1, Ordering::Relaxed);
    }

    fn gave_up(&self, partitions: &[TopicPartition]) {
        let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        for at in partitions {
            owned.remove(at);
            silent.remove(at);
        }
        self.rebalances.fetch_add(1, Ordering::Relaxed);
    }
}

/// Callbacks; they run on the poll thread.
pub(crate) struct GroupContext {
    shared: Arc<Shared>,
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client_log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka client");
    }
}

/// Takes a log line of the client.
pub(crate) fn client_log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!(facility, "{message}");
        }
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => tracing::warn!(facility, "{message}"),
        _ => tracing::debug!(facility, "{message}"),
    }
}

impl ConsumerContext for GroupContext {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(list) = rebalance else { return };
        let partitions = partitions_of(list);
        if partitions.is_empty() {
            return;
        }
        if consumer.assignment_lost() {
            self.shared.gave_up(&partitions);
            let _ = self.shared.events.send(Ok(Event::Lost(partitions)));
            return;
        }
        let (done, mut wait) = oneshot::channel();
        let _ = self.shared.events.send(Ok(Event::Revoked(partitions.clone(), done)));
        // Bounded: the group does not wait for us for ever, and heartbeats go on from the client's own thread.
        let deadline = Instant::now() + self.shared.drain;
        while Instant::now() < deadline && matches!(wait.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.shared.gave_up(&partitions);
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let partitions = partitions_of(list);
                if let Err(error) = consumer.pause(list) {
                    tracing::error!(%error, "a new partition cannot be paused");
                }
                self.shared.took(&partitions);
                let _ = self.shared.events.send(Ok(Event::Assigned(partitions)));
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => tracing::warn!(%error, "rebalance"),
        }
    }
}

fn partitions_of(list: &TopicPartitionList) -> Vec<TopicPartition> {
    let elements = list.elements();
    let partition = |e: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
        Some(TopicPartition::new(e.topic(), u32::try_from(e.partition()).ok()?))
    };
    elements.iter().filter_map(partition).collect()
}

/// The consumer and what is known about its membership, for the producer.
#[derive(Clone)]
pub(crate) struct Membership {
    pub(crate) consumer: Arc<BaseConsumer<GroupContext>>,
    pub(crate) shared: Arc<Shared>,
    /// Knows the group, but is no member of it: its metadata has no generation, so that nobody is refused.
    stranger: Option<Arc<BaseConsumer>>,
}

impl Membership {
    /// Returns what proves to the broker that we are of the group's present generation.
    pub(crate) fn metadata(&self) -> Option<ConsumerGroupMetadata> {
        match &self.stranger {
            Some(stranger) => stranger.group_metadata(),
            None => self.consumer.group_metadata(),
        }
    }
}

/// The reading side of a group member.
pub(crate) struct KafkaConsumer {
    membership: Membership,
    events: mpsc::UnboundedReceiver<Result<Event, LogError>>,
    starts: std::sync::mpsc::Sender<(TopicPartition, Option<u64>)>,
    turned: Arc<Mutex<Instant>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Joins a group and starts the poll thread.
pub(crate) fn join(settings: &KafkaSettings, config: GroupConfig) -> Result<KafkaConsumer, LogError> {
    let (send, events) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        events: send,
        drain: config.drain,
        owned: Mutex::default(),
        silent: Mutex::default(),
        rebalances: AtomicU64::new(0),
    });
    let context = GroupContext { shared: Arc::clone(&shared) };
    let consumer: BaseConsumer<GroupContext> =
        settings.member(&config).create_with_context(context).map_err(classify)?;
    let topics: Vec<&str> = config.topics.iter().map(AsRef::as_ref).collect();
    consumer.subscribe(&topics).map_err(classify)?;
    let stranger = if sabotage::is(Sabotage::NoFencing) {
        let mut reader = settings.reader();
        Some(Arc::new(reader.set("group.id", &config.group).create().map_err(classify)?))
    } else {
        None
    };
    let membership = Membership { consumer: Arc::new(consumer), shared, stranger };
    let (starts, receive_starts) = std::sync::mpsc::channel();
    let (turned, stop) = (Arc::new(Mutex::new(Instant::now())), Arc::new(AtomicBool::new(false)));
    let poll = Poll {
        membership: membership.clone(),
        budget: config.budget,
        starts: receive_starts,
        waiting: Vec::new(),
        held: false,
        turned: Arc::clone(&turned),
        stop: Arc::clone(&stop),
    };
    let name = format!("poll-{}", config.group);
    let thread = std::thread::Builder::new().name(name).spawn(move || poll.run());
    let thread = thread.map_err(|e| LogError::Fatal(format!("poll thread: {e}")))?;
    Ok(KafkaConsumer { membership, events, starts, turned, stop, thread: Some(thread) })
}

impl KafkaConsumer {
    pub(crate) fn membership(&self) -> Membership {
        self.membership.clone()
    }
}

#[async_trait]
impl Consumer for KafkaConsumer {
    async fn next(&mut self) -> Result<Event, LogError> {
        let event = self.events.recv().await;
        event.unwrap_or_else(|| Err(LogError::Fatal("the poll thread ended".to_owned())))
    }

    fn start(&mut self, partition: &TopicPartition, offset: Option<u64>) {
        let _ = self.starts.send((partition.clone(), offset));
    }

    fn last_turn(&self) -> Option<Instant> {
        Some(*self.turned.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn close(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Events are answered by nobody from here on: a revoke must not wait for us.
        self.events.close();
        while self.events.try_recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            let joined = tokio::task::spawn_blocking(move || thread.join());
            if tokio::time::timeout(Duration::from_secs(10), joined).await.is_err() {
                tracing::warn!("the poll thread did not end within ten seconds");
            }
        }
    }
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The poll thread.
struct Poll {
    membership: Membership,
    budget: Arc<Budget>,
    starts: std::sync::mpsc::Receiver<(TopicPartition, Option<u64>)>,
    waiting: Vec<(TopicPartition, Option<u64>)>,
    held: bool,
    turned: Arc<Mutex<Instant>>,
    stop: Arc<AtomicBool>,
}

impl Poll {
    fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            *self.turned.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            self.waiting.extend(self.starts.try_iter());
            self.start_waiting();
            self.press();
            if let Err(error) = self.turn() {
                let _ = self.membership.shared.events.send(Err(error));
                return;
            }
        }
    }

    /// Polls until there is nothing left at once, and hands the records over.
    fn turn(&self) -> Result<(), LogError> {
        let shared = &self.membership.shared;
        let rebalances = shared.rebalances.load(Ordering::Relaxed);
        let mut records: Vec<Record> = Vec::new();
        let mut wait = Duration::from_millis(if self.waiting.is_empty() { 20 } else { 5 });
        let mut failed = None;
        // At least one poll a turn, also at the high mark: it keeps the membership and the callbacks alive. A message that
        // comes nevertheless, because the mark was reached a moment ago, has been read and must be handed over.
        loop {
            match self.membership.consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => records.push(record_of(&message, Some(&self.budget))),
                Some(Err(error)) => {
                    failed = self.on_error(error).err();
                    break;
                }
            }
            if records.len() >= BATCH || self.budget.is_full() {
                break;
            }
            wait = Duration::ZERO;
        }
        if shared.rebalances.load(Ordering::Relaxed) != rebalances {
            // Records of an assignment that ended meanwhile must not be taken for those of the next one.
            records.retain(|record| shared.owns(std::iter::once(&record.at)) && !shared.is_silent(&record.at));
        }
        if !records.is_empty() {
            let _ = shared.events.send(Ok(Event::Records(records)));
        }
        failed.map_or(Ok(()), Err)
    }

    fn on_error(&self, error: KafkaError) -> Result<(), LogError> {
        match fatal_of(self.membership.consumer.client()) {
            Some(fatal) => Err(fatal),
            None => {
                tracing::warn!(%error, "poll");
                Ok(())
            }
        }
    }

    /// Lets assigned partitions flow that the runtime is ready for.
    fn start_waiting(&mut self) {
        let membership = self.membership.clone();
        let held = self.held;
        self.waiting.retain(|(at, offset)| {
            if !membership.shared.owns(std::iter::once(at)) {
                return false;
            }
            let partition = partition_number(at.partition);
            if let Some(offset) = offset {
                let sought =
                    membership.consumer.seek(&at.topic, partition, offset_number(*offset), Duration::from_secs(5));
                if let Err(error) = sought {
                    // A partition that has only just been assigned is not yet being fetched.
                    tracing::debug!(%error, partition = %at, "seeking again");
                    return true;
                }
            }
            let mut list = TopicPartitionList::new();
            if list.add_partition_offset(&at.topic, partition, Offset::Invalid).is_err() {
                return false;
            }
            membership.shared.sing(at);
            if !held && let Err(error) = membership.consumer.resume(&list) {
                tracing::error!(%error, partition = %at, "resuming");
            }
            false
        });
    }

    /// Stops reading at the high mark, and goes on at the low one.
    fn press(&mut self) {
        let (pause, resume) = (!self.held && self.budget.is_full(), self.held && self.budget.has_room());
        if !pause && !resume {
            return;
        }
        let mut list = TopicPartitionList::new();
        {
            let owned = self.membership.shared.owned.lock().unwrap_or_else(PoisonError::into_inner);
            for at in owned.iter().filter(|at| !self.membership.shared.is_silent(at)) {
                list.add_partition(&at.topic, partition_number(at.partition));
            }
        }
        let done = if pause { self.membership.consumer.pause(&list) } else { self.membership.consumer.resume(&list) };
        match done {
            Ok(()) => self.held = pause,
            Err(error) => tracing::warn!(%error, "back-pressure"),
        }
    }
}
