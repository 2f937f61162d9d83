//! The life of a page: accepted, fetched, checked again for edits, ended.

use naba_model::{Millis, NormalUrl, UrlHash, millis_of, sha256_hex, timestamp_of};
use naba_proto::v1::{FrontierEntry, Redirect, SeenEntry, SeenStatus};

use crate::decision::{Decision, Ending, reasons};
use crate::request::{Answer, FetchRequest};
use crate::schedule::back_off;
use crate::settings::{Settings, millis};

/// Decides about an entry of the frontier topic. `None` means that it says nothing new.
///
/// `again` is true when an operator wants an address tried again that was given up.
pub(crate) fn accept(
    now: Millis,
    settings: &Settings,
    entry: FrontierEntry,
    known: Option<SeenEntry>,
    again: bool,
) -> Option<SeenEntry> {
    let Some(mut state) = known else { return Some(pending(now, entry)) };
    let first_seen = state.entry.as_ref().and_then(|old| old.discovered_at);
    let entry = FrontierEntry { discovered_at: first_seen.or(entry.discovered_at), ..entry };
    if again && state.status() != SeenStatus::Fetched {
        return Some(pending(now, entry));
    }
    if !is_news(&entry, &state) {
        return None;
    }
    if state.status() == SeenStatus::Fetched {
        state.entry = Some(entry);
        state.next_fetch_at = Some(timestamp_of(refetch_at(now, settings, &state)));
        return Some(state);
    }
    // It was given up, and its publisher has touched it since: a new try, compared with what was published before.
    let body_sha256 = std::mem::take(&mut state.body_sha256);
    Some(SeenEntry { body_sha256, ..pending(now, entry) })
}

fn pending(now: Millis, entry: FrontierEntry) -> SeenEntry {
    SeenEntry {
        status: SeenStatus::Pending.into(),
        entry: Some(entry),
        next_fetch_at: Some(timestamp_of(now)),
        ..SeenEntry::default()
    }
}

/// Returns true when a listing entry asks for more than what is stored about its address already plans.
pub fn is_news(entry: &FrontierEntry, known: &SeenEntry) -> bool {
    known.status() != SeenStatus::Pending && says_more(entry, known)
}

/// Returns true when a listing entry asks for another look: a later time, or other words in the same listing (RSS has no
/// update time, and a corrected headline is the commonest edit).
fn says_more(entry: &FrontierEntry, state: &SeenEntry) -> bool {
    let before = state.entry.as_ref().map_or(0, stated_at).max(state.listed_updated_at.as_ref().map_or(0, millis_of));
    let other_words = match (&entry.discovery, state.entry.as_ref().and_then(|old| old.discovery.as_ref())) {
        (Some(new), Some(old)) => {
            new.feed_url == old.feed_url && (new.title != old.title || new.summary != old.summary)
        }
        _ => false,
    };
    stated_at(entry) > before || other_words
}

/// Returns the time that a listing entry states, in milliseconds; 0 for none.
pub(crate) fn stated_at(entry: &FrontierEntry) -> Millis {
    let discovery = entry.discovery.as_ref();
    discovery.and_then(|d| d.updated_at.or(d.published_at)).as_ref().map_or(0, millis_of)
}

fn refetch_at(now: Millis, settings: &Settings, state: &SeenEntry) -> Millis {
    let gap = millis(settings.min_refetch);
    state.fetched_at.as_ref().map_or(now, |at| now.max(millis_of(at).saturating_add(gap)))
}

/// Returns when the page wants to be fetched next.
pub(crate) fn due_at(state: &SeenEntry) -> Option<Millis> {
    state.next_fetch_at.as_ref().map(millis_of)
}

