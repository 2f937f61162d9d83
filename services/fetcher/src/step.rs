//! From decisions and pushes to what is committed together.

use std::time::Duration;

use bytes::Bytes;
use naba_frontier::{Decision, Ending, FetchRequest, Frontier};
use naba_model::Millis;
use naba_proto::prost::Message;
use naba_proto::v1::{FrontierEntry, Origin, SeenEntry, SeenStatus, Source as Watch, SourceState};
use naba_stage::{End, Metric, Output, StateView, StateWrite, Step, WorkId};

use crate::document::{self, Fetched};
use crate::entries::Discoverer;
use crate::fetcher::{HOST_STATE, SEEN, SOURCE_STATE};
use crate::perform::{Found, kind_label};
use crate::sources::{announce, domain_of, withdraw};
use crate::spelling::{self, Settled};
use crate::websub::Push;

/// Makes the step of what was pushed: its entries on the frontier topic, and what the push says about its hub.
pub(crate) fn pushed(frontier: &mut Frontier, push: Push, state: &StateView, now: Millis) -> Step {
    let known = frontier.source(&push.source_id).cloned();
    let unknown = || Watch { source_id: push.source_id.clone(), ..Watch::default() };
    let source = Watch { origin: Origin::Push.into(), ..known.unwrap_or_else(unknown) };
    let discoverer = Discoverer { source: &source, listing_url: &push.topic, now, max_age: Duration::ZERO };
    let entries = discoverer.entries(push.listing);
    let mut step = Step { end: Some(End::Emitted), ..Step::default() };
    step.outputs.extend(entries.iter().filter(|entry| is_news(entry, state)).map(frontier_record));
    step.writes.extend(frontier.pushed(now, &source.source_id).as_ref().map(learnt));
    let attempt = u64::try_from(now).unwrap_or_default();
    step.work = Some(WorkId { key: Bytes::from(format!("websub {}", source.source_id)), attempt });
    step
}

/// Stores what was learnt about a source.
fn learnt(state: &SourceState) -> StateWrite {
    StateWrite::put(SOURCE_STATE, state.source_id.clone(), state)
}

/// Gives an entry of a push that another instance took the words that only the owner of its source knows.
pub(crate) fn named(entry: FrontierEntry, source: Option<&Watch>) -> FrontierEntry {
    match source.filter(|_| entry.source_name.is_empty()) {
        Some(source) => {
            FrontierEntry { source_name: source.name.clone(), source_country: source.country.clone(), ..entry }
        }
        None => entry,
    }
}

/// Returns true when an operator has put a dead letter back: it is the very entry that was given up, while a listing that
/// names the address again has another time of discovery.
pub(crate) fn is_redriven(entry: &FrontierEntry, known: &SeenEntry) -> bool {
    let given_up = known.status() == SeenStatus::DeadLettered;
    given_up && known.entry.as_ref().is_some_and(|old| old.discovered_at == entry.discovered_at)
}

/// Writes a decision into the step that commits it.
pub(crate) fn apply(
    decision: Decision,
    step: &mut Step,
    found: &mut Option<Found>,
    request: &FetchRequest,
    state: &StateView,
    now: Millis,
) {
    match decision {
        Decision::SaveSource(state) => step.writes.push(learnt(&state)),
        Decision::SavePage { url_hash, state } => step.writes.push(StateWrite::put(SEEN, url_hash, &state)),
        Decision::SaveHost(host) => step.writes.push(StateWrite::put(HOST_STATE, host.domain.clone(), &host)),
        Decision::Forward(entry) => step.outputs.push(frontier_record(&entry)),
        Decision::PublishEntries { at_most } => {
            if let Some(Found::Entries(entries)) = found.take() {
                let news = entries.iter().filter(|entry| is_news(entry, state)).take(at_most);
                step.outputs.extend(news.map(frontier_record));
            }
        }
        Decision::MoveSource { from, source } => {
            tracing::info!(source = source.source_id, from, to = source.url, "source has moved for good");
            step.outputs.extend(moved(&from, &source));
        }
        Decision::NoteFreshness { age_ms } => {
            Metric::ListingFreshnessSeconds.observe(&[kind_label(request)], seconds(age_ms));
        }
        Decision::NoteGap => {
            Metric::ListingGapsTotal.add(&[kind_label(request)], 1);
            tracing::info!(
                source = request.key(),
                url = request.url,
                "feed moved on past what was seen, polled faster"
            );
        }
        Decision::NoteFlood { new } => {
            tracing::warn!(source = request.key(), url = request.url, new, "more new entries than a day may bring");
        }
        Decision::Publish { entry, attempt } => {
            if let Some(Found::Document(fetched)) = found.take() {
                step.outputs.push(document::record(&fetched.into_document(entry, attempt, false)));
            }
        }
        Decision::PublishFeedOnly { entry, robots, attempt } => {
            let fetched = Fetched::from_listing(&entry, robots, &request.site, now);
            step.outputs.push(document::record(&fetched.into_document(entry, attempt, true)));
        }
        Decision::End(ending) => {
            step.end = Some(end(ending));
            step.work = Some(work_id(request, now));
        }
    }
}

/// Returns the records that have a source watched at its new address: an owner of another domain must let it go.
fn moved(from: &str, source: &Watch) -> Vec<Output> {
    let before = Watch { url: from.to_owned(), ..source.clone() };
    let leaves = domain_of(from) != domain_of(&source.url);
    leaves.then(|| withdraw(&before)).into_iter().chain([announce(source)]).collect()
}

/// Returns false for an entry that this partition knows and that says nothing new: most entries of most polls. Entries of
/// other partitions' domains are judged by their owner.
fn is_news(entry: &FrontierEntry, state: &StateView) -> bool {
    match spelling::settle(entry, state) {
        Ok(Settled { known: Some(known), .. }) => naba_frontier::is_news(entry, &known),
        Ok(_) | Err(_) => true,
    }
}

pub(crate) fn note_lateness(request: &FetchRequest, now: Millis) {
    Metric::PollLatenessSeconds.observe(&[kind_label(request)], seconds(now.saturating_sub(request.due_at).max(0)));
}

fn seconds(millis: Millis) -> f64 {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default()).as_secs_f64()
}

fn frontier_record(entry: &FrontierEntry) -> Output {
    Output::new("frontier", entry.url_hash.clone(), entry).partition_by(domain_of(&entry.url))
}

fn end(ending: Ending) -> End {
    match ending {
        Ending::Emitted => End::Emitted,
        Ending::Skipped(code) => End::Skipped(code),
        Ending::DeadLettered { code, message, entry } => End::DeadLettered {
            code,
            message,
            key: Bytes::from(entry.url_hash.clone()),
            partition_by: Bytes::from(domain_of(&entry.url)),
            value: Bytes::from(entry.encode_to_vec()),
        },
    }
}

/// Names finished work in the audit by its instant: attempts count anew when a page that was given up is tried again.
fn work_id(request: &FetchRequest, now: Millis) -> WorkId {
    WorkId { key: Bytes::from(request.key().to_owned()), attempt: u64::try_from(now).unwrap_or_default() }
}
