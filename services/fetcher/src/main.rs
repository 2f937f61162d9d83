//! The fetcher as a service on Kafka.

use std::process::ExitCode;
use std::sync::Arc;

use naba_fetcher::FetcherSettings;
use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_service::{OnKafka, Shell};

const ABOUT: &str = "Fetches feeds, sitemaps, pages and files, and publishes RawDocuments";

fn main() -> ExitCode {
    naba_service::run("naba-fetcher", env!("CARGO_PKG_VERSION"), ABOUT, serve)
}

async fn serve(config: OnKafka<FetcherSettings>, shell: Shell) -> anyhow::Result<()> {
    let stage = config.stage.to_stage_config()?;
    let kafka = KafkaSettings { bootstrap: config.kafka.bootstrap.clone(), extra: config.kafka.client_settings() };
    let log = Arc::new(KafkaLog::open(kafka)?);
    naba_fetcher::run(config.own.fetcher, log, stage, shell.health(), shell.shutdown.watch()).await?;
    Ok(())
}
