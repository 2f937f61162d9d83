//! newsfarm: serves a virtual newsroom, or prints what it would serve.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use naba_newsfarm::{Farm, FarmConfig, Schedule, ServeOptions, Start, hosts_toml, read_truth, serve, write_truth};

const EXAMPLES: &str = "Examples:
  newsfarm serve --seed 7 --sites 20 --articles 2000 --listen 127.0.0.1:8800 --out run/farm
  newsfarm serve --schedule live --duration 10m --out run/farm
  newsfarm truth --seed 7 --articles 200 > truth.jsonl
  newsfarm sources --min-interval 1s > sources.toml
  newsfarm hosts --listen 127.0.0.1:8800 > hosts.toml
  newsfarm manners run/farm/access.jsonl";

#[derive(Parser)]
#[command(name = "newsfarm", version, about = "A virtual newsroom with exact ground truth", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the newsroom; writes truth.jsonl, sources.toml, hosts.toml and access.jsonl.
    Serve {
        #[command(flatten)]
        plan: Plan,
        /// Address to listen on; port 0 takes any.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Folder for the files.
        #[arg(long, default_value = "run/newsfarm")]
        out: PathBuf,
        /// Shortest polling interval in sources.toml.
        #[arg(long, default_value = "1s")]
        min_interval: String,
    },
    /// Prints the ground truth as JSON lines.
    Truth {
        #[command(flatten)]
        plan: Plan,
        /// End of the watch in milliseconds after the start: what is not served long enough until then may be missed.
        #[arg(long)]
        until_ms: Option<i64>,
    },
    /// Prints the sources as TOML.
    Sources {
        #[command(flatten)]
        plan: Plan,
        /// Shortest polling interval.
        #[arg(long, default_value = "1s")]
        min_interval: String,
    },
    /// Prints the fetcher's host table as TOML.
    Hosts {
        #[command(flatten)]
        plan: Plan,
        /// Address that the newsroom is served on.
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Judges an access log: gaps, concurrency, robots.txt, Retry-After.
    Manners {
        /// The access log, JSON lines.
        log: PathBuf,
    },
    /// Counts a ground truth by fate and reason.
    Count {
        /// The ground truth, JSON lines.
        truth: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum ScheduleKind {
    /// Everything at the start, except edits and deletions.
    Instant,
    /// Spread over --duration.
    Live,
}

#[derive(Args)]
struct Plan {
    /// Every choice comes from this number.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Sites.
    #[arg(long, default_value_t = 20)]
    sites: usize,
    /// Articles over all sites.
    #[arg(long, default_value_t = 2000)]
    articles: usize,
    /// When articles come out.
    #[arg(long, value_enum, default_value = "instant")]
    schedule: ScheduleKind,
    /// Time over which a live schedule is spread, such as 90s, 10m or 24h.
    #[arg(long, default_value = "10m", value_parser = duration)]
    duration: Duration,
    /// A version served for less than this may be missed.
    #[arg(long, default_value = "15s", value_parser = duration)]
    min_served: Duration,
    /// The farm's start, in milliseconds since 1970; a restart with the same value goes on where it was. [default: now]
    #[arg(long)]
    epoch_ms: Option<i64>,
    /// Entries in a feed; 0 for all.
    #[arg(long, default_value_t = 0)]
    feed_window: usize,
    /// Seconds of Crawl-delay in robots.txt.
    #[arg(long, default_value_t = 0)]
    crawl_delay: u32,
    /// No faults, edits or deletions.
    #[arg(long)]
    calm: bool,
    /// A plain-text article in the form of the founding one, to be published first.
    #[arg(long)]
    seed_article: Option<PathBuf>,
}

impl Plan {
    fn config(&self) -> anyhow::Result<FarmConfig> {
        let base = if self.calm {
            FarmConfig::calm(self.seed, self.sites, self.articles)
        } else {
            FarmConfig { seed: self.seed, sites: self.sites, articles: self.articles, ..FarmConfig::default() }
        };
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis);
        let seed_text = match &self.seed_article {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .with_context(|| format!("seed article {} cannot be read", path.display()))?,
            ),
            None => base.seed_text.clone(),
        };
        Ok(FarmConfig {
            schedule: match self.schedule {
                ScheduleKind::Instant => Schedule::Instant,
                ScheduleKind::Live => Schedule::Live { duration_ms: millis(self.duration) },
            },
            epoch_ms: self.epoch_ms.unwrap_or(now),
            min_served_ms: millis(self.min_served),
            feed_window: self.feed_window,
            crawl_delay_s: self.crawl_delay,
            seed_text,
            ..base
        })
    }
}

