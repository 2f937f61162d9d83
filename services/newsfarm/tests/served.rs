//! The farm on its socket, asked over plain TCP.

// Functions beside the tests are tests too.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use naba_newsfarm::{Farm, FarmConfig, Fault, ServeOptions, SiteFault, politeness, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Got {
    head: String,
    body: Vec<u8>,
}

/// Sends one request and reads until the connection ends.
async fn get(addr: std::net::SocketAddr, host: &str, path: &str, more: &str) -> Got {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test\r\nConnection: close\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A connection that is cut may end in an error; what came until then counts.
    let _ = stream.read_to_end(&mut bytes).await;
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
    let body = bytes.get(at + 4..).unwrap_or_default().to_vec();
    Got { head: String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase(), body }
}

fn length(head: &str) -> usize {
    head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap()
}

#[tokio::test]
async fn sites_are_told_apart_by_their_host_header() {
    let handle = serve(Farm::new(FarmConfig::calm(7, 4, 40)), ServeOptions::default()).await.unwrap();
    for site in handle.farm().sites().to_vec() {
        let host = format!("{}:80", site.host);
        let got = get(handle.addr(), &host, site.listing.path(), "").await;
        assert!(got.head.starts_with("http/1.1 200"), "{}: {}", site.host, got.head);
        assert_eq!(length(&got.head), got.body.len());
    }
    let stranger = get(handle.addr(), "stranger.example", "/rss.xml", "").await;
    assert!(stranger.head.starts_with("http/1.1 404"));
    assert!(handle.hosts_toml().contains(&format!("\"site01.news.example\" = \"{}\"", handle.addr())));
}

#[tokio::test]
async fn an_entity_tag_saves_the_second_answer() {
    let handle = serve(Farm::new(FarmConfig::calm(7, 1, 10)), ServeOptions::default()).await.unwrap();
    let site = handle.farm().sites()[0].clone();
    let first = get(handle.addr(), &site.host, site.listing.path(), "").await;
    let etag = first.head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    let second = get(handle.addr(), &site.host, site.listing.path(), &format!("If-None-Match: {etag}\r\n")).await;
    assert!(second.head.starts_with("http/1.1 304"), "{}", second.head);
    assert!(second.body.is_empty());
    let log = handle.access();
    assert_eq!(log.iter().map(|one| one.status).collect::<Vec<_>>(), [200, 304]);
    assert_eq!(log[1].if_none_match.as_deref(), Some(etag.as_str()));
    assert_eq!(politeness(&log, 0).domains[naba_newsfarm::registrable(&site.host)].unchanged, 1);
}

#[tokio::test]
async fn a_cut_answer_ends_before_its_length_and_a_broken_host_says_nothing() {
    let handle = serve(Farm::new(FarmConfig::default()), ServeOptions::default()).await.unwrap();
    let farm = handle.farm().clone();
    let cut = farm.articles().iter().find(|article| article.fault == Some(Fault::Cut)).unwrap();
    let got = get(handle.addr(), &farm.sites()[cut.site].host, &cut.path, "").await;
    assert!(got.body.len() < length(&got.head), "{} of {}", got.body.len(), length(&got.head));
    let broken = farm.sites().iter().find(|site| site.fault == Some(SiteFault::HostBroken)).unwrap();
    let got = get(handle.addr(), &broken.host, "/robots.txt", "").await;
    assert!(got.body.is_empty());
    assert!(!got.head.starts_with("http/1.1 200"), "{}", got.head);
}

#[tokio::test]
async fn a_stalled_answer_stays_under_way_until_the_client_gives_up() {
    let handle = serve(Farm::new(FarmConfig::default()), ServeOptions::default()).await.unwrap();
    let farm = handle.farm().clone();
    let stalled = farm.articles().iter().find(|article| article.fault == Some(Fault::Stalled)).unwrap();
    let mut stream = TcpStream::connect(handle.addr()).await.unwrap();
    let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", stalled.path, farm.sites()[stalled.site].host);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0u8; 64];
    assert!(stream.read(&mut first).await.unwrap() > 0);
    assert!(handle.access().is_empty(), "the answer has not ended");
    drop(stream);
    while handle.access().is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = handle.access();
    assert_eq!(log[0].path, stalled.path);
    assert_eq!(politeness(&log, 0).nameless, 1);
}

#[tokio::test]
async fn the_access_log_is_a_file_of_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.jsonl");
    let options = ServeOptions { access_log: Some(path.clone()), ..ServeOptions::default() };
    let handle = serve(Farm::new(FarmConfig::calm(7, 2, 4)), options).await.unwrap();
    let host = handle.farm().sites()[0].host.clone();
    get(handle.addr(), &host, "/robots.txt", "").await;
    while handle.access().is_empty() {
        tokio::task::yield_now().await;
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let record: naba_newsfarm::AccessRecord = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((record.host, record.path, record.status), (host, "/robots.txt".into(), 200));
    handle.stop().await;
}
