//! What is asked and what is answered.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get as on_get;

use super::*;

const ETAG: &str = "W/\"7\"";
const CHANGED: &str = "Tue, 24 Nov 2026 10:00:00 GMT";

async fn conditional(headers: HeaderMap) -> impl IntoResponse {
    let asked = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let validators = [("etag", ETAG), ("last-modified", CHANGED)];
    if asked("if-none-match") == Some(ETAG) || asked("if-modified-since") == Some(CHANGED) {
        (StatusCode::NOT_MODIFIED, validators, "")
    } else {
        (StatusCode::OK, validators, "news")
    }
}

#[tokio::test]
async fn a_copy_that_still_holds_is_answered_with_304_and_nothing() {
    let server = serve(Router::new().route("/", on_get(conditional))).await;
    let client = client(server);
    let first = client.get(request("/", Limits::feed())).await.unwrap();
    assert_eq!((first.status, first.body.as_ref(), first.header("etag")), (200, &b"news"[..], Some(ETAG)));

    let by_etag = HttpRequest { etag: first.header("etag").map(str::to_owned), ..request("/", Limits::feed()) };
    let last_modified = first.header("last-modified").map(str::to_owned);
    let by_time = HttpRequest { last_modified, ..request("/", Limits::feed()) };
    for conditional in [by_etag, by_time] {
        let again = client.get(conditional).await.unwrap();
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
}

#[tokio::test]
async fn a_validator_that_no_header_can_carry_makes_the_request_unconditional() {
    let server = serve(Router::new().route("/", on_get(conditional))).await;
    let request = HttpRequest { etag: Some("a\nb".to_owned()), ..request("/", Limits::feed()) };
    assert_eq!(client(server).get(request).await.unwrap().status, 200);
}

#[tokio::test]
async fn the_request_says_who_asks_and_what_is_welcome() {
    let echo = |headers: HeaderMap| async move {
        let names = ["host", "user-agent", "accept", "accept-encoding", "from"];
        let values = names.map(|name| headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned());
        values.join("|")
    };
    let server = serve(Router::new().route("/", on_get(echo))).await;
    let config = HttpConfig { contact: "https://ops.example/bot".to_owned(), ..config(server) };
    let request = HttpRequest {
        accept: Some("application/rss+xml".to_owned()),
        headers: vec![("From".to_owned(), "ops@ops.example".to_owned()), ("bad name".to_owned(), "x".to_owned())],
        ..request("/", Limits::feed())
    };
    let answer = HttpClient::new(config).unwrap().get(request).await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "site.example|naba/{version} (+https://ops.example/bot)|application/rss+xml|gzip, br, zstd, deflate|ops@ops.example"
    );
    assert_eq!(String::from_utf8_lossy(&answer.body), expected);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = serve(
        Router::new()
            .route("/old", on_get(|| async { (StatusCode::MOVED_PERMANENTLY, [("location", "/new?utm_source=x#y")]) }))
            .route("/out", on_get(|| async { (StatusCode::FOUND, [("location", "http://user:pw@inside.example/")]) }))
            .route("/created", on_get(|| async { (StatusCode::CREATED, [("location", "/new")]) }))
            .route("/new", on_get(|| async { "followed" })),
    )
    .await;
    let moved = get(server, "/old", Limits::page()).await.unwrap();
    assert_eq!((moved.status, moved.body.len()), (301, 0));
    assert_eq!(moved.location.unwrap().as_str(), "http://site.example/new");
    let out = get(server, "/out", Limits::page()).await.unwrap();
    assert_eq!((out.status, out.location), (302, None), "an address with credentials is none that we handle");
    assert_eq!(get(server, "/created", Limits::page()).await.unwrap().location, None);
}

#[tokio::test]
async fn an_error_status_is_an_answer() {
    let down = || async { (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "120")], "busy") };
    let server = serve(Router::new().route("/", on_get(down))).await;
    let answer = get(server, "/", Limits::page()).await.unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("120")));
}

#[tokio::test]
async fn a_file_address_is_not_asked() {
    let url = NormalUrl::parse("file:///etc/passwd").unwrap();
    let client = HttpClient::new(HttpConfig::default()).unwrap();
    let error = client.get(HttpRequest::new(url, Limits::page())).await.unwrap_err();
    assert_eq!(error.code(), "bad_address");
}

#[tokio::test]
async fn odd_characters_in_an_address_reach_the_server() {
    let echo = |uri: axum::http::Uri| async move { uri.to_string() };
    let server = serve(Router::new().fallback(echo)).await;
    for path in ["/a|b[c]'(d)*~!$&+,;=:@", "/q?x={y}|^`%zz&z=\\", "/خبر?ق=١", "//double//"] {
        let request = request(path, Limits::page());
        let asked = request.url.as_url().clone();
        let answer = client(server).get(request).await.unwrap();
        let expected =
            format!("{}{}", asked.path(), asked.query().map(|query| format!("?{query}")).unwrap_or_default());
        assert_eq!(String::from_utf8_lossy(&answer.body), expected);
    }
}
