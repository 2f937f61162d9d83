//! The line on a log: raw documents that are there already, through parser and enricher into SQLite, in this process.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use naba_enricher::EnricherSettings;
use naba_model::millis_of;
use naba_parser::ParserSettings;
use naba_proto::prost::Message;
use naba_service::{Schema, load};
use naba_sink::SinkConfig;
use naba_stage::log::{Header, Log, NewRecord};
use naba_stage::{Audit, Delivery, Health, RunError, Shutdown, StageConfig, Topics, partition_for, shutdown_pair};
use rusqlite::{Connection, OpenFlags};
use tokio::task::JoinSet;

use crate::clock;
use crate::pages::Page;

/// Bytes of one prefilling transaction.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Longest time without a newly stored article.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two looks into the store.
const LOOK: Duration = Duration::from_millis(50);

/// What a run of the line took.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Articles in the store.
    pub stored: usize,
    /// Seconds to write the raw documents, before the line starts.
    pub prefill: f64,
    /// Seconds from starting the stages until everything was stored.
    pub wall: f64,
    /// Seconds from starting the stages until the first articles were stored: joining groups, above all.
    pub start: f64,
    /// Articles that were stored by then.
    pub first: usize,
    /// CPU seconds of this process.
    pub cpu: f64,
    /// CPU seconds of the broker, where there is one.
    pub broker_cpu: Option<f64>,
}

impl Run {
    /// Articles a second once they come: from the first stored batch to the last.
    pub fn steady(&self) -> f64 {
        let time = self.wall - self.start;
        if time > 0.0 { (self.stored - self.first) as f64 / time } else { self.whole() }
    }

    /// Articles a second over the whole run, joining included.
    pub fn whole(&self) -> f64 {
        self.stored as f64 / self.wall
    }
}

/// Writes the documents, starts the stages, and waits until `expected` articles are stored.
pub async fn measure<L: Log>(
    log: Arc<L>,
    topics: &Topics,
    pages: &[Page],
    expected: usize,
    folder: &Path,
    broker: Option<u32>,
) -> Result<Run> {
    std::fs::create_dir_all(folder)?;
    log.ensure_topics(&topics.all()).await.context("making topics")?;
    let begin = Instant::now();
    prefill(log.as_ref(), topics, pages).await.context("writing raw documents")?;
    let prefill = begin.elapsed().as_secs_f64();

    let broker_cpu = || broker.map(clock::cpu_of);
    let (cpu, cpu_of_broker, begin) = (clock::process_cpu(), broker_cpu(), Instant::now());
    let (stop, shutdown) = shutdown_pair();
    let database = folder.join("naba.db");
    let mut stages = start(log, topics, folder, &database, &shutdown)?;
    let mut first = None;
    let (mut stored, mut last) = (0, Instant::now());
    while stored < expected {
        tokio::select! {
            ended = stages.join_next() => bail!("a stage ended: {ended:?}"),
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = count(&database);
        if now > stored {
            (stored, last) = (now, Instant::now());
            first.get_or_insert((now, begin.elapsed().as_secs_f64()));
        } else if last.elapsed() > PATIENCE {
            bail!("{stored} of {expected} articles were stored, then no more came for {PATIENCE:?}");
        }
    }
    let wall = begin.elapsed().as_secs_f64();
    let (cpu, cpu_of_broker) =
        (clock::process_cpu() - cpu, broker_cpu().zip(cpu_of_broker).map(|(now, then)| now - then));
    let _ = stop.send(true);
    while let Some(ended) = stages.join_next().await {
        ended?.context("draining")?;
    }
    let (first, start) = first.unwrap_or_default();
    Ok(Run { stored, prefill, wall, start, first, cpu, broker_cpu: cpu_of_broker })
}

async fn prefill(log: &dyn Log, topics: &Topics, pages: &[Page]) -> Result<()> {
    let topic = topics.get("raw").context("no topic for raw documents")?;
    let name: Arc<str> = Arc::from(topic.name.as_str());
    let mut producer = log.producer("bench", Delivery::ExactlyOnce).await?;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for page in pages {
        let document = &page.document;
        let fetched = document.fetched_at.as_ref().map(millis_of).unwrap_or_default().to_string();
        let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned().into() };
        let record = NewRecord {
            topic: Arc::clone(&name),
            partition: partition_for(document.url_hash.as_bytes(), topic.partitions),
            key: Some(document.url_hash.clone().into()),
            value: Some(document.encode_to_vec().into()),
            headers: vec![header("naba-origin", "live"), header("naba-fetched-at", &fetched)],
        };
        bytes += record.size();
        batch.push(record);
        if bytes >= BATCH_BYTES {
            producer.send(&std::mem::take(&mut batch)).await?;
            producer.commit(&[]).await?;
            bytes = 0;
        }
    }
    producer.send(&batch).await?;
    producer.commit(&[]).await?;
    Ok(())
}

/// Starts parser, enricher and sink with their default settings.
fn start(
    log: Arc<dyn Log>,
    topics: &Topics,
    folder: &Path,
    database: &Path,
    shutdown: &Shutdown,
) -> Result<JoinSet<Result<(), RunError>>> {
    let parser: ParserSettings = load(&Schema::parse(&[naba_parser::DEFAULTS])?, None, [])?;
    let enricher: EnricherSettings = load(&Schema::parse(&[naba_enricher::DEFAULTS])?, None, [])?;
    let mut sink: SinkConfig = load(&Schema::parse(&[naba_sink::DEFAULTS])?, None, [])?;
    sink.sqlite.path = database.to_owned();
    let mut stage = StageConfig::new("bench", topics.clone(), folder.join("state"));
    // As in production; see the defaults of section `stage`.
    stage.audit = Audit::Off;
    let frame = || (Arc::clone(&log), stage.clone(), Health::new(), shutdown.clone());
    let mut stages = JoinSet::new();
    let (log, own, health, stop) = frame();
    stages.spawn(naba_parser::run(parser.parser, log, own, health, stop));
    let (log, own, health, stop) = frame();
    stages.spawn(async move { naba_enricher::run(&enricher.enricher, log, own, health, stop).await });
    let (log, own, health, stop) = frame();
    stages.spawn(async move { naba_sink::run(&sink, log, own, health, stop).await });
    Ok(stages)
}

/// Returns how many versions of articles the store holds; none while it is not there yet.
fn count(database: &Path) -> usize {
    let count = || -> rusqlite::Result<i64> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(database, flags)?;
        connection.query_row("select count(*) from article_versions", [], |row| row.get(0))
    };
    count().ok().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}
