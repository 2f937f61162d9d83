//! Scores steps on the labelled data of a folder and prints one line a figure: "name<TAB>right<TAB>of".
//!
//! ```text
//! cargo run --release -p naba-enrich --example score_enrich -- FOLDER [--show LANGUAGE MODEL] [--half 0|1] [--data FOLDER]
//! ```

mod score {
    pub mod expressions;
    pub mod language;
}

use std::error::Error;
use std::path::Path;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().ok_or("usage: score_enrich FOLDER [--show LANGUAGE MODEL] [--half 0|1]")?;
    let after = |name: &str, by: usize| {
        arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + by)).cloned()
    };
    let show = after("--show", 1).zip(after("--show", 2));
    let half = after("--half", 1).and_then(|half| half.parse::<u64>().ok());
    if let Some(rows) = read(folder, "language.jsonl.gz")?.filter(|_| show.is_none()) {
        score::language::run(&rows)?;
    }
    if let Some(cases) = read(folder, "expressions.jsonl.gz")? {
        score::expressions::run(&cases, show.as_ref(), half, after("--data", 1).as_deref())?;
    }
    Ok(())
}

/// Reads a file of JSON lines; `None` when the folder lacks it.
fn read(folder: &str, name: &str) -> Result<Option<String>, Box<dyn Error>> {
    let path = Path::new(folder).join(name);
    if !path.exists() {
        return Ok(None);
    }
    let output = Command::new("gzip").arg("-dc").arg(&path).output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", path.display(), String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(Some(String::from_utf8(output.stdout)?))
}
