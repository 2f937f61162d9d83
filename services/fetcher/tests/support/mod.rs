//! A site on a real socket, and the fetcher on a real log.

#![allow(dead_code)] // no test uses all of it

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use naba_fetcher::{FetcherConfig, FetcherSettings, announce};
use naba_log_local::LocalLog;
use naba_proto::prost::Message;
use naba_proto::v1::{AuditRecord, Disposition, RawDocument, SeenEntry, Source};
use naba_service::{Schema, load};
use naba_stage::log::{Log, NewRecord, TopicPartition};
use naba_stage::{Delivery, Health, Output, RunError, StageConfig, Topics, partition_for, shutdown_pair};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const PATIENCE: Duration = Duration::from_secs(60);

/// One request as the site saw it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub address: String,
    pub if_none_match: Option<String>,
    pub user_agent: String,
}

type Script = Arc<dyn Fn(usize, &Asked) -> Response + Send + Sync>;

#[derive(Default)]
struct Inner {
    pages: HashMap<String, Script>,
    asked: Vec<Asked>,
}

/// A web server for any number of names. What it does not know answers 404.
#[derive(Clone)]
pub struct Web {
    pub address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

impl Web {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let web = Self { address: listener.local_addr().unwrap(), inner: Arc::default() };
        let app = axum::Router::new().fallback(answer).with_state(web.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        web
    }

    /// Answers an address (`a.example/feed`) by a function of the number of requests before and the request.
    pub fn script(&self, address: &str, script: impl Fn(usize, &Asked) -> Response + Send + Sync + 'static) {
        self.inner.lock().unwrap().pages.insert(address.to_owned(), Arc::new(script));
    }

    /// Answers an address with a page of HTML.
    pub fn page(&self, address: &str, text: impl Into<String>) {
        let text = text.into();
        self.script(address, move |_, _| html(&text));
    }

    pub fn asked(&self, address: &str) -> Vec<Asked> {
        self.inner.lock().unwrap().asked.iter().filter(|asked| asked.address == address).cloned().collect()
    }
}

async fn answer(State(web): State<Web>, request: Request) -> Response {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let host = header("host").unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().to_owned();
    let asked = Asked {
        address: format!("{host}{}", request.uri()),
        if_none_match: header("if-none-match"),
        user_agent: header("user-agent").unwrap_or_default(),
    };
    let (script, count) = {
        let mut inner = web.inner.lock().unwrap();
        let count = inner.asked.iter().filter(|before| before.address == asked.address).count();
        inner.asked.push(asked.clone());
        (inner.pages.get(&asked.address).cloned(), count)
    };
    script.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |script| script(count, &asked))
}

pub fn html(text: &str) -> Response {
    ([("content-type", "text/html; charset=utf-8")], format!("<html><body>{text}</body></html>")).into_response()
}

pub fn redirect(location: &str) -> Response {
    (StatusCode::MOVED_PERMANENTLY, [("location", location.to_owned())]).into_response()
}

/// Makes an RSS feed of items as written.
pub fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>News</title><language>ar</language>{items}</channel></rss>")
}

/// Makes items with a link each.
pub fn items(links: &[&str]) -> String {
    links.iter().map(|link| format!("<item><title>عنوان {link}</title><link>{link}</link></item>")).collect()
}

/// A configuration for a web on loopback, quick enough for tests. Every name ending in `.example` leads to the web.
pub fn config(web: &Web) -> FetcherConfig {
    let settings = [
        ("CONTACT", "mailto:desk@news.example"),
        ("DELAY", "10ms"),
        ("MIN_INTERVAL", "200ms"),
        ("MAX_INTERVAL", "400ms"),
        ("RETRY_BASE", "20ms"),
        ("RETRY_MAX", "100ms"),
        ("ROBOTS_RETRY", "100ms"),
        ("MIN_REFETCH", "0s"),
        ("MAX_ATTEMPTS", "3"),
        ("RECHECKS", "[]"),
        ("ALLOW_ADDRESSES", "[\"127.0.0.1/32\"]"),
    ];
    let environment = settings.map(|(key, value)| (format!("NABA__FETCHER__{key}"), value.to_owned()));
    let schema = Schema::parse(&[naba_fetcher::DEFAULTS]).unwrap();
    let mut config = load::<FetcherSettings>(&schema, None, environment).unwrap().fetcher;
    config.hosts.insert("*.example".to_owned(), web.address);
    config
}

/// The fetcher under way on a log in a folder.
pub struct Line {
    log: Arc<LocalLog>,
    topics: Topics,
    stop: watch::Sender<bool>,
    run: JoinHandle<Result<(), RunError>>,
}

