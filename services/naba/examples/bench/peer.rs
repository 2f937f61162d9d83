//! The bare client, in a process of its own: only naba-log-kafka may name rdkafka.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use naba_stage::Topics;
use serde::Deserialize;

/// What the bare client reached; see crates/log-kafka/examples/bare.rs.
#[derive(Debug, Clone, Deserialize)]
pub struct Peer {
    /// Raw documents.
    pub raw_records: f64,
    /// Their bytes.
    pub raw_bytes: f64,
    /// Articles.
    pub articles_records: f64,
    /// Their bytes.
    pub articles_bytes: f64,
    /// Enriched articles.
    pub enriched_records: f64,
    /// Their bytes.
    pub enriched_bytes: f64,
    /// Seconds to produce the raw documents, compressed as the line does.
    pub produce_s: f64,
    /// Seconds to consume them.
    pub consume_s: f64,
    /// Seconds for the same hops as the line.
    pub relay_s: f64,
    /// The same without compression.
    pub produce_plain_s: f64,
    /// The same without compression.
    pub consume_plain_s: f64,
    /// The same without compression.
    pub relay_plain_s: f64,
}

/// Runs the bare client on the topics that the line has filled.
pub fn measure(program: &Path, bootstrap: &str, topics: &Topics) -> Result<Peer> {
    let name =
        |role: &str| topics.get(role).map(|topic| topic.name.clone()).with_context(|| format!("no topic {role}"));
    let mut command = Command::new(program);
    command.arg(bootstrap).args([name("raw")?, name("articles")?, name("enriched")?]).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("starting {}", program.display()))?;
    if !output.status.success() {
        bail!("{} ended with {}", program.display(), output.status);
    }
    serde_json::from_slice(&output.stdout).context("reading the answer of the bare client")
}
