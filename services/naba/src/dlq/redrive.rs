//! Putting original records back, each letter once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use naba_stage::DeadLetter;
use naba_stage::log::{NewRecord, Position, Producer, TopicPartition};

use super::letters::{Filter, Letter, LetterId, read};
use crate::place::{IfMissing, Place, PlaceArgs};
use crate::terminal::print;
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
    /// Say what would be put back, and put nothing back
    #[arg(long)]
    dry_run: bool,
}

/// Redrives letters.
pub async fn redrive(args: Args) -> Result<()> {
    let place = Place::open(&args.place, IfMissing::Refuse).await?;
    if args.dry_run {
        let chosen = choose(&place, &args).await?;
        for letter in &chosen {
            print(&format!("{}  {}  to {}\n", letter.id, letter.death.code, letter.death.origin))?;
        }
        print(&format!("{} letters would be put back; {}\n", chosen.len(), place.name()))?;
        return Ok(());
    }
    // The producer first: it ends the transaction of one that was killed, so that the marks read next are all there are.
    let (mut producer, _lock) = place.producer("dlq redrive").await?;
    let chosen = choose(&place, &args).await?;
    let mut progress = Progress::new(chosen.len());
    let mut by_partition: BTreeMap<TopicPartition, Vec<Letter>> = BTreeMap::new();
    for letter in chosen {
        by_partition.entry(letter.at.clone()).or_default().push(letter);
    }
    for (at, letters) in by_partition {
        let done = redrive_partition(&place, producer.as_mut(), &at, letters, args.rate, &mut progress).await;
        done.with_context(|| format!("{} letters are back on their topics; run it again for the rest", progress.done))?;
    }
    progress.end();
    print(&format!("{} letters were put back on their topics; {}\n", progress.done, place.name()))?;
    Ok(())
}

/// Returns the letters that are meant and have not been put back, oldest first.
async fn choose(place: &Place, args: &Args) -> Result<Vec<Letter>> {
    let ids: BTreeSet<&LetterId> = args.ids.iter().collect();
    let mut letters = read(place, &args.filter).await?;
    letters.retain(|letter| ids.is_empty() || ids.contains(&letter.id));
    if let Some(missing) = ids.iter().find(|id| !letters.iter().any(|letter| letter.id == ***id)) {
        bail!("there is no letter {missing}, or another option leaves it out");
    }
    letters.retain(|letter| !letter.redriven);
    letters.sort_by(|a, b| (a.death.failed_at, &a.id).cmp(&(b.death.failed_at, &b.id)));
    letters.truncate(args.limit.unwrap_or(usize::MAX));
    Ok(letters)
}

async fn redrive_partition(
    place: &Place,
    producer: &mut dyn Producer,
    at: &TopicPartition,
    mut letters: Vec<Letter>,
    rate: Option<Rate>,
    progress: &mut Progress,
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
            let death = DeadLetter::of(&record).context("a letter has changed")?;
            batch.add(death.original(&record), letter.mark());
            if batch.is_full(rate) {
                batch.write(place, producer, rate, progress).await?;
            }
        }
    }
    batch.write(place, producer, rate, progress).await
}

/// Records and their marks, for one transaction.
#[derive(Default)]
struct Batch {
    records: Vec<NewRecord>,
    letters: usize,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, original: NewRecord, mark: NewRecord) {
        self.letters += 1;
        self.bytes += original.size() + mark.size();
        self.records.extend([original, mark]);
    }

    fn is_full(&self, rate: Option<Rate>) -> bool {
        // A slow rate is a rate of small transactions, not of large ones with long pauses.
        let most =
            rate.map_or(MAX_LETTERS, |rate| (1..MAX_LETTERS).find(|n| *n as f64 >= rate.0).unwrap_or(MAX_LETTERS));
        self.letters >= most || self.bytes >= MAX_BYTES
    }

    async fn write(
        &mut self,
        place: &Place,
        producer: &mut dyn Producer,
        rate: Option<Rate>,
        progress: &mut Progress,
    ) -> Result<()> {
        if self.letters == 0 {
            return Ok(());
        }
        let batch = std::mem::take(self);
        producer.send(&batch.records).await.context("writing records")?;
        place.commit(producer).await?;
        progress.add(batch.letters);
        if let Some(rate) = rate {
            tokio::time::sleep(Duration::from_secs_f64(batch.letters as f64 / rate.0)).await;
        }
        Ok(())
    }
}

/// Shows on a terminal how far it is.
struct Progress {
    all: usize,
    done: usize,
    shown: bool,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self { all, done: 0, shown: std::io::stderr().is_terminal() }
    }

    fn add(&mut self, letters: usize) {
        self.done += letters;
        if self.shown {
            // A terminal that is gone must not end the work.
            let _ = write!(std::io::stderr(), "\rput back {} of {}", self.done, self.all);
        }
    }

    fn end(&self) {
        if self.shown && self.done > 0 {
            let _ = writeln!(std::io::stderr());
        }
    }
}
