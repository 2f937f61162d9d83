//! Scores enrichment steps on labelled data, beside what peers reach on it, and holds the result to pinned floors.
//!
//! What is scored how stands in the scorer, crates/enrich/examples/score_enrich.rs: to add a step, add a file there that
//! prints its figures, and what peers reach in `eval_enrich/peers.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::eval::floors;

/// Where the floors stand, seen from the root.
const FLOORS: &str = "xtask/src/eval_enrich/floors.toml";
/// The page that shows the figures, and the marks between which they stand.
const PAGE: &str = "docs/quality-enrich.md";
const BEGIN: &str = "<!-- figures: begin, written by `cargo xtask eval-enrich --pin` -->\n";
const END: &str = "<!-- figures: end -->";

/// What to evaluate, and what to do with the floors.
#[derive(clap::Args)]
pub struct Options {
    /// Folder with the labelled data; only the default one is held to floors
    #[arg(long, default_value = DATA)]
    data: PathBuf,
    /// Raise the floors to what is reached now, and write the figures into docs/quality-enrich.md
    #[arg(long)]
    pin: bool,
    /// Allow floors to be lowered, too
    #[arg(long, requires = "pin")]
    lower: bool,
}

const DATA: &str = "../shared/corpora/nlp";

/// A figure by its name: how much of how much.
type Figures = BTreeMap<String, (f64, f64)>;

/// Runs the evaluation; fails when a figure is below its floor.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let folder = root.join(&options.data);
    ensure!(folder.is_dir(), "{} is missing: name the folder of the labelled data with --data", folder.display());
    let figures = figures(&scorer(root, &folder)?);
    ensure!(!figures.is_empty(), "the scorer found none of its files in {}", folder.display());
    let table = table(&figures)?;
    print!("{table}");
    // Other data may be harder: only the known ones are held to floors.
    let known = folder.canonicalize()? == root.join(DATA).canonicalize().unwrap_or_default();
    if options.pin {
        let page = root.join(PAGE);
        let text = fs::read_to_string(&page).with_context(|| format!("reading {PAGE}"))?;
        fs::write(&page, with_table(&text, &table).with_context(|| format!("{PAGE} lacks the marks of the figures"))?)?;
    }
    if known || options.pin {
        let reached = figures.iter().map(|(name, (right, of))| (name.clone(), right / of)).collect();
        floors::hold(&root.join(FLOORS), &reached, options.pin, options.lower)?;
    }
    Ok(())
}

/// Runs the scorer, which is built optimised: it reads thousands of texts.
fn scorer(root: &Path, data: &Path) -> Result<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .args(["run", "--release", "--locked", "-q", "-p", "naba-enrich", "--example", "score_enrich", "--"])
        .arg(data)
        .output()
        .context("starting cargo")?;
    ensure!(output.status.success(), "the scorer failed:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).context("the scorer's figures are no UTF-8")
}

/// Reads lines of name, what was reached and of how much, parted by tabs.
fn figures(lines: &str) -> Figures {
    let figure = |line: &str| {
        let mut fields = line.split('\t');
        let (name, right, of) = (fields.next()?, fields.next()?.parse().ok()?, fields.next()?.parse::<f64>().ok()?);
        (of > 0.0).then(|| (name.to_owned(), (right, of)))
    };
    lines.lines().filter_map(figure).collect()
}

/// Returns the figures as a table for people.
fn table(figures: &Figures) -> Result<String> {
    let peers: BTreeMap<String, String> =
        toml::from_str(include_str!("eval_enrich/peers.toml")).context("peers.toml")?;
    let mut out = String::from("| figure | reached | of | peers |\n|---|--:|--:|---|\n");
    for (name, (right, of)) in figures {
        let peer = peers.get(name).map_or("", String::as_str);
        let _ = writeln!(out, "| {name} | {:.3} | {of} | {peer} |", right / of);
    }
    Ok(out)
}

/// Puts a table between the marks of a page; `None` when it has none.
fn with_table(page: &str, table: &str) -> Option<String> {
    let (head, rest) = page.split_once(BEGIN)?;
    let (_, tail) = rest.split_once(END)?;
    Some(format!("{head}{BEGIN}{table}{END}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_what_is_no_figure_is_left_out() {
        let read = figures("dates.ar\t7\t10\nsome remark\nquiet.de\t0\t0\n");
        assert_eq!(read, Figures::from([("dates.ar".to_owned(), (7.0, 10.0))]));
        let table = table(&read).unwrap();
        assert!(table.contains("| dates.ar | 0.700 | 10 | duckling"), "{table}");
    }

    #[test]
    fn the_table_is_replaced_and_the_page_kept() {
        let page = format!("# Page\n{BEGIN}old\n{END}\nmore\n");
        assert_eq!(with_table(&page, "new\n").unwrap(), format!("# Page\n{BEGIN}new\n{END}\nmore\n"));
        assert!(with_table("# Page", "new").is_none());
    }
}
