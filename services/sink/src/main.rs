//! The sink as a service on Kafka.

use std::process::ExitCode;
use std::sync::Arc;

use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_service::{OnKafka, Shell};
use naba_sink::SinkConfig;

const ABOUT: &str = "Writes enriched articles to SQLite, PostgreSQL or standard output";

fn main() -> ExitCode {
    naba_service::run("naba-sink", env!("CARGO_PKG_VERSION"), ABOUT, serve)
}

async fn serve(config: OnKafka<SinkConfig>, shell: Shell) -> anyhow::Result<()> {
    let stage = config.stage.to_stage_config()?;
    let kafka = KafkaSettings { bootstrap: config.kafka.bootstrap.clone(), extra: config.kafka.client_settings() };
    let log = Arc::new(KafkaLog::open(kafka)?);
    naba_sink::run(&config.own, log, stage, shell.health(), shell.shutdown.watch()).await?;
    Ok(())
}
