//! `naba tail`: enriched articles as they come.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use naba_proto::prost::Message;
use naba_proto::to_json;
use naba_proto::v1::{EnrichedArticle, Withdrawal};
use naba_stage::log::{Log, LogError, Position, Reader, Record, TopicPartition};

use crate::article_view;
use crate::place::{IfMissing, Kind, Place, PlaceArgs, block_on};
use crate::terminal::{print, print_json};
use crate::when::From;

const EXAMPLES: &str = "\
Examples:
  naba tail                               beside a running `naba up`
  naba tail --from beginning --limit 5
  naba tail --language ar --json | jq .article.headline
  naba tail --kafka broker-1:9092 --from 2h

Without a running `naba up` it shows what the data folder holds and ends.
Exit codes: 0 done, 1 failed, 64 wrong command line or configuration.";

/// Show enriched articles as they come
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    /// Print one protobuf JSON object a line
    #[arg(long)]
    json: bool,
    /// Where to begin: beginning, end, 2026-11-24T06:00:00Z, 2026-11-24, or how long ago (15m, 2h, 7d)
    /// [default: end; beginning when nothing is running]
    #[arg(long, value_name = "TIME")]
    from: Option<From>,
    /// Only articles in a language (BCP 47; ar includes ar-SA)
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Stop after this many articles
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

/// How long a read waits for something new.
const WAIT: Duration = Duration::from_secs(1);
/// Records read at once.
const MAX: usize = 200;

/// Shows articles until the limit, or until the log ends.
pub fn run(args: Args) -> Result<ExitCode> {
    block_on(tail(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn tail(args: Args) -> Result<()> {
    let place = Place::open(&args.place, IfMissing::Refuse).await?;
    let at_rest = matches!(place.kind, Kind::AtRest(_));
    let default = if at_rest { Position::Beginning } else { Position::End };
    let position = args.from.map_or(default, |from| from.0);
    if at_rest {
        eprintln!("naba up is not running: these are the articles of its data folder");
    }
    let mut view = View { json: args.json, language: args.language, left: args.limit };
    let mut reader = open(place.log.as_ref(), &place.partitions("enriched").await?, position).await?;
    while view.left != Some(0) {
        let records = match reader.read(MAX, if at_rest { Duration::ZERO } else { WAIT }).await {
            Err(LogError::Unavailable(_)) if matches!(place.kind, Kind::Running(_)) => {
                eprintln!("naba up has ended");
                break;
            }
            read => read.context("reading articles")?,
        };
        if records.is_empty() && at_rest {
            break;
        }
        view.show(&records)?;
    }
    Ok(())
}

/// Opens a reader of partitions, all from one position.
pub async fn open(log: &dyn Log, partitions: &[TopicPartition], position: Position) -> Result<Box<dyn Reader>> {
    let from: Vec<_> = partitions.iter().map(|at| (at.clone(), position)).collect();
    log.reader(&from).await.context("opening a reader")
}

/// What is shown, and how.
pub struct View {
    /// As JSON.
    pub json: bool,
    /// Only this language.
    pub language: Option<String>,
    /// How many more; `None` for all.
    pub left: Option<u64>,
}

impl View {
    /// Shows records of the enriched topic.
    pub fn show(&mut self, records: &[Record]) -> Result<()> {
        for record in records {
            if self.left == Some(0) {
                break;
            }
            if self.show_one(record)? {
                self.left = self.left.map(|left| left - 1);
            }
        }
        Ok(())
    }

    fn show_one(&self, record: &Record) -> Result<bool> {
        let Some(value) = &record.value else { return self.show_withdrawn(record) };
        let enriched = match EnrichedArticle::decode(value.clone()) {
            Ok(enriched) => enriched,
            Err(error) => {
                eprintln!("{}/{} does not decode: {error}", record.at, record.offset);
                return Ok(false);
            }
        };
        let language = enriched.article.as_ref().map_or("", |article| article.language.as_str());
        if self.language.as_deref().is_some_and(|wanted| !is_language(language, wanted)) {
            return Ok(false);
        }
        if self.json {
            print_json(&to_json(&enriched)?)?;
        } else {
            print(&format!("{}\n", article_view::render(&enriched)))?;
        }
        Ok(true)
    }

    fn show_withdrawn(&self, record: &Record) -> Result<bool> {
        if self.language.is_some() {
            return Ok(false);
        }
        let article_id = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
        if self.json {
            print_json(&to_json(&Withdrawal { article_id, ..Withdrawal::default() })?)?;
        } else {
            print(&format!("withdrawn: article {article_id}\n\n"))?;
        }
        Ok(true)
    }
}

fn is_language(language: &str, wanted: &str) -> bool {
    let rest = language.get(..wanted.len()).filter(|head| head.eq_ignore_ascii_case(wanted));
    rest.is_some() && matches!(language.as_bytes().get(wanted.len()), None | Some(b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_includes_its_regions_and_no_other_language() {
        assert!(is_language("ar", "ar") && is_language("ar-SA", "AR"));
        assert!(!is_language("arz", "ar") && !is_language("en", "ar") && !is_language("", "ar"));
    }
}
