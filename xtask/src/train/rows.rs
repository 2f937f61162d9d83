//! Rows of labelled data: gzipped JSON lines.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

/// Reads the rows of a file of the data folder.
pub fn read<T: DeserializeOwned>(data: &Path, name: &str) -> Result<Vec<T>> {
    let path = data.join(format!("{name}.jsonl.gz"));
    let output = Command::new("gzip").arg("-dc").arg(&path).output().context("cannot start gzip")?;
    if !output.status.success() {
        bail!("cannot read {}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout).with_context(|| format!("{} is no UTF-8", path.display()))?;
    let row = |line: &str| serde_json::from_str(line).with_context(|| format!("{} has another form", path.display()));
    text.lines().map(row).collect()
}

/// Shuffles numbers, always in the same way for the same seed.
pub fn shuffle(numbers: &mut [usize], seed: &mut u64) {
    for at in (1..numbers.len()).rev() {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = (*seed >> 33) as usize % (at + 1);
        numbers.swap(at, other);
    }
}
