//! What an address is, looked at now.

use std::process::ExitCode;

use anyhow::Result;
use naba_fetcher::{Probe, ProbedListing, probe};
use serde_json::{Value, json};

use crate::config::{ConfigArgs, missing_contact};
use crate::terminal::{isolated, print, print_json, shortened};
use crate::when;

/// Entries of a listing that are shown.
const SHOWN: usize = 3;

/// Fetches an address and says what it is. Exit code 1 when it leads to nothing that can be watched.
pub async fn test(url: &str, args: &ConfigArgs, json: bool) -> Result<ExitCode> {
    let (_, config) = args.load()?;
    if let Some(missing) = missing_contact(&config.own.fetcher) {
        return Err(missing.into());
    }
    let probe = probe(config.own.fetcher, url).await?;
    if json {
        print_json(&as_json(&probe))?;
    } else {
        print(&page(&probe))?;
    }
    let is_good = probe.listing.is_some() || !probe.leads_to.is_empty();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn page(probe: &Probe) -> String {
    let mut out = String::new();
    for (status, from) in &probe.redirects {
        out.push_str(&format!("{status}  {}\n", isolated(from)));
    }
    out.push_str(&format!("{}  {}  {}\n", probe.status, isolated(probe.url.as_str()), isolated(&probe.content_type)));
    if let Some(reason) = &probe.reason {
        out.push_str(&format!("no listing: {reason}\n"));
    }
    probe.listing.iter().for_each(|found| out.push_str(&of_listing(found)));
    if !probe.leads_to.is_empty() {
        out.push_str("leads to:\n");
        probe.leads_to.iter().for_each(|found| out.push_str(&of_listing(found)));
    }
    out
}

fn of_listing(found: &ProbedListing) -> String {
    let listing = &found.listing;
    let title = isolated(&shortened(listing.title.as_deref().unwrap_or_default(), 80));
    let newest = found.newest_at().map_or_else(String::new, |at| format!(", newest {}", when::shown(at)));
    let count = listing.entries.len() + listing.sitemaps.len();
    let mut out = format!("{:?}  {}  {title}  {count} entries{newest}\n", listing.kind, isolated(found.url.as_str()));
    for hub in &listing.hubs {
        out.push_str(&format!("  hub {}\n", isolated(hub.as_str())));
    }
    for note in &listing.diagnostics {
        out.push_str(&format!("  note {}\n", note.code()));
    }
    for entry in listing.entries.iter().take(SHOWN) {
        let url = entry.url.as_ref().map(|url| url.as_str()).unwrap_or_default();
        let title = shortened(entry.title.as_deref().unwrap_or_default(), 80);
        out.push_str(&format!("  {}  {}\n", isolated(url), isolated(&title)));
    }
    out
}

fn as_json(probe: &Probe) -> Value {
    let redirects: Vec<Value> =
        probe.redirects.iter().map(|(status, url)| json!({ "status": status, "url": url })).collect();
    json!({
        "url": probe.url.as_str(),
        "status": probe.status,
        "contentType": probe.content_type,
        "redirects": redirects,
        "reason": probe.reason.as_ref().map(|reason| reason.code()),
        "listing": probe.listing.as_ref().map(listing_json),
        "leadsTo": probe.leads_to.iter().map(listing_json).collect::<Vec<_>>(),
    })
}

fn listing_json(found: &ProbedListing) -> Value {
    let listing = &found.listing;
    let urls: Vec<&str> =
        listing.entries.iter().filter_map(|entry| entry.url.as_ref()).map(|url| url.as_str()).collect();
    json!({
        "url": found.url.as_str(),
        "kind": format!("{:?}", listing.kind),
        "title": listing.title,
        "language": listing.language,
        "entries": urls,
        "sitemaps": listing.sitemaps.iter().map(|child| child.url.as_str()).collect::<Vec<_>>(),
        "hubs": listing.hubs.iter().map(|hub| hub.as_str()).collect::<Vec<_>>(),
        "newestAt": found.newest_at().map(when::shown),
        "notes": listing.diagnostics.iter().map(|note| note.code()).collect::<Vec<_>>(),
    })
}
