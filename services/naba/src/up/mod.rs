//! `naba up`: every stage in one process on the local log.

mod banner;
mod demo;
mod extras;
mod stages;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use naba_log_local::{Limits, LocalLog, Options};
use naba_proto::v1::{Source, SourceKind};
use naba_service::{AdminServer, ConfigErrors, ShellConfig, Shutdown, Telemetry, serve_admin, shutdown_signal};
use naba_sink::StoreKind;
use naba_stage::log::{Log, Position};
use naba_stage::{Health, StageConfig, shutdown_pair};

use crate::config::{ConfigArgs, NabaConfig, missing_contact};
use crate::place::{DataArgs, DataFolder, Place};
use crate::sources;

use demo::Demo;
use stages::Stages;

const EXAMPLES: &str = "\
Examples:
  naba up --demo
  NABA__FETCHER__CONTACT=mailto:desk@news.example naba up --sources sources.toml
  naba up --config naba.toml --data /var/lib/naba --quiet

While it runs, `naba tail`, `naba dlq`, `naba sources` and `naba topics` work through its socket. Ctrl-C (SIGINT) and SIGTERM
finish and commit what is in hand; a second signal ends it at once.
Exit codes: 0 drained after a signal, 1 a stage failed or the drain took too long, 64 wrong command line or configuration.";

/// Run every stage in one process: fetch, parse, enrich, store
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    data: DataArgs,
    /// Serve a demo newsroom on a loopback port and watch it, together with a file
    #[arg(long)]
    demo: bool,
    /// Import lists of sources (TOML or OPML) before the start; sources that were imported before stay
    #[arg(long, value_name = "FILE", num_args = 1..)]
    sources: Vec<PathBuf>,
    /// Do not print articles
    #[arg(long, short)]
    quiet: bool,
}

