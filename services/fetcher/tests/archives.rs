//! Archives as sources.

#![allow(clippy::unwrap_used, clippy::panic)] // clippy knows test functions, not the support around them

mod support;

use support::{Line, Web, config};

fn response(url: &str, head: &str, body: &str) -> String {
    let block = format!("HTTP/1.1 {head}\r\nContent-Type: text/html\r\n\r\n{body}");
    let length = block.len();
    format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-11-24T10:00:00Z\r\n\
         Content-Type: application/http\r\nContent-Length: {length}\r\n\r\n{block}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_of_an_archive_ends_in_one_disposition() {
    let (folder, news) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let good = response("https://a.example/1?utm_source=x", "200 OK", "<p>one</p>");
    let gone = response("https://a.example/2", "404 Not Found", "none");
    let warc = news.path().join("news.warc");
    std::fs::write(&warc, format!("{good}{gone}")).unwrap();
    let lines = news.path().join("news.jsonl");
    std::fs::write(&lines, "{\"url\":\"https://b.example/1\",\"title\":\"T\",\"text\":\"two\"}\nbroken\n").unwrap();
    let web = Web::start().await;
    let mut settings = config(&web);
    settings.file_roots = vec![news.path().to_owned()];
    let line = Line::start(folder.path(), settings).await;
    let toml = format!("[[source]]\nurl = \"{}/\"\norigin = \"backfill\"\n", news.path().display());
    line.watch(&naba_fetcher::read_sources_toml(&toml).unwrap()).await;

    let address = |path: &std::path::Path, at: usize| format!("file://{}?record={at}", path.display());
    for (address, code) in [(address(&warc, good.len()), "no_page"), (address(&lines, 55), "bad_record")] {
        let hash = support::hash(&address);
        assert_eq!(line.eventually(&address, async || line.code_of(&hash).await).await, code);
    }
    let mut documents = line
        .eventually("documents", async || {
            let documents = line.messages::<naba_proto::v1::RawDocument>("backfill-raw").await;
            (documents.len() >= 2).then_some(documents)
        })
        .await;
    documents.sort_by(|a, b| a.final_url.cmp(&b.final_url));
    let found: Vec<_> =
        documents.iter().map(|d| (d.final_url.as_str(), &d.body[..], d.content_type.as_str())).collect();
    assert_eq!(
        found,
        [
            ("https://a.example/1", &b"<p>one</p>"[..], "text/html"),
            ("https://b.example/1", &b"two"[..], "text/plain; charset=utf-8")
        ]
    );
    assert_eq!(documents[1].discovery.as_ref().unwrap().title, "T");
    line.stop().await;
}
