//! WebSub (W3C, 2018): hubs push what sources publish to an endpoint of ours.
//!
//! Nothing is remembered about callbacks: an address carries its source, its topic and a token that only the secret makes,
//! so that any instance can answer for any source. A push becomes entries of the frontier topic, as a poll does; one that is
//! lost is found by the next poll.

mod endpoint;
mod signature;

use std::time::Duration;

use naba_feed::Listing;
use ring::hmac;
use tokio::sync::mpsc;
use url::form_urlencoded;

pub(crate) use endpoint::serve;

/// Lease that hubs are asked for. They may grant another one.
const LEASE: Duration = Duration::from_secs(10 * 24 * 3600);
/// What waits to be taken; hubs are asked to come again when it is full.
const INBOX: usize = 256;

/// What came in at the endpoint.
#[derive(Debug)]
pub(crate) enum Event {
    /// A hub has granted a lease.
    Leased { source_id: String, lease: Duration },
    /// A hub has pushed.
    Pushed(Box<Push>),
}

/// A listing that was pushed.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) source_id: String,
    pub(crate) topic: String,
    pub(crate) listing: Listing,
}

/// Makes the queue between the endpoint and the fetcher.
pub(crate) fn inbox() -> (mpsc::Sender<Event>, mpsc::Receiver<Event>) {
    mpsc::channel(INBOX)
}

/// The addresses that hubs push to, and the secrets that they sign with.
#[derive(Debug, Clone)]
pub(crate) struct Callbacks {
    /// The endpoint as hubs see it.
    base: String,
    key: hmac::Key,
}

impl Callbacks {
    pub(crate) fn new(base: &str, secret: &[u8]) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// Returns the form that asks a hub to push a topic.
    pub(crate) fn request(&self, source_id: &str, topic: &str) -> String {
        let token = self.token(source_id, topic);
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("source", source_id), ("topic", topic), ("token", &token)])
            .finish();
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("hub.mode", "subscribe"),
                ("hub.topic", topic),
                ("hub.callback", &format!("{}/websub?{query}", self.base)),
                ("hub.secret", &self.secret(source_id)),
                ("hub.lease_seconds", &LEASE.as_secs().to_string()),
            ])
            .finish()
    }

    fn token(&self, source_id: &str, topic: &str) -> String {
        self.derive(&["callback", source_id, topic])
    }

    /// Tells whether a token is that of a source and a topic, in a time that does not tell how much of it is right.
    fn is_token(&self, token: &str, source_id: &str, topic: &str) -> bool {
        let message = message(&["callback", source_id, topic]);
        signature::bytes_of(token).is_some_and(|tag| hmac::verify(&self.key, message.as_bytes(), &tag).is_ok())
    }

    fn secret(&self, source_id: &str) -> String {
        self.derive(&["secret", source_id])
    }

    fn derive(&self, parts: &[&str]) -> String {
        let tag = hmac::sign(&self.key, message(parts).as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn message(parts: &[&str]) -> String {
    parts.join("\n")
}
