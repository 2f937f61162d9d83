//! The life of a source: polled, learnt from, ended.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use naba_model::{Millis, millis_of, timestamp_of};
use naba_proto::v1::{Origin, Source, SourceKind, SourceState};

use crate::allowance::{Admitted, Allowance, DAY};
use crate::decision::{Decision, Ending, reasons};
use crate::request::{Answer, FetchRequest, Listing, Target};
use crate::schedule::{Bounds, back_off, next_interval, next_poll};
use crate::settings::{Settings, millis};
use crate::window::Window;

/// A source under watch.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) source: Source,
    pub(crate) state: SourceState,
    /// Where redirects have led in this poll.
    hop: Option<(String, u32)>,
    /// Sitemaps of the index still to visit in this round, and what is known of those visited.
    children: VecDeque<String>,
    visited: BTreeMap<String, Visit>,
    /// What is stored when the round is over. Stored any sooner, a crash in between would hide the children behind a 304.
    round: Option<SourceState>,
    news: bool,
    /// True when the round named something that the one before did not; a body may change without that.
    fresh: bool,
    /// True when the window of the feed moved past what was seen.
    gap: bool,
    /// Until when the publisher's wishes are passed over.
    heedless_until: Millis,
    /// The entries of the last poll, and what the source may still name today. Kept in memory only, like `usual_gap`.
    window: Window,
    allowance: Allowance,
    /// Mean time between two polls with something new, in milliseconds; 0 before the second.
    usual_gap: Millis,
    /// False until the first answer in this process: an index that is unchanged still has children to be learnt.
    warm: bool,
}

/// What was learnt of a child sitemap. Kept in memory only: after a restart each is read once more, and its entries are
/// known by then.
#[derive(Debug, Default)]
struct Visit {
    updated_at: Option<Millis>,
    read_at: Option<Millis>,
    etag: String,
    last_modified: String,
    sha256: String,
    window: Window,
}

/// What a request of a source is made of.
pub(crate) struct Poll {
    pub(crate) url: String,
    pub(crate) child: Option<String>,
    pub(crate) etag: String,
    pub(crate) last_modified: String,
    pub(crate) sha256: String,
}

impl Watched {
    /// Tells whether the source is silent: nothing new for a day, for three of its intervals, and for three times as long
    /// as it usually takes.
    pub(crate) fn is_silent(&self, now: Millis) -> bool {
        let Some(last) = self.state.last_news_at.as_ref().filter(|_| !self.state.ended) else { return false };
        let interval = millis(Duration::from_millis(self.state.interval_ms));
        let patience = millis(DAY).max(interval.max(self.usual_gap).saturating_mul(3));
        now.saturating_sub(millis_of(last)) > patience
    }

    pub(crate) fn new(source: Source, state: SourceState) -> Self {
        let state = SourceState { source_id: source.source_id.clone(), ..state };
        Self {
            source,
            state,
            hop: None,
            children: VecDeque::new(),
            visited: BTreeMap::new(),
            round: None,
            news: false,
            fresh: false,
            gap: false,
            heedless_until: 0,
            window: Window::default(),
            allowance: Allowance::default(),
            usual_gap: 0,
            warm: false,
        }
    }

    /// Takes over a changed description; what was learnt stays unless the address is another.
    pub(crate) fn redescribe(self, source: Source) -> Self {
        if source.url == self.source.url && source.kind == self.source.kind {
            return Self { source, ..self };
        }
        Self::new(source, SourceState::default())
    }

    /// Returns when the source wants to be polled; `None` when it is paused or ended.
    pub(crate) fn due_at(&self, now: Millis) -> Option<Millis> {
        let watch = self.source.enabled && !self.state.ended;
        watch.then(|| self.state.next_poll_at.as_ref().map_or(now, millis_of))
    }

