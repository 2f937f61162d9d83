//! Putting original records back, each letter once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use naba_stage::log::{NewRecord, Position, Producer, TopicPartition};

use super::letters::{Filter, Letter, LetterId, read};
use super::list::as_json;
use crate::place::{IfMissing, Place, PlaceArgs};
use crate::terminal::{print, print_json};
use crate::when::Rate;

/// Letters of one transaction.
const MAX_LETTERS: usize = 50;
/// Bytes of one transaction, about: one letter may have 9 MiB, a frame of the local log's socket 64 MiB.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Reads without a record, a second each, after which a partition is given up.
const MAX_EMPTY_READS: u32 = 30;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these letters (stage/partition/offset)
    ids: Vec<LetterId>,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    filter: Filter,
    /// Put back at most this many, the oldest
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Put back at most so many a second, as 50/s
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// Leave records that were put back so often before and died again
    #[arg(long, value_name = "N", default_value_t = 3)]
    max_redrives: u32,
    /// Say what would be put back, and put nothing back
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object a letter, when its record is back, or left
    #[arg(long)]
    json: bool,
}

/// Redrives letters.
pub async fn redrive(args: Args) -> Result<()> {
    let place = Place::open(&args.place, IfMissing::Refuse).await?;
    let mut report = Report::new(&args);
    if args.dry_run {
        let (chosen, left) = choose(&place, &args).await?;
        report.outcome(&chosen.iter().collect::<Vec<_>>(), "would_be_put_back")?;
        report.outcome(&left.iter().collect::<Vec<_>>(), "left")?;
        return report.end(chosen.len(), left.len(), "would be", &place);
    }
    // The producer first: it ends the transaction of one that was killed, so that the marks read next are all there are.
    let (mut producer, _lock) = place.producer("dlq redrive").await?;
    let (chosen, left) = choose(&place, &args).await?;
    report.all = chosen.len();
    let mut by_partition: BTreeMap<TopicPartition, Vec<Letter>> = BTreeMap::new();
    for letter in chosen {
        by_partition.entry(letter.at.clone()).or_default().push(letter);
    }
    for (at, letters) in by_partition {
        let done = redrive_partition(&place, producer.as_mut(), &at, letters, args.rate, &mut report).await;
        done.with_context(|| format!("{} letters are back on their topics; run it again for the rest", report.done))?;
    }
    report.outcome(&left.iter().collect::<Vec<_>>(), "left")?;
    report.end(report.done, left.len(), "were", &place)
}

/// Returns the letters that are meant and have not been put back, oldest first, and those that came back too often.
async fn choose(place: &Place, args: &Args) -> Result<(Vec<Letter>, Vec<Letter>)> {
    let ids: BTreeSet<&LetterId> = args.ids.iter().collect();
    let mut letters = read(place, &args.filter).await?;
    letters.retain(|letter| ids.is_empty() || ids.contains(&letter.id));
    if let Some(missing) = ids.iter().find(|id| !letters.iter().any(|letter| letter.id == ***id)) {
        bail!("there is no letter {missing}, or another option leaves it out");
    }
    letters.retain(|letter| !letter.redriven);
    letters.sort_by(|a, b| (a.death.failed_at, &a.id).cmp(&(b.death.failed_at, &b.id)));
    let (mut chosen, left): (Vec<_>, Vec<_>) =
        letters.into_iter().partition(|letter| letter.redrives < args.max_redrives);
    chosen.truncate(args.limit.unwrap_or(usize::MAX));
    Ok((chosen, left))
}

