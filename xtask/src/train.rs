//! `cargo xtask train STEP --data DIR --out FILE`: trains what steps read, from labelled data and nothing else.

mod language;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// Trains the weights of a step.
#[derive(clap::Args)]
pub struct Options {
    /// What to train.
    #[arg(value_enum)]
    step: Step,
    /// A folder with labelled data: the files of ../shared/corpora/nlp, or others of the same names and form.
    #[arg(long)]
    data: PathBuf,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Step {
    /// The model of letter n-grams (crates/enrich/data/language.bin); `eval-enrich` cross-validates it.
    Language,
}

/// Trains and writes.
pub fn run(options: &Options) -> Result<()> {
    let bytes = match options.step {
        Step::Language => language::train(&options.data)?,
    };
    println!("{} bytes", bytes.len());
    fs::write(&options.out, bytes).with_context(|| format!("cannot write {}", options.out.display()))
}
