//! `naba-faults`: runs the fault harness and prints its figures.
#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used)]

mod selftest;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use naba_faults::{Edits, Kind, LineConfig, Outcome, Plan, RunConfig, outage, run, scale};
use serde_json::json;

/// The whole line under faults: newsfarm, the four services as processes of their own, three Kafka brokers, PostgreSQL.
#[derive(Parser)]
#[command(name = "naba-faults")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Args)]
struct Shared {
    /// Folder of the services' programs; by default beside this one.
    #[arg(long, global = true)]
    programs: Option<PathBuf>,
    /// Where the logs of a run that is judged badly go.
    #[arg(long, global = true, default_value = "target/faults")]
    keep: PathBuf,
    /// Further settings of every service, as environment variables: NAME=VALUE.
    #[arg(long = "set", global = true, value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Print one JSON object a run instead of text.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Runs seeded schedules of faults, one after the other.
    Run {
        /// First seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many seeds, counted up from the first.
        #[arg(long, default_value_t = 1)]
        seeds: u64,
        /// Faults a run.
        #[arg(long, default_value_t = 50)]
        faults: usize,
        /// Articles a run.
        #[arg(long, default_value_t = 5000)]
        articles: usize,
        /// exactly_once or at_least_once; the latter may repeat records and lose none.
        #[arg(long, default_value = "exactly_once")]
        delivery: String,
        /// Kinds of faults, comma-separated; all by default.
        #[arg(long, value_delimiter = ',', value_parser = kind)]
        only: Vec<Kind>,
    },
    /// Scales every service from one instance to four and to two under load.
    Scale {
        /// Seed of the farm.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Articles.
        #[arg(long, default_value_t = 2000)]
        articles: usize,
    },
    /// Stops PostgreSQL for long while the farm publishes.
    Outage {
        /// Seed of the farm.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Articles.
        #[arg(long, default_value_t = 10_000)]
        articles: usize,
        /// How long, in minutes.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
    },
    /// Runs programs that are broken on purpose (feature `sabotage`); the accountant must convict each, and nothing else.
    Selftest {
        /// Only this one.
        #[arg(long)]
        only: Option<String>,
    },
}

