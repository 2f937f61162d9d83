//! The writing side: a transactional (or idempotent) producer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use naba_stage::Delivery;
use naba_stage::log::{LogError, NewRecord, Producer, TopicPartition};
use naba_stage::sabotage::{self, Sabotage};
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::util::Timeout;

use crate::classify::{classify, fatal_of};
use crate::consumer::{Membership, client_log};
use crate::settings::KafkaSettings;
use crate::{as_list, blocking, partition_number};

/// Counts deliveries; callbacks run on the producer's poll thread.
#[derive(Default)]
struct Deliveries {
    handed_over: AtomicU64,
    answered: AtomicU64,
    failed: Mutex<Option<KafkaError>>,
}

impl Deliveries {
    fn take_failure(&self) -> Option<KafkaError> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn wait(&self, deadline: Instant, enough: impl Fn(u64, u64) -> bool) -> bool {
        loop {
            let (handed, answered) = (self.handed_over.load(Ordering::Acquire), self.answered.load(Ordering::Acquire));
            if enough(handed, answered) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

struct WriterContext {
    deliveries: Arc<Deliveries>,
}

impl ClientContext for WriterContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client_log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka client");
    }
}

impl ProducerContext for WriterContext {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): Self::DeliveryOpaque) {
        if let Err((error, _)) = result {
            self.deliveries.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.clone());
        }
        self.deliveries.answered.fetch_add(1, Ordering::Release);
    }
}

/// How far the open transaction has come.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Closed,
    Open,
    /// The positions are in; only the commit itself is to be tried again.
    PositionsSent,
    /// The commit was begun: it has happened or will, for all we know.
    Unanswered,
}

/// Time for all records of a transaction to be acknowledged; the client gives each of them up before that.
const ACKNOWLEDGE: Duration = Duration::from_secs(30);
/// The same without transactions, where the client tries for longer; it is waited for again after that.
const ACKNOWLEDGE_WITHOUT: Duration = Duration::from_secs(60);
/// Time for the positions to reach the group's coordinator.
const SEND_POSITIONS: Duration = Duration::from_secs(10);
/// Time to abort.
const ABORT: Duration = Duration::from_secs(30);
/// Time for a commit: more than is left of any transaction, which the client itself stops at.
const COMMIT: Duration = Duration::from_secs(75);
/// How long after its own limit a call counts as one that will never return.
const OVERDUE: Duration = Duration::from_secs(2);

/// A producer, in a group or not.
pub(crate) struct KafkaProducer {
    settings: KafkaSettings,
    id: String,
    producer: Arc<ThreadedProducer<WriterContext>>,
    deliveries: Arc<Deliveries>,
    delivery: Delivery,
    membership: Option<Membership>,
    phase: Phase,
    /// A call has not returned: the client behind `producer` is of no more use.
    stuck: bool,
}

