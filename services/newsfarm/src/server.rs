//! The farm on a socket: plain HTTP on one loopback address, sites told apart by the Host header.

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::access::AccessRecord;
use crate::answer::{Answer, Ask, Delivery, host_of};
use crate::farm::Farm;

/// Seconds for which a stalled answer drips on, unless the client gives up earlier.
const STALL_S: u64 = 300;

/// Why the farm could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address could not be listened on.
    #[error("address {0} cannot be listened on (choose another with --listen, or port 0 for any): {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The access log could not be opened.
    #[error("access log {0} cannot be opened: {1}")]
    Log(PathBuf, std::io::Error),
}

/// When the farm's clock began.
#[derive(Debug, Clone, Copy, Default)]
pub enum Start {
    /// When serving begins.
    #[default]
    Now,
    /// At an instant, so that a restarted farm goes on where it was.
    At(SystemTime),
}

/// How to serve a farm.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Address to listen on; port 0 takes any.
    pub listen: SocketAddr,
    /// When the farm's clock began.
    pub start: Start,
    /// File to which the access log is appended, as JSON lines.
    pub access_log: Option<PathBuf>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), start: Start::Now, access_log: None }
    }
}

/// A farm that is being served; dropping it stops it.
#[derive(Debug)]
pub struct FarmHandle {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl FarmHandle {
    /// Returns the address that is listened on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the farm.
    pub fn farm(&self) -> &Arc<Farm> {
        &self.shared.farm
    }

    /// Returns the farm's time: milliseconds since its start.
    pub fn now_ms(&self) -> i64 {
        self.shared.now_ms()
    }

    /// Returns the access log up to now, in the order in which answers ended.
    pub fn access(&self) -> Vec<AccessRecord> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).records.clone()
    }

    /// Returns the part of the fetcher's configuration that leads every name here, as TOML.
    pub fn hosts_toml(&self) -> String {
        hosts_toml(&self.shared.farm, self.addr)
    }

    /// Stops listening; answers under way are given up.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Waits until serving ends by itself, which it does only on an error of the listener.
    pub async fn wait(&mut self) {
        if let Some(task) = &mut self.task {
            let _ = task.await;
        }
    }
}

impl Drop for FarmHandle {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// Returns the part of the fetcher's configuration that leads every name of the farm to an address, and allows it.
pub fn hosts_toml(farm: &Farm, addr: SocketAddr) -> String {
    let mut out = format!("[fetcher]\nallow_addresses = [\"{}\"]\n\n[fetcher.hosts]\n", addr.ip());
    for host in farm.hosts() {
        out.push_str(&format!("\"{host}\" = \"{addr}\"\n"));
    }
    out
}

#[derive(Debug, Default)]
struct Log {
    records: Vec<AccessRecord>,
    file: Option<std::io::BufWriter<std::fs::File>>,
}

#[derive(Debug)]
struct Shared {
    farm: Arc<Farm>,
    began: Instant,
    began_ms: i64,
    log: Mutex<Log>,
    /// Requests so far by address and by host.
    hits: Mutex<HashMap<String, u32>>,
}

impl Shared {
    fn now_ms(&self) -> i64 {
        self.began_ms + i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn hit(&self, key: &str) -> u32 {
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        let count = hits.entry(key.to_owned()).or_insert(0);
        *count += 1;
        *count - 1
    }

    fn record(&self, record: AccessRecord) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(file), Ok(line)) = (&mut log.file, serde_json::to_string(&record)) {
            // A log that cannot be written must not stop the origin; the records are in memory too.
            let _ = writeln!(file, "{line}").and_then(|()| file.flush());
        }
        log.records.push(record);
    }
}

