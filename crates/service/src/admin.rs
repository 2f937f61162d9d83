//! The admin port: is it alive, is it ready, what does it count.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use naba_stage::Health;
use tokio::net::TcpListener;

use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;

/// Something whose life and readiness decide those of the process.
pub trait Probes: Send + Sync {
    /// Returns why it should be restarted, for example a poll loop that no longer turns; empty when it lives. A broker or a
    /// store that is down is no reason: a restart would not help.
    fn not_live(&self) -> Vec<String>;
    /// Returns what it still waits for; empty when it is ready.
    fn not_ready(&self) -> Vec<String>;
}

/// A loop that has not turned for so long will not turn again by itself.
const STALLED_AFTER: Duration = Duration::from_secs(60);

impl Probes for Health {
    fn not_live(&self) -> Vec<String> {
        let stalled = self.stalled(Instant::now(), STALLED_AFTER);
        stalled.into_iter().map(|name| format!("{name}: no turn for {STALLED_AFTER:?}")).collect()
    }

    fn not_ready(&self) -> Vec<String> {
        self.held()
    }
}

/// The probes of a process, filled as its parts start.
#[derive(Clone, Default)]
pub(crate) struct ProbeSet(Arc<RwLock<Vec<Arc<dyn Probes>>>>);

impl ProbeSet {
    pub(crate) fn add(&self, probes: Arc<dyn Probes>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(probes);
    }

    fn not_live(&self) -> Vec<String> {
        self.all().iter().flat_map(|p| p.not_live()).collect()
    }

    fn not_ready(&self) -> Vec<String> {
        let probes = self.all();
        if probes.is_empty() {
            return vec!["starting".to_owned()];
        }
        probes.iter().flat_map(|p| p.not_ready()).collect()
    }

    fn all(&self) -> Vec<Arc<dyn Probes>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for ProbeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProbeSet({})", self.all().len())
    }
}

/// Why the admin port could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("admin.listen {address} cannot be opened: {source}")]
pub struct AdminError {
    address: SocketAddr,
    source: std::io::Error,
}

/// A running admin port.
#[derive(Debug)]
pub struct AdminServer {
    address: SocketAddr,
    probes: ProbeSet,
}

impl AdminServer {
    /// Returns the address it listens on; the port is a real one even where the configuration says 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds what decides life and readiness; until the first, the process is alive and not ready.
    pub fn watch(&self, probes: Arc<dyn Probes>) {
        self.probes.add(probes);
    }

    pub(crate) fn probes(&self) -> ProbeSet {
        self.probes.clone()
    }
}

#[derive(Clone)]
struct Admin {
    probes: ProbeSet,
    telemetry: Option<Telemetry>,
    shutdown: Shutdown,
}

/// Opens the admin port and serves it until the process ends, through the drain too.
pub async fn serve_admin(
    address: SocketAddr,
    telemetry: Option<Telemetry>,
    shutdown: Shutdown,
) -> Result<AdminServer, AdminError> {
    let listener = TcpListener::bind(address).await.map_err(|source| AdminError { address, source })?;
    let address = listener.local_addr().map_err(|source| AdminError { address, source })?;
    let probes = ProbeSet::default();
    let state = Admin { probes: probes.clone(), telemetry, shutdown };
    let router = Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(state);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "admin port ended");
        }
    });
    tracing::info!(%address, "admin port open");
    Ok(AdminServer { address, probes })
}

async fn live(State(admin): State<Admin>) -> Response {
    verdict(admin.probes.not_live())
}

async fn ready(State(admin): State<Admin>) -> Response {
    let mut reasons = admin.probes.not_ready();
    if admin.shutdown.is_requested() {
        reasons.push("shutting down".to_owned());
    }
    verdict(reasons)
}

async fn metrics(State(admin): State<Admin>) -> Response {
    let text = admin.telemetry.map(|t| t.render()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn verdict(reasons: Vec<String>) -> Response {
    if reasons.is_empty() {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", reasons.join("\n"))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    #[derive(Default)]
    struct Gate(Mutex<Vec<String>>);

    impl Probes for Gate {
        fn not_live(&self) -> Vec<String> {
            Vec::new()
        }

        fn not_ready(&self) -> Vec<String> {
            self.0.lock().unwrap().clone()
        }
    }

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn readiness_follows_the_probes_and_ends_with_the_wish_to_stop() {
        let (trigger, shutdown) = Shutdown::pair();
        let server = serve_admin(([127, 0, 0, 1], 0).into(), None, shutdown).await.unwrap();
        let address = server.address();
        assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
        let starting = get(address, "/readyz").await;
        assert!(starting.starts_with("HTTP/1.1 503") && starting.contains("starting"), "{starting}");

        let gate = Arc::new(Gate(Mutex::new(vec!["waiting for assignment".into()])));
        server.watch(gate.clone());
        assert!(get(address, "/readyz").await.contains("waiting for assignment"));
        gate.0.lock().unwrap().clear();
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));

        trigger.trigger();
        let stopping = get(address, "/readyz").await;
        assert!(stopping.starts_with("HTTP/1.1 503") && stopping.contains("shutting down"), "{stopping}");
        assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"), "a draining process is alive");
    }
}