    pub(crate) fn poll(&self) -> Poll {
        if let Some(child) = self.children.front() {
            let visit = self.visited.get(child);
            let text = |get: fn(&Visit) -> &String| visit.map(get).cloned().unwrap_or_default();
            return Poll {
                url: self.hop.as_ref().map_or_else(|| child.clone(), |(url, _)| url.clone()),
                child: Some(child.clone()),
                etag: text(|v| &v.etag),
                last_modified: text(|v| &v.last_modified),
                sha256: text(|v| &v.sha256),
            };
        }
        let url = self.hop.as_ref().map_or_else(|| self.source.url.clone(), |(url, _)| url.clone());
        let maybe_index = matches!(self.source.kind(), SourceKind::Sitemap | SourceKind::Unspecified);
        if maybe_index && !self.warm {
            return Poll { url, child: None, etag: String::new(), last_modified: String::new(), sha256: String::new() };
        }
        let SourceState { etag, last_modified, body_sha256, .. } = self.state.clone();
        Poll { url, child: None, etag, last_modified, sha256: body_sha256 }
    }

    /// Moves the source on by an answer. Returns what follows and when to ask next.
    pub(crate) fn after(
        &mut self,
        now: Millis,
        settings: &Settings,
        request: &FetchRequest,
        answer: Answer,
    ) -> (Vec<Decision>, Millis) {
        if let Answer::Redirect { location, .. } = &answer {
            let hops = self.hop.as_ref().map_or(0, |(_, hops)| *hops) + 1;
            let web = location.starts_with("http://") || location.starts_with("https://");
            if web && hops <= settings.max_redirects {
                self.hop = Some((location.clone(), hops));
                return (Vec::new(), now);
            }
        }
        self.hop = None;
        match &request.target {
            Target::Source { child: Some(child), .. } => self.after_child(now, settings, child, answer),
            _ => self.after_source(now, settings, answer),
        }
    }

    fn after_source(&mut self, now: Millis, settings: &Settings, answer: Answer) -> (Vec<Decision>, Millis) {
        match answer {
            Answer::Body { sha256, etag, last_modified, listing } => {
                self.warm = true;
                self.news = self.state.body_sha256 != sha256;
                let before = std::mem::take(&mut self.window);
                let admitted = self.admit(now, settings, &before, &listing.window);
                self.window = admitted.remembered(listing.window.clone());
                self.fresh = self.news && admitted.is_fresh();
                self.gap = admitted.is_gap && admitted.is_whole();
                let mut state =
                    SourceState { etag, last_modified, body_sha256: sha256, failures: 0, ..self.state.clone() };
                if !admitted.is_whole() {
                    // What was left out is read again when there is room: nothing may answer "not modified" until then.
                    (state.etag, state.last_modified, state.body_sha256) = Default::default();
                }
                let mut decisions = if self.news { admitted.decisions() } else { Vec::new() };
                let (more, next) = self.begin_round(now, settings, state, listing);
                decisions.extend(more);
                (decisions, next)
            }
            Answer::NotModified { hint } => {
                self.warm = true;
                (self.news, self.fresh, self.gap) = (false, false, false);
                let state = SourceState { failures: 0, ..self.state.clone() };
                let children = self.visited.iter().map(|(url, visit)| (url.clone(), visit.updated_at)).collect();
                self.begin_round(now, settings, state, Listing { children, hint, ..Listing::default() })
            }
            Answer::Status { status: 410, .. } => {
                self.state.ended = true;
                self.state.polled_at = Some(timestamp_of(now));
                let end = Decision::End(Ending::Skipped(reasons::SOURCE_GONE));
                (vec![Decision::SaveSource(self.state.clone()), end], now)
            }
            Answer::Unusable { code, sha256 } => {
                // The same bytes will not read better next time: remembered, they cost one comparison.
                if !sha256.is_empty() && sha256 == self.state.body_sha256 {
                    return self.fail(now, settings, None, reasons::UNCHANGED);
                }
                self.state.body_sha256 = sha256;
                self.fail(now, settings, None, code)
            }
            Answer::Status { retry_after, .. } => self.fail(now, settings, retry_after, ""),
            Answer::Refused { code } => self.fail(now, settings, None, code),
            Answer::Failed { .. } | Answer::Redirect { .. } | Answer::RobotsFile { .. } | Answer::TdmFile { .. } => {
                self.fail(now, settings, None, "")
            }
        }
    }

