//! Subscriptions with WebSub hubs: when a hub is asked, and how far it is trusted.
//!
//! A hub that pushes lets polls be fewer, never end: hubs die without a word. One that a poll has overtaken is trusted no
//! more until it pushes again.

use std::time::Duration;

use naba_model::{Millis, millis_of, timestamp_of};
use naba_proto::v1::{RobotsDecision, SourceKind, SourceState, Subscription};

use crate::decision::Decision;
use crate::gate::evidence;
use crate::lane::{Rank, lane_of};
use crate::machine::Frontier;
use crate::request::{Answer, FetchRequest, Hub, Site, Target};
use crate::schedule::back_off;
use crate::settings::{Settings, millis};

/// How many times less often a source is polled whose hub is trusted.
const TRUST: u32 = 5;
/// Pushes closer together than this are noted once.
const NOTE_EVERY: Millis = 60_000;

/// Takes what a listing says about its hub: another hub or topic is a new subscription, none is none.
pub(crate) fn offer(state: &mut SourceState, now: Millis, hub: Option<&Hub>) {
    let known = state.subscription.take();
    state.subscription = hub.map(|hub| match known {
        Some(known) if known.hub == hub.url && known.topic == hub.topic => known,
        _ => Subscription {
            hub: hub.url.clone(),
            topic: hub.topic.clone(),
            renew_at: Some(timestamp_of(now)),
            ..Subscription::default()
        },
    });
}

/// Takes the trust from a hub when a poll found something new and nothing had been pushed since the poll before.
pub(crate) fn judge(state: &mut SourceState, now: Millis) {
    let polled_at = state.polled_at.as_ref().map_or(0, millis_of);
    let Some(subscription) = state.subscription.as_mut().filter(|subscription| subscription.trusted) else { return };
    if subscription.pushed_at.as_ref().map_or(0, millis_of) < polled_at {
        subscription.trusted = false;
        subscription.renew_at = Some(timestamp_of(now));
    }
}

/// Tells whether a hub keeps its word. Then polls teach nothing about how often a source has to be asked.
pub(crate) fn is_trusted(state: &SourceState) -> bool {
    state.subscription.as_ref().is_some_and(|subscription| subscription.trusted)
}

/// Returns the interval of polls beside what is pushed.
pub(crate) fn interval(state: &SourceState, interval: Duration) -> Duration {
    if is_trusted(state) { interval.saturating_mul(TRUST) } else { interval }
}

impl Frontier {
    /// Takes the lease that a hub has granted for a source: it is renewed at two thirds of it.
    pub fn leased(&mut self, now: Millis, source_id: &str, lease: Duration) {
        let renew = self.settings.renew_subscriptions.min(lease.saturating_mul(2) / 3);
        if let Some(subscription) = self.subscription(source_id) {
            subscription.renew_at = Some(timestamp_of(now.saturating_add(millis(renew))));
        }
        self.plan_hub(source_id);
    }

    /// Notes that something was pushed for a source. Returns what to store, now and then.
    pub fn pushed(&mut self, now: Millis, source_id: &str) -> Option<SourceState> {
        let subscription = self.subscription(source_id)?;
        let last = subscription.pushed_at.as_ref().map_or(0, millis_of);
        let is_worth = !subscription.trusted || now.saturating_sub(last) >= NOTE_EVERY;
        subscription.pushed_at = Some(timestamp_of(now));
        subscription.trusted = true;
        let state = &self.sources.get(source_id)?.item.state;
        is_worth.then(|| state.clone())
    }

    fn subscription(&mut self, source_id: &str) -> Option<&mut Subscription> {
        self.sources.get_mut(source_id)?.item.state.subscription.as_mut()
    }

    /// Gives a source's hub its place in the queue, or takes it away.
    pub(crate) fn plan_hub(&mut self, source_id: &str) {
        if let Some((lane, at)) = self.hubs.remove(source_id) {
            self.lanes.dequeue(&lane, Rank::Hub, at, source_id);
        }
        let slot = self.sources.get(source_id).filter(|slot| slot.item.due_at(0).is_some());
        let subscription = slot.and_then(|slot| slot.item.state.subscription.as_ref());
        let due = subscription.filter(|_| !self.settings.renew_subscriptions.is_zero());
        if let Some(subscription) = due {
            let (lane, at) = (lane_of(&subscription.hub), subscription.renew_at.as_ref().map_or(0, millis_of));
            self.lanes.enqueue(&lane, Rank::Hub, at, source_id);
            self.hubs.insert(source_id.to_owned(), (lane, at));
        }
    }

    pub(crate) fn hub_request(&mut self, lane: &str, source_id: &str) -> Option<FetchRequest> {
        self.hubs.remove(source_id);
        let subscription = self.sources.get(source_id)?.item.state.subscription.as_ref()?;
        Some(FetchRequest {
            target: Target::Hub { source_id: source_id.to_owned(), topic: subscription.topic.clone() },
            url: subscription.hub.clone(),
            lane: lane.to_owned(),
            kind: SourceKind::Unspecified,
            etag: String::new(),
            last_modified: String::new(),
            known_sha256: String::new(),
            attempt: subscription.failures.saturating_add(1),
            robots: evidence(RobotsDecision::NotApplicable),
            site: Site::default(),
            due_at: 0,
            listed_at: 0,
        })
    }

    pub(crate) fn observe_hub(&mut self, now: Millis, source_id: &str, answer: &Answer) -> Vec<Decision> {
        let settings = self.settings.clone();
        let Some(slot) = self.sources.get_mut(source_id) else { return Vec::new() };
        let Some(subscription) = slot.item.state.subscription.as_mut() else { return Vec::new() };
        let is_taken = matches!(answer, Answer::Body { .. });
        subscription.failures = if is_taken { 0 } else { subscription.failures.saturating_add(1) };
        let wait = wait(&settings, source_id, subscription.failures);
        subscription.renew_at = Some(timestamp_of(now.saturating_add(wait)));
        let save = Decision::SaveSource(slot.item.state.clone());
        self.plan_hub(source_id);
        vec![save]
    }
}

/// Returns when a hub is asked again: before any lease ends that is worth having, or after a back-off.
fn wait(settings: &Settings, source_id: &str, failures: u32) -> Millis {
    match failures {
        0 => millis(settings.renew_subscriptions),
        _ => back_off(source_id, failures, settings.retry_base, settings.renew_subscriptions.max(settings.retry_max)),
    }
}