/// Moves a page on by an answer. `host_refuses` is true when its host answers 403 whatever is asked for.
pub(crate) fn after(
    now: Millis,
    settings: &Settings,
    request: &FetchRequest,
    state: &mut SeenEntry,
    answer: Answer,
    host_refuses: bool,
) -> Vec<Decision> {
    let mut page = Page { now, settings, request, state };
    match answer {
        Answer::Body { sha256, etag, last_modified, .. } => page.read(sha256, etag, last_modified),
        Answer::NotModified { .. } => page.unchanged(),
        Answer::Redirect { status, location } => page.redirected(status, &location),
        Answer::Status { status: 404 | 410, .. } => page.skip(reasons::GONE),
        Answer::Status { status, retry_after } if is_passing(status) => {
            let message = format!("status {status} on every attempt");
            page.failed(reasons::SERVER_ERROR, message, retry_after.map_or(0, millis))
        }
        // The host turned us away, not this page: worth another try after its rest, and at last the feed's own content.
        Answer::Status { status: 403, .. } if host_refuses && page.has_another_try() => {
            page.failed(reasons::REFUSED_STATUS, "status 403, as for every address of the host".to_owned(), 0)
        }
        Answer::Status { .. } => page.refused(reasons::REFUSED_STATUS),
        Answer::Failed { code, message, .. } => page.failed(code, message, 0),
        Answer::Unusable { code, .. } | Answer::Refused { code } => page.refused(code),
        Answer::RobotsFile { .. } | Answer::TdmFile { .. } => Vec::new(),
    }
}

/// Returns true for a status that another attempt may change: the server failed, or asks for patience.
pub(crate) fn is_passing(status: u32) -> bool {
    matches!(status, 408 | 425 | 429) || status >= 500
}

struct Page<'a> {
    now: Millis,
    settings: &'a Settings,
    request: &'a FetchRequest,
    state: &'a mut SeenEntry,
}