    /// Chooses the sitemaps to visit and ends the round at once when there are none.
    fn begin_round(
        &mut self,
        now: Millis,
        settings: &Settings,
        state: SourceState,
        listing: Listing,
    ) -> (Vec<Decision>, Millis) {
        let mut children = listing.children;
        // Newest first; without a time the index's own order counts.
        children.sort_by_key(|(_, updated_at)| std::cmp::Reverse(updated_at.unwrap_or(Millis::MAX)));
        children.truncate(settings.max_children);
        self.visited.retain(|url, _| children.iter().any(|(child, _)| child == url));
        for (url, updated_at) in children {
            let visit = self.visited.entry(url.clone()).or_default();
            let stale = visit.read_at.is_none() || updated_at.is_none() || updated_at != visit.updated_at;
            visit.updated_at = updated_at;
            if stale {
                self.children.push_back(url);
            }
        }
        self.round = Some(state);
        if self.children.is_empty() {
            return self.end_round(now, settings, listing.hint);
        }
        (Vec::new(), now)
    }

    /// Decides how much of a listing passes.
    fn admit(&mut self, now: Millis, settings: &Settings, before: &Window, window: &Window) -> Admitted {
        let unlimited = settings.max_new_a_day == 0 || self.source.origin() == Origin::Backfill;
        let per_day = if unlimited { usize::MAX } else { settings.max_new_a_day };
        self.allowance.admit(now, per_day, before, window)
    }

    fn after_child(
        &mut self,
        now: Millis,
        settings: &Settings,
        child: &str,
        answer: Answer,
    ) -> (Vec<Decision>, Millis) {
        self.children.retain(|waiting| waiting != child);
        let mut decisions = Vec::new();
        let before = self.visited.get(child).map(|visit| visit.window.clone()).unwrap_or_default();
        let admitted = match &answer {
            Answer::Body { listing, .. } => self.admit(now, settings, &before, &listing.window),
            _ => Admitted::default(),
        };
        let visit = self.visited.entry(child.to_owned()).or_default();
        match answer {
            Answer::Body { sha256, etag, last_modified, listing } => {
                let news = visit.sha256 != sha256;
                let updated_at = visit.updated_at;
                let window = admitted.remembered(listing.window);
                *visit = if admitted.is_whole() {
                    Visit { updated_at, read_at: Some(now), etag, last_modified, sha256, window }
                } else {
                    // Read again in the next round.
                    Visit { updated_at, window, ..Visit::default() }
                };
                if news {
                    self.news = true;
                    self.fresh |= admitted.is_fresh();
                    decisions.extend(admitted.decisions());
                }
            }
            Answer::NotModified { .. } => visit.read_at = Some(now),
            // Tried again in the next round, which begins like any poll.
            _ => visit.read_at = None,
        }
        if self.children.is_empty() {
            let (more, next) = self.end_round(now, settings, None);
            decisions.extend(more);
            return (decisions, next);
        }
        (decisions, now)
    }

