//! Scores the program on gold documents against pinned floors: the whole way from bytes to enrichments, as `naba explain`
//! shows it.

pub mod floors;
mod prediction;
mod seed;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// What to evaluate, and what to do with the floors.
#[derive(clap::Args)]
pub struct Options {
    /// Folder with gold/ and seed/
    #[arg(long, default_value = "../shared")]
    shared: PathBuf,
    /// Score this folder in the form of gold/ instead, without seed and floors
    #[arg(long, conflicts_with_all = ["pin", "lower"])]
    gold: Option<PathBuf>,
    /// The program to ask
    #[arg(long)]
    naba: Option<PathBuf>,
    /// Raise the floors to what is reached now
    #[arg(long)]
    pin: bool,
    /// Allow floors to be lowered, too
    #[arg(long, requires = "pin")]
    lower: bool,
}

/// The forms in which a gold document exists, with the folder and the extension of its file.
const FORMS: [(&str, &str, &str); 2] = [("plain", "plain", "txt"), ("html", "html", "html")];

/// Runs the evaluation; fails when a score is below its floor or the seed article is not exactly right.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let shared = root.join(&options.shared);
    let naba = match &options.naba {
        Some(path) => path.clone(),
        None => target(root).join("debug/naba"),
    };
    ensure!(naba.exists(), "{} is missing: run `cargo build -p naba`", naba.display());
    if let Some(gold) = &options.gold {
        // Other documents than those the floors were pinned on.
        print!("{}", score(root, &naba, &root.join(gold))?);
        return Ok(());
    }
    seed::check(&shared.join("seed"), |file| explain(&naba, file))?;
    let report = score(root, &naba, &shared.join("gold"))?;
    print!("{report}");
    floors::hold(&root.join("xtask/floors.toml"), &scores(&report)?, options.pin, options.lower)
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Returns what `naba explain --json` says about a file: article, enrichments and comments as protobuf JSON.
fn explain(naba: &Path, file: &Path) -> Result<Value> {
    let output = Command::new(naba).args(["explain", "--json"]).arg(file).output().context("starting naba")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "naba explain {} failed:\n{said}", file.display());
    serde_json::from_slice(&output.stdout).with_context(|| format!("naba explain {} printed no JSON", file.display()))
}

/// Asks for every document, writes the predictions and returns the scorer's report.
fn score(root: &Path, naba: &Path, gold: &Path) -> Result<String> {
    let truth_file = gold.join("truth.jsonl");
    let truth = fs::read_to_string(&truth_file).with_context(|| format!("reading {}", truth_file.display()))?;
    let mut predictions = String::new();
    for line in truth.lines() {
        let truth: Value = serde_json::from_str(line).context("truth.jsonl")?;
        let id = truth["id"].as_str().context("a document of truth.jsonl has no id")?;
        for (form, folder, extension) in FORMS {
            // A document that naba refuses is a document without a prediction: it scores as missed, and the rest goes on.
            match explain(naba, &gold.join(folder).join(format!("{id}.{extension}"))) {
                Ok(said) => {
                    predictions.push_str(&prediction::of(&truth, form, &said).to_string());
                    predictions.push('\n');
                }
                Err(error) => eprintln!("{id} ({form}): {error:#}"),
            }
        }
    }
    let file = root.join("target/eval-predictions.jsonl");
    fs::create_dir_all(root.join("target"))?;
    fs::write(&file, predictions)?;
    let output = Command::new("python3")
        .arg(gold.join("score.py"))
        .args(["--worst", "5", "--truth"])
        .arg(&truth_file)
        .arg("--pred")
        .arg(&file)
        .output()
        .context("starting python3")?;
    ensure!(output.status.success(), "score.py failed:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).context("the scorer's report is no UTF-8")
}

/// Reads "html: 29 documents  role 0.912  body F1 0.950 …" and the line after it into `html.role`, `html.body F1`, ….
fn scores(report: &str) -> Result<BTreeMap<String, f64>> {
    let mut scores = BTreeMap::new();
    let mut form = "";
    for line in report.lines() {
        let figures = match line.split_once(" documents  ") {
            Some((head, figures)) => {
                form = head.split(':').next().unwrap_or_default();
                figures
            }
            None if line.starts_with("   ") && !form.is_empty() => line.trim_start(),
            None => break,
        };
        for figure in figures.split("  ") {
            let (name, value) = figure.rsplit_once(' ').with_context(|| format!("no figure in {figure:?}"))?;
            let value = value.parse().with_context(|| format!("no number in {figure:?}"))?;
            scores.insert(format!("{form}.{name}"), value);
        }
    }
    if scores.is_empty() {
        bail!("no figures in the scorer's report:\n{report}");
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_both_lines_of_a_form_and_nothing_else() {
        let report = "html: 2 documents  role 0.912  body F1 0.950  leak 0.000\n   dateline F1 1.000  entity name recall 0.250\n\
                      plain: 2 documents  role 0.500\n   quote F1 0.700\nroles: PARAGRAPH 3/4  HEADLINE 2/2\n   0.50 ar-01 html\n";
        let scores = scores(report).unwrap();
        let expected = [
            ("html.body F1", 0.95),
            ("html.dateline F1", 1.0),
            ("html.entity name recall", 0.25),
            ("html.leak", 0.0),
            ("html.role", 0.912),
            ("plain.quote F1", 0.7),
            ("plain.role", 0.5),
        ];
        assert_eq!(scores, expected.map(|(name, value)| (name.to_owned(), value)).into());
    }
}