/// Opens a producer; with transactions, ends those of a predecessor of the same identity. Blocks.
pub(crate) fn open(settings: &KafkaSettings, id: &str, delivery: Delivery) -> Result<KafkaProducer, LogError> {
    let deliveries = Arc::new(Deliveries::default());
    let context = WriterContext { deliveries: Arc::clone(&deliveries) };
    let config = settings.producer(id, delivery);
    let producer = ThreadedProducer::from_config_and_context(&config, context).map_err(classify)?;
    if delivery == Delivery::ExactlyOnce {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            match producer.init_transactions(Duration::from_secs(30)).map_err(classify) {
                Ok(()) => break,
                Err(error @ LogError::Unavailable(_)) if Instant::now() < deadline => {
                    tracing::warn!(%error, "transactions not ready, trying again");
                    std::thread::sleep(Duration::from_millis(500));
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(KafkaProducer {
        settings: settings.clone(),
        id: id.to_owned(),
        producer: Arc::new(producer),
        deliveries,
        delivery,
        membership: None,
        phase: Phase::Closed,
        stuck: false,
    })
}

impl KafkaProducer {
    /// Ties the producer to a member of a group, whose positions it will commit.
    pub(crate) fn of_member(self, membership: Membership) -> Self {
        Self { membership: Some(membership), ..self }
    }

    fn begin(&mut self) -> Result<(), LogError> {
        if self.delivery == Delivery::ExactlyOnce && self.phase == Phase::Closed {
            self.producer.begin_transaction().map_err(classify)?;
            self.phase = Phase::Open;
        }
        Ok(())
    }

    fn enqueue(&self, record: &NewRecord) -> Result<(), KafkaError> {
        let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
        for header in &record.headers {
            headers = headers.insert(Header { key: &header.name, value: Some(header.value.as_ref()) });
        }
        let mut out: BaseRecord<'_, [u8], [u8]> =
            BaseRecord::to(&record.topic).partition(partition_number(record.partition)).headers(headers);
        if let Some(key) = &record.key {
            out = out.key(key.as_ref());
        }
        if let Some(value) = &record.value {
            out = out.payload(value.as_ref());
        }
        self.producer.send(out).map_err(|(error, _)| error)?;
        self.deliveries.handed_over.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Makes a call of the transactional interface on a thread of its own and stops waiting when it is overdue: the client
    /// loses requests to a coordinator whose broker goes away meanwhile, and the call then never returns, whatever its own
    /// limit (confluentinc/librdkafka#5456 and #5511). The thread is left behind; [`Producer::abort`] opens another client.
    async fn call(
        &mut self,
        name: &str,
        limit: Duration,
        work: impl FnOnce() -> Result<(), LogError> + Send + 'static,
    ) -> Result<(), LogError> {
        let (done, returned) = tokio::sync::oneshot::channel();
        let thread = std::thread::Builder::new().name("kafka-transaction".to_owned());
        let spawned = thread.spawn(move || drop(done.send(work())));
        spawned.map_err(|error| LogError::Unavailable(format!("no thread for {name}: {error}")))?;
        match tokio::time::timeout(limit + OVERDUE, returned).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(LogError::Fatal(format!("{name} panicked"))),
            Err(_) => {
                self.stuck = true;
                Err(LogError::Abortable(format!("{name} has not returned for {} s", (limit + OVERDUE).as_secs())))
            }
        }
    }

    /// Replaces a client that is stuck by a new one of the same identity, which fences it and aborts its transaction.
    async fn reopen(&mut self) -> Result<(), LogError> {
        let (settings, id, delivery) = (self.settings.clone(), self.id.clone(), self.delivery);
        let fresh = blocking(move || open(&settings, &id, delivery)).await?;
        tracing::warn!(id = self.id, "the kafka client was stuck and has been replaced");
        *self = Self { membership: self.membership.take(), ..fresh };
        Ok(())
    }

    /// Waits until every record handed over is acknowledged; `late` says what it means when some are not within the limit.
    ///
    /// The client's own commit waits as well. But once, after brokers had been killed, the fault harness met a committed
    /// transaction without some of its records, so its word is not enough.
    async fn acknowledged(&self, limit: Duration, late: fn(String) -> LogError) -> Result<(), LogError> {
        let (producer, deliveries) = (Arc::clone(&self.producer), Arc::clone(&self.deliveries));
        blocking(move || {
            let deadline = Instant::now() + limit;
            // Batches need not fill any more. Whether all is acknowledged, the deliveries tell.
            if let Err(error) = producer.flush(limit) {
                tracing::debug!(%error, "flushing");
            }
            if !deliveries.wait(deadline, |handed, answered| answered >= handed) {
                return Err(late("outputs are not acknowledged yet".to_owned()));
            }
            match deliveries.take_failure() {
                Some(error) => Err(fatal_of(producer.client())
                    .unwrap_or_else(|| LogError::Abortable(format!("an output was not acknowledged: {error}")))),
                None => Ok(()),
            }
        })
        .await
    }

    async fn commit_transaction(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), LogError> {
        self.begin()?;
        if self.phase == Phase::Open {
            if let Some(membership) = &self.membership
                && !positions.is_empty()
            {
                let list = as_list(positions)?;
                let (membership, producer) = (membership.clone(), Arc::clone(&self.producer));
                let partitions: Vec<TopicPartition> = positions.iter().map(|(at, _)| at.clone()).collect();
                self.call("sending positions", SEND_POSITIONS, move || {
                    // First the metadata, then the look: a partition that is lost in between is refused by generation.
                    let metadata = membership.metadata();
                    let metadata = metadata.ok_or_else(|| LogError::Unavailable("no group metadata yet".to_owned()))?;
                    if !membership.shared.owns(partitions.iter()) && !sabotage::is(Sabotage::NoFencing) {
                        return Err(LogError::Abortable("a partition of the transaction was lost".to_owned()));
                    }
                    producer.send_offsets_to_transaction(&list, &metadata, SEND_POSITIONS).map_err(classify)
                })
                .await?;
            }
            self.acknowledged(ACKNOWLEDGE, LogError::Abortable).await?;
            self.phase = Phase::PositionsSent;
        }
        let producer = Arc::clone(&self.producer);
        self.phase = Phase::Unanswered;
        // Never: the remaining transaction time-out bounds it.
        let commit = move || producer.commit_transaction(Timeout::Never).map_err(classify);
        match self.call("committing", COMMIT, commit).await {
            Ok(()) => {}
            // No other client can ask for the outcome. Whoever comes after us starts where the group stands.
            Err(error) if self.stuck => return Err(LogError::Fatal(error.to_string())),
            Err(LogError::Unavailable(why)) => return Err(LogError::Unanswered(why)),
            Err(error @ LogError::Abortable(_)) => {
                self.phase = Phase::Open;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        self.phase = Phase::Closed;
        self.deliveries.take_failure();
        Ok(())
    }

    async fn commit_acknowledged(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), LogError> {
        self.acknowledged(ACKNOWLEDGE_WITHOUT, LogError::Unavailable).await?;
        let Some(membership) = self.membership.clone() else { return Ok(()) };
        if positions.is_empty() {
            return Ok(());
        }
        let list = as_list(positions)?;
        blocking(move || membership.consumer.commit(&list, CommitMode::Sync).map_err(classify)).await
    }
}

#[async_trait]
impl Producer for KafkaProducer {
    async fn send(&mut self, records: &[NewRecord]) -> Result<(), LogError> {
        self.begin()?;
        for record in records {
            loop {
                match self.enqueue(record) {
                    Ok(()) => break,
                    Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    Err(error) => return Err(classify(error)),
                }
            }
        }
        Ok(())
    }

    async fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), LogError> {
        match self.delivery {
            Delivery::ExactlyOnce => self.commit_transaction(positions).await,
            Delivery::AtLeastOnce => self.commit_acknowledged(positions).await,
        }
    }

    async fn abort(&mut self) -> Result<(), LogError> {
        if self.delivery == Delivery::AtLeastOnce || self.phase == Phase::Closed {
            self.deliveries.take_failure();
            return Ok(());
        }
        if self.phase == Phase::Unanswered {
            return Err(LogError::Fatal("a commit that was not answered cannot be aborted".to_owned()));
        }
        if self.stuck {
            return self.reopen().await;
        }
        let (producer, deliveries) = (Arc::clone(&self.producer), Arc::clone(&self.deliveries));
        self.call("aborting", ABORT, move || {
            // Aborting while the first produce request is in flight is fatal in librdkafka (#4849): wait for one answer.
            let before = deliveries.answered.load(Ordering::Acquire);
            let deadline = Instant::now() + Duration::from_secs(2);
            deliveries.wait(deadline, |handed, answered| answered >= handed || answered > before);
            producer.abort_transaction(ABORT).map_err(classify)
        })
        .await?;
        self.phase = Phase::Closed;
        self.deliveries.take_failure();
        Ok(())
    }
}
