//! The life of a source: polled, learnt from, ended.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use naba_model::{Millis, millis_of, timestamp_of};
use naba_proto::v1::{Origin, Source, SourceKind, SourceState};

use crate::allowance::{Admitted, Allowance, DAY};
use crate::decision::{Decision, Ending, reasons};
use crate::health;
use crate::moved::{self, Hop};
use crate::request::{Answer, FetchRequest, Listing, Target};
use crate::schedule::{Bounds, back_off, next_interval, next_poll};
use crate::settings::{Settings, millis};
use crate::subscription;
use crate::window::Window;

/// A source under watch.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) source: Source,
    pub(crate) state: SourceState,
    /// Where redirects have led in this poll.
    hop: Option<Hop>,
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
    /// When the newest entry of this round says that it was published.
    newest_at: Option<Millis>,
    /// The entries of the last poll, and what the source may still name today. Kept in memory only.
    window: Window,
    allowance: Allowance,
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
            newest_at: None,
            window: Window::default(),
            allowance: Allowance::default(),
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
                url: self.hop.as_ref().map_or_else(|| child.clone(), |hop| hop.url.clone()),
                child: Some(child.clone()),
                etag: text(|v| &v.etag),
                last_modified: text(|v| &v.last_modified),
                sha256: text(|v| &v.sha256),
            };
        }
        let url = self.hop.as_ref().map_or_else(|| self.source.url.clone(), |hop| hop.url.clone());
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
        if let Answer::Redirect { status, location } = &answer {
            let hop = Hop::follow(self.hop.as_ref(), *status, location);
            let web = location.starts_with("http://") || location.starts_with("https://");
            if web && hop.count <= settings.max_redirects {
                self.hop = Some(hop);
                return (Vec::new(), now);
            }
        }
        let hop = self.hop.take();
        match &request.target {
            Target::Source { child: Some(child), .. } => self.after_child(now, settings, child, answer),
            _ => {
                let is_read = matches!(answer, Answer::Body { .. } | Answer::NotModified { .. });
                let moved = is_read.then(|| moved::note(&mut self.state, now, hop.as_ref())).flatten();
                let (mut decisions, next) = self.after_source(now, settings, answer);
                decisions.extend(moved.map(|to| self.move_to(to)));
                (decisions, next)
            }
        }
    }

    fn move_to(&self, url: String) -> Decision {
        let source = self.source.clone();
        let from = source.url.clone();
        let listed_url = if source.listed_url.is_empty() { source.url } else { source.listed_url };
        Decision::MoveSource { from, source: Box::new(Source { url, listed_url, ..source }) }
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
                self.newest_at = listing.newest_at.filter(|_| !before.is_empty());
                subscription::offer(&mut self.state, now, listing.hub.as_ref());
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
                health::count(&mut self.state, reasons::SOURCE_GONE);
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
            Answer::Status { status, retry_after } => {
                health::count(&mut self.state, word_of(status));
                self.fail(now, settings, retry_after, "")
            }
            Answer::Refused { code } => self.fail(now, settings, None, code),
            Answer::Failed { code, .. } => {
                health::count(&mut self.state, code);
                self.fail(now, settings, None, "")
            }
            Answer::Redirect { .. } | Answer::RobotsFile { .. } | Answer::TdmFile { .. } => {
                health::count(&mut self.state, reasons::BAD_REDIRECT);
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
        if self.source.kind() != SourceKind::File {
            children.truncate(settings.max_children);
        }
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
                if self.source.kind() == SourceKind::File {
                    // An archive is listed in parts, each of which names the next.
                    listing.children.into_iter().for_each(|(next, _)| self.children.push_front(next));
                }
                let updated_at = visit.updated_at;
                let window = admitted.remembered(listing.window);
                let newest_at = listing.newest_at;
                *visit = if admitted.is_whole() {
                    Visit { updated_at, read_at: Some(now), etag, last_modified, sha256, window }
                } else {
                    // Read again in the next round.
                    Visit { updated_at, window, ..Visit::default() }
                };
                if news {
                    self.news = true;
                    self.fresh |= admitted.is_fresh();
                    self.newest_at = self.newest_at.max(newest_at.filter(|_| !before.is_empty()));
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
        // What was pushed meanwhile is in the state proper.
        state.subscription = self.state.subscription.take();
        if self.fresh {
            subscription::judge(&mut state, now);
        }
        let learnt = Duration::from_millis(state.interval_ms);
        let mut interval = if subscription::is_trusted(&state) && !learnt.is_zero() {
            learnt
        } else {
            next_interval(learnt, self.fresh, self.bounds(settings))
        };
        let mut decisions = Vec::new();
        if self.gap {
            self.heedless_until = now.saturating_add(millis(DAY));
            interval = next_interval(interval, true, self.bounds(settings));
            state.gaps = state.gaps.saturating_add(1);
            decisions.push(Decision::NoteGap);
        }
        // A publisher whose wish loses entries is not heard for a day.
        let hint = hint
            .filter(|_| now >= self.heedless_until)
            .map(|hint| hint.min(settings.max_hint).min(self.bounds(settings).max));
        let polled_every = subscription::interval(&state, interval).min(self.bounds(settings).max.max(interval));
        let next = next_poll(now, &self.source.source_id, polled_every, hint);
        state.interval_ms = u64::try_from(interval.as_millis()).unwrap_or_default();
        state.polled_at = Some(timestamp_of(now));
        state.succeeded_at = state.polled_at;
        state.next_poll_at = Some(timestamp_of(next));
        health::count(&mut state, if self.fresh { "news" } else { reasons::UNCHANGED });
        if self.fresh {
            health::learn_gap(&mut state, now);
            let age = health::learn_freshness(&mut state, now, self.newest_at.take());
            decisions.extend(age.map(|age_ms| Decision::NoteFreshness { age_ms }));
        }
        if self.fresh || state.last_news_at.is_none() {
            state.last_news_at = Some(timestamp_of(now));
        }
        self.state = state.clone();
        let end = if self.news { Ending::Emitted } else { Ending::Skipped(reasons::UNCHANGED) };
        decisions.extend([Decision::SaveSource(state), Decision::End(end)]);
        (decisions, next)
    }

    /// Notes a failed poll. An empty code means that the poll is simply tried again later, and is counted already.
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
        let end = (!code.is_empty()).then_some(Decision::End(Ending::Skipped(code)));
        if end.is_some() {
            health::count(&mut self.state, code);
        }
        let save = Decision::SaveSource(self.state.clone());
        (std::iter::once(save).chain(end).collect(), next)
    }

    fn bounds(&self, settings: &Settings) -> Bounds {
        let or = |ms: u64, default: Duration| if ms == 0 { default } else { Duration::from_millis(ms) };
        let min = or(self.source.min_interval_ms, settings.min_interval);
        Bounds::new(min, or(self.source.max_interval_ms, settings.max_interval))
    }
}

/// Returns the word for a status that is no listing.
fn word_of(status: u32) -> &'static str {
    match status {
        429 => "rate_limited",
        404 => reasons::GONE,
        500.. => reasons::SERVER_ERROR,
        _ => reasons::REFUSED_STATUS,
    }
}