/// Reads a duration such as 500ms, 90s, 10m or 24h.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| format!("{text:?} is no duration; write for example 90s or 10m"))?;
    match text.get(digits.len()..) {
        Some("ms") => Ok(Duration::from_millis(number)),
        Some("s" | "") => Ok(Duration::from_secs(number)),
        Some("m") => Ok(Duration::from_secs(number.saturating_mul(60))),
        Some("h") => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err(format!("{text:?} has an unknown unit; write ms, s, m or h")),
    }
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match Cli::parse().command {
        Command::Serve { plan, listen, out, min_interval } => run(&plan, listen, out, &min_interval),
        Command::Truth { plan, until_ms } => {
            let farm = Farm::new(plan.config()?);
            let truth = farm.truth_until(until_ms.unwrap_or(i64::MAX));
            Ok(write_truth(std::io::BufWriter::new(std::io::stdout().lock()), &truth)?)
        }
        Command::Sources { plan, min_interval } => print(&Farm::new(plan.config()?).sources_toml(&min_interval)),
        Command::Hosts { plan, listen } => print(&hosts_toml(&Farm::new(plan.config()?), listen)),
        Command::Manners { log } => {
            let text = std::fs::read_to_string(&log).with_context(|| format!("{} cannot be read", log.display()))?;
            let records: Vec<naba_newsfarm::AccessRecord> = text
                .lines()
                .map(serde_json::from_str)
                .collect::<Result<_, _>>()
                .with_context(|| format!("{} is no access log", log.display()))?;
            print(&naba_newsfarm::politeness(&records, 20).to_string())
        }
        Command::Count { truth } => count(&truth),
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    std::io::stdout().lock().write_all(text.as_bytes()).context("standard output cannot be written")
}

fn count(path: &PathBuf) -> anyhow::Result<()> {
    let file = std::fs::File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut counts = std::collections::BTreeMap::new();
    for record in read_truth(std::io::BufReader::new(file))? {
        *counts.entry((record.fate, record.reason)).or_insert(0usize) += 1;
    }
    let lines = counts.iter().map(|((fate, reason), count)| format!("{count:>7}  {fate:?}: {reason:?}\n"));
    print(&lines.collect::<String>())
}

fn run(plan: &Plan, listen: SocketAddr, out: PathBuf, min_interval: &str) -> anyhow::Result<()> {
    let config = plan.config()?;
    let epoch = UNIX_EPOCH + Duration::from_millis(u64::try_from(config.epoch_ms).unwrap_or(0));
    let farm = Farm::new(config);
    std::fs::create_dir_all(&out).with_context(|| format!("folder {} cannot be made", out.display()))?;
    let truth = std::fs::File::create(out.join("truth.jsonl")).context("truth.jsonl cannot be written")?;
    write_truth(std::io::BufWriter::new(truth), &farm.truth())?;
    std::fs::write(out.join("sources.toml"), farm.sources_toml(min_interval))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let access_log = Some(out.join("access.jsonl"));
        let mut handle = serve(farm, ServeOptions { listen, start: Start::At(epoch), access_log }).await?;
        std::fs::write(out.join("hosts.toml"), handle.hosts_toml())?;
        let farm = handle.farm();
        print(&format!(
            "{} sites with {} articles on http://{} (files in {})\n",
            farm.sites().len(),
            farm.articles().len(),
            handle.addr(),
            out.display()
        ))?;
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            () = handle.wait() => anyhow::bail!("the listener ended"),
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
        handle.stop().await;
        Ok(())
    })
}
