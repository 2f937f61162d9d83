//! Runs the enricher on a log.

use std::sync::Arc;

use naba_stage::log::Log;
use naba_stage::{Health, RunError, Shutdown, StageConfig, run_stage};

use crate::config::EnricherConfig;
use crate::enricher::Enricher;

/// Runs the enricher until shutdown.
pub async fn run(
    config: &EnricherConfig,
    log: Arc<dyn Log>,
    stage: StageConfig,
    health: Health,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    let enricher = Enricher::new(config).map_err(|error| RunError::Fatal(error.to_string()))?;
    run_stage(enricher, log, stage, health, shutdown).await
}