/// Runs the line until a signal or a failure.
pub fn run(args: Args) -> Result<ExitCode> {
    let (mut shell, config) = args.config.load()?;
    if !args.demo
        && let Some(missing) = missing_contact(&config.own.fetcher)
    {
        return Err(missing.into());
    }
    if !args.config.sets("log.level") {
        // Articles are what is looked at; log lines only where something is wrong.
        shell.log.level = "warn".to_owned();
    }
    let telemetry = Telemetry::install(&shell.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(up(args, shell, config, telemetry));
    // Blocking work that hangs must not hold the process beyond its deadline.
    runtime.shutdown_background();
    done.map(|()| ExitCode::SUCCESS)
}

async fn up(args: Args, shell: ShellConfig, mut config: NabaConfig, telemetry: Telemetry) -> Result<()> {
    // Before anything is written, so that a signal during the start is not lost.
    let signal = shutdown_signal()?;
    let data = args.data.folder();
    let mut stage = config.stage.to_stage_config().map_err(|error| ConfigErrors(vec![error]))?;
    stage.topics = stage.topics.local();
    stage.state_dir = data.resolve(&stage.state_dir);
    if config.stage.instance.is_none() {
        // There is one instance, whatever the machine is called today.
        stage.instance = "naba".to_owned();
    }
    config.own.sink.sqlite.path = data.resolve(&config.own.sink.sqlite.path);
    let health = Health::new();
    let limits = Limits { log_bytes: config.own.local_log.size.0, ..Limits::default() };
    let log = open(&data, &stage, Options { limits, health: Some(health.clone()) }).await?;
    let demo = if args.demo { Some(Demo::start(&data, &args.config, &mut config.own.fetcher).await?) } else { None };
    watch(&args, &config, demo.as_ref(), &log, &stage, &data).await?;
    let admin = admin(&args.config, shell.admin.listen, &telemetry, &signal).await?;
    admin.watch(Arc::new(health));
    let is_quiet = args.quiet || config.own.sink.sink.store == StoreKind::Stdout;
    banner::print_start(&data, &config.own.sink, admin.address(), demo.as_ref(), is_quiet)?;

    let (stop, stopped) = shutdown_pair();
    let stages = Stages::start(config.own, Arc::new(log.clone()), &stage, &admin, &stopped);
    let mut extras = extras::start(log, &data, telemetry);
    if !is_quiet {
        let from = if args.demo { Position::Beginning } else { Position::End };
        extras.show_articles(&stage.topics, from).await?;
    }
    let outcome = wait(stages, extras, signal, stop, shell.shutdown.deadline).await;
    let _ = std::fs::remove_file(data.socket());
    if let Some(demo) = demo {
        demo.stop().await;
    }
    if outcome.is_ok() {
        eprintln!("naba: drained; {} holds all there is", data.0.display());
    }
    outcome
}

/// Opens the log, which no other process may have open, and makes its topics.
async fn open(data: &DataFolder, stage: &StageConfig, options: Options) -> Result<LocalLog> {
    let folder = data.log();
    let opened = tokio::task::spawn_blocking(move || LocalLog::open_with(&folder, options)).await;
    let opened = opened.context("opening the log")?;
    let log = opened.with_context(|| format!("the log in {} cannot be opened", data.0.display()))?;
    log.ensure_topics(&stage.topics.all()).await.context("making the topics")?;
    Ok(log)
}

/// Imports the sources that were named, and makes sure that all that are watched may be.
async fn watch(
    args: &Args,
    config: &NabaConfig,
    demo: Option<&Demo>,
    log: &LocalLog,
    stage: &StageConfig,
    data: &DataFolder,
) -> Result<()> {
    let place = Place::owned(log.clone(), stage.topics.clone(), data.clone());
    let mut named = sources::read_files(&args.sources)?;
    named.extend(demo.map(Demo::sources).into_iter().flatten().cloned());
    let (known, change) = sources::import(&place, &named, true).await?;
    if let Some(missing) = missing_contact(&config.own.fetcher) {
        // Only the demo is watched without a contact; what it knows from before is looked at too.
        let is_demo = |source: &Source| demo.is_some_and(|demo| demo.owns(source));
        if let Some(other) = known.iter().find(|source| source.enabled && !is_demo(source)) {
            return Err(missing).with_context(|| format!("source {} is not of the demo", other.url));
        }
    }
    for source in known.iter().filter(|source| source.kind() == SourceKind::File) {
        warn_of_file(source, &config.own.fetcher.file_roots);
    }
    sources::import(&place, &named, false).await?;
    tracing::info!(new = change.new, changed = change.changed, known = known.len(), "sources");
    if known.is_empty() {
        eprintln!("naba: no source is watched yet; name some with --sources, or `naba sources import` while it runs");
    }
    Ok(())
}

fn warn_of_file(source: &Source, roots: &[PathBuf]) {
    let path = url::Url::parse(&source.url).ok().and_then(|url| url.to_file_path().ok());
    let is_inside = |path: &PathBuf| roots.iter().any(|root| path.starts_with(root));
    if !path.as_ref().is_some_and(is_inside) {
        eprintln!("naba: {} lies in no folder of fetcher.file_roots and will not be read", source.url);
    }
}

/// Opens the admin port. The default port gives way to a free one, so that a second `naba up` starts; a chosen one does not.
async fn admin(args: &ConfigArgs, listen: SocketAddr, telemetry: &Telemetry, signal: &Shutdown) -> Result<AdminServer> {
    match serve_admin(listen, Some(telemetry.clone()), signal.clone()).await {
        Err(error) if !args.sets("admin.listen") => {
            eprintln!("naba: {error}; taking a free port");
            Ok(serve_admin(SocketAddr::new(listen.ip(), 0), Some(telemetry.clone()), signal.clone()).await?)
        }
        opened => Ok(opened?),
    }
}

/// Waits for a signal or the first failure, then drains all stages.
async fn wait(
    mut stages: Stages,
    mut extras: extras::Extras,
    signal: Shutdown,
    stop: tokio::sync::watch::Sender<bool>,
    deadline: Duration,
) -> Result<()> {
    let mut failure = tokio::select! {
        () = signal.requested() => None,
        ended = stages.next() => Some(match ended {
            Some((name, Err(error))) => anyhow!(error).context(format!("{name} stopped")),
            Some((name, Ok(()))) => anyhow!("{name} ended by itself"),
            None => anyhow!("no stage is running"),
        }),
        error = extras.failed() => Some(error),
    };
    let how = if failure.is_some() {
        "a stage failed: draining the others"
    } else {
        "draining (a signal more ends it at once)"
    };
    eprintln!("naba: {how}");
    stop.send_replace(true);
    let drain = async {
        while let Some((name, ended)) = stages.next().await {
            if let Err(error) = ended {
                tracing::error!(stage = name, %error, "stopped by an error");
                failure.get_or_insert_with(|| anyhow!(error).context(format!("{name} stopped")));
            }
        }
    };
    if tokio::time::timeout(deadline, drain).await.is_err() {
        bail!("the drain took longer than shutdown.deadline ({deadline:?}); what was not committed comes again");
    }
    extras.end().await;
    failure.map_or(Ok(()), Err)
}
