//! Runs the public suites on fetching, discovery and feeds through our code, and holds the result to pinned floors.
//!
//! A suite is a folder with `<part>/cases.jsonl` files. Which suite is judged how stands in [`SUITES`]; what of a feed is
//! compared, in `eval_fetch/fields.toml`; what other implementations reach, in `eval_fetch/peers.toml`.

mod case;
mod feed;
mod feed_fields;
mod link;
mod report;
mod robots;
mod sitemap;
mod text;
mod url;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use report::Report;

/// What to evaluate, and what to do with the result.
#[derive(clap::Args)]
pub struct Options {
    /// Folder with the suites
    #[arg(long, default_value = "../shared/suites")]
    suites: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Also print each case of this suite that was missed or counts as a conflict
    #[arg(long, value_name = "SUITE")]
    misses: Option<String>,
    /// Raise the floors to what is reached now
    #[arg(long)]
    pin: bool,
    /// Allow floors to be lowered, too
    #[arg(long, requires = "pin")]
    lower: bool,
}

type Judge = fn(&Value, &mut Report);

const SUITES: [(&str, Judge); 19] = [
    ("charset", text::charset),
    ("feeds-feed-rs", feed::real),
    ("feeds-feedparser", feed::feedparser),
    ("feeds-gofeed", feed::gofeed),
    ("feeds-validator", feed::validator),
    ("idna", url::idna),
    ("mime-types", text::mime_type),
    ("opml", feed::opml),
    ("public-suffix", url::public_suffix),
    ("robots-crawler-commons", robots::crawler_commons),
    ("robots-google", robots::google),
    ("robots-protego", robots::protego),
    ("robots-real", robots::real),
    ("sitemaps-files", sitemap::files),
    ("sitemaps-tree", sitemap::tree),
    ("sources", url::sources),
    ("urls-courlan", link::courlan),
    ("urls-normalise", url::normalise),
    ("urls-wpt", url::wpt),
];

/// Where the floors stand, seen from the root.
const FLOORS: &str = "xtask/src/eval_fetch/floors.toml";

/// Runs the evaluation; fails when a case panics or, on the suites that the floors were pinned with, a floor is missed.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let folder = root.join(&options.suites);
    ensure!(folder.is_dir(), "{} is missing: name the folder of the suites with --suites", folder.display());
    let mut report = Report::new(options.misses.clone());
    for (suite, judge) in SUITES {
        report.start(suite);
        for case in case::of_suite(&folder.join(suite))? {
            // A panic is a finding of its own, and the other cases are still worth knowing.
            if catch_unwind(AssertUnwindSafe(|| judge(&case, &mut report))).is_err() {
                report.panicked(&case);
            }
        }
    }
    let report = report.finish();
    if options.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.table()?);
    }
    let panics = report.panics();
    // Other parts of a suite may be harder: only the known ones are held to floors.
    let is_pinned = folder.canonicalize()? == root.join("../shared/suites").canonicalize().unwrap_or_default();
    if is_pinned || options.pin {
        report.hold(&root.join(FLOORS), options.pin, options.lower)?;
    }
    if panics > 0 {
        bail!("{panics} cases panicked");
    }
    Ok(())
}
