//! One letter in full.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use naba_proto::prost::{Message, Name};
use naba_proto::to_json;
use naba_proto::v1::{Article, EnrichedArticle, FrontierEntry, RawDocument};
use naba_stage::header;
use naba_stage::log::{Position, Record, TopicPartition};
use serde_json::{Value, json};

use super::letters::{Letter, LetterId};
use super::list;
use crate::place::{IfMissing, Place, PlaceArgs};
use crate::terminal::{isolated, print, print_json};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The letter: stage/partition/offset, as `naba dlq list` shows it
    id: LetterId,
    #[command(flatten)]
    place: PlaceArgs,
    /// Print the bytes of the original's value, and nothing else
    #[arg(long, conflicts_with = "json")]
    value: bool,
    /// Print one JSON object, the value decoded as protobuf JSON where it decodes
    #[arg(long)]
    json: bool,
}

/// Shows a letter.
pub async fn show(args: Args) -> Result<()> {
    let place = Place::open(&args.place, IfMissing::Refuse).await?;
    let record = find(&place, &args.id).await?;
    let Some(letter) = Letter::of(&args.id.stage, &record) else {
        bail!("{} is the mark of a letter that was redriven, or no record of this program", args.id);
    };
    if args.value {
        let value = record.value.as_ref().context("the original is a tombstone: it has no value")?;
        std::io::stdout().lock().write_all(value)?;
        return Ok(());
    }
    let decoded = record.value.as_ref().map(|value| decode(&place, &letter, value));
    if args.json {
        let mut shown = list::as_json(&letter);
        shown["headers"] =
            original_headers(&record).map(|(name, value)| json!({"name": name, "value": value})).collect();
        shown["value"] = decoded.and_then(Result::ok).unwrap_or_default();
        print_json(&shown)?;
        return Ok(());
    }
    let state = match decoded {
        None => "a tombstone, without a value".to_owned(),
        Some(Ok(_)) => format!("{} bytes, decodes; --json shows it", letter.bytes.unwrap_or_default()),
        Some(Err(error)) => format!("{} bytes, {error:#}; --value prints them", letter.bytes.unwrap_or_default()),
    };
    print(&render(&letter, &record, &state))?;
    Ok(())
}

fn render(letter: &Letter, record: &Record, value: &str) -> String {
    let death = &letter.death;
    let mut out = String::new();
    let lines = [
        ("letter", letter.id.to_string()),
        ("code", death.code.clone()),
        ("message", isolated(&death.message)),
        ("original", format!("{} offset {}", death.origin, death.offset)),
        ("key", isolated(&letter.key_text())),
        ("attempts", death.attempts.to_string()),
        ("given up at", crate::when::shown(death.failed_at)),
        ("value", value.to_owned()),
    ];
    for (name, text) in lines {
        let _ = writeln!(out, "{name:<12} {text}");
    }
    for (name, value) in original_headers(record) {
        let _ = writeln!(out, "{:<12} {name}: {}", "header", isolated(&value));
    }
    out
}

/// Returns the headers of the original.
fn original_headers(record: &Record) -> impl Iterator<Item = (String, String)> {
    let own = record.headers.iter().filter(|h| !h.name.starts_with(header::PREFIX));
    own.map(|h| (h.name.clone(), String::from_utf8_lossy(&h.value).into_owned()))
}

/// Reads the record of a letter.
async fn find(place: &Place, id: &LetterId) -> Result<Record> {
    let role = format!("{}-dlq", id.stage);
    let Some(topic) = place.topics.get(&role) else { bail!("no stage is called {:?}", id.stage) };
    let at = TopicPartition::new(topic.name.as_str(), id.partition);
    let gone = || format!("there is no letter {id} on {}; `naba dlq list` shows those there are", place.name());
    let count = place.log.partitions(&topic.name).await?;
    if id.partition >= count || place.log.ends(std::slice::from_ref(&at)).await?.first() <= Some(&id.offset) {
        bail!(gone());
    }
    let mut reader = place.log.reader(&[(at, Position::Offset(id.offset))]).await?;
    for _ in 0..10 {
        // The first record at or after the offset: the letter, unless it is forgotten already.
        if let Some(record) = reader.read(1, Duration::from_secs(1)).await?.into_iter().next() {
            return if record.offset == id.offset { Ok(record) } else { Err(anyhow::anyhow!(gone())) };
        }
    }
    bail!(gone())
}

/// Decodes a value as the message of the topic that it came from.
fn decode(place: &Place, letter: &Letter, value: &Bytes) -> Result<Value> {
    let role = place.topics.by_name(&letter.death.origin.topic).map(|topic| topic.role.as_str());
    match role {
        Some("raw" | "backfill-raw") => as_json::<RawDocument>(value),
        Some("articles" | "backfill-articles") => as_json::<Article>(value),
        Some("enriched") => as_json::<EnrichedArticle>(value),
        Some("frontier") => as_json::<FrontierEntry>(value),
        _ => bail!("of a topic that this program does not know"),
    }
}

fn as_json<M: Message + Name + Default>(value: &Bytes) -> Result<Value> {
    let message = M::decode(value.clone()).with_context(|| format!("no {}", M::NAME))?;
    Ok(to_json(&message)?)
}
