//! `naba sources`: what is watched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use naba_fetcher::{announce, read_sources_opml, read_sources_toml, withdraw};
use naba_proto::prost::Message;
use naba_proto::to_json;
use naba_proto::v1::{Source, SourceKind};
use naba_stage::log::NewRecord;

use crate::place::{IfMissing, Place, PlaceArgs, block_on};
use crate::seal::seal;
use crate::terminal::{isolated, print, print_json};

const EXAMPLES: &str = "\
Examples:
  naba sources import sources.toml subscriptions.opml --dry-run
  naba sources import sources.toml --kafka broker-1:9092
  naba sources list
  naba sources remove 8d1c0a7e…

A list of sources is TOML:
  [[source]]
  url = \"https://news.example/feed.xml\"     # also: id, name, kind (auto, feed, sitemap, file), country, language,
  language = \"ar\"                           # min_interval, max_interval (90s, 5m), origin (live, backfill), enabled

Exit codes: 0 done, 1 failed, 64 wrong command line or configuration.";

/// Import, list and remove the sources that are watched
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
    /// List the sources
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print one protobuf JSON object a line
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

/// Imports, lists or removes sources.
pub fn run(args: Args) -> Result<ExitCode> {
    match args.task {
        Task::Import { files, place, dry_run } => block_on(import_files(&files, &place, dry_run))?,
        Task::List { place, json } => block_on(list(&place, json))?,
        Task::Remove { id, place } => block_on(remove(&id, &place))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn import_files(files: &[PathBuf], args: &PlaceArgs, dry_run: bool) -> Result<()> {
    let sources = read_files(files)?;
    let place = Place::open(args, if dry_run { IfMissing::Refuse } else { IfMissing::Create }).await?;
    let (_, change) = import(&place, &sources, dry_run).await?;
    let would = if dry_run { "would be " } else { "" };
    print(&format!(
        "{} new and {} changed sources {would}imported, {} were there as they are; {}\n",
        change.new,
        change.changed,
        change.same,
        place.name()
    ))?;
    Ok(())
}

/// Reads lists of sources. What is wrong with an OPML entry is told and passed over, as other readers of such lists do;
/// a TOML list is taken whole or not at all.
pub fn read_files(files: &[PathBuf]) -> Result<Vec<Source>> {
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    for file in files {
        for source in read_file(file)? {
            sources.insert(source.source_id.clone(), source);
        }
    }
    Ok(sources.into_values().collect())
}

fn read_file(file: &Path) -> Result<Vec<Source>> {
    let shown = file.display();
    let bytes = std::fs::read(file).with_context(|| format!("{shown} cannot be read"))?;
    let is_xml = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && byte.is_ascii()) == Some(&b'<');
    if !is_xml {
        let text = String::from_utf8(bytes).with_context(|| format!("{shown} is no UTF-8"))?;
        return read_sources_toml(&text).with_context(|| format!("{shown} is no list of sources"));
    }
    let (sources, errors) = read_sources_opml(&bytes);
    for error in &errors {
        eprintln!("{shown}: {error}; passed over");
    }
    if sources.is_empty() {
        bail!("{shown} names no source that can be watched: OPML outlines need an xmlUrl");
    }
    Ok(sources)
}

/// How many sources an import changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Not known before.
    pub new: usize,
    /// Known, with other settings.
    pub changed: usize,
    /// Known as they are.
    pub same: usize,
}

/// Writes sources that are new or changed, in one transaction, and returns all that are known now.
pub async fn import(place: &Place, sources: &[Source], dry_run: bool) -> Result<(Vec<Source>, Change)> {
    let mut known = known(place).await?;
    let mut change = Change::default();
    let mut records: Vec<NewRecord> = Vec::new();
    for source in sources {
        let record = seal(announce(source), &place.topics)?;
        match known.get(&source.source_id) {
            Some(old) if old == source => {
                change.same += 1;
                continue;
            }
            Some(old) => {
                change.changed += 1;
                let end = seal(withdraw(old), &place.topics)?;
                // Another site now owns the identifier, so the owner of the old one must let go.
                if end.partition != record.partition {
                    records.push(end);
                }
            }
            None => change.new += 1,
        }
        records.push(record);
        known.insert(source.source_id.clone(), source.clone());
    }
    if !dry_run {
        write(place, &records).await?;
    }
    Ok((known.into_values().collect(), change))
}

async fn write(place: &Place, records: &[NewRecord]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let (mut producer, _lock) = place.producer("sources").await?;
    for some in records.chunks(500) {
        producer.send(some).await.context("writing sources")?;
    }
    place.commit(producer.as_mut()).await
}

/// Returns the sources that are watched, by identifier.
async fn known(place: &Place) -> Result<BTreeMap<String, Source>> {
    let mut newest: BTreeMap<(u32, String), Option<Source>> = BTreeMap::new();
    place
        .scan("sources", |record| {
            let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
            let source = record.value.as_ref().and_then(|value| Source::decode(value.clone()).ok());
            newest.insert((record.at.partition, key), source);
        })
        .await?;
    Ok(newest.into_iter().filter_map(|((_, id), source)| Some((id, source?))).collect())
}

async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open(args, IfMissing::Refuse).await?;
    let known = known(&place).await?;
    for source in known.values() {
        if json {
            print_json(&to_json(source)?)?;
        } else {
            print(&line(source))?;
        }
    }
    if !json {
        print(&format!("{} sources in {}\n", known.len(), place.name()))?;
    }
    Ok(())
}

fn line(source: &Source) -> String {
    let kind = match source.kind() {
        SourceKind::Unspecified => "auto",
        SourceKind::Feed => "feed",
        SourceKind::Sitemap => "sitemap",
        SourceKind::File => "file",
    };
    let paused = if source.enabled { "" } else { "  (paused)" };
    format!("{:<32}  {kind:<7}  {}  {}{paused}\n", source.source_id, isolated(&source.url), isolated(&source.name))
}

async fn remove(id: &str, args: &PlaceArgs) -> Result<()> {
    let place = Place::open(args, IfMissing::Refuse).await?;
    let known = known(&place).await?;
    let Some(source) = known.get(id) else {
        bail!("no source has the identifier {id:?}; `naba sources list` shows those there are");
    };
    write(&place, &[seal(withdraw(source), &place.topics)?]).await?;
    print(&format!("removed {}", line(source)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_by_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let (toml, opml) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&toml, "[[source]]\nurl = \"https://a.example/f\"\n").unwrap();
        std::fs::write(&opml, "\u{feff}\n<opml><body><outline xmlUrl=\"https://b.example/f\"/></body></opml>").unwrap();
        let urls: Vec<String> = read_files(&[toml, opml]).unwrap().into_iter().map(|source| source.url).collect();
        assert_eq!(urls.len(), 2, "{urls:?}");
    }

    #[test]
    fn a_list_without_a_source_is_an_error_that_names_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "<opml><body/></opml>").unwrap();
        let error = read_files(&[file.path().to_owned()]).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
    }
}
