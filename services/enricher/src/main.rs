//! The enricher as a service on Kafka.

use std::process::ExitCode;
use std::sync::Arc;

use naba_enricher::EnricherSettings;
use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_service::{OnKafka, Shell};

const ABOUT: &str = "Enriches Articles and gives them versions";

fn main() -> ExitCode {
    naba_service::run("naba-enricher", env!("CARGO_PKG_VERSION"), ABOUT, serve)
}

async fn serve(config: OnKafka<EnricherSettings>, shell: Shell) -> anyhow::Result<()> {
    let stage = config.stage.to_stage_config()?;
    let kafka = KafkaSettings { bootstrap: config.kafka.bootstrap.clone(), extra: config.kafka.client_settings() };
    let log = Arc::new(KafkaLog::open(kafka)?);
    naba_enricher::run(&config.own.enricher, log, stage, shell.health(), shell.shutdown.watch()).await?;
    Ok(())
}
