//! What may be reached, and what not: forged requests (SSRF).

use std::io;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::routing::get as on_get;

use super::super::resolve::Resolve;
use super::*;

fn refused(outcome: Result<HttpResponse, HttpError>) -> bool {
    matches!(outcome, Err(HttpError::RefusedAddress { .. }))
}

async fn get_url(client: &HttpClient, url: &str) -> Result<HttpResponse, HttpError> {
    client.get(HttpRequest::new(NormalUrl::parse(url).unwrap(), Limits::page())).await
}

#[tokio::test]
async fn no_notation_of_a_private_address_gets_through() {
    static HITS: AtomicUsize = AtomicUsize::new(0);
    let count = || async {
        HITS.fetch_add(1, Ordering::SeqCst);
    };
    let port = serve(Router::new().fallback(count)).await.port();
    let client = HttpClient::new(HttpConfig::default()).unwrap();
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "127.1",
        "127.0.0.1.",
        "[::1]",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::]",
        "[64:ff9b::7f00:1]",
        "[::7f00:1]",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "localhost",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00::1]",
        "[fe80::1]",
    ] {
        let outcome = get_url(&client, &format!("http://{host}:{port}/")).await;
        assert!(refused(outcome.clone()), "{host}: {outcome:?}");
    }
    assert_eq!(HITS.load(Ordering::SeqCst), 0, "a connection was made");
}

#[tokio::test]
async fn an_override_needs_its_address_allowed() {
    let server = serve(Router::new().route("/", on_get(|| async { "farm" }))).await;
    let closed = HttpConfig { allow_addresses: Vec::new(), ..config(server) };
    assert!(refused(get_url(&HttpClient::new(closed).unwrap(), "http://site.example/").await));
    let elsewhere = HttpConfig { allow_addresses: vec!["10.0.0.0/8".parse().unwrap()], ..config(server) };
    assert!(refused(get_url(&HttpClient::new(elsewhere).unwrap(), "http://site.example/").await));
    let open = HttpClient::new(config(server)).unwrap();
    assert_eq!(get_url(&open, "http://site.example/").await.unwrap().body.as_ref(), b"farm");
}

#[tokio::test]
async fn a_redirect_inside_is_refused_when_it_is_asked() {
    let inside = [("location", "http://[::ffff:10.0.0.1]/latest/meta-data")];
    let to_inside = move || async move { (axum::http::StatusCode::FOUND, inside) };
    let server = serve(Router::new().route("/", on_get(to_inside))).await;
    let client = client(server);
    let location = get_url(&client, "http://site.example/").await.unwrap().location.unwrap();
    assert!(refused(get_url(&client, location.as_str()).await));
}

/// Gives the next answer at each look-up.
struct Script(Mutex<Vec<Vec<IpAddr>>>);

#[async_trait]
impl Resolve for Script {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.0.lock().unwrap().pop().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name"))
    }
}

fn scripted(answers: &[&[&str]]) -> HttpClient {
    let answers = answers.iter().rev().map(|ips| ips.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
    // 127.0.0.9 stands for a public address: it is let through, and nobody listens there.
    let config = HttpConfig { allow_addresses: vec!["127.0.0.9/32".parse().unwrap()], ..HttpConfig::default() };
    HttpClient::with_resolver(config, Box::new(Script(Mutex::new(answers)))).unwrap()
}

#[tokio::test]
async fn a_name_with_a_public_and_a_private_address_is_refused() {
    let client = scripted(&[&["127.0.0.9", "10.0.0.1"], &["::ffff:10.0.0.1"]]);
    assert!(refused(get_url(&client, "http://rebind.example/").await));
    assert!(refused(get_url(&client, "http://rebind.example/").await));
}

#[tokio::test]
async fn a_name_that_changes_between_two_look_ups_is_refused_at_the_second() {
    let client = scripted(&[&["127.0.0.9"], &["127.0.0.1"]]);
    assert_eq!(get_url(&client, "http://rebind.example/").await.unwrap_err().code(), "connect");
    assert!(refused(get_url(&client, "http://rebind.example/").await));
}

#[tokio::test]
async fn a_name_that_does_not_exist_and_one_without_addresses_are_named_so() {
    let client = scripted(&[&[]]);
    assert_eq!(get_url(&client, "http://empty.example/").await.unwrap_err().code(), "dns");
    assert_eq!(get_url(&client, "http://nosuch.example/").await.unwrap_err().code(), "dns");
}
