//! What sites say of themselves, and what that means now: robots.txt, and the TDM reservation beside it.

use std::collections::HashMap;
use std::sync::Arc;

use naba_model::Millis;
use naba_proto::v1::{Robots as Evidence, RobotsDecision};
use url::Url;

use crate::lane::Rank;
use crate::request::{Answer, Site, Target};
use crate::rights::TdmFile;
use crate::robots::{Robots, path_and_query};
use crate::schedule::back_off;
use crate::settings::{Settings, millis};

/// Files are dropped when they are old, looked for whenever so many are at hand.
const SWEEP_AT: usize = 10_000;
/// Where a site states its reservation of text and data mining (TDMRep §4).
const TDM_PATH: &str = "/.well-known/tdmrep.json";

/// Answers for addresses of any origin.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    files: HashMap<String, File>,
    tdm: HashMap<String, Tdm>,
}

#[derive(Debug)]
struct Tdm {
    file: Option<Arc<TdmFile>>,
    until: Millis,
}

#[derive(Debug)]
struct File {
    state: State,
    /// Pages trust it until here: what a publisher closes must be left alone soon.
    fresh_until: Millis,
    /// Listings, which may be all that a site is asked for, trust it until here.
    until: Millis,
    failures: u32,
    /// Where redirects of the robots.txt have led; they count for this origin (RFC 9309 §2.3.1.2).
    hop: Option<(String, u32)>,
}

#[derive(Debug)]
enum State {
    Known {
        robots: Arc<Robots>,
        sha256: String,
        etag: String,
        last_modified: String,
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
    Ask(Question),
    /// Its robots.txt could not be had; no sooner than this.
    Wait(Millis),
}

/// A file of a site that has to be asked for.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) target: Target,
    pub(crate) url: String,
    pub(crate) etag: String,
    pub(crate) last_modified: String,
}

impl Question {
    fn new(target: Target, url: String) -> Self {
        Self { target, url, etag: String::new(), last_modified: String::new() }
    }
}

impl Gate {
    pub(crate) fn word(&self, now: Millis, settings: &Settings, address: &str, rank: Rank) -> Word {
        let Ok(url) = Url::parse(address) else { return Word::Answer(evidence(RobotsDecision::Unspecified)) };
        if url.scheme() == "file" {
            return Word::Answer(evidence(RobotsDecision::NotApplicable));
        }
        let origin = url.origin().ascii_serialization();
        let path = path_and_query(&url);
        let Some(file) = self.files.get(&origin) else { return ask(origin, None) };
        let until = if rank == Rank::Page { file.fresh_until } else { file.until };
        match &file.state {
            _ if path == "/robots.txt" => Word::Answer(evidence(RobotsDecision::Allowed)),
            State::Asking => {
                let url = file.hop.as_ref().map_or_else(|| robots_url(&origin), |(url, _)| url.clone());
                Word::Ask(Question::new(Target::Robots { origin }, url))
            }
            State::Unreachable if now < file.until => Word::Wait(file.until),
            _ if now >= until => ask(origin, Some(&file.state)),
            State::Known { robots, sha256, .. } => {
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
        let until = now.saturating_add(millis(settings.robots_ttl));
        let fresh_until = until.min(now.saturating_add(millis(settings.robots_refresh)));
        let known = |state| File { state, fresh_until, until, failures: 0, hop: None };
        let file = match answer {
            Answer::RobotsFile { bytes, sha256, etag, last_modified } => known(State::Known {
                robots: Arc::new(Robots::parse(bytes)),
                sha256: sha256.clone(),
                etag: etag.clone(),
                last_modified: last_modified.clone(),
            }),
            Answer::NotModified { .. } => match before {
                Some(File { state: state @ State::Known { .. }, .. }) => known(state),
                // Nothing was asked conditionally: the answer says nothing.
                _ => known(State::Unavailable),
            },
            Answer::Redirect { location, .. } if hops < 5 && location.starts_with("http") => {
                let hop = Some((location.clone(), hops + 1));
                File { state: State::Asking, fresh_until, until, failures, hop }
            }
            // More redirects than are followed count as unavailable (§2.3.1.2), like every 4xx but 429.
            // An origin that may not be asked has no say either: its pages are refused on their own account.
            Answer::Redirect { .. } | Answer::Unusable { .. } | Answer::Refused { .. } => known(State::Unavailable),
            Answer::Status { status, .. } if *status < 500 && *status != 429 => known(State::Unavailable),
            _ => {
                let failures = failures.saturating_add(1);
                let wait = back_off(origin, failures, settings.robots_retry, settings.retry_max);
                let until = now.saturating_add(wait);
                File { state: State::Unreachable, fresh_until: until, until, failures, hop: None }
            }
        };
        if self.files.len() >= SWEEP_AT {
            self.files.retain(|_, file| file.until > now);
        }
        self.files.insert(origin.to_owned(), file);
    }

    /// Returns what has to be asked about the reservation of text and data mining before a page is: the site's file, where
    /// robots.txt lets it be read.
    pub(crate) fn tdm_question(&self, now: Millis, settings: &Settings, address: &str) -> Option<Question> {
        let origin = web_origin(address)?;
        if self.tdm.get(&origin).is_some_and(|known| now < known.until) {
            return None;
        }
        let url = format!("{origin}{TDM_PATH}");
        match self.word(now, settings, &url, Rank::Page) {
            Word::Answer(word) if word.decision() != RobotsDecision::Disallowed => {
                Some(Question::new(Target::Tdm { origin }, url))
            }
            _ => None,
        }
    }

    /// Takes the answer to a question for the TDM file. No page waits for it: a server that fails is asked again soon, and
    /// until then the site has no such file.
    pub(crate) fn learn_tdm(&mut self, now: Millis, settings: &Settings, origin: &str, answer: &Answer) {
        let (file, trust) = match answer {
            Answer::TdmFile { bytes } => (Some(Arc::new(TdmFile::parse(bytes))), settings.robots_ttl),
            Answer::Status { status, .. } if *status >= 500 || *status == 429 => (None, settings.robots_retry),
            Answer::Failed { .. } => (None, settings.robots_retry),
            _ => (None, settings.robots_ttl),
        };
        if self.tdm.len() >= SWEEP_AT {
            self.tdm.retain(|_, known| known.until > now);
        }
        let until = now.saturating_add(millis(trust));
        self.tdm.insert(origin.to_owned(), Tdm { file, until });
    }

    /// Returns the statements at hand of the site that an address is of.
    pub(crate) fn site(&self, address: &str) -> Site {
        let Some(origin) = web_origin(address) else { return Site::default() };
        let robots = match self.files.get(&origin).map(|file| &file.state) {
            Some(State::Known { robots, .. }) => Some(Arc::clone(robots)),
            _ => None,
        };
        Site { robots, tdm_file: self.tdm.get(&origin).and_then(|known| known.file.clone()) }
    }
}

fn ask(origin: String, known: Option<&State>) -> Word {
    let (etag, last_modified) = match known {
        Some(State::Known { etag, last_modified, .. }) => (etag.clone(), last_modified.clone()),
        _ => Default::default(),
    };
    let url = robots_url(&origin);
    Word::Ask(Question { etag, last_modified, ..Question::new(Target::Robots { origin }, url) })
}

fn web_origin(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.origin().ascii_serialization())
}

fn robots_url(origin: &str) -> String {
    format!("{origin}/robots.txt")
}

pub(crate) fn evidence(decision: RobotsDecision) -> Evidence {
    Evidence { decision: decision.into(), ..Evidence::default() }
}
