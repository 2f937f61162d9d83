//! One request, one answer.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, Uri, body::Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use naba_model::NormalUrl;
use tokio::time::timeout;

use super::body;
use super::config::{HttpConfig, Limits};
use super::connect::Connector;
use super::decode::ACCEPT_ENCODING;
use super::error::{HttpError, Phase};
use super::memory::Remembering;
use super::resolve::{Resolve, SystemResolver};
use super::site::Sites;

/// Most bytes of the head of an answer.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Most header fields of an answer.
const MAX_HEADERS: usize = 100;
/// Most bytes of a header value that are kept.
const MAX_HEADER_VALUE_BYTES: usize = 8 * 1024;
const ACCEPT_ANY: &str = "*/*";

/// A request.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// What to ask for.
    pub url: NormalUrl,
    /// ETag of the copy at hand, as sent: a copy that still holds is answered with 304.
    pub etag: Option<String>,
    /// Last-Modified of the copy at hand, as sent.
    pub last_modified: Option<String>,
    /// Media types that are welcome.
    pub accept: Option<String>,
    /// A form to send (`application/x-www-form-urlencoded`); without one the address is got.
    pub form: Option<String>,
    /// Further headers; a name or value that HTTP does not allow is left out.
    pub headers: Vec<(String, String)>,
    /// How long and how large the answer may be.
    pub limits: Limits,
}

impl HttpRequest {
    /// Asks for an address, unconditionally.
    pub fn new(url: NormalUrl, limits: Limits) -> Self {
        Self { url, etag: None, last_modified: None, accept: None, form: None, headers: Vec::new(), limits }
    }
}

/// An answer of any status.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Header fields in order: lower-case name and value; bytes outside UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// Where a redirect leads, resolved and normalised; `None` when nowhere or to an address that naba does not handle.
    pub location: Option<NormalUrl>,
    /// The body after content decoding.
    pub body: Bytes,
    /// True when the body went beyond [`Limits::max_bytes`] and was cut.
    pub truncated: bool,
    /// Bytes of the body before content decoding.
    pub encoded_bytes: u64,
    /// Time from the request to the end of the body.
    pub elapsed: Duration,
}

impl HttpResponse {
    /// Returns the first value of a header field, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The client. Clones share connections and TLS sessions.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<Connector, Full<Bytes>>,
    user_agent: HeaderValue,
    sites: Arc<Sites>,
    connect_budget: Duration,
}

impl HttpClient {
    /// Sets the client up and logs what it may reach beyond the public Internet.
    pub fn new(config: HttpConfig) -> Result<Self, HttpError> {
        let resolver = Remembering::new(SystemResolver, config.dns_ttl, config.dns_negative_ttl);
        Self::with_resolver(config, Box::new(resolver))
    }