fn kind(name: &str) -> Result<Kind, String> {
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    Kind::named(name).ok_or_else(|| format!("no kind of fault; there are {}", names.join(", ")))
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("is to be NAME=VALUE, such as NABA__LOG__LEVEL=debug")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let programs = cli.shared.programs.clone().unwrap_or_else(beside_this);
    if !programs.join("naba-fetcher").exists() {
        eprintln!("{} holds no naba-fetcher: run `cargo build --release --workspace --bins` first", programs.display());
        return ExitCode::from(2);
    }
    let clean = match &cli.command {
        Command::Run { seed, seeds, faults, articles, delivery, only } => {
            let kinds = if only.is_empty() { Kind::ALL } else { only.as_slice() };
            let line = |seed| LineConfig {
                delivery: delivery.clone(),
                ..line_config(seed, *articles, &programs, &cli.shared)
            };
            let mut outcomes = Vec::new();
            for seed in *seed..seed.saturating_add(*seeds) {
                outcomes.push(one_run(line(seed), Plan::draw(seed, *faults, kinds), &cli.shared).await);
            }
            sum_up(&outcomes, cli.shared.json);
            outcomes.iter().all(|outcome| outcome.verdict.is_clean())
        }
        Command::Scale { seed, articles } => {
            scaled(
                LineConfig { live_ms: 90_000, ..line_config(*seed, *articles, &programs, &cli.shared) },
                cli.shared.json,
            )
            .await
        }
        Command::Outage { seed, articles, minutes } => {
            let down = Duration::from_secs(minutes * 60);
            let live_ms = i64::try_from(down.as_millis()).unwrap_or(i64::MAX);
            without_store(
                LineConfig { live_ms, ..line_config(*seed, *articles, &programs, &cli.shared) },
                down,
                cli.shared.json,
            )
            .await
        }
        Command::Selftest { only } => selftest::all(&programs, &cli.shared, only.as_deref()).await,
    };
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the nearest folder above this program that holds the services'.
fn beside_this() -> PathBuf {
    let here = std::env::current_exe().expect("path of this program");
    here.parent().map(Path::to_owned).unwrap_or_default()
}

fn line_config(seed: u64, articles: usize, programs: &Path, shared: &Shared) -> LineConfig {
    LineConfig {
        seed,
        articles,
        sites: 20,
        live_ms: 60_000,
        edits: None,
        min_served_ms: 0,
        partitions: 6,
        instances: 2,
        running: 2,
        delivery: "exactly_once".to_owned(),
        programs: programs.to_owned(),
        sabotage: None,
        settings: shared.settings.clone(),
    }
}

/// The edits of a run.
const EDITS: Edits = Edits { after_ms: (20_000, 40_000), per_mille: 80 };
/// While the line is in trouble a version may be superseded before it could be read; what is not superseded must appear.
const MAY_BE_SUPERSEDED_MS: i64 = 600_000;

/// Runs one plan over a farm that publishes for as long as faults come, and whose edits come towards the end of it.
async fn one_run(line: LineConfig, plan: Plan, shared: &Shared) -> Outcome {
    let span = i64::try_from(plan.span_ms()).unwrap_or(i64::MAX);
    let line = LineConfig { live_ms: span * 2 / 3, edits: Some(EDITS), min_served_ms: MAY_BE_SUPERSEDED_MS, ..line };
    let seed = line.seed;
    if !shared.json {
        eprintln!("seed {seed}: {} faults over {} s, {} articles", plan.faults.len(), span / 1000, line.articles);
    }
    let config = RunConfig { line, plan, keep: Some(shared.keep.clone()), verbose: !shared.json };
    let outcome = run(&config).await;
    print(&outcome, shared.json);
    outcome
}

fn print(outcome: &Outcome, as_json: bool) {
    let (resident, whose) = outcome.most_resident();
    if as_json {
        let mut line = outcome.verdict.json();
        line["seed"] = json!(outcome.seed);
        line["faults"] = json!(outcome.injected.done.len());
        line["restarted_by_supervisor"] = json!(outcome.own_ends());
        line["most_resident_bytes"] = json!(resident);
        line["seconds"] = json!(outcome.took.as_secs());
        println!("{line}");
        return;
    }
    println!("seed {}: {}", outcome.seed, outcome.verdict);
    println!(
        "  {} faults in {} s; {} ends that the supervisor mended; most memory {} MB ({whose})",
        outcome.injected.done.len(),
        outcome.took.as_secs(),
        outcome.own_ends(),
        resident / 1_000_000
    );
    for instance in &outcome.instances {
        for words in &instance.own_ends {
            println!("  {} ended: {words}", instance.name);
        }
    }
}

fn sum_up(outcomes: &[Outcome], as_json: bool) {
    if as_json || outcomes.len() < 2 {
        return;
    }
    let sum = |figure: fn(&Outcome) -> u64| outcomes.iter().map(figure).sum::<u64>();
    println!(
        "all {} seeds: {} faults, {} of {} expected versions, {} lost, {} repeated, {} records committed, {} aborted; {} clean",
        outcomes.len(),
        sum(|o| o.injected.done.len() as u64),
        sum(|o| o.verdict.figures.appeared),
        sum(|o| o.verdict.figures.expected),
        sum(|o| o.verdict.figures.lost),
        sum(|o| o.verdict.figures.repeated),
        sum(|o| o.verdict.figures.committed),
        sum(|o| o.verdict.figures.aborted),
        outcomes.iter().filter(|o| o.verdict.is_clean()).count()
    );
}

async fn scaled(line: LineConfig, as_json: bool) -> bool {
    let report = scale(&line).await;
    let limit = Duration::from_secs(6 + 10);
    let kept = report.longest_unowned.iter().all(|(_, spell)| *spell <= limit);
    if as_json {
        let mut line = report.verdict.json();
        let spells = report.longest_unowned.iter().map(|(s, d)| ((*s).to_owned(), json!(d.as_secs_f64()))).collect();
        line["longest_unowned_seconds"] = serde_json::Value::Object(spells);
        println!("{line}");
    } else {
        println!("1 to 4 to 2 instances of each service: {}", report.verdict);
        for (service, spell) in &report.longest_unowned {
            println!("  {service}: no owner for at most {:.1} s (limit {} s)", spell.as_secs_f64(), limit.as_secs());
        }
    }
    report.verdict.is_clean() && kept
}

async fn without_store(line: LineConfig, down: Duration, as_json: bool) -> bool {
    let report = outage(&line, down).await;
    let megabytes: Vec<u64> = report.resident.iter().map(|bytes| bytes / 1_000_000).collect();
    if as_json {
        let mut line = report.verdict.json();
        line["resident_bytes"] = json!(report.resident);
        line["sink_lag"] = json!(report.lag);
        println!("{line}");
    } else {
        println!("PostgreSQL gone for {} s: {}", down.as_secs(), report.verdict);
        println!("  sink lag by tenths of the outage, records: {:?}", report.lag);
        println!("  most resident memory by tenths, MB: {megabytes:?}");
    }
    report.verdict.is_clean()
}
