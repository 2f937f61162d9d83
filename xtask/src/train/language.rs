//! Trains the model that tells languages of the Latin and the Cyrillic alphabet apart.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use naba_enrich::language::ngrams::Model;
use serde_json::Value;

/// Trains on all rows of language.jsonl.gz, and returns the file.
pub(super) fn train(data: &Path) -> Result<Vec<u8>> {
    let path = data.join("language.jsonl.gz");
    let output = Command::new("gzip").arg("-dc").arg(&path).output().context("starting gzip")?;
    ensure!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).with_context(|| format!("{} is no UTF-8", path.display()))?;
    let rows: Vec<Value> =
        lines.lines().map(serde_json::from_str).collect::<Result<_, _>>().context("language rows")?;
    let texts: Vec<(&str, &str)> =
        rows.iter().filter_map(|row| Some((row["lang"].as_str()?, row["text"].as_str()?))).collect();
    let model = Model::train(&texts)?;
    println!("{} rows; languages: {}", texts.len(), model.languages().collect::<Vec<_>>().join(" "));
    Ok(model.write())
}
