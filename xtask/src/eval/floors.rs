//! The floors that an evaluation must reach, a file of figures.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// What is allowed to be lost to rounding in the report.
const SLACK: f64 = 0.0005;
/// Figures of which less is better.
const LESS_IS_BETTER: [&str; 1] = ["leak"];

type Scores = BTreeMap<String, f64>;

/// Fails when a score is below its floor; with `pin` raises the floors, with `lower` also lowers them.
pub fn hold(file: &Path, reached: &Scores, pin: bool, lower: bool) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let floors: Scores = toml::from_str(&text).with_context(|| file.display().to_string())?;
    let below = below(&floors, reached);
    if !below.is_empty() && !lower {
        bail!("below the floor:\n  {}\nMend it, or state the loss with --pin --lower.", below.join("\n  "));
    }
    if pin {
        fs::write(file, render(&text, &pinned(&floors, reached, lower)))?;
        println!("pinned {} floors in {}", reached.len(), file.display());
    } else if floors.is_empty() {
        bail!("no floors are pinned in {}: run again with --pin", file.display());
    } else {
        println!("floors: all {} held", floors.len());
    }
    Ok(())
}

fn better(name: &str, a: f64, b: f64) -> f64 {
    if less_is_better(name) { a.min(b) } else { a.max(b) }
}

fn less_is_better(name: &str) -> bool {
    LESS_IS_BETTER.iter().any(|word| name.ends_with(&format!(".{word}")))
}

/// Returns a line for each figure that misses its floor, or is no longer reported.
fn below(floors: &Scores, reached: &Scores) -> Vec<String> {
    let missed = floors.iter().filter_map(|(name, &floor)| match reached.get(name) {
        None => Some(format!("{name}: is no longer reported; its floor is {floor}")),
        Some(&value) if less_is_better(name) && value > floor + SLACK => {
            Some(format!("{name}: {value}, at most {floor}"))
        }
        Some(&value) if !less_is_better(name) && value < floor - SLACK => {
            Some(format!("{name}: {value}, at least {floor}"))
        }
        Some(_) => None,
    });
    missed.collect()
}

fn pinned(floors: &Scores, reached: &Scores, lower: bool) -> Scores {
    let floor = |name: &String, value: f64| match floors.get(name) {
        Some(&old) if !lower => better(name, old, value),
        _ => value,
    };
    reached.iter().map(|(name, &value)| (name.clone(), floor(name, value))).collect()
}

/// Writes floors below the remarks with which their file begins.
fn render(before: &str, floors: &Scores) -> String {
    let mut out: String =
        before.lines().take_while(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    out.push('\n');
    for (name, value) in floors {
        let _ = writeln!(out, "{name:?} = {value:.3}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(pairs: &[(&str, f64)]) -> Scores {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    #[test]
    fn a_figure_below_its_floor_fails_and_so_does_one_that_is_gone() {
        let floors = scores(&[("html.role", 0.9), ("html.leak", 0.1), ("html.body F1", 0.8)]);
        assert!(below(&floors, &scores(&[("html.role", 0.9), ("html.leak", 0.0), ("html.body F1", 0.81)])).is_empty());
        assert_eq!(below(&floors, &scores(&[("html.role", 0.89), ("html.leak", 0.1), ("html.body F1", 0.8)])).len(), 1);
        assert_eq!(below(&floors, &scores(&[("html.role", 0.9), ("html.leak", 0.11), ("html.body F1", 0.8)])).len(), 1);
        assert_eq!(below(&floors, &scores(&[("html.role", 0.9), ("html.leak", 0.1)])).len(), 1);
    }

    #[test]
    fn pinning_raises_and_only_lowers_when_told_so() {
        let floors = scores(&[("html.role", 0.9), ("html.leak", 0.1)]);
        let reached = scores(&[("html.role", 0.8), ("html.leak", 0.05), ("plain.role", 0.7)]);
        assert_eq!(
            pinned(&floors, &reached, false),
            scores(&[("html.role", 0.9), ("html.leak", 0.05), ("plain.role", 0.7)])
        );
        assert_eq!(pinned(&floors, &reached, true), reached);
    }

    #[test]
    fn floors_survive_a_round_trip_through_their_file() {
        let floors = scores(&[("html.entity name recall", 0.25)]);
        let text = render("# remarks\n\n\"old\" = 0.5\n", &floors);
        assert!(text.starts_with("# remarks\n\n\"html"), "{text}");
        assert_eq!(toml::from_str::<Scores>(&text).unwrap(), floors);
    }
}
