//! Runs the fetcher on a log.

use std::sync::Arc;

use naba_stage::log::Log;
use naba_stage::{Health, RunError, Shutdown, StageConfig, run_source};

use crate::config::FetcherConfig;
use crate::fetcher::Fetcher;

/// Runs the fetcher until shutdown.
pub async fn run(
    config: FetcherConfig,
    log: Arc<dyn Log>,
    stage: StageConfig,
    health: Health,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    let fetcher = Fetcher::new(config).map_err(|error| RunError::Fatal(error.to_string()))?;
    run_source(fetcher, log, stage, health, shutdown).await
}