async fn redrive_partition(
    place: &Place,
    producer: &mut dyn Producer,
    at: &TopicPartition,
    mut letters: Vec<Letter>,
    rate: Option<Rate>,
    report: &mut Report,
) -> Result<()> {
    letters.sort_by_key(|letter| letter.id.offset);
    let (Some(first), Some(last)) = (letters.first(), letters.last()) else { return Ok(()) };
    let (first, last) = (first.id.offset, last.id.offset);
    let wanted: BTreeMap<u64, &Letter> = letters.iter().map(|letter| (letter.id.offset, letter)).collect();
    let mut reader = place.log.reader(&[(at.clone(), Position::Offset(first))]).await?;
    let (mut next, mut empty) = (first, 0);
    let mut batch = Batch::default();
    while next <= last {
        let records = reader.read(MAX_LETTERS, Duration::from_secs(1)).await.context("reading letters")?;
        empty = if records.is_empty() { empty + 1 } else { 0 };
        if empty > MAX_EMPTY_READS {
            bail!("{at} gives no more records");
        }
        for record in records {
            next = record.offset + 1;
            let Some(letter) = wanted.get(&record.offset) else { continue };
            batch.add(letter, letter.original(&record));
            if batch.is_full(rate) {
                batch.write(place, producer, rate, report).await?;
            }
        }
    }
    batch.write(place, producer, rate, report).await
}

/// Records and their marks, for one transaction.
#[derive(Default)]
struct Batch<'a> {
    records: Vec<NewRecord>,
    letters: Vec<&'a Letter>,
    bytes: usize,
}

impl<'a> Batch<'a> {
    fn add(&mut self, letter: &'a Letter, original: NewRecord) {
        let mark = letter.mark();
        self.bytes += original.size() + mark.size();
        self.records.extend([original, mark]);
        self.letters.push(letter);
    }

    fn is_full(&self, rate: Option<Rate>) -> bool {
        // A slow rate is a rate of small transactions, not of large ones with long pauses.
        let most =
            rate.map_or(MAX_LETTERS, |rate| (1..MAX_LETTERS).find(|n| *n as f64 >= rate.0).unwrap_or(MAX_LETTERS));
        self.letters.len() >= most || self.bytes >= MAX_BYTES
    }

    async fn write(
        &mut self,
        place: &Place,
        producer: &mut dyn Producer,
        rate: Option<Rate>,
        report: &mut Report,
    ) -> Result<()> {
        if self.letters.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(self);
        producer.send(&batch.records).await.context("writing records")?;
        place.commit(producer).await?;
        report.put_back(&batch.letters)?;
        if let Some(rate) = rate {
            tokio::time::sleep(Duration::from_secs_f64(batch.letters.len() as f64 / rate.0)).await;
        }
        Ok(())
    }
}

/// Says what becomes of the letters: as JSON, or on a terminal how far it is.
struct Report {
    json: bool,
    is_dry: bool,
    max_redrives: u32,
    all: usize,
    done: usize,
    is_shown: bool,
}

impl Report {
    fn new(args: &Args) -> Self {
        let is_shown = std::io::stderr().is_terminal() && !args.json;
        Self { json: args.json, is_dry: args.dry_run, max_redrives: args.max_redrives, all: 0, done: 0, is_shown }
    }

    fn put_back(&mut self, letters: &[&Letter]) -> Result<()> {
        self.done += letters.len();
        if self.is_shown {
            // A terminal that is gone must not end the work.
            let _ = write!(std::io::stderr(), "\rput back {} of {}", self.done, self.all);
        }
        if self.json { self.outcome(letters, "put_back") } else { Ok(()) }
    }

    fn outcome(&self, letters: &[&Letter], outcome: &str) -> Result<()> {
        for letter in letters {
            let (id, code, to) = (&letter.id, &letter.death.code, &letter.death.origin);
            if self.json {
                let mut line = as_json(letter);
                line["outcome"] = outcome.into();
                print_json(&line)?;
            } else if self.is_dry && outcome != "left" {
                print(&format!("{id}  {code}  to {to}\n"))?;
            }
        }
        Ok(())
    }

    /// Says how many; with JSON on standard error, so that standard output is JSON only.
    fn end(&self, count: usize, left: usize, verb: &str, place: &Place) -> Result<()> {
        if self.is_shown && self.done > 0 {
            let _ = writeln!(std::io::stderr());
        }
        let to = if self.is_dry { "" } else { " on their topics" };
        let mut text = format!("{count} letters {verb} put back{to}; {}\n", place.name());
        if left > 0 {
            let times = self.max_redrives;
            text += &format!("{left} letters {verb} left: put back {times} times before; --max-redrives raises that\n");
        }
        if self.json {
            let _ = std::io::stderr().write_all(text.as_bytes());
        } else {
            print(&text)?;
        }
        Ok(())
    }
}
