//! `cargo xtask train STEP --data DIR --out FILE`: trains what steps read; without `--out`, says how well that does on parts
//! of the data that were held out.

mod language;
mod linear;
mod rows;
mod tagger;
mod topics;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// Trains the weights of a step, or cross-validates how it is trained.
#[derive(clap::Args)]
pub struct Options {
    /// What to train.
    #[arg(value_enum)]
    step: Step,
    /// A folder with labelled data: the files of ../shared/corpora/nlp, or others of the same names and form.
    #[arg(long)]
    data: PathBuf,
    /// The file to write; without it, figures by cross-validation are printed and nothing is written.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The set in topics.jsonl.gz that a topic model is trained on.
    #[arg(long, default_value = "bbc")]
    set: String,
    /// Parts of the cross-validation.
    #[arg(long, default_value_t = 5)]
    folds: usize,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Step {
    /// The model of letter n-grams (crates/enrich/data/language.bin); `eval-enrich` cross-validates it.
    Language,
    /// A linear model of one set of labelled texts; also scores the shipped topics step on them.
    Topics,
    /// The Arabic tagger of names.
    TaggerAr,
    /// The English tagger of names.
    TaggerEn,
}

/// Trains and writes, or cross-validates.
pub fn run(options: &Options) -> Result<()> {
    let bytes = match (options.step, &options.out) {
        (Step::Language, None) => bail!("eval-enrich cross-validates the language model; give --out to train it"),
        (Step::Language, Some(_)) => language::train(&options.data)?,
        (Step::Topics, None) => return topics::report(&options.data, options.folds),
        (Step::Topics, Some(_)) => topics::train(&options.data, &options.set)?,
        (Step::TaggerAr, None) => return tagger::report(&options.data, "ner-ar-anercorp", options.folds),
        (Step::TaggerEn, None) => return tagger::report(&options.data, "ner-en-wikiann", options.folds),
        (Step::TaggerAr, Some(_)) => tagger::train(&options.data, "ner-ar-anercorp")?,
        (Step::TaggerEn, Some(_)) => tagger::train(&options.data, "ner-en-wikiann")?,
    };
    let Some(out) = &options.out else { return Ok(()) };
    println!("{} bytes", bytes.len());
    fs::write(out, bytes).with_context(|| format!("cannot write {}", out.display()))
}
