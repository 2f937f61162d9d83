//! The sources in a list.

use anyhow::Result;
use naba_feed::{OpmlOutline, write_opml};
use naba_frontier::{Settings, Standing};
use naba_proto::to_json;
use naba_proto::v1::{Source, SourceKind, SourceState};
use serde_json::{Value, json};

use super::{kind, known, states};
use crate::place::{IfMissing, Place, PlaceArgs};
use crate::terminal::{isolated, print, print_json};
use crate::when;

/// A source with what polling has taught about it.
pub struct Known {
    /// Its description.
    pub source: Source,
    /// What polling has taught; the default before the first poll.
    pub state: SourceState,
    /// How it stands now.
    pub standing: Standing,
}

impl Known {
    /// Returns all of it as JSON.
    pub fn as_json(&self) -> Result<Value> {
        let (source, state) = (to_json(&self.source)?, to_json(&self.state)?);
        Ok(json!({ "standing": self.standing.word(), "source": source, "state": state }))
    }
}

/// Reads the sources of a log and how they stand.
pub async fn read(place: &Place, settings: &Settings) -> Result<Vec<Known>> {
    let mut states = states(place).await?;
    let now = when::now();
    let judged = known(place).await?.into_values().map(|source| {
        let state = states.remove(&source.source_id).unwrap_or_default();
        let standing = Standing::of(&source, &state, settings, now);
        Known { source, state, standing }
    });
    Ok(judged.collect())
}

/// Lists sources, all or those that stand in one way.
pub async fn list(args: &PlaceArgs, state: Option<Standing>, json: bool) -> Result<()> {
    let (_, config) = args.config.load()?;
    let place = Place::open(args, IfMissing::Refuse).await?;
    let mut sources = read(&place, &config.own.fetcher.frontier()).await?;
    sources.retain(|known| state.is_none_or(|state| known.standing == state));
    for known in &sources {
        if json {
            print_json(&known.as_json()?)?;
        } else {
            print(&line(known))?;
        }
    }
    if !json {
        print(&format!("{} sources in {}\n", sources.len(), place.name()))?;
    }
    Ok(())
}

fn line(known: &Known) -> String {
    let (source, state) = (&known.source, &known.state);
    let next = state.next_poll_at.as_ref().filter(|_| known.standing != Standing::Gone);
    let next = next.map_or_else(|| "-".to_owned(), ToString::to_string);
    let outcome = if state.outcome.is_empty() { "-" } else { &state.outcome };
    format!(
        "{:<32}  {:<7}  {:<7}  {outcome:<14}  {next:<20}  {}  {}\n",
        source.source_id,
        known.standing.word(),
        kind(source),
        isolated(&source.url),
        isolated(&source.name)
    )
}

/// Writes the sources on the web as OPML.
pub async fn export(args: &PlaceArgs) -> Result<()> {
    let place = Place::open(args, IfMissing::Refuse).await?;
    let outline = |source: Source| OpmlOutline { title: Some(source.name), feed_url: source.url, html_url: None };
    let on_the_web = known(&place).await?.into_values().filter(|source| source.kind() != SourceKind::File);
    let outlines: Vec<OpmlOutline> = on_the_web.map(outline).collect();
    print(&write_opml("naba sources", &outlines))?;
    Ok(())
}
