//! Runs the parser on a log.

use std::sync::Arc;

use naba_stage::log::Log;
use naba_stage::{Health, RunError, Shutdown, StageConfig, run_stage};

use crate::config::ParserConfig;
use crate::parser::Parser;

/// Runs the parser until shutdown.
pub async fn run(
    config: ParserConfig,
    log: Arc<dyn Log>,
    stage: StageConfig,
    health: Health,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    run_stage(Parser::new(config), log, stage, health, shutdown).await
}
