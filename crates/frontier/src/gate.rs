//! The robots.txt files at hand, and what they say now.

use std::collections::HashMap;

use naba_model::Millis;
use naba_proto::v1::{Robots as Evidence, RobotsDecision};
use url::Url;

use crate::request::Answer;
use crate::robots::Robots;
use crate::schedule::back_off;
use crate::settings::{Settings, millis};

/// Files are dropped when they are old, looked for whenever so many are at hand.
const SWEEP_AT: usize = 10_000;

/// Answers for addresses of any origin.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    files: HashMap<String, File>,
}

#[derive(Debug)]
struct File {
    state: State,
    until: Millis,
    failures: u32,
    /// Where redirects of the robots.txt have led; they count for this origin (RFC 9309 §2.3.1.2).
    hop: Option<(String, u32)>,
}

#[derive(Debug)]
enum State {
    Known {
        robots: Robots,
        sha256: String,
    },
    /// 4xx: everything is allowed (§2.3.1.3).
    Unavailable,
    /// 5xx, 429 or no answer: nothing is allowed for now (§2.3.1.4).
    Unreachable,
    Asking,
}

/// What the gate says about an address.
pub(crate) enum Word {
    /// It may or may not be fetched, with the evidence.
    Answer(Evidence),
    /// Its robots.txt has to be asked first.
    Ask { origin: String, url: String },
    /// Its robots.txt could not be had; no sooner than this.
    Wait(Millis),
}

impl Gate {
    pub(crate) fn word(&self, now: Millis, settings: &Settings, address: &str) -> Word {
        let Ok(url) = Url::parse(address) else { return Word::Answer(evidence(RobotsDecision::Unspecified)) };
        if url.scheme() == "file" {
            return Word::Answer(evidence(RobotsDecision::NotApplicable));
        }
        let origin = url.origin().ascii_serialization();
        let path = path_and_query(&url);
        let Some(file) = self.files.get(&origin) else { return ask(origin) };
        match &file.state {
            _ if path == "/robots.txt" => Word::Answer(evidence(RobotsDecision::Allowed)),
            State::Asking => {
                let url = file.hop.as_ref().map_or_else(|| robots_url(&origin), |(url, _)| url.clone());
                Word::Ask { origin, url }
            }
            State::Unreachable if now < file.until => Word::Wait(file.until),
            _ if now >= file.until => ask(origin),
            State::Known { robots, sha256 } => {
                let answer = robots.decide(&settings.agent, path);
                let decision = if answer.allowed { RobotsDecision::Allowed } else { RobotsDecision::Disallowed };
                let rule = answer.rule.unwrap_or_default();
                Word::Answer(Evidence { decision: decision.into(), rule, file_sha256: sha256.clone() })
            }
            State::Unavailable => Word::Answer(evidence(RobotsDecision::Unavailable)),
            State::Unreachable => Word::Wait(file.until),
        }
    }

    /// Returns the crawl delay that the address's origin asks for.
    pub(crate) fn crawl_delay(&self, settings: &Settings, address: &str) -> Millis {
        let origin = Url::parse(address).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        let Some(File { state: State::Known { robots, .. }, .. }) = self.files.get(&origin) else { return 0 };
        let wish = robots.crawl_delay_ms(&settings.agent).and_then(|ms| Millis::try_from(ms).ok()).unwrap_or(0);
        wish.min(millis(settings.max_crawl_delay))
    }

    /// Takes the answer to a question for a robots.txt.
    pub(crate) fn learn(&mut self, now: Millis, settings: &Settings, origin: &str, answer: &Answer) {
        let before = self.files.remove(origin);
        let (failures, hops) = before.as_ref().map_or((0, 0), |f| (f.failures, f.hop.as_ref().map_or(0, |h| h.1)));
        let fresh = now.saturating_add(millis(settings.robots_ttl));
        let known = |state| File { state, until: fresh, failures: 0, hop: None };
        let file = match answer {
            Answer::RobotsFile { bytes, sha256 } => {
                known(State::Known { robots: Robots::parse(bytes), sha256: sha256.clone() })
            }
            Answer::Redirect { location, .. } if hops < 5 && location.starts_with("http") => {
                let hop = Some((location.clone(), hops + 1));
                File { state: State::Asking, until: fresh, failures, hop }
            }
            // More redirects than are followed count as unavailable (§2.3.1.2), like every 4xx but 429.
            // An origin that may not be asked has no say either: its pages are refused on their own account.
            Answer::Redirect { .. } | Answer::Unusable { .. } | Answer::Refused { .. } => known(State::Unavailable),
            Answer::Status { status, .. } if *status < 500 && *status != 429 => known(State::Unavailable),
            _ => {
                let failures = failures.saturating_add(1);
                let wait = back_off(origin, failures, settings.robots_retry, settings.retry_max);
                File { state: State::Unreachable, until: now.saturating_add(wait), failures, hop: None }
            }
        };
        if self.files.len() >= SWEEP_AT {
            self.files.retain(|_, file| file.until > now);
        }
        self.files.insert(origin.to_owned(), file);
    }
}

fn ask(origin: String) -> Word {
    Word::Ask { url: robots_url(&origin), origin }
}

fn robots_url(origin: &str) -> String {
    format!("{origin}/robots.txt")
}

fn path_and_query(url: &Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}

pub(crate) fn evidence(decision: RobotsDecision) -> Evidence {
    Evidence { decision: decision.into(), ..Evidence::default() }
}
