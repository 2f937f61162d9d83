//! One source in full.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use naba_model::NormalUrl;
use naba_proto::prost_types::Timestamp;

use super::kind;
use super::list::{Known, read};
use crate::place::{IfMissing, Place, PlaceArgs};
use crate::terminal::{isolated, print, print_json};

/// Shows a source by its identifier or its address.
pub async fn show(wanted: &str, args: &PlaceArgs, json: bool) -> Result<()> {
    let (_, config) = args.config.load()?;
    let place = Place::open(args, IfMissing::Refuse).await?;
    let address = NormalUrl::parse(wanted).map(|url| url.to_string()).unwrap_or_default();
    let is_wanted = |known: &Known| {
        let source = &known.source;
        source.source_id == wanted || source.url == address || (!address.is_empty() && source.listed_url == address)
    };
    let sources = read(&place, &config.own.fetcher.frontier()).await?;
    let known = sources.into_iter().find(is_wanted);
    let known = known.with_context(|| format!("no source has the identifier or the address {wanted:?}"))?;
    if json {
        print_json(&known.as_json()?)?;
    } else {
        print(&page(&known))?;
    }
    Ok(())
}

fn page(known: &Known) -> String {
    let (source, state) = (&known.source, &known.state);
    let mut out = String::new();
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name:<14} {value}");
        }
    };
    row("identifier", source.source_id.clone());
    row("name", isolated(&source.name));
    row("address", isolated(&source.url));
    row("listed as", isolated(&source.listed_url));
    row("kind", kind(source).to_owned());
    row("state", known.standing.word().to_owned());
    row("last outcome", state.outcome.clone());
    row("last poll", at(state.polled_at.as_ref()));
    row("last success", at(state.succeeded_at.as_ref()));
    row("last news", at(state.last_news_at.as_ref()));
    row("next poll", at(state.next_poll_at.as_ref()));
    row("interval", span(state.interval_ms));
    row("usual gap", span(state.usual_gap_ms));
    row("freshness", span(state.freshness_ms));
    row("failures", if state.failures == 0 { String::new() } else { format!("{} in a row", state.failures) });
    row("gaps", if state.gaps == 0 { String::new() } else { state.gaps.to_string() });
    if let Some(moving) = &state.moving {
        let since = at(moving.first_at.as_ref());
        row("moving to", format!("{} ({} polls since {since})", isolated(&moving.url), moving.visits));
    }
    if let Some(hub) = &state.subscription {
        let trusted = if hub.trusted { "" } else { ", not trusted" };
        let renewed = at(hub.renew_at.as_ref());
        row("hub", format!("{} (asked again at {renewed}{trusted})", isolated(&hub.hub)));
    }
    for poll in &state.polls {
        row("polls", format!("{:>8}  {}", poll.count, poll.outcome));
    }
    out
}

fn at(instant: Option<&Timestamp>) -> String {
    instant.map(ToString::to_string).unwrap_or_default()
}

fn span(millis: u64) -> String {
    if millis == 0 { String::new() } else { format!("{:?}", Duration::from_secs(millis.div_ceil(1000))) }
}