    fn end_round(&mut self, now: Millis, settings: &Settings, hint: Option<Duration>) -> (Vec<Decision>, Millis) {
        let mut state = self.round.take().unwrap_or_else(|| self.state.clone());
        let mut interval = next_interval(Duration::from_millis(state.interval_ms), self.fresh, self.bounds(settings));
        let mut decisions = Vec::new();
        if self.gap {
            self.heedless_until = now.saturating_add(millis(DAY));
            interval = next_interval(interval, true, self.bounds(settings));
            decisions.push(Decision::NoteGap);
        }
        // A publisher whose wish loses entries is not heard for a day.
        let hint = hint
            .filter(|_| now >= self.heedless_until)
            .map(|hint| hint.min(settings.max_hint).min(self.bounds(settings).max));
        let next = next_poll(now, &self.source.source_id, interval, hint);
        state.interval_ms = u64::try_from(interval.as_millis()).unwrap_or_default();
        state.polled_at = Some(timestamp_of(now));
        state.next_poll_at = Some(timestamp_of(next));
        if self.fresh {
            self.learn_gap(now, state.last_news_at.as_ref().map(millis_of));
        }
        if self.fresh || state.last_news_at.is_none() {
            state.last_news_at = Some(timestamp_of(now));
        }
        self.state = state.clone();
        let end = if self.news { Ending::Emitted } else { Ending::Skipped(reasons::UNCHANGED) };
        decisions.extend([Decision::SaveSource(state), Decision::End(end)]);
        (decisions, next)
    }

    /// Learns how long the source usually takes between two polls with something new.
    fn learn_gap(&mut self, now: Millis, last: Option<Millis>) {
        let Some(last) = last else { return };
        let gap = now.saturating_sub(last);
        self.usual_gap = if self.usual_gap == 0 { gap } else { (self.usual_gap.saturating_mul(3) + gap) / 4 };
    }

    /// Notes a failed poll. An empty code means that the poll is simply tried again later.
    fn fail(
        &mut self,
        now: Millis,
        settings: &Settings,
        retry_after: Option<Duration>,
        code: &'static str,
    ) -> (Vec<Decision>, Millis) {
        let bounds = self.bounds(settings);
        self.state.failures = self.state.failures.saturating_add(1);
        let base = bounds.min.max(Duration::from_millis(self.state.interval_ms).min(settings.retry_max));
        let id = &self.source.source_id;
        let wait = if self.state.failures >= settings.dead_after {
            next_poll(now, id, settings.dead_interval, None) - now
        } else {
            back_off(id, self.state.failures, base, bounds.max.max(settings.retry_max))
        };
        let patience = retry_after.map_or(0, |wish| millis(wish.min(settings.max_hint)));
        let next = now.saturating_add(wait.max(patience));
        self.state.polled_at = Some(timestamp_of(now));
        self.state.next_poll_at = Some(timestamp_of(next));
        self.state.last_news_at.get_or_insert(timestamp_of(now));
        let mut decisions = vec![Decision::SaveSource(self.state.clone())];
        if !code.is_empty() {
            decisions.push(Decision::End(Ending::Skipped(code)));
        }
        (decisions, next)
    }

    fn bounds(&self, settings: &Settings) -> Bounds {
        let or = |ms: u64, default: Duration| if ms == 0 { default } else { Duration::from_millis(ms) };
        let min = or(self.source.min_interval_ms, settings.min_interval);
        Bounds::new(min, or(self.source.max_interval_ms, settings.max_interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_silent_after_a_day_and_three_intervals_without_news() {
        const HOUR: Millis = 3_600_000;
        let state = |interval: Millis| SourceState {
            interval_ms: u64::try_from(interval).unwrap_or_default(),
            last_news_at: Some(timestamp_of(0)),
            ..SourceState::default()
        };
        let watched = |state| Watched::new(Source::default(), state);
        assert!(!watched(state(HOUR)).is_silent(24 * HOUR));
        assert!(watched(state(HOUR)).is_silent(25 * HOUR));
        assert!(!watched(state(12 * HOUR)).is_silent(36 * HOUR));
        assert!(watched(state(12 * HOUR)).is_silent(37 * HOUR));
        let rare = Watched { usual_gap: 48 * HOUR, ..watched(state(HOUR)) };
        assert!(!rare.is_silent(144 * HOUR) && rare.is_silent(145 * HOUR), "three times as long as it usually takes");
        assert!(!watched(SourceState { ended: true, ..state(HOUR) }).is_silent(99 * HOUR));
        assert!(!watched(SourceState { last_news_at: None, ..state(HOUR) }).is_silent(99 * HOUR));
    }
}
