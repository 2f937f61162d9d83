//! What runs beside the stages: the socket, the sweep of the log, the drain of histograms, and the articles on the terminal.

use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};
use naba_log_local::LocalLog;
use naba_service::Telemetry;
use naba_stage::Topics;
use naba_stage::log::{LogError, Position, Reader, TopicPartition};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::place::DataFolder;
use crate::tail::{self, View};

/// How often what retention and compaction say is deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// How often histograms are drained, so that they stay small between scrapes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// How long the last articles may take to be shown.
const LAST_ARTICLES: Duration = Duration::from_secs(2);

/// The tasks beside the stages; they end with this.
pub struct Extras {
    log: LocalLog,
    socket: JoinHandle<Result<(), LogError>>,
    chores: [JoinHandle<()>; 2],
    shown: Option<JoinHandle<()>>,
    /// True when the stages have ended: show what is left, then end.
    last: watch::Sender<bool>,
}

/// Starts socket, sweep and upkeep.
pub fn start(log: LocalLog, data: &DataFolder, telemetry: Telemetry) -> Extras {
    let (serving, path) = (log.clone(), data.socket());
    let socket = tokio::spawn(async move { naba_log_local::serve(serving, &path).await });
    let chores = [tokio::spawn(sweep(log.clone())), tokio::spawn(upkeep(telemetry))];
    Extras { log, socket, chores, shown: None, last: watch::channel(false).0 }
}

impl Extras {
    /// Prints enriched articles as they come.
    pub async fn show_articles(&mut self, topics: &Topics, from: Position) -> Result<()> {
        let topic = topics.get("enriched").context("no topic has the role \"enriched\"")?;
        let partitions: Vec<_> =
            (0..topic.partitions).map(|partition| TopicPartition::new(topic.name.as_str(), partition)).collect();
        let reader = tail::open(&self.log, &partitions, from).await?;
        self.shown = Some(tokio::spawn(show(reader, self.last.subscribe())));
        Ok(())
    }

    /// Waits until the socket fails, which it does only when it cannot be served. Cancel-safe.
    pub async fn failed(&mut self) -> Error {
        match (&mut self.socket).await {
            Ok(Err(error)) => anyhow!(error).context("the socket cannot be served"),
            Ok(Ok(())) => anyhow!("the socket ended by itself"),
            Err(error) => anyhow!(error).context("the socket failed"),
        }
    }

    /// Shows what the stages committed last, and ends everything.
    pub async fn end(self) {
        self.socket.abort();
        self.chores.iter().for_each(JoinHandle::abort);
        self.last.send_replace(true);
        if let Some(shown) = self.shown {
            // A terminal that is held (Ctrl-S) must not hold the end.
            let _ = tokio::time::timeout(LAST_ARTICLES, shown).await;
        }
    }
}

async fn show(mut reader: Box<dyn Reader>, last: watch::Receiver<bool>) {
    let mut view = View { json: false, language: None, left: None };
    loop {
        let is_last = *last.borrow();
        let wait = if is_last { Duration::ZERO } else { Duration::from_millis(250) };
        let records = match reader.read(200, wait).await {
            Ok(records) => records,
            Err(error) => return tracing::error!(%error, "articles cannot be shown any more"),
        };
        if records.is_empty() && is_last {
            return;
        }
        // A terminal may be slow or held, which must not hold the stages.
        if tokio::task::block_in_place(|| view.show(&records)).is_err() {
            // Nobody reads standard output any more; the line goes on.
            return;
        }
    }
}

async fn sweep(log: LocalLog) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    // Not at the start, when the stages restore their state.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let log = log.clone();
        match tokio::task::spawn_blocking(move || log.sweep()).await {
            Ok(Ok(swept)) => tracing::info!(expired = swept.expired, superseded = swept.superseded, "log swept"),
            Ok(Err(error)) => tracing::warn!(%error, "the log could not be swept"),
            Err(error) => tracing::error!(%error, "sweeping the log failed"),
        }
    }
}

async fn upkeep(telemetry: Telemetry) {
    let mut ticks = tokio::time::interval(UPKEEP_EVERY);
    loop {
        ticks.tick().await;
        telemetry.upkeep();
    }
}
