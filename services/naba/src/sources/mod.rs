//! `naba sources`: what is watched, and how it stands.

mod explain;
mod import;
mod list;
mod show;
mod test;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use naba_fetcher::withdraw;
use naba_frontier::Standing;
use naba_proto::prost::Message;
use naba_proto::v1::{Source, SourceKind, SourceState};

pub use import::{import, read_files};

use crate::config::ConfigArgs;
use crate::place::{IfMissing, Place, PlaceArgs, block_on};
use crate::seal::seal;
use crate::terminal::print;

const EXAMPLES: &str = "\
Examples:
  naba sources import sources.toml subscriptions.opml --dry-run
  naba sources import sources.toml --kafka broker-1:9092
  naba sources list --state silent
  naba sources show https://news.example/feed.xml
  naba sources test https://news.example/
  naba sources explain https://news.example/2026/11/a.html
  naba sources export > sources.opml
  naba sources remove 8d1c0a7e…

A list of sources is TOML:
  [[source]]
  url = \"https://news.example/feed.xml\"     # also: id, name, kind (auto, feed, sitemap, section, file), country,
  language = \"ar\"                           # language, min_interval, max_interval (90s, 5m), origin (live, backfill), enabled

Exit codes: 0 done, 1 failed, 64 wrong command line or configuration.";

/// Import, export, list, test and remove the sources that are watched
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Import lists of sources, TOML or OPML; a source that is known is changed
    Import {
        /// Lists of sources
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        place: PlaceArgs,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Write the feeds and sitemaps that are watched as an OPML list
    Export {
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the sources and how they stand
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Only those that stand like this
        #[arg(long, value_name = "STATE", value_parser = standing)]
        state: Option<Standing>,
        /// Print one JSON object a line: `source` and `state` as protobuf JSON, `standing`
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of one source
    Show {
        /// Its identifier or its address
        #[arg(value_name = "ID|URL")]
        source: String,
        #[command(flatten)]
        place: PlaceArgs,
        /// Print one JSON object, as `list --json` does
        #[arg(long)]
        json: bool,
    },
    /// Fetch an address now and say what it is, and which listings lead on from it; nothing is stored
    Test {
        /// A feed, a sitemap, or any page of a site
        url: String,
        #[command(flatten)]
        config: ConfigArgs,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say what naba knows of an address: its spellings, its partition, the sources and what became of it
    Explain {
        /// The address of an article or of a source
        url: String,
        #[command(flatten)]
        place: PlaceArgs,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// End the watch of a source; articles stay
    Remove {
        /// Its identifier, as `naba sources list` shows it
        id: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

fn standing(word: &str) -> Result<Standing, String> {
    let words = || Standing::ALL.map(Standing::word).join(", ");
    let found = Standing::ALL.into_iter().find(|standing| standing.word() == word);
    found.ok_or_else(|| format!("{word:?} is none of {}", words()))
}

/// Does what the command line asks for.
pub fn run(args: Args) -> Result<ExitCode> {
    match args.task {
        Task::Import { files, place, dry_run } => block_on(import::import_files(&files, &place, dry_run))?,
        Task::Export { place } => block_on(list::export(&place))?,
        Task::List { place, state, json } => block_on(list::list(&place, state, json))?,
        Task::Show { source, place, json } => block_on(show::show(&source, &place, json))?,
        Task::Test { url, config, json } => return block_on(test::test(&url, &config, json)),
        Task::Explain { url, place, json } => block_on(explain::explain(&url, &place, json))?,
        Task::Remove { id, place } => block_on(remove(&id, &place))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the sources that are watched, by identifier.
async fn known(place: &Place) -> Result<BTreeMap<String, Source>> {
    newest(place, "sources").await
}

/// Returns what polling has taught about sources, by identifier.
async fn states(place: &Place) -> Result<BTreeMap<String, SourceState>> {
    newest(place, "source-state").await
}

/// Reads the newest message under each key of a compacted topic.
async fn newest<M: Message + Default>(place: &Place, role: &str) -> Result<BTreeMap<String, M>> {
    let mut newest: BTreeMap<(u32, String), Option<M>> = BTreeMap::new();
    place
        .scan(role, |record| {
            let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
            let message = record.value.as_ref().and_then(|value| M::decode(value.clone()).ok());
            newest.insert((record.at.partition, key), message);
        })
        .await?;
    Ok(newest.into_iter().filter_map(|((_, key), message)| Some((key, message?))).collect())
}

fn kind(source: &Source) -> &'static str {
    match source.kind() {
        SourceKind::Unspecified => "auto",
        SourceKind::Feed => "feed",
        SourceKind::Sitemap => "sitemap",
        SourceKind::Section => "section",
        SourceKind::File => "file",
    }
}

async fn remove(id: &str, args: &PlaceArgs) -> Result<()> {
    let place = Place::open(args, IfMissing::Refuse).await?;
    let known = known(&place).await?;
    let Some(source) = known.get(id) else {
        bail!("no source has the identifier {id:?}; `naba sources list` shows those there are");
    };
    import::write(&place, &[seal(withdraw(source), &place.topics)?]).await?;
    print(&format!("removed {}  {}\n", source.source_id, crate::terminal::isolated(&source.url)))?;
    Ok(())
}
