//! Performs a request: over HTTP or on disk, and reads what comes back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use naba_frontier::{Answer, Blame, FetchRequest, Listing, Target, forbidden, reasons};
use naba_model::{Millis, NormalUrl, sha256_hex};
use naba_proto::v1::{FrontierEntry, Source, SourceKind};
use naba_stage::Metric;

use crate::codes;
use crate::config::FetcherConfig;
use crate::document::{Fetched, rights_of};
use crate::http::{HttpClient, HttpError, HttpRequest, HttpResponse, Limits, Phase};
use crate::websub::Callbacks;
use crate::{listing, local};

/// Work handed out by the fetcher: a request, and for listings the source that it is for.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) request: FetchRequest,
    pub(crate) source: Option<Source>,
}

/// What performing a [`Job`] gave.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) request: FetchRequest,
    pub(crate) answer: Answer,
    pub(crate) found: Found,
}

/// What was read beside the answer.
#[derive(Debug)]
pub(crate) enum Found {
    Nothing,
    Entries(Vec<FrontierEntry>),
    Document(Box<Fetched>),
}

/// Performs jobs. Clones share the HTTP client.
#[derive(Clone)]
pub(crate) struct Performer {
    client: HttpClient,
    pub(crate) config: Arc<FetcherConfig>,
    callbacks: Option<Arc<Callbacks>>,
}

impl Performer {
    pub(crate) fn new(config: Arc<FetcherConfig>, callbacks: Option<Callbacks>) -> Result<Self, HttpError> {
        Ok(Self { client: HttpClient::new(config.http())?, config, callbacks: callbacks.map(Arc::new) })
    }

    pub(crate) async fn perform(self, job: Job) -> Finished {
        let request = job.request.clone();
        let started = Instant::now();
        // A panic in a task of its own is an answer with the name of its work; without it a whole domain would stand still.
        let task = AbortOnDrop(tokio::spawn(async move { self.answer(&job).await }));
        let (answer, found) = match task.join().await {
            Ok(answered) => answered,
            Err(error) => {
                let message = error.to_string();
                (Answer::Failed { code: codes::PANIC, message, blame: Blame::Answer }, Found::Nothing)
            }
        };
        let kind = kind_label(&request);
        Metric::FetchTotal.add(&[kind, outcome_label(&answer)], 1);
        Metric::FetchSeconds.observe(&[kind], started.elapsed().as_secs_f64());
        Finished { request, answer, found }
    }

    async fn answer(&self, job: &Job) -> (Answer, Found) {
        let request = &job.request;
        if !request.is_permitted() {
            return (forbidden(request), Found::Nothing);
        }
        if request.url.starts_with("file:") {
            let (job, config) = (job.clone(), Arc::clone(&self.config));
            let read = tokio::task::spawn_blocking(move || local::answer(&job, &config)).await;
            return read
                .unwrap_or_else(|error| (failed(codes::PANIC, error.to_string(), Blame::Answer), Found::Nothing));
        }
        let url = match NormalUrl::parse(&request.url) {
            Ok(url) => url,
            Err(_) => return (Answer::Refused { code: "bad_address" }, Found::Nothing),
        };
        let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let ask = HttpRequest {
            etag: optional(&request.etag),
            last_modified: optional(&request.last_modified),
            accept: Some(accept(request).to_owned()),
            form: self.form(request),
            ..HttpRequest::new(url, self.limits(request))
        };
        match self.client.get(ask).await {
            Ok(response) => self.read(job, response),
            Err(error) => {
                tracing::debug!(url = request.url, error = error_chain(&error), "request has no answer");
                (answer_of_error(&error), Found::Nothing)
            }
        }
    }

    /// Returns what is sent to a hub.
    fn form(&self, request: &FetchRequest) -> Option<String> {
        let Target::Hub { source_id, topic } = &request.target else { return None };
        Some(self.callbacks.as_ref()?.request(source_id, topic))
    }

    fn limits(&self, request: &FetchRequest) -> Limits {
        let config = &self.config;
        match (&request.target, request.kind) {
            (Target::Robots { .. } | Target::Tdm { .. } | Target::Hub { .. }, _) => {
                config.limits(Limits::robots(), config.feed_timeout)
            }
            (Target::Page { .. }, _) => config.limits(Limits::page(), config.page_timeout),
            (_, SourceKind::Feed) => config.limits(Limits::feed(), config.feed_timeout),
            _ => config.limits(Limits::sitemap(), config.sitemap_timeout),
        }
    }

