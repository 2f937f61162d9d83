//! What happens when the store is away, and what standard output shows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops there")]

mod fixture;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fixture::{batch, of_records, partition, postgres_at, raw};
use naba_proto::v1::PubStatus;
use naba_sink::{JsonLines, Postgres, PostgresConfig, SinkError, Sqlite};
use naba_stage::{Sink, StageError, Verdict};
use naba_testkit::{EnrichedBuilder, FaultProxy, RealPostgres, free_ports, scratch};

fn article(n: u32) -> naba_proto::v1::EnrichedArticle {
    EnrichedBuilder::new(&format!("https://news.example/{n}")).build()
}

#[tokio::test]
async fn a_database_that_is_away_is_waited_for_and_takes_the_same_batch_later() {
    let server = RealPostgres::start();
    let url = server.database();
    let database = url.rsplit('/').next().unwrap();
    let store = postgres_at(&url);
    store.claim(&[partition()]).await.unwrap();
    store.write(&batch(0, &[article(1)])).await.unwrap();

    server.kill();
    let away = store.write(&batch(1, &[article(2)])).await;
    assert!(matches!(away, Err(StageError::Unavailable { code: "store_unreachable", .. })), "{away:?}");

    server.start_again();
    assert_eq!(store.write(&batch(1, &[article(2)])).await.unwrap(), [Verdict::Stored]);
    assert_eq!(server.psql(database, "SELECT count(*) FROM articles").unwrap(), "2");
}

#[tokio::test]
async fn a_network_that_swallows_packets_ends_in_a_time_out_and_a_new_connection() {
    let server = RealPostgres::shared();
    let url = server.database();
    let database = url.rsplit('/').next().unwrap();
    let proxy = FaultProxy::start(0, SocketAddr::from(([127, 0, 0, 1], server.port())));
    let config = PostgresConfig {
        url: format!("postgres://postgres@127.0.0.1:{}/{database}", proxy.port()),
        password: None,
        ca_file: None,
        connect_timeout: Duration::from_secs(5),
        write_timeout: Duration::from_secs(2),
    };
    let store = Postgres::new(&config).unwrap();
    store.claim(&[partition()]).await.unwrap();

    proxy.stall();
    let stalled = store.write(&batch(0, &[article(1)])).await;
    assert!(matches!(stalled, Err(StageError::Unavailable { code: "store_timed_out", .. })), "{stalled:?}");

    proxy.cut();
    let cut = store.write(&batch(0, &[article(1)])).await;
    assert!(matches!(cut, Err(StageError::Unavailable { code: "store_unreachable", .. })), "{cut:?}");

    proxy.heal();
    assert_eq!(store.write(&batch(0, &[article(1)])).await.unwrap(), [Verdict::Stored]);
    assert_eq!(server.psql(database, "SELECT count(*) FROM article_versions").unwrap(), "1");
}

#[tokio::test]
async fn a_database_that_never_answered_is_unavailable_not_fatal() {
    let store = postgres_at(&format!("postgres://naba@127.0.0.1:{}/naba", free_ports(&[0])));
    let claimed = store.claim(&[partition()]).await;
    assert!(matches!(claimed, Err(StageError::Unavailable { .. })), "{claimed:?}");
}

#[test]
fn a_file_of_a_newer_program_is_left_alone() {
    let home = scratch("newer");
    let path = home.path().join("naba.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Sqlite::open(&path), Err(SinkError::NewerSchema { found: 99, .. })));
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let home = scratch("broken");
    let path = home.path().join("naba.db");
    std::fs::write(&path, "no database, but longer than a header: ".repeat(50)).unwrap();
    assert!(matches!(Sqlite::open(&path), Err(SinkError::Broken { .. })));
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn standard_output_shows_a_line_a_version_and_nothing_that_is_held_back() {
    let page = Page::default();
    let store = JsonLines::new(page.clone(), || 1_000);
    assert_eq!(store.claim(&[partition()]).await.unwrap(), [None]);
    let shown = EnrichedBuilder::new("https://news.example/1").headline("خبر").embargoed_until(1_000).build();
    let id = shown.article.as_ref().unwrap().article_id.clone();
    let held = EnrichedBuilder::new("https://news.example/2").pub_status(PubStatus::Withheld).build();
    let ahead = EnrichedBuilder::new("https://news.example/3").embargoed_until(1_001).build();
    let mut records = batch(0, &[shown, held, ahead]).records;
    records.push(raw(3, id.as_bytes(), None));

    let verdicts = store.write(&of_records(records)).await.unwrap();
    assert_eq!(
        verdicts,
        [Verdict::Stored, Verdict::Skipped("withheld"), Verdict::Skipped("embargoed"), Verdict::Stored]
    );
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(lines[0]["article"]["headline"], "خبر");
    assert_eq!(lines[1], serde_json::json!({ "articleId": id, "withdrawn": true }));
}
