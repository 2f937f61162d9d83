//! The endpoint that hubs talk to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use naba_feed::Input;
use naba_model::NormalUrl;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::signature::is_signed;
use super::{Callbacks, Event, LEASE, Push};
use crate::http::Limits;

/// Longest challenge that is echoed.
const MAX_CHALLENGE: usize = 1024;

type Parameters = Query<HashMap<String, String>>;

struct Endpoint {
    callbacks: Callbacks,
    inbox: mpsc::Sender<Event>,
}

/// Listens for hubs. Returns the address that is listened on; the endpoint ends with the handle.
pub(crate) async fn serve(
    listen: SocketAddr,
    callbacks: Callbacks,
    inbox: mpsc::Sender<Event>,
) -> std::io::Result<tokio::task::JoinHandle<()>> {
    let listener = TcpListener::bind(listen).await?;
    let app = Router::new()
        .route("/websub", get(verify).post(push))
        .layer(DefaultBodyLimit::max(Limits::feed().max_bytes))
        .with_state(Arc::new(Endpoint { callbacks, inbox }));
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "endpoint of websub failed, sources are polled only");
        }
    }))
}

impl Endpoint {
    /// Returns the source and the topic of a callback that is one of ours.
    fn subject<'p>(&self, parameters: &'p HashMap<String, String>) -> Option<(&'p str, &'p str)> {
        let value = |name: &str| parameters.get(name).map(String::as_str);
        let (source_id, topic, token) = (value("source")?, value("topic")?, value("token")?);
        self.callbacks.is_token(token, source_id, topic).then_some((source_id, topic))
    }

    fn tell(&self, event: Event) -> bool {
        self.inbox.try_send(event).is_ok()
    }
}

/// Verification of intent (§5.3): a hub asks whether it was us who subscribed. Nobody else may end a subscription.
async fn verify(State(endpoint): State<Arc<Endpoint>>, Query(parameters): Parameters) -> Response {
    let value = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    let Some((source_id, topic)) = endpoint.subject(&parameters) else { return StatusCode::NOT_FOUND.into_response() };
    match value("hub.mode") {
        "subscribe" if value("hub.topic") == topic => {
            let lease = value("hub.lease_seconds").parse().map_or(LEASE, Duration::from_secs);
            endpoint.tell(Event::Leased { source_id: source_id.to_owned(), lease });
            value("hub.challenge").chars().take(MAX_CHALLENGE).collect::<String>().into_response()
        }
        "denied" => {
            tracing::info!(source_id, topic, "hub denies a subscription, the source is polled");
            StatusCode::OK.into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Content distribution (§7). A wrong signature is answered as a right one, and what it came with is thrown away.
async fn push(
    State(endpoint): State<Arc<Endpoint>>,
    Query(parameters): Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Some((source_id, topic)) = endpoint.subject(&parameters) else { return StatusCode::NOT_FOUND };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = text("x-hub-signature").unwrap_or_default();
    if !is_signed(signature, &endpoint.callbacks.secret(source_id), &body) {
        tracing::warn!(source_id, "push without a right signature, thrown away");
        return StatusCode::ACCEPTED;
    }
    let Ok(url) = NormalUrl::parse(topic) else { return StatusCode::ACCEPTED };
    let content_type = text(header::CONTENT_TYPE.as_str());
    match naba_feed::read(&Input { bytes: &body, content_type, url: &url }) {
        Ok(listing) => {
            let push = Push { source_id: source_id.to_owned(), topic: topic.to_owned(), listing };
            if endpoint.tell(Event::Pushed(Box::new(push))) {
                StatusCode::ACCEPTED
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
        Err(error) => {
            tracing::warn!(source_id, %error, "push is no listing, thrown away");
            StatusCode::ACCEPTED
        }
    }
}