impl Page<'_> {
    fn read(&mut self, sha256: String, etag: String, last_modified: String) -> Vec<Decision> {
        self.state.etag = etag;
        self.state.last_modified = last_modified;
        if self.state.body_sha256 == sha256 {
            return self.unchanged();
        }
        self.state.body_sha256 = sha256;
        let entry = self.state.entry.clone().unwrap_or_default();
        self.settle();
        vec![Decision::Publish { entry, attempt: self.state.attempts }, self.save(), Decision::End(Ending::Emitted)]
    }

    fn unchanged(&mut self) -> Vec<Decision> {
        self.settle();
        vec![self.save(), Decision::End(Ending::Skipped(reasons::UNCHANGED))]
    }

    /// Notes a successful fetch and plans the next look.
    fn settle(&mut self) {
        self.state.attempts += 1;
        self.state.fetched_at = Some(timestamp_of(self.now));
        self.state.status = SeenStatus::Fetched.into();
        self.state.reason.clear();
        if self.request.listed_at > 0 {
            self.state.listed_updated_at = Some(timestamp_of(self.request.listed_at));
        }
        let next = if self.owes_a_look() {
            Some(refetch_at(self.now, self.settings, self.state))
        } else {
            next_recheck(self.now, self.settings, self.state)
        };
        self.state.next_fetch_at = next.map(timestamp_of);
        self.forget_content();
    }

    /// Returns true when the listing has stated a later time than the last successful fetch answered.
    fn owes_a_look(&self) -> bool {
        let stated = self.state.entry.as_ref().map_or(0, stated_at);
        stated > self.state.listed_updated_at.as_ref().map_or(0, millis_of)
    }

    fn redirected(&mut self, status: u32, location: &str) -> Vec<Decision> {
        let old = self.state.entry.clone().unwrap_or_default();
        if old.redirects.len() >= self.settings.max_redirects as usize {
            return self.skip(reasons::TOO_MANY_REDIRECTS);
        }
        let target = match NormalUrl::parse(location) {
            Ok(target) if matches!(target.as_url().scheme(), "http" | "https") => target,
            _ => return self.skip(reasons::BAD_REDIRECT),
        };
        let url_hash = UrlHash::of(&target).into_string();
        if url_hash == old.url_hash {
            return self.skip(reasons::REDIRECT_LOOP);
        }
        let mut redirects = old.redirects.clone();
        redirects.push(Redirect { url: old.url.clone(), status });
        let original_url = if old.original_url.is_empty() { old.url.clone() } else { old.original_url.clone() };
        let entry = FrontierEntry { url_hash, url: target.to_string(), redirects, original_url, ..old };
        self.end(SeenStatus::Skipped, reasons::REDIRECTED);
        vec![Decision::Forward(entry), self.save(), Decision::End(Ending::Emitted)]
    }

    /// Ends the page; where the listing carried the text itself, that is published in its place.
    fn refused(&mut self, reason: &'static str) -> Vec<Decision> {
        let entry = self.state.entry.clone().unwrap_or_default();
        let content = entry.discovery.as_ref().map(|d| d.content_html.as_str()).unwrap_or_default();
        let sha256 = sha256_hex(content.as_bytes());
        if content.trim().is_empty() || self.state.body_sha256 == sha256 {
            return self.skip(reason);
        }
        self.state.body_sha256 = sha256;
        self.state.fetched_at = Some(timestamp_of(self.now));
        self.end(SeenStatus::Skipped, reason);
        let (robots, attempt) = (self.request.robots.clone(), self.state.attempts);
        let publish = Decision::PublishFeedOnly { entry, robots, attempt };
        vec![publish, self.save(), Decision::End(Ending::Emitted)]
    }

    fn skip(&mut self, reason: &'static str) -> Vec<Decision> {
        self.end(SeenStatus::Skipped, reason);
        vec![self.save(), Decision::End(Ending::Skipped(reason))]
    }

    fn has_another_try(&self) -> bool {
        self.state.attempts.saturating_add(1) < self.settings.max_attempts
    }

    fn failed(&mut self, code: &'static str, message: String, patience: Millis) -> Vec<Decision> {
        self.state.attempts += 1;
        let wait = back_off(self.request.key(), self.state.attempts, self.settings.retry_base, self.settings.retry_max);
        let again = self.now.saturating_add(wait.max(patience.min(millis(self.settings.max_hint))));
        if self.state.status() == SeenStatus::Fetched {
            // A look for edits that failed: the article is out already, so nothing is given up.
            let fetched_at = self.state.fetched_at.as_ref().map_or(0, millis_of);
            let young = self.now - fetched_at < millis(self.settings.give_up_after);
            let retry = (self.owes_a_look() && young).then_some(again);
            let next = retry.or_else(|| next_recheck(again, self.settings, self.state));
            self.state.next_fetch_at = next.map(timestamp_of);
            return vec![self.save()];
        }
        if self.state.attempts < self.settings.max_attempts {
            self.state.next_fetch_at = Some(timestamp_of(again));
            return vec![self.save()];
        }
        let entry = Box::new(self.state.entry.clone().unwrap_or_default());
        self.state.attempts -= 1;
        self.end(SeenStatus::DeadLettered, code);
        vec![self.save(), Decision::End(Ending::DeadLettered { code, message, entry })]
    }

    fn end(&mut self, status: SeenStatus, reason: &str) {
        self.state.attempts += 1;
        self.state.status = status.into();
        self.state.reason = reason.to_owned();
        self.state.next_fetch_at = None;
        self.state.listed_updated_at = self.state.entry.as_ref().map(stated_at).filter(|at| *at > 0).map(timestamp_of);
        self.forget_content();
    }

    /// Drops the listing's copy of the text: it may be large, and an ended page needs it no more.
    fn forget_content(&mut self) {
        if let Some(discovery) = self.state.entry.as_mut().and_then(|entry| entry.discovery.as_mut()) {
            discovery.content_html = String::new();
        }
    }

    fn save(&self) -> Decision {
        Decision::SavePage { url_hash: self.request.key().to_owned(), state: self.state.clone() }
    }
}

fn next_recheck(now: Millis, settings: &Settings, state: &SeenEntry) -> Option<Millis> {
    let first_seen = state.entry.as_ref().and_then(|entry| entry.discovered_at.as_ref()).map(millis_of)?;
    let ages = settings.rechecks.iter().map(|age| first_seen.saturating_add(millis(*age)));
    ages.filter(|at| *at > now).min()
}
