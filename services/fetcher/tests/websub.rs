//! Sources that a hub pushes.

#![allow(clippy::unwrap_used, clippy::panic)] // clippy knows test functions, not the support around them

mod support;

use std::net::TcpListener;
use std::time::Duration;

use axum::response::IntoResponse;
use naba_newsfarm::serve_hub;
use naba_proto::v1::Origin;
use support::{Line, Web, config, feed, items, rss};

const TOPIC: &str = "http://a.example/feed";

fn with_hub(items: &str) -> String {
    let links = format!("<atom:link rel='hub' href='http://hub.example/'/><atom:link rel='self' href='{TOPIC}'/>");
    rss(&format!("{links}{items}")).replace("<rss ", "<rss xmlns:atom='http://www.w3.org/2005/Atom' ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hub_pushes_is_fetched_at_once_and_the_lease_is_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    let hub = serve_hub("127.0.0.1:0".parse().unwrap(), Duration::from_secs(2)).await.unwrap();
    web.script("a.example/feed", |_, _| with_hub(&items(&["/polled"])).into_response());
    for page in ["polled", "pushed", "forged"] {
        web.page(&format!("a.example/{page}"), page);
    }
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a secret of the operator\n").unwrap();
    let mut settings = config(&web);
    settings.hosts.insert("hub.example".to_owned(), hub.addr());
    // No poll but the first.
    (settings.min_interval, settings.max_interval) = (Duration::from_secs(3600), Duration::from_secs(3600));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    (settings.websub_listen, settings.websub_url) = (free, Some(format!("http://{free}")));
    settings.websub_secret_file = Some(secret);

    let line = Line::start(folder.path(), settings).await;
    line.watch(&[feed(TOPIC)]).await;
    line.eventually("subscription", async || hub.asked().iter().any(|asked| asked.verified).then_some(())).await;
    assert_eq!(hub.push(TOPIC, &with_hub(&items(&["/forged"])), Some("guessed")).await, Some(202));
    assert_eq!(hub.push(TOPIC, &with_hub(&items(&["/pushed"])), None).await, Some(202));
    let documents = line.documents_at_least(2).await;
    let found: Vec<_> = documents.iter().map(|document| (document.final_url.as_str(), document.origin())).collect();
    assert_eq!(found, [("http://a.example/polled", Origin::Live), ("http://a.example/pushed", Origin::Push)]);
    assert_eq!(documents[1].source_name, "Desk");
    line.eventually("renewal", async || (hub.asked().len() >= 2).then_some(())).await;
    assert_eq!(web.asked("a.example/feed").len(), 1);
    assert!(web.asked("a.example/forged").is_empty(), "what is not signed is thrown away");
    line.stop().await;
}
