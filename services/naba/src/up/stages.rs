//! The four stages, each a task.

use std::future::Future;
use std::sync::Arc;

use naba_service::AdminServer;
use naba_stage::log::Log;
use naba_stage::{Health, RunError, Shutdown, StageConfig};
use tokio::task::{JoinError, JoinSet};

use crate::config::Sections;

/// The running stages.
pub struct Stages(JoinSet<(&'static str, Result<(), RunError>)>);

impl Stages {
    /// Starts all of them on one log; each has its own health on the admin port.
    pub fn start(
        config: Sections,
        log: Arc<dyn Log>,
        stage: &StageConfig,
        admin: &AdminServer,
        stop: &Shutdown,
    ) -> Self {
        let mut stages = Self(JoinSet::new());
        let frame = || (Arc::clone(&log), stage.clone(), health(admin), stop.clone());
        let (log, own, health, stop) = frame();
        stages.add("fetcher", naba_fetcher::run(config.fetcher, log, own, health, stop));
        let (log, own, health, stop) = frame();
        stages.add("parser", naba_parser::run(config.parser, log, own, health, stop));
        let (log, own, health, stop) = frame();
        let enricher = config.enricher;
        stages.add("enricher", async move { naba_enricher::run(&enricher, log, own, health, stop).await });
        let (log, own, health, stop) = frame();
        let sink = config.sink;
        stages.add("sink", async move { naba_sink::run(&sink, log, own, health, stop).await });
        stages
    }

    fn add(&mut self, name: &'static str, run: impl Future<Output = Result<(), RunError>> + Send + 'static) {
        self.0.spawn(async move { (name, run.await) });
    }

    /// Waits for the next stage that ends; `None` when all have. Cancel-safe.
    pub async fn next(&mut self) -> Option<(&'static str, Result<(), RunError>)> {
        let panicked = |error: JoinError| ("a stage", Err(RunError::Fatal(error.to_string())));
        Some(self.0.join_next().await?.unwrap_or_else(panicked))
    }
}

fn health(admin: &AdminServer) -> Health {
    let health = Health::new();
    admin.watch(Arc::new(health.clone()));
    health
}
