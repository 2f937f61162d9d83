//! Runs the sink on the configured store.

use std::sync::Arc;

use naba_stage::log::Log;
use naba_stage::{Health, RunError, Shutdown, StageConfig, run_sink};

use crate::config::{SinkConfig, StoreKind};
use crate::store::{Postgres, Sqlite, stdout};

/// Runs the sink on the configured store until shutdown.
pub async fn run(
    config: &SinkConfig,
    log: Arc<dyn Log>,
    stage: StageConfig,
    health: Health,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    match config.sink.store {
        StoreKind::Sqlite => {
            let path = config.sqlite.path.clone();
            let opened = tokio::task::spawn_blocking(move || Sqlite::open(&path)).await;
            let store = opened.map_err(fatal)?.map_err(fatal)?;
            run_sink(store, log, stage, health, shutdown).await
        }
        StoreKind::Postgres => {
            let store = Postgres::new(&config.postgres.to_config());
            let store = store.map_err(|e| RunError::Fatal(format!("postgres.url {e}")))?;
            run_sink(store, log, stage, health, shutdown).await
        }
        StoreKind::Stdout => run_sink(stdout(), log, stage, health, shutdown).await,
    }
}

fn fatal(error: impl std::fmt::Display) -> RunError {
    RunError::Fatal(error.to_string())
}
