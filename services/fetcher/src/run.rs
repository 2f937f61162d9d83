//! Runs the fetcher on a log.

use std::sync::Arc;

use naba_stage::log::Log;
use naba_stage::{Health, RunError, Shutdown, StageConfig, run_source};

use crate::config::FetcherConfig;
use crate::fetcher::Fetcher;
use crate::websub;

/// Runs the fetcher until shutdown.
pub async fn run(
    config: FetcherConfig,
    log: Arc<dyn Log>,
    stage: StageConfig,
    health: Health,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    let fatal = |error: &dyn std::error::Error| RunError::Fatal(error.to_string());
    let (sender, inbox) = websub::inbox();
    let callbacks = config.callbacks().map_err(|error| fatal(&error))?;
    let endpoint = match &callbacks {
        Some(callbacks) => {
            let listening = websub::serve(config.websub_listen, callbacks.clone(), sender).await;
            Some(listening.map_err(|error| RunError::Fatal(format!("{}: {error}", config.websub_listen)))?)
        }
        None => None,
    };
    let fetcher = Fetcher::new(config, callbacks, inbox).map_err(|error| fatal(&error))?;
    let ended = run_source(fetcher, log, stage, health, shutdown).await;
    endpoint.iter().for_each(tokio::task::JoinHandle::abort);
    ended
}
