//! A WebSub hub on a socket: takes subscriptions, asks whether they were meant, and pushes signed bodies on request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use ring::hmac;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::ServeError;

/// What a subscriber asked the hub for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSubscription {
    /// The address to push.
    pub topic: String,
    /// Where to push it.
    pub callback: String,
    /// What pushes are signed with; empty for none.
    pub secret: String,
    /// True when the subscriber said that it was meant.
    pub verified: bool,
}

/// A hub that is being served; dropping it stops it.
#[derive(Debug)]
pub struct HubHandle {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    lease: Duration,
    /// Every request, in order.
    asked: Mutex<Vec<HubSubscription>>,
}

impl Drop for HubHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves a hub that grants a lease to whoever asks.
pub async fn serve_hub(listen: SocketAddr, lease: Duration) -> Result<HubHandle, ServeError> {
    let listener = TcpListener::bind(listen).await.map_err(|e| ServeError::Listen(listen, e))?;
    let addr = listener.local_addr().map_err(|e| ServeError::Listen(listen, e))?;
    let shared = Arc::new(Shared { lease, asked: Mutex::default() });
    let app = axum::Router::new().fallback(subscribe).with_state(Arc::clone(&shared));
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "the hub's listener failed");
        }
    });
    Ok(HubHandle { addr, shared, task })
}

impl HubHandle {
    /// Returns the address that is listened on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns every request for a subscription so far, in order.
    pub fn asked(&self) -> Vec<HubSubscription> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Pushes a body to the newest subscriber of a topic, signed with its secret or another one. Returns the status of the
    /// answer; `None` when there is no subscriber or no answer.
    pub async fn push(&self, topic: &str, body: &str, secret: Option<&str>) -> Option<u16> {
        let to = self.asked().into_iter().rfind(|known| known.verified && known.topic == topic)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.unwrap_or(&to.secret).as_bytes());
        let signature: String =
            hmac::sign(&key, body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let head = format!("content-type: application/rss+xml\r\nx-hub-signature: sha256={signature}\r\n");
        exchange("POST", &to.callback, &head, body).await.map(|(status, _)| status)
    }
}

async fn subscribe(State(shared): State<Arc<Shared>>, form: String) -> StatusCode {
    let value = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(form.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let mut wish = HubSubscription {
        topic: value("hub.topic"),
        callback: value("hub.callback"),
        secret: value("hub.secret"),
        verified: false,
    };
    if value("hub.mode") != "subscribe" || wish.topic.is_empty() {
        return StatusCode::BAD_REQUEST;
    }
    tokio::spawn(async move {
        wish.verified = is_meant(&wish, shared.lease).await;
        shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(wish);
    });
    StatusCode::ACCEPTED
}

/// Asks a subscriber whether it meant to subscribe (WebSub §5.3).
async fn is_meant(wish: &HubSubscription, lease: Duration) -> bool {
    const CHALLENGE: &str = "seven-of-nine";
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("hub.mode", "subscribe"),
            ("hub.topic", &wish.topic),
            ("hub.challenge", CHALLENGE),
            ("hub.lease_seconds", &lease.as_secs().to_string()),
        ])
        .finish();
    let joint = if wish.callback.contains('?') { '&' } else { '?' };
    let answer = exchange("GET", &format!("{}{joint}{query}", wish.callback), "", "").await;
    answer.is_some_and(|(status, body)| status == 200 && body == CHALLENGE)
}

/// Sends one request over plain HTTP/1.1 and reads the status and the body of the answer.
async fn exchange(method: &str, address: &str, head: &str, body: &str) -> Option<(u16, String)> {
    let url = url::Url::parse(address).ok()?;
    let host = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
    let mut stream = TcpStream::connect(&host).await.ok()?;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{head}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
