//! `naba check-config`: is it valid, and if not, all that is wrong.

use std::process::ExitCode;

use anyhow::Result;
use naba_enricher::EnricherSettings;
use naba_fetcher::FetcherSettings;
use naba_parser::ParserSettings;
use naba_service::{ConfigErrors, OnKafka, check};
use naba_sink::SinkConfig;

use crate::config::{ConfigArgs, missing_contact};
use crate::terminal::print;

const EXAMPLES: &str = "\
Examples:
  naba check-config --config naba.toml
  naba check-config --config sink.toml --service sink
  NABA__FETCHER__CONTACT=mailto:desk@news.example naba check-config

Exit codes: 0 valid, 64 not; every wrong key is named.";

/// Check a configuration and say all that is wrong with it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Whose configuration it is
    #[arg(long, value_enum, default_value = "up")]
    service: Service,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Service {
    /// `naba up`: all sections in one file
    Up,
    Fetcher,
    Parser,
    Enricher,
    Sink,
}

/// Checks the configuration; an error is a `ConfigErrors`.
pub fn run(args: Args) -> Result<ExitCode> {
    let file = args.config.config.as_deref();
    match args.service {
        Service::Up => check_up(&args.config)?,
        Service::Fetcher => check::<OnKafka<FetcherSettings>>(file)?,
        Service::Parser => check::<OnKafka<ParserSettings>>(file)?,
        Service::Enricher => check::<OnKafka<EnricherSettings>>(file)?,
        Service::Sink => check::<OnKafka<SinkConfig>>(file)?,
    }
    print("configuration is valid\n")?;
    Ok(ExitCode::SUCCESS)
}

fn check_up(args: &ConfigArgs) -> Result<(), ConfigErrors> {
    let (_, config) = args.load()?;
    missing_contact(&config.own.fetcher).map_or(Ok(()), Err)
}
