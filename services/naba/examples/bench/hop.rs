//! The runtime alone, in a process of its own: see crates/log-kafka/examples/hop.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use naba_proto::prost::Message as _;
use serde::Deserialize;

use crate::pages::Page;

/// How the records are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Way {
    /// By the runtime, in transactions.
    ExactlyOnce,
    /// By the runtime, without.
    AtLeastOnce,
    /// By a loop that polls and sends.
    Bare,
}

impl Way {
    /// All of them, fastest last.
    pub const ALL: [Self; 3] = [Self::ExactlyOnce, Self::AtLeastOnce, Self::Bare];
}

/// What one turn took.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Turn {
    /// How.
    pub way: Way,
    /// Seconds from the first record to the last acknowledgement or commit.
    pub wall_s: f64,
    /// CPU seconds of the process in that time.
    pub cpu_s: f64,
    /// CPU seconds of the broker in that time.
    pub broker_s: f64,
}

/// All turns.
#[derive(Debug, Clone, Deserialize)]
pub struct Hop {
    /// Records of a turn.
    pub records: usize,
    /// Their bytes: keys, values and headers.
    pub bytes: usize,
    /// In the order they were made.
    pub turns: Vec<Turn>,
}

impl Hop {
    /// Returns the median over the turns of a way.
    pub fn median(&self, way: Way, of: impl Fn(&Turn) -> f64) -> f64 {
        let mut values: Vec<f64> = self.turns.iter().filter(|turn| turn.way == way).map(of).collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        f64::midpoint(at(values.len().saturating_sub(1) / 2), at(values.len() / 2))
    }

    /// Returns records a second, by the median turn.
    pub fn rate(&self, way: Way) -> f64 {
        self.records as f64 / self.median(way, |turn| turn.wall_s)
    }
}

/// What is measured.
pub struct Plan<'a> {
    /// The program.
    pub program: &'a Path,
    /// Kafka.
    pub bootstrap: &'a str,
    /// Process id of the broker.
    pub broker: Option<u32>,
    /// Records of a turn.
    pub records: usize,
    /// Turns of each way.
    pub turns: usize,
}

/// Runs the program on these pages.
pub fn measure(pages: &[Page], plan: &Plan<'_>) -> Result<Hop> {
    let mut file = tempfile::NamedTempFile::new().context("making a temporary file")?;
    for page in pages {
        file.write_all(&page.document.encode_length_delimited_to_vec())?;
    }
    let mut command = Command::new(plan.program);
    command.arg(plan.bootstrap).arg(file.path()).args([plan.records, plan.turns].map(|n| n.to_string()));
    command.args(plan.broker.map(|pid| pid.to_string())).stderr(Stdio::inherit());
    let answer = command.output().with_context(|| format!("starting {}", plan.program.display()))?;
    if !answer.status.success() {
        bail!("{} ended with {}", plan.program.display(), answer.status);
    }
    serde_json::from_slice(&answer.stdout).context("reading what the runtime alone reached")
}