impl Line {
    pub async fn start(folder: &Path, config: FetcherConfig) -> Self {
        let topics = Topics::built_in().unwrap().local();
        let log = Arc::new(open(&folder.join("log")).await);
        log.ensure_topics(&topics.all()).await.unwrap();
        let stage = StageConfig::new("fetcher-0", topics.clone(), folder.join("state"));
        let (stop, shutdown) = shutdown_pair();
        let run = tokio::spawn(naba_fetcher::run(config, log.clone(), stage, Health::new(), shutdown));
        Self { log, topics, stop, run }
    }

    /// Stops the fetcher in good order and closes the log.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        tokio::time::timeout(PATIENCE, self.run).await.unwrap().unwrap().unwrap();
    }

    /// Watches sources.
    pub async fn watch(&self, sources: &[Source]) {
        for source in sources {
            self.put(announce(source)).await;
        }
    }

    pub async fn put(&self, output: Output) {
        let topic = self.topics.get(output.role).unwrap();
        let field = output.partition_by.clone().unwrap_or_else(|| output.key.clone());
        let record = NewRecord {
            topic: Arc::from(topic.name.as_str()),
            partition: partition_for(&field, topic.partitions),
            key: Some(output.key),
            value: output.value,
            headers: Vec::new(),
        };
        let mut producer = self.log.producer("test", Delivery::ExactlyOnce).await.unwrap();
        producer.send(&[record]).await.unwrap();
        producer.commit(&[]).await.unwrap();
    }

    /// Reads everything that is on a topic: key, value and headers.
    pub async fn read(&self, role: &str) -> Vec<naba_stage::log::Record> {
        let topic = self.topics.get(role).unwrap();
        let mut records = Vec::new();
        for partition in 0..topic.partitions {
            let at = TopicPartition::new(topic.name.as_str(), partition);
            self.log.snapshot(&at, 0, &mut |record| records.push(record)).await.unwrap();
        }
        records
    }

    pub async fn messages<M: Message + Default>(&self, role: &str) -> Vec<M> {
        let records = self.read(role).await;
        records.into_iter().filter_map(|record| record.value).map(|value| M::decode(value).unwrap()).collect()
    }

    /// The published documents, by final address, in order.
    pub async fn documents(&self) -> Vec<RawDocument> {
        let mut documents = self.messages::<RawDocument>("raw").await;
        documents.sort_by(|a, b| (&a.final_url, a.attempt).cmp(&(&b.final_url, b.attempt)));
        documents
    }

    /// Waits until so many documents are published.
    pub async fn documents_at_least(&self, count: usize) -> Vec<RawDocument> {
        self.eventually(&format!("{count} documents"), async || {
            let documents = self.documents().await;
            (documents.len() >= count).then_some(documents)
        })
        .await
    }

    /// How the work on an address ended, by its last audit record of disposition SKIPPED or DEAD_LETTERED.
    pub async fn code_of(&self, key: &str) -> Option<String> {
        let audits = self.messages::<AuditRecord>("audit").await;
        let mut ends = audits.into_iter().filter(|audit| audit.topic == "work" && audit.key == key.as_bytes());
        ends.rfind(|audit| audit.disposition() != Disposition::Emitted).map(|audit| audit.code)
    }

    /// The latest stored state of an address.
    pub async fn seen(&self, url_hash: &str) -> Option<SeenEntry> {
        let records = self.read("seen").await;
        let last = records.into_iter().rfind(|record| record.key.as_deref() == Some(url_hash.as_bytes()))?;
        Some(SeenEntry::decode(last.value?).unwrap())
    }

    pub async fn eventually<T>(&self, what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            if tokio::time::Instant::now() >= deadline {
                let audits: Vec<AuditRecord> = self.messages("audit").await;
                panic!("no {what} within {PATIENCE:?}; so far: {audits:#?}");
            }
            assert!(!self.run.is_finished(), "the fetcher stopped before {what}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

/// Opens the log, which the readers of a run before may hold a moment longer.
async fn open(folder: &Path) -> LocalLog {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match LocalLog::open(folder) {
            Ok(log) => return log,
            Err(error) => assert!(tokio::time::Instant::now() < deadline, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A feed to watch.
pub fn feed(url: &str) -> Source {
    let toml = format!("[[source]]\nname = \"Desk\"\nurl = \"{url}\"\nkind = \"feed\"\ncountry = \"SA\"\n");
    naba_fetcher::read_sources_toml(&toml).unwrap().remove(0)
}

/// The key of an address.
pub fn hash(url: &str) -> String {
    naba_model::UrlHash::of(&naba_model::NormalUrl::parse(url).unwrap()).into_string()
}
