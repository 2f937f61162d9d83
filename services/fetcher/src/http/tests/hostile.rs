//! Servers that are slow, endless or broken.

use super::*;

const LONG: Duration = Duration::from_secs(60);

/// Sends a head, then a part again and again, with pauses.
async fn drip(part: &'static [u8], pause: Duration) -> SocketAddr {
    serve_raw(move |mut tcp| async move {
        let _ = tcp.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while tcp.write_all(part).await.is_ok() {
            tokio::time::sleep(pause).await;
        }
    })
    .await
}

fn code(outcome: Result<HttpResponse, HttpError>) -> &'static str {
    outcome.map_or_else(|error| error.code(), |answer| panic!("answered with {}", answer.status))
}

#[tokio::test]
async fn an_endless_body_ends_at_the_limit() {
    let server = drip(&[b'x'; 8192], Duration::ZERO).await;
    assert_eq!(code(get(server, "/", Limits::page()).await), "too_large");
    let answer = get(server, "/robots.txt", Limits::robots()).await.unwrap();
    assert_eq!((answer.body.len(), answer.truncated), (500 * 1024, true));
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_not_read() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec();
    let server = answer(head, LONG).await;
    assert_eq!(code(get(server, "/", Limits::page()).await), "too_large");
}

#[tokio::test]
async fn a_dripping_body_defeats_no_limit() {
    let server = drip(b"x", Duration::from_millis(20)).await;
    let limits = Limits { slow_grace: Duration::from_millis(100), ..Limits::page() };
    assert_eq!(code(get(server, "/", limits).await), "slow_body");
    let limits = Limits { total: Duration::from_millis(200), ..Limits::page() };
    assert_eq!(code(get(server, "/", limits).await), "timeout");
}

#[tokio::test]
async fn silence_is_named_by_its_phase() {
    let limits = Limits { head: Duration::from_millis(100), idle: Duration::from_millis(100), ..Limits::page() };
    let headless = answer(Vec::new(), LONG).await;
    let config = HttpConfig {
        dns_timeout: Duration::ZERO,
        connect_timeout: Duration::from_millis(100),
        tls_timeout: Duration::ZERO,
        ..config(headless)
    };
    let outcome = HttpClient::new(config).unwrap().get(request("/", limits)).await;
    assert!(matches!(outcome, Err(HttpError::Timeout(super::super::Phase::Head))), "{outcome:?}");

    let bodiless = answer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab".to_vec(), LONG).await;
    let outcome = get(bodiless, "/", limits).await;
    assert!(matches!(outcome, Err(HttpError::Timeout(super::super::Phase::Body))), "{outcome:?}");
}

#[tokio::test]
async fn an_answer_that_is_cut_or_no_http_breaks_the_protocol() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ] {
        let server = answer(bytes.to_vec(), Duration::ZERO).await;
        assert_eq!(code(get(server, "/", Limits::page()).await), "protocol", "{bytes:?}");
    }
}

#[tokio::test]
async fn a_head_beyond_the_limits_is_refused() {
    let mut endless = b"HTTP/1.1 200 OK\r\n".to_vec();
    endless.extend(format!("x: {}\r\n", "y".repeat(200_000)).bytes());
    let mut many = b"HTTP/1.1 200 OK\r\n".to_vec();
    many.extend("x: y\r\n".repeat(200).bytes());
    many.extend(b"\r\n");
    for head in [endless, many] {
        let server = answer(head, LONG).await;
        assert_eq!(code(get(server, "/", Limits::page()).await), "head_too_large");
    }
}
