//! The letters there are, without their values.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Result, bail};
use bytes::Bytes;
use naba_stage::DeadLetter;
use naba_stage::log::{Header, NewRecord, Record, TopicPartition};

use crate::place::Place;
use crate::when::Instant;

/// The header of a mark: `partition/offset` of the letter that was redriven. Marks stand on the partition of their letter,
/// with its key and without a value.
const REDRIVEN: &str = "naba-redriven";

/// The header of a record that was put back: how often. It stays on the record when it dies again, so that a letter that
/// always comes back is known.
const REDRIVES: &str = "naba-redrives";

/// Names a letter: `stage/partition/offset` on the stage's dead-letter topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LetterId {
    /// The stage.
    pub stage: String,
    /// Partition of its dead-letter topic.
    pub partition: u32,
    /// Offset there.
    pub offset: u64,
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.stage, self.partition, self.offset)
    }
}

impl FromStr for LetterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (stage, rest) = text.split_once('/')?;
            let (partition, offset) = rest.split_once('/')?;
            let id = Self { stage: stage.to_owned(), partition: partition.parse().ok()?, offset: offset.parse().ok()? };
            (!stage.is_empty()).then_some(id)
        };
        parse().ok_or_else(|| format!("{text:?} names no letter: write stage/partition/offset, as in parser/0/17"))
    }
}

/// A letter, without its value.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Its name.
    pub id: LetterId,
    /// Where it stands.
    pub at: TopicPartition,
    /// Why and where from.
    pub death: DeadLetter,
    /// Key of the original.
    pub key: Option<Bytes>,
    /// Bytes of the original's value; `None` for a tombstone.
    pub bytes: Option<usize>,
    /// Whether it was put back.
    pub redriven: bool,
    /// How often its record had been put back before it died here.
    pub redrives: u32,
}

impl Letter {
    /// Reads a record of a dead-letter topic; `None` when it is no letter.
    pub fn of(stage: &str, record: &Record) -> Option<Self> {
        let id = LetterId { stage: stage.to_owned(), partition: record.at.partition, offset: record.offset };
        let death = DeadLetter::of(record)?;
        let (at, key) = (record.at.clone(), record.key.clone());
        let redrives = record.header(REDRIVES).and_then(|count| count.parse().ok()).unwrap_or(0);
        Some(Self { id, at, death, key, bytes: record.value.as_ref().map(Bytes::len), redriven: false, redrives })
    }

    /// Returns the key as text.
    pub fn key_text(&self) -> String {
        String::from_utf8_lossy(self.key.as_deref().unwrap_or_default()).into_owned()
    }

    /// Makes the original of a letter's record: on its topic and partition, with its key and headers, and how often it was put
    /// back.
    pub fn original(&self, record: &Record) -> NewRecord {
        let mut original = self.death.original(record);
        original.headers.retain(|header| header.name != REDRIVES);
        let count = self.redrives.saturating_add(1).to_string();
        original.headers.push(Header { name: REDRIVES.to_owned(), value: Bytes::from(count) });
        original
    }

    /// Makes the mark that says that this letter was put back.
    pub fn mark(&self) -> NewRecord {
        let value = Bytes::from(format!("{}/{}", self.id.partition, self.id.offset));
        NewRecord {
            topic: Arc::clone(&self.at.topic),
            key: self.key.clone(),
            partition: self.at.partition,
            value: None,
            headers: vec![Header { name: REDRIVEN.to_owned(), value }],
        }
    }
}

/// Which letters are meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Only letters of a stage: fetcher, parser, enricher, sink
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// Only letters with a code
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// Only letters of a key
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Only letters since an instant, or how long ago (15m, 2h, 7d)
    #[arg(long, value_name = "TIME")]
    pub since: Option<Instant>,
    /// Only letters before an instant, or longer ago than (15m, 2h, 7d)
    #[arg(long, value_name = "TIME")]
    pub until: Option<Instant>,
}

impl Filter {
    fn takes(&self, letter: &Letter) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        is(&self.code, &letter.death.code)
            && is(&self.key, &letter.key_text())
            && self.since.is_none_or(|since| letter.death.failed_at >= since.0)
            && self.until.is_none_or(|until| letter.death.failed_at < until.0)
    }
}

/// Returns the stages that have a dead-letter topic.
fn stages(place: &Place) -> Vec<String> {
    place.topics.all().iter().filter_map(|topic| topic.role.strip_suffix("-dlq").map(str::to_owned)).collect()
}

/// Reads all letters that are meant, by stage, partition and offset; those that were redriven are marked so.
pub async fn read(place: &Place, filter: &Filter) -> Result<Vec<Letter>> {
    let known = stages(place);
    let wanted: Vec<String> = match &filter.stage {
        Some(stage) if !known.contains(stage) => bail!("no stage is called {stage:?}; stages are {}", known.join(", ")),
        Some(stage) => vec![stage.clone()],
        None => known,
    };
    let mut letters = Vec::new();
    for stage in wanted {
        let mut redriven: BTreeSet<String> = BTreeSet::new();
        let from = letters.len();
        place
            .scan(&format!("{stage}-dlq"), |record| {
                redriven.extend(record.header(REDRIVEN).map(str::to_owned));
                letters.extend(Letter::of(&stage, &record).filter(|letter| filter.takes(letter)));
            })
            .await?;
        for letter in letters.iter_mut().skip(from) {
            letter.redriven = redriven.contains(&format!("{}/{}", letter.id.partition, letter.id.offset));
        }
    }
    Ok(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_named_by_stage_partition_and_offset() {
        let id: LetterId = "parser/0/17".parse().unwrap();
        assert_eq!(id.to_string(), "parser/0/17");
        for wrong in ["parser", "parser/0", "/0/1", "parser/x/1", "parser/0/1/2"] {
            assert!(wrong.parse::<LetterId>().is_err(), "{wrong:?} was taken");
        }
    }
}