/// Serves a farm on one address until the handle is dropped.
pub async fn serve(farm: impl Into<Arc<Farm>>, options: ServeOptions) -> Result<FarmHandle, ServeError> {
    let listener = TcpListener::bind(options.listen).await.map_err(|e| ServeError::Listen(options.listen, e))?;
    let addr = listener.local_addr().map_err(|e| ServeError::Listen(options.listen, e))?;
    let file = match &options.access_log {
        Some(path) => {
            let opened = std::fs::File::options().create(true).append(true).open(path);
            Some(std::io::BufWriter::new(opened.map_err(|e| ServeError::Log(path.clone(), e))?))
        }
        None => None,
    };
    let began_ms = match options.start {
        Start::Now => 0,
        Start::At(instant) => match SystemTime::now().duration_since(instant) {
            Ok(past) => i64::try_from(past.as_millis()).unwrap_or(0),
            Err(future) => i64::try_from(future.duration().as_millis()).map_or(0, |ms| -ms),
        },
    };
    let shared = Arc::new(Shared {
        farm: farm.into(),
        began: Instant::now(),
        began_ms,
        log: Mutex::new(Log { records: Vec::new(), file }),
        hits: Mutex::new(HashMap::new()),
    });
    let app = axum::Router::new().fallback(handle).with_state(Arc::clone(&shared));
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
            let _ = stopped.await;
        });
        if let Err(error) = serving.await {
            tracing::error!(%error, "the farm's listener failed");
        }
    });
    Ok(FarmHandle { addr, shared, stop: Some(stop), task: Some(task) })
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let headers = request.headers();
    let host = text(headers, &header::HOST).or_else(|| request.uri().host().map(str::to_owned)).unwrap_or_default();
    let host = host_of(&host);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let ask = Ask {
        if_none_match: text(headers, &header::IF_NONE_MATCH),
        if_modified_since: text(headers, &header::IF_MODIFIED_SINCE),
        accept_encoding: text(headers, &header::ACCEPT_ENCODING).unwrap_or_default(),
        earlier: shared.hit(&format!("{host}{path}")),
        earlier_on_host: shared.hit(&host),
        host,
        path,
    };
    let t_ms = shared.now_ms();
    let answer = shared.farm.answer(&ask, t_ms);
    let entry = Entry {
        record: AccessRecord {
            t_ms,
            ended_ms: t_ms,
            status: if answer.delivery == Delivery::HangUp { 0 } else { answer.status },
            bytes: 0,
            user_agent: text(headers, &header::USER_AGENT).unwrap_or_default(),
            retry_after_s: answer.header("retry-after").and_then(|value| value.parse().ok()),
            if_none_match: ask.if_none_match,
            if_modified_since: ask.if_modified_since,
            host: ask.host,
            path: ask.path,
        },
        shared,
    };
    if answer.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    }
    respond(answer, entry)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// A line of the access log that is written when the answer has ended, however it ends.
struct Entry {
    record: AccessRecord,
    shared: Arc<Shared>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.record.ended_ms = self.shared.now_ms();
        self.shared.record(std::mem::take(&mut self.record));
    }
}

fn respond(answer: Answer, entry: Entry) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    if answer.status != 304 && answer.delivery != Delivery::Stalled {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(answer.body.len()));
    }
    *response.body_mut() = body(answer, entry);
    response
}

type Chunk = Result<Bytes, std::io::Error>;
type Chunks = Pin<Box<dyn futures_util::Stream<Item = Chunk> + Send>>;

/// What is still to be sent.
enum Rest {
    Bytes(Bytes),
    Drip(u64),
    Cut,
    Nothing,
}

fn body(answer: Answer, entry: Entry) -> Body {
    let whole = Bytes::from(answer.body);
    let half = whole.slice(..whole.len() / 2);
    let rest = match answer.delivery {
        Delivery::Whole => vec![Rest::Bytes(whole)],
        Delivery::Cut => vec![Rest::Bytes(half), Rest::Cut],
        Delivery::Stalled => vec![Rest::Bytes(half), Rest::Drip(STALL_S)],
        Delivery::HangUp => vec![Rest::Cut],
    };
    let mut rest = rest.into_iter();
    let first = rest.next().unwrap_or(Rest::Nothing);
    let chunks: Chunks = Box::pin(futures_util::stream::unfold((first, rest, entry), step));
    Body::from_stream(chunks)
}

type Pending = (Rest, std::vec::IntoIter<Rest>, Entry);

async fn step((now, mut rest, mut entry): Pending) -> Option<(Chunk, Pending)> {
    match now {
        Rest::Bytes(bytes) => {
            entry.record.bytes += bytes.len() as u64;
            let next = rest.next().unwrap_or(Rest::Nothing);
            Some((Ok(bytes), (next, rest, entry)))
        }
        Rest::Drip(left) => {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let next = if left > 1 { Rest::Drip(left - 1) } else { Rest::Cut };
            Some((Ok(Bytes::from_static(b" ")), (next, rest, entry)))
        }
        Rest::Cut => {
            if entry.record.bytes > 0 {
                // What was written before goes out only while the body is waited for.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let error = std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "cut on purpose");
            Some((Err(error), (Rest::Nothing, rest, entry)))
        }
        Rest::Nothing => None,
    }
}
