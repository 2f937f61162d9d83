//! What naba knows of one address.

use anyhow::{Context, Result};
use naba_fetcher::spelling_key;
use naba_model::{NormalUrl, UrlHash, registrable_domain};
use naba_proto::prost::Message;
use naba_proto::to_json;
use naba_proto::v1::{SeenEntry, SeenStatus};
use naba_stage::partition_for;
use serde_json::{Value, json};

use super::list::{Known, read};
use crate::place::{IfMissing, Place, PlaceArgs};
use crate::terminal::{isolated, print, print_json};

/// What is known of an address.
struct Explained {
    url: NormalUrl,
    page: String,
    domain: String,
    partition: u32,
    /// The source that the address is, or that named it.
    source: Option<Known>,
    /// The spelling under which the page is known, where that is another one.
    spelling: Option<String>,
    seen: Option<SeenEntry>,
}

/// Explains an address.
pub async fn explain(url: &str, args: &PlaceArgs, json: bool) -> Result<()> {
    let url = NormalUrl::parse(url)?;
    let (_, config) = args.config.load()?;
    let place = Place::open(args, IfMissing::Refuse).await?;
    let (spelling, seen) = known_as(&place, &url).await?;
    let named_by = seen.as_ref().and_then(|seen| seen.entry.as_ref()).map(|entry| entry.source_id.clone());
    let is_meant = |known: &Known| {
        let source = &known.source;
        source.url == url.as_str() || source.listed_url == url.as_str() || named_by.as_ref() == Some(&source.source_id)
    };
    let source = read(&place, &config.own.fetcher.frontier()).await?.into_iter().find(is_meant);
    let domain = registrable_domain(url.host());
    let topic = place.topics.get("frontier").context("no topic has the role \"frontier\"")?;
    let partition = partition_for(domain.as_bytes(), topic.partitions);
    let explained = Explained { page: url.page_key(), url, domain, partition, source, spelling, seen };
    if json {
        print_json(&as_json(&explained)?)?
    } else {
        print(&page(&explained))?
    }
    Ok(())
}

/// Returns what is stored about a page, with the spelling under which it is where that is another one.
async fn known_as(place: &Place, url: &NormalUrl) -> Result<(Option<String>, Option<SeenEntry>)> {
    let own = seen(place, UrlHash::of(url).as_str()).await?;
    let Some(key) = spelling_key(url.as_str()).filter(|_| own.is_none()) else { return Ok((None, own)) };
    match seen(place, &key).await?.and_then(|alias| alias.entry) {
        Some(named) => Ok((Some(named.url), seen(place, &named.url_hash).await?)),
        None => Ok((None, None)),
    }
}

async fn seen(place: &Place, key: &str) -> Result<Option<SeenEntry>> {
    let mut newest = None;
    place
        .scan("seen", |record| {
            if record.key.as_deref() == Some(key.as_bytes()) {
                newest = record.value.and_then(|value| SeenEntry::decode(value).ok());
            }
        })
        .await?;
    Ok(newest)
}

fn status(seen: &SeenEntry) -> &'static str {
    match seen.status() {
        SeenStatus::Unspecified => "unknown",
        SeenStatus::Pending => "waiting for its fetch",
        SeenStatus::Fetched => "fetched",
        SeenStatus::Skipped => "skipped",
        SeenStatus::DeadLettered => "dead-lettered",
    }
}

fn page(explained: &Explained) -> String {
    let mut rows = vec![
        ("address", isolated(explained.url.as_str())),
        ("page", isolated(&explained.page)),
        ("domain", format!("{} (partition {} of the frontier)", explained.domain, explained.partition)),
    ];
    rows.extend(explained.spelling.as_ref().map(|spelling| ("known as", isolated(spelling))));
    match &explained.source {
        Some(known) => {
            let source = &known.source;
            let relation = if explained.seen.is_some() { "named by" } else { "is source" };
            let text = format!("{} {} ({})", source.source_id, isolated(&source.url), known.standing.word());
            rows.push((relation, text));
        }
        None => rows.push(("source", "none that is watched".to_owned())),
    }
    match &explained.seen {
        Some(seen) => {
            rows.push(("state", format!("{} {}", status(seen), seen.reason)));
            rows.push(("fetches", seen.attempts.to_string()));
            rows.extend(seen.fetched_at.as_ref().map(|at| ("last fetch", at.to_string())));
            rows.extend(seen.next_fetch_at.as_ref().map(|at| ("next fetch", at.to_string())));
        }
        None => rows.push(("state", "never named by a listing here".to_owned())),
    }
    rows.into_iter().map(|(name, value)| format!("{name:<11} {}\n", value.trim_end())).collect()
}

fn as_json(explained: &Explained) -> Result<Value> {
    Ok(json!({
        "url": explained.url.as_str(),
        "urlHash": UrlHash::of(&explained.url).as_str(),
        "page": explained.page,
        "spelling": explained.spelling,
        "domain": explained.domain,
        "partition": explained.partition,
        "source": explained.source.as_ref().map(Known::as_json).transpose()?,
        "seen": explained.seen.as_ref().map(to_json).transpose()?,
    }))
}