    fn read(&self, job: &Job, response: HttpResponse) -> (Answer, Found) {
        match response.status {
            200..=299 => {}
            304 => return (Answer::NotModified { hint: listing::max_age(&response) }, Found::Nothing),
            status @ 300..=399 => return (redirect(status, &response), Found::Nothing),
            status => {
                let retry_after = response.header("retry-after").and_then(|value| retry_after(value, now()));
                return (Answer::Status { status: status.into(), retry_after }, Found::Nothing);
            }
        }
        match (&job.request.target, &job.source) {
            (Target::Robots { .. }, _) => {
                let header = |name: &str| response.header(name).unwrap_or_default().to_owned();
                let (etag, last_modified) = (header("etag"), header("last-modified"));
                let sha256 = sha256_hex(&response.body);
                let answer = Answer::RobotsFile { sha256, bytes: response.body.into(), etag, last_modified };
                (answer, Found::Nothing)
            }
            (Target::Tdm { .. }, _) => (Answer::TdmFile { bytes: response.body.into() }, Found::Nothing),
            (Target::Hub { .. }, _) => (taken(), Found::Nothing),
            (Target::Source { .. }, Some(source)) => self.read_listing(&job.request, source, &response),
            (Target::Source { .. }, None) => (Answer::Refused { code: reasons::UNCHANGED }, Found::Nothing),
            (Target::Page { .. }, _) => self.read_page(&job.request, response),
        }
    }

    fn read_page(&self, request: &FetchRequest, response: HttpResponse) -> (Answer, Found) {
        let content_type = response.header("content-type").unwrap_or_default();
        let code = if !carries_text(content_type) {
            codes::NOT_TEXT
        } else if response.body.iter().all(u8::is_ascii_whitespace) {
            codes::EMPTY_BODY
        } else {
            ""
        };
        if !code.is_empty() {
            return (Answer::Unusable { code, sha256: String::new() }, Found::Nothing);
        }
        let header = |name: &str| response.header(name).unwrap_or_default().to_owned();
        let (etag, last_modified) = (header("etag"), header("last-modified"));
        let rights = rights_of(&request.url, &request.site, &response.headers);
        let evidence = (request.robots.clone(), rights);
        let fetched = Fetched::over_http(response, &self.config.keep_headers, evidence, now());
        let answer = Answer::Body { sha256: fetched.sha256.clone(), etag, last_modified, listing: Listing::default() };
        (answer, Found::Document(Box::new(fetched)))
    }
}

/// Returns the answer of a hub that has taken a request.
fn taken() -> Answer {
    let nothing = String::new;
    Answer::Body { sha256: nothing(), etag: nothing(), last_modified: nothing(), listing: Listing::default() }
}

/// A task that ends with its handle: work for a lost partition must not go on.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn join(mut self) -> Result<T, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Says what an error of the client means for the schedule. Exhaustive, so that a new error needs a decision.
fn answer_of_error(error: &HttpError) -> Answer {
    let code = error.code();
    match error {
        HttpError::RefusedAddress { .. } | HttpError::BadAddress(_) => Answer::Refused { code },
        HttpError::TooLarge { .. }
        | HttpError::Bomb { .. }
        | HttpError::HeadTooLarge
        | HttpError::BadEncoding { .. } => Answer::Unusable { code, sha256: String::new() },
        HttpError::Dns { .. }
        | HttpError::Connect { .. }
        | HttpError::Proxy { .. }
        | HttpError::Tls { .. }
        | HttpError::Timeout(Phase::Dns | Phase::Connect | Phase::Tls | Phase::Head) => {
            failed(code, error_chain(error), Blame::Host)
        }
        HttpError::Timeout(Phase::Body | Phase::Total)
        | HttpError::SlowBody { .. }
        | HttpError::Protocol(_)
        | HttpError::Setup(_) => failed(code, error_chain(error), Blame::Answer),
    }
}

pub(crate) fn failed(code: &'static str, message: String, blame: Blame) -> Answer {
    Answer::Failed { code, message, blame }
}

pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn redirect(status: u16, response: &HttpResponse) -> Answer {
    match &response.location {
        Some(location) => Answer::Redirect { status: status.into(), location: location.to_string() },
        None => Answer::Unusable { code: reasons::BAD_REDIRECT, sha256: String::new() },
    }
}

/// Returns true when a listing is the one that was read before; then its entries need no second look.
pub(crate) fn is_known(request: &FetchRequest, answer: &Answer) -> bool {
    matches!(answer, Answer::Body { sha256, .. } if *sha256 == request.known_sha256)
}

/// Returns false for the types that never carry an article's text.
fn carries_text(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (family, kind) = essence.split_once('/').unwrap_or_default();
    match family {
        "image" | "audio" | "video" | "font" | "model" => false,
        "application" => matches!(kind, "xhtml+xml" | "xml" | "json" | "ld+json"),
        _ => true,
    }
}

/// Reads Retry-After: seconds or a date (RFC 9110 §10.2.3).
fn retry_after(value: &str, now: Millis) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = naba_text::parse_instant(value)?.millis;
    u64::try_from(at - now).ok().map(Duration::from_millis)
}

fn accept(request: &FetchRequest) -> &'static str {
    match (&request.target, request.kind) {
        (Target::Robots { .. }, _) => "text/plain,*/*;q=0.5",
        (Target::Tdm { .. }, _) => "application/json,*/*;q=0.5",
        (Target::Page { .. }, _) => "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.5",
        _ => "application/rss+xml,application/atom+xml,application/feed+json,application/xml;q=0.9,*/*;q=0.5",
    }
}

pub(crate) fn kind_label(request: &FetchRequest) -> &'static str {
    match &request.target {
        Target::Robots { .. } => "robots",
        Target::Tdm { .. } => "tdm",
        Target::Hub { .. } => "hub",
        Target::Page { .. } => "page",
        Target::Source { .. } => match request.kind {
            SourceKind::File => "file",
            SourceKind::Sitemap => "sitemap",
            SourceKind::Section => "section",
            SourceKind::Feed | SourceKind::Unspecified => "feed",
        },
    }
}

fn outcome_label(answer: &Answer) -> &'static str {
    match answer {
        Answer::RobotsFile { .. } | Answer::TdmFile { .. } | Answer::Body { .. } => "read",
        Answer::NotModified { .. } => "not_modified",
        Answer::Redirect { .. } => "redirect",
        Answer::Status { status: 429, .. } => "rate_limited",
        Answer::Status { status, .. } if *status >= 500 => "server_error",
        Answer::Status { .. } => "client_error",
        Answer::Failed { code, .. } | Answer::Unusable { code, .. } | Answer::Refused { code } => code,
    }
}

pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// Returns true when an address may stand on the frontier: web addresses, and files below one of the roots.
pub(crate) fn is_acceptable(url: &str, roots: &[PathBuf]) -> bool {
    !url.starts_with("file:") || !roots.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let noon = 1_794_916_800_000; // 2026-11-17T12:00:00Z
        assert_eq!(retry_after("120", noon), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Tue, 17 Nov 2026 12:01:00 GMT", noon), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Tue, 17 Nov 2026 11:00:00 GMT", noon), None);
        assert_eq!(retry_after("soon", noon), None);
    }

    #[test]
    fn types_without_text_are_told_by_their_name() {
        for text in ["text/html; charset=utf-8", "application/xhtml+xml", "", "TEXT/PLAIN", "nonsense"] {
            assert!(carries_text(text), "{text}");
        }
        for other in ["image/png", "application/pdf", "video/mp4", "application/octet-stream"] {
            assert!(!carries_text(other), "{other}");
        }
    }

    #[test]
    fn a_failing_host_gets_a_rest_and_a_failing_page_does_not() {
        let timeout = |phase| answer_of_error(&HttpError::Timeout(phase));
        assert!(matches!(timeout(Phase::Head), Answer::Failed { blame: Blame::Host, .. }));
        assert!(matches!(timeout(Phase::Body), Answer::Failed { blame: Blame::Answer, .. }));
        assert!(matches!(
            answer_of_error(&HttpError::TooLarge { limit: 1 }),
            Answer::Unusable { code: "too_large", .. }
        ));
    }
}
