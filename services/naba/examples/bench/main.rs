//! How fast the line is, beside what the machine and a bare Kafka client reach in the same run. `make bench` calls it.
//!
//! One file a part: [`pages`] makes the documents, [`core`] measures parsing and enriching on one thread, [`line`] the line
//! on a log, [`peer`] the bare client, [`hop`] the runtime alone beside a bare loop, [`report`] prints.

mod clock;
mod core;
mod hop;
mod line;
mod pages;
mod peer;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Parser;
use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_log_local::LocalLog;
use naba_stage::Topics;

use report::Report;

/// Measures throughput: parse and enrich on one core, the line on the local log and on Kafka, and a bare client
#[derive(Parser)]
struct Args {
    /// Articles
    #[arg(long, default_value_t = 4000)]
    articles: usize,
    /// Kafka to run the line on, without topics of an earlier run; left out: no Kafka
    #[arg(long, value_name = "HOST:PORT")]
    kafka: Option<String>,
    /// The program that measures the bare client (example `bare` of naba-log-kafka)
    #[arg(long, value_name = "FILE", requires = "kafka")]
    bare: Option<PathBuf>,
    /// Process id of the broker, to count its CPU time too
    #[arg(long, value_name = "PID", requires = "kafka")]
    broker: Option<u32>,
    /// The program that measures the runtime alone (example `hop` of naba-log-kafka)
    #[arg(long, value_name = "FILE", requires = "kafka")]
    hop: Option<PathBuf>,
    /// Records of one of its turns
    #[arg(long, default_value_t = 30_000)]
    hop_records: usize,
    /// Its turns, each way
    #[arg(long, default_value_t = 5)]
    hop_turns: usize,
    /// Measure only the runtime alone
    #[arg(long, requires = "hop")]
    hop_only: bool,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime.context("starting the runtime").and_then(|runtime| runtime.block_on(run(Args::parse())));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<()> {
    let load_before = clock::load_average();
    progress("making pages");
    let pages = Arc::new(pages::make(args.articles));
    let hop = hop(&args, &pages).context("the runtime alone")?;
    if args.hop_only {
        return report::print_hop_alone(hop.as_ref(), args.json);
    }
    progress("parsing and enriching on one thread");
    let measured = Arc::clone(&pages);
    let core = tokio::task::spawn_blocking(move || core::measure(&measured)).await??;
    let expected = core.distinct;
    if expected == 0 {
        bail!("no page gave an article");
    }
    let folder = tempfile::tempdir().context("making a temporary folder")?;

    progress("running the line on the local log");
    let topics = Topics::built_in()?.local();
    let log = Arc::new(LocalLog::open(&folder.path().join("log"))?);
    let local = line::measure(log, &topics, &pages, expected, &folder.path().join("local"), None).await?;

    let (mut kafka, mut peer) = (None, None);
    if let Some(bootstrap) = &args.kafka {
        progress("running the line on Kafka");
        let topics = Topics::built_in()?.adapted("bench.", None);
        let log = Arc::new(KafkaLog::open(KafkaSettings::new(bootstrap))?);
        let home = folder.path().join("kafka");
        let run = line::measure(log, &topics, &pages, expected, &home, args.broker).await;
        kafka = Some(run.context("on Kafka")?);
        if let Some(program) = &args.bare {
            progress("running the bare client on the same bytes");
            peer = Some(peer::measure(program, bootstrap, &topics)?);
        }
    }
    let report = Report { pages, core, local, kafka, peer, hop, load: (load_before, clock::load_average()) };
    if args.json { report.print_json() } else { report.print_tables() }
}

/// Measures the runtime alone, where there is the program for it.
fn hop(args: &Args, pages: &[pages::Page]) -> Result<Option<hop::Hop>> {
    let (Some(bootstrap), Some(program)) = (&args.kafka, &args.hop) else { return Ok(None) };
    progress("running the runtime alone on Kafka");
    let (broker, records, turns) = (args.broker, args.hop_records, args.hop_turns);
    hop::measure(pages, &hop::Plan { program, bootstrap, broker, records, turns }).map(Some)
}

/// Says what goes on, beside the results.
fn progress(what: &str) {
    eprintln!("bench: {what}");
}