    pub(super) fn with_resolver(config: HttpConfig, resolver: Box<dyn Resolve>) -> Result<Self, HttpError> {
        if !config.allow_addresses.is_empty() {
            let ranges: Vec<String> = config.allow_addresses.iter().map(ToString::to_string).collect();
            tracing::warn!(ranges = ranges.join(" "), "addresses outside the public internet may be reached");
        }
        if !config.hosts.is_empty() {
            tracing::warn!(count = config.hosts.len(), "names are overridden and not looked up");
        }
        if let Some(proxy) = &config.sites.proxy {
            tracing::warn!(%proxy, "requests go through a proxy, which looks names up itself");
        }
        let sites = Arc::new(config.sites.clone());
        let user_agent = HeaderValue::try_from(config.user_agent())
            .map_err(|_| HttpError::Setup(format!("contact {:?} does not fit into a header", config.contact)))?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(config.keep_idle)
            .pool_max_idle_per_host(config.max_idle_per_host)
            .http1_max_buf_size(MAX_HEAD_BYTES)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEAD_BYTES as u32)
            .build(Connector::new(&config, Arc::clone(&sites), resolver)?);
        let connect_budget = config.dns_timeout + config.connect_timeout * 2 + config.tls_timeout * 2;
        Ok(Self { client, user_agent, sites, connect_budget })
    }

    /// Asks once and returns the answer, whatever its status. Redirects are answers.
    pub async fn get(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let total = request.limits.total;
        timeout(total, self.exchange(request)).await.map_err(|_| HttpError::Timeout(Phase::Total))?
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let started = Instant::now();
        let head = self.client.request(self.head(&request)?);
        let response = timeout(self.connect_budget + request.limits.head, head).await;
        let response = response.map_err(|_| HttpError::Timeout(Phase::Head))?.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        let headers = read_headers(response.headers());
        let location = response.headers().get(header::LOCATION).and_then(|value| {
            let written = String::from_utf8_lossy(value.as_bytes());
            response.status().is_redirection().then(|| request.url.join(&written).ok())?
        });
        let content_encoding = content_encoding(&response);
        let read = body::read(response.into_body(), content_encoding.as_deref(), &request.limits).await?;
        Ok(HttpResponse {
            status,
            headers,
            location,
            body: read.bytes,
            truncated: read.truncated,
            encoded_bytes: read.encoded_bytes,
            elapsed: started.elapsed(),
        })
    }

    fn head(&self, request: &HttpRequest) -> Result<Request<Full<Bytes>>, HttpError> {
        let bad_address = || HttpError::BadAddress(request.url.as_str().chars().take(200).collect());
        if !matches!(request.url.as_url().scheme(), "http" | "https") {
            return Err(bad_address());
        }
        let uri = Uri::try_from(request.url.as_str()).map_err(|_| bad_address())?;
        let mut head = Request::new(Full::from(request.form.clone().unwrap_or_default()));
        if request.form.is_some() {
            *head.method_mut() = Method::POST;
        }
        *head.uri_mut() = uri;
        let headers = head.headers_mut();
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPT_ENCODING));
        let accept = request.accept.as_deref().unwrap_or(ACCEPT_ANY);
        insert(headers, header::ACCEPT, accept);
        if request.form.is_some() {
            insert(headers, header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(etag) = &request.etag {
            insert(headers, header::IF_NONE_MATCH, etag);
        }
        if let Some(last_modified) = &request.last_modified {
            insert(headers, header::IF_MODIFIED_SINCE, last_modified);
        }
        let of_site = self.sites.of(request.url.host()).map(|site| site.headers.as_slice()).unwrap_or_default();
        for (name, value) in of_site.iter().chain(&request.headers) {
            if let Ok(name) = HeaderName::try_from(name.as_str()) {
                insert(headers, name, value);
            }
        }
        Ok(head)
    }
}

/// Sets a header. A validator that a server sent and HTTP forbids is left out: the request is then unconditional.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn read_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = headers.iter().take(MAX_HEADERS);
    kept.map(|(name, value)| {
        let bytes = value.as_bytes();
        let bytes = bytes.get(..MAX_HEADER_VALUE_BYTES).unwrap_or(bytes);
        (name.as_str().to_owned(), String::from_utf8_lossy(bytes).into_owned())
    })
    .collect()
}

fn content_encoding(response: &Response<Incoming>) -> Option<String> {
    let values = response.headers().get_all(header::CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let joined = values.collect::<Vec<_>>().join(",");
    (!joined.is_empty()).then_some(joined)
}

/// Finds the reason in the chain of causes: our own from the connector, or what hyper says about the protocol.
fn classify(error: &hyper_util::client::legacy::Error) -> HttpError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut deepest = error.to_string();
    while let Some(current) = cause {
        if let Some(ours) = current.downcast_ref::<HttpError>() {
            return ours.clone();
        }
        if current.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large) {
            return HttpError::HeadTooLarge;
        }
        deepest = current.to_string();
        cause = current.source();
    }
    HttpError::Protocol(deepest)
}
