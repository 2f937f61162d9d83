//! The parser as a service on Kafka.

use std::process::ExitCode;
use std::sync::Arc;

use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_parser::ParserSettings;
use naba_service::{OnKafka, Shell};

const ABOUT: &str = "Parses RawDocuments into Articles";

fn main() -> ExitCode {
    naba_service::run("naba-parser", env!("CARGO_PKG_VERSION"), ABOUT, serve)
}

async fn serve(config: OnKafka<ParserSettings>, shell: Shell) -> anyhow::Result<()> {
    let stage = config.stage.to_stage_config()?;
    let kafka = KafkaSettings { bootstrap: config.kafka.bootstrap.clone(), extra: config.kafka.client_settings() };
    let log = Arc::new(KafkaLog::open(kafka)?);
    naba_parser::run(config.own.parser, log, stage, shell.health(), shell.shutdown.watch()).await?;
    Ok(())
}
