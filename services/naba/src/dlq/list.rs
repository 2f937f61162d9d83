//! Counts and newest letters.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;
use naba_model::Millis;
use serde_json::json;

use super::letters::{Filter, Letter, read};
use crate::place::{IfMissing, Place, PlaceArgs};
use crate::terminal::{isolated, print, print_json, shortened};
use crate::when;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    filter: Filter,
    /// List at most this many letters, the newest
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Also those that were redriven
    #[arg(long)]
    all: bool,
    /// Print one JSON object a letter, every letter
    #[arg(long)]
    json: bool,
}

/// Lists the letters.
pub async fn list(args: Args) -> Result<()> {
    let place = Place::open(&args.place, IfMissing::Refuse).await?;
    let mut letters = read(&place, &args.filter).await?;
    let redriven = letters.iter().filter(|letter| letter.redriven).count();
    letters.retain(|letter| args.all || !letter.redriven);
    if args.json {
        return letters.iter().try_for_each(|letter| Ok(print_json(&as_json(letter))?));
    }
    let mut out = groups(&letters);
    letters.sort_by_key(|letter| letter.death.failed_at);
    let newest = letters.len().saturating_sub(args.limit);
    if newest > 0 {
        let _ = writeln!(out, "the newest {} of {} letters:", args.limit, letters.len());
    }
    for letter in letters.iter().skip(newest) {
        out.push_str(&line(letter));
    }
    let _ = writeln!(out, "{} dead letters wait, {redriven} were redriven; {}", waiting(&letters), place.name());
    print(&out)?;
    Ok(())
}

fn waiting(letters: &[Letter]) -> usize {
    letters.iter().filter(|letter| !letter.redriven).count()
}

/// Renders counts by stage and code, with the first and the last of each.
fn groups(letters: &[Letter]) -> String {
    let mut groups: BTreeMap<(&str, &str), (usize, Millis, Millis)> = BTreeMap::new();
    for letter in letters {
        let at = letter.death.failed_at;
        let (count, first, last) = groups.entry((&letter.id.stage, &letter.death.code)).or_insert((0, at, at));
        (*count, *first, *last) = (*count + 1, at.min(*first), at.max(*last));
    }
    let mut out = String::new();
    if !groups.is_empty() {
        let _ = writeln!(out, "{:>7}  {:<9} {:<20} {:<24}  last", "letters", "stage", "code", "first");
    }
    for ((stage, code), (count, first, last)) in groups {
        let _ = writeln!(out, "{count:>7}  {stage:<9} {code:<20} {:<24}  {}", when::shown(first), when::shown(last));
    }
    out.push_str(if out.is_empty() { "" } else { "\n" });
    out
}

fn line(letter: &Letter) -> String {
    let redriven = match (letter.redriven, letter.redrives) {
        (true, _) => "  (redriven)".to_owned(),
        (false, 0) => String::new(),
        (false, count) => format!("  (came back after {count} redrives)"),
    };
    format!(
        "{}  {}  {}  {}  key {}{redriven}\n    {}\n",
        letter.id,
        when::shown(letter.death.failed_at),
        letter.death.code,
        letter.death.origin,
        isolated(&shortened(&letter.key_text(), 64)),
        isolated(&shortened(&letter.death.message, 200)),
    )
}

/// Returns a letter as JSON, without its value.
pub fn as_json(letter: &Letter) -> serde_json::Value {
    json!({
        "id": letter.id.to_string(),
        "stage": letter.id.stage,
        "code": letter.death.code,
        "message": letter.death.message,
        "topic": letter.death.origin.topic.as_ref(),
        "partition": letter.death.origin.partition,
        "offset": letter.death.offset,
        "key": letter.key_text(),
        "attempts": letter.death.attempts,
        "failedAt": when::shown(letter.death.failed_at),
        "valueBytes": letter.bytes,
        "redriven": letter.redriven,
        "redrives": letter.redrives,
    })
}
