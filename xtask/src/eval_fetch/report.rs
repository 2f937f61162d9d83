//! What was passed, what was missed and why, beside the peers' figures and against the floors.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::case::text;

/// The outcome of one expectation.
pub enum Outcome {
    /// Met.
    Met,
    /// Missed; what was found instead.
    Missed(String),
    /// Not met on purpose: the suite contradicts the reference in a known way.
    Conflict(&'static str),
}

impl Outcome {
    /// Turns a comparison into an outcome; `why` tells what was found instead.
    pub fn of(is_met: bool, why: impl FnOnce() -> String) -> Self {
        if is_met { Self::Met } else { Self::Missed(why()) }
    }
}

#[derive(Default)]
struct Row {
    met: usize,
    total: usize,
    conflicts: BTreeMap<&'static str, usize>,
}

/// Collects outcomes by suite and row.
pub struct Report {
    suite: &'static str,
    rows: BTreeMap<(&'static str, String), Row>,
    panics: usize,
    misses_of: Option<String>,
}

impl Report {
    pub fn new(misses_of: Option<String>) -> Self {
        Self { suite: "", rows: BTreeMap::new(), panics: 0, misses_of }
    }

    /// Turns to the next suite.
    pub fn start(&mut self, suite: &'static str) {
        self.suite = suite;
    }

    /// Counts an expectation of a case.
    pub fn count(&mut self, row: &str, case: &Value, outcome: Outcome) {
        let entry = self.rows.entry((self.suite, row.to_owned())).or_default();
        let is_shown = self.misses_of.as_deref() == Some(self.suite);
        let id = text(case, "id");
        match outcome {
            Outcome::Met => {
                entry.met += 1;
                entry.total += 1;
            }
            Outcome::Missed(why) => {
                entry.total += 1;
                if is_shown {
                    println!("MISS {row}: {id}: {why}");
                }
            }
            Outcome::Conflict(class) => {
                *entry.conflicts.entry(class).or_default() += 1;
                if is_shown {
                    println!("CONFLICT {row}: {id}: {class}");
                }
            }
        }
    }

    /// Counts an expectation that is met or not.
    pub fn check(&mut self, row: &str, case: &Value, is_met: bool, why: impl FnOnce() -> String) {
        self.count(row, case, Outcome::of(is_met, why));
    }

    /// Counts a case that made our code panic.
    pub fn panicked(&mut self, case: &Value) {
        self.panics += 1;
        self.count("panics", case, Outcome::Missed("panicked".to_owned()));
    }

    pub fn panics(&self) -> usize {
        self.panics
    }

    pub fn finish(self) -> Self {
        self
    }

    /// Returns the report for programs.
    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|((suite, row), found)| {
            json!({"suite": suite, "row": row, "passed": found.met, "total": found.total, "conflicts": found.conflicts})
        });
        json!({"panics": self.panics, "rows": rows.collect::<Vec<_>>()})
    }

    /// Returns the report for people.
    pub fn table(&self) -> Result<String> {
        let peers: BTreeMap<String, BTreeMap<String, String>> =
            toml::from_str(include_str!("peers.toml")).context("peers.toml")?;
        let mut out = String::new();
        let mut last = "";
        for ((suite, row), found) in &self.rows {
            if *suite != last {
                let _ = writeln!(out, "{suite}");
                last = suite;
            }
            let share = 100.0 * share(found);
            let _ = write!(out, "  {row:<44} {:>6} / {:<6} {share:6.2} %", found.met, found.total);
            if let Some(peers) = peers.get(*suite).and_then(|rows| rows.get(row)) {
                let _ = write!(out, "   [{peers}]");
            }
            out.push('\n');
            for (class, count) in &found.conflicts {
                let _ = writeln!(out, "    {count} in conflict: {class}");
            }
        }
        let _ = writeln!(out, "panics: {}", self.panics);
        Ok(out)
    }

    /// Fails when a share is below its floor; with `pin` raises the floors, with `lower` also lowers them.
    pub fn hold(&self, file: &Path, pin: bool, lower: bool) -> Result<()> {
        let floors: BTreeMap<String, f64> = match fs::read_to_string(file) {
            Ok(text) => toml::from_str(&text).with_context(|| file.display().to_string())?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
        };
        let reached: BTreeMap<String, f64> =
            self.rows.iter().map(|((suite, row), found)| (format!("{suite}: {row}"), share(found))).collect();
        let below = below(&floors, &reached);
        if !below.is_empty() && !lower {
            bail!("below the floor:\n  {}\nMend it, or state the loss with --pin --lower.", below.join("\n  "));
        }
        if pin {
            let floor = |name: &str, value: f64| match floors.get(name) {
                Some(old) if !lower => value.max(*old),
                _ => value,
            };
            let mut text = HEAD.to_owned();
            for (name, value) in &reached {
                // Rounded down: what is pinned was reached.
                let _ = writeln!(text, "{name:?} = {:.4}", (floor(name, *value) * 10_000.0).floor() / 10_000.0);
            }
            fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
        }
        Ok(())
    }
}

const HEAD: &str = "# Floors of `make eval-fetch` on the given parts of the suites, as shares. `cargo xtask eval-fetch --pin` raises them;\n\
                    # lowering one needs --lower, and a reason in the commit.\n\n";

fn share(row: &Row) -> f64 {
    if row.total == 0 { 1.0 } else { row.met as f64 / row.total as f64 }
}

/// Returns a line for each share that misses its floor, or is no longer reported.
fn below(floors: &BTreeMap<String, f64>, reached: &BTreeMap<String, f64>) -> Vec<String> {
    let missed = floors.iter().filter_map(|(name, floor)| match reached.get(name) {
        None => Some(format!("{name} is no longer reported; its floor is {floor}")),
        Some(value) if value < floor => Some(format!("{name} is {value:.4}, at least {floor}")),
        Some(_) => None,
    });
    missed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_below_its_floor_fails_and_so_does_one_that_is_gone() {
        let pairs = |pairs: &[(&str, f64)]| pairs.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect();
        let floors = pairs(&[("a", 0.9), ("b", 1.0)]);
        assert!(below(&floors, &pairs(&[("a", 0.9), ("b", 1.0), ("c", 0.1)])).is_empty());
        assert_eq!(below(&floors, &pairs(&[("a", 0.8999)])).len(), 2);
    }

    #[test]
    fn conflicts_count_neither_for_nor_against() {
        let mut report = Report::new(None);
        report.start("suite");
        for outcome in [Outcome::Met, Outcome::Missed(String::new()), Outcome::Conflict("class")] {
            report.count("row", &json!({"id": "x"}), outcome);
        }
        assert_eq!(report.json()["rows"][0]["total"], 2);
        assert_eq!(report.json()["rows"][0]["conflicts"]["class"], 1);
    }
}
