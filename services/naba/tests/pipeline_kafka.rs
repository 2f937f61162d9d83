//! The whole line on real Kafka and real PostgreSQL: newsfarm → fetcher → parser → enricher → sink, each two processes
//! of its own, accounted exactly.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod line;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use naba_faults::accountant::{MALFORMED, books, enriched, observed, raw_repeats, read_all, work};
use naba_faults::fetcher_config;
use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_newsfarm::{Farm, FarmConfig, ServeOptions, Start, account, politeness, serve};
use naba_stage::log::{Log, NewRecord};
use naba_stage::{Delivery, Topics};
use naba_testkit::{RealKafka, RealPostgres, Service, binary, scratch};

const ARTICLES: usize = 2000;
const SITES: usize = 20;
const PATIENCE: Duration = Duration::from_secs(420);

struct Cluster<'a> {
    bootstrap: &'a str,
    prefix: &'a str,
    folder: &'a Path,
}

impl Cluster<'_> {
    fn start(&self, service: &str, instance: usize, extra: &[(&str, &str)]) -> Service {
        let mut command = Command::new(binary(&format!("naba-{service}")));
        command
            .env("NABA__KAFKA__BOOTSTRAP", self.bootstrap)
            .env("NABA__STAGE__TOPIC_PREFIX", self.prefix)
            .env("NABA__STAGE__INSTANCE", format!("{service}-{instance}"))
            .env("NABA__STAGE__STATE_DIR", self.folder.join("state"))
            .env("NABA__STAGE__AUDIT", "1.0")
            .env("NABA__STAGE__SESSION_TIMEOUT", "6s")
            .env("NABA__ADMIN__LISTEN", "127.0.0.1:0")
            .env("NABA__LOG__LEVEL", "info");
        for (name, value) in extra {
            command.env(name, value);
        }
        if service == "fetcher" {
            command.arg("--config").arg(self.folder.join("fetcher.toml"));
        }
        Service::start(&format!("{service}-{instance}"), &mut command)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_url_version_has_its_fate_through_separate_services_on_kafka() {
    let kafka = RealKafka::start(1);
    let postgres = RealPostgres::start();
    let folder = scratch("pipeline");
    let prefix = "line.";
    let topics = Topics::built_in().expect("topics").adapted(prefix, None);
    let log = KafkaLog::open(KafkaSettings::new(kafka.bootstrap())).expect("log");
    log.ensure_topics(&topics.all()).await.expect("topics");

    let start = SystemTime::now();
    let start_ms = i64::try_from(start.duration_since(UNIX_EPOCH).expect("clock").as_millis()).expect("clock");
    let config = FarmConfig { seed: 20, sites: SITES, articles: ARTICLES, epoch_ms: start_ms, ..line::patient_farm() };
    let farm = Farm::new(config);
    let handle = serve(farm, ServeOptions { start: Start::At(start), ..ServeOptions::default() }).await.expect("farm");
    std::fs::write(folder.path().join("fetcher.toml"), fetcher_config(&handle, "15ms", 4)).expect("config");
    let sources = folder.path().join("sources.toml");
    std::fs::write(&sources, handle.farm().sources_toml("1s")).expect("sources");
    plant_malformed_messages(&log, &topics).await;

    let url = postgres.database();
    let cluster = Cluster { bootstrap: kafka.bootstrap(), prefix, folder: folder.path() };
    let sink = [("NABA__SINK__STORE", "postgres"), ("NABA__POSTGRES__URL", url.as_str())];
    let mut services = vec![
        cluster.start("fetcher", 0, &[]),
        cluster.start("fetcher", 1, &[]),
        cluster.start("parser", 0, &[]),
        cluster.start("parser", 1, &[]),
        cluster.start("enricher", 0, &[]),
        cluster.start("enricher", 1, &[]),
        cluster.start("sink", 0, &sink),
        cluster.start("sink", 1, &sink),
    ];
    let imported = Command::new(binary("naba"))
        .args(["sources", "import"])
        .arg(&sources)
        .args(["--kafka", kafka.bootstrap()])
        .env("NABA__STAGE__TOPIC_PREFIX", prefix)
        .output()
        .expect("naba sources import");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));

    let truth = handle.farm().truth();
    let begin = tokio::time::Instant::now();
    let report = loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        for service in &mut services {
            assert!(service.is_running(), "a service ended:\n{}", service.log());
        }
        let articles = enriched(&log, &topics).await;
        let report = account(&truth, articles.iter().map(|one| observed(one, start_ms)));
        if handle.now_ms() >= line::last_change_ms(&truth) + 5_000 && report.is_exact() || begin.elapsed() >= PATIENCE {
            break report;
        }
    };
    let manners = politeness(&handle.access(), 20);
    handle.stop().await;
    // With the farm gone nothing new comes; what is under way is committed on the way out, front to back.
    for service in &mut services {
        let ended = service.terminate(Duration::from_secs(40));
        assert!(ended.success(), "a service ended with {ended}:\n{}", service.log());
    }
    println!("{report}\n{manners}");
    assert!(report.is_exact(), "{report}");
    assert!(manners.is_polite(), "{manners}");
    assert!(report.leaks.is_empty(), "{:?}", report.leaks);
    check_books(&log, &topics, &postgres, &url).await;
}

/// A value that is no message on each topic that a stage reads.
async fn plant_malformed_messages(log: &KafkaLog, topics: &Topics) {
    let mut producer = log.producer("planter", Delivery::ExactlyOnce).await.expect("producer");
    for role in ["frontier", "raw", "articles", "enriched"] {
        let record = NewRecord {
            topic: Arc::from(topics.get(role).expect(role).name.as_str()),
            key: Some(MALFORMED.into()),
            partition: 0,
            value: Some(vec![0xff; 40].into()),
            headers: Vec::new(),
        };
        producer.send(&[record]).await.expect("send");
    }
    producer.commit(&[]).await.expect("commit");
}

/// Every record has one disposition, nothing was published twice, and the store holds what the topic holds.
async fn check_books(log: &KafkaLog, topics: &Topics, postgres: &RealPostgres, url: &str) {
    for (stage, role) in [("fetcher", "frontier"), ("parser", "raw"), ("enricher", "articles")] {
        let books = books(log, topics, stage, role).await;
        println!("{stage}: {:?}", books.ends);
        assert!(books.balance(), "{stage} on {role}: {books:?}");
        let letters = read_all(log, topics, &format!("{stage}-dlq")).await;
        let malformed = letters.iter().any(|r| r.key.as_deref() == Some(MALFORMED.as_bytes()));
        assert!(malformed, "the malformed message of {role} is a dead letter of {stage}");
    }
    let (codes, twice) = work(log, topics).await;
    println!("fetches: {codes:?}");
    assert!(twice.is_empty(), "work ended twice: {twice:?}");
    assert_eq!(raw_repeats(log, topics).await, Vec::<String>::new(), "documents published twice");
    let on_topic = read_all(log, topics, "enriched").await.len() - 1;
    let database = url.rsplit('/').next().expect("database").split('?').next().expect("name");
    let stored = postgres.psql(database, "select count(*) from article_versions").expect("count");
    let sink = books(log, topics, "sink", "enriched").await;
    println!("sink: {:?}; {on_topic} on the topic, {} stored", sink.ends, stored.trim());
    assert!(sink.balance(), "sink: {sink:?}");
    assert_eq!(stored.trim(), on_topic.to_string(), "every version is stored once");
}
