//! Writes the generated documentation, or checks that it has not drifted.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::topics;

/// What `naba docs <word>` prints from the program's own tables, each into docs/<word>.md. The program is asked, so that
/// xtask need not be compiled with every service.
const PRINTED: [&str; 3] = ["config", "metrics", "dead-letters"];

/// Writes, or with `check` compares and fails on a difference.
pub fn run(root: &Path, check: bool) -> Result<()> {
    let mut drifted = Vec::new();
    put(root, "topics", topics::render(root)?, check, &mut drifted)?;
    for word in PRINTED {
        put(root, word, ask(root, word)?, check, &mut drifted)?;
    }
    if !drifted.is_empty() {
        bail!("out of date: {}; run `cargo xtask docs`", drifted.join(", "));
    }
    println!("docs: {} generated files{}", PRINTED.len() + 1, if check { " are up to date" } else { "" });
    Ok(())
}

fn put(root: &Path, word: &str, new: String, check: bool, drifted: &mut Vec<String>) -> Result<()> {
    let name = format!("docs/{word}.md");
    let path = root.join(&name);
    if !check {
        return fs::write(&path, new).with_context(|| format!("writing {name}"));
    }
    if fs::read_to_string(&path).unwrap_or_default() != new {
        drifted.push(name);
    }
    Ok(())
}

fn ask(root: &Path, word: &str) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let args = ["run", "--quiet", "--locked", "-p", "naba", "--bin", "naba", "--", "docs", word];
    let output = Command::new(cargo).args(args).current_dir(root).output().context("starting cargo")?;
    ensure!(output.status.success(), "naba docs {word} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    ensure!(!output.stdout.is_empty(), "naba docs {word} printed nothing");
    String::from_utf8(output.stdout).with_context(|| format!("naba docs {word} printed bytes that are no UTF-8"))
}
