//! The whole line in one process on the local log, with a kill -9 in the middle and a restart, accounted exactly.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod line;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use naba_faults::accountant::{books, enriched, observed, raw_repeats, read_all, work};
use naba_faults::fetcher_config;
use naba_log_local::{LocalLog, RemoteLog};
use naba_newsfarm::{Farm, FarmConfig, FarmHandle, ServeOptions, Start, account, politeness, serve};
use naba_stage::Topics;
use naba_testkit::{Service, binary, scratch};

const ARTICLES: usize = 2000;
const SITES: usize = 20;
const PATIENCE: Duration = Duration::from_secs(420);

fn config(handle: &FarmHandle) -> String {
    let fetcher = fetcher_config(handle, "15ms", 4);
    format!("[stage]\naudit = 1.0\n\n[admin]\nlisten = \"127.0.0.1:0\"\n\n{fetcher}")
}

fn up(folder: &Path) -> Service {
    let mut command = Command::new(binary("naba"));
    command
        .args(["up", "--quiet", "--data"])
        .arg(folder.join("data"))
        .arg("--config")
        .arg(folder.join("naba.toml"))
        .arg("--sources")
        .arg(folder.join("sources.toml"));
    Service::start("naba-up", &mut command)
}

async fn connect(folder: &Path) -> RemoteLog {
    let socket = folder.join("data/naba.sock");
    for _ in 0..600 {
        if let Ok(log) = RemoteLog::connect(&socket).await {
            return log;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody serves {}", socket.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_url_version_has_its_fate_on_the_local_log_across_a_kill() {
    let folder = scratch("pipeline-local");
    let topics = Topics::built_in().expect("topics").local();
    let start = SystemTime::now();
    let start_ms = i64::try_from(start.duration_since(UNIX_EPOCH).expect("clock").as_millis()).expect("clock");
    let config_of_farm =
        FarmConfig { seed: 21, sites: SITES, articles: ARTICLES, epoch_ms: start_ms, ..line::patient_farm() };
    let farm = Farm::new(config_of_farm);
    let handle = serve(farm, ServeOptions { start: Start::At(start), ..ServeOptions::default() }).await.expect("farm");
    std::fs::write(folder.path().join("naba.toml"), config(&handle)).expect("config");
    std::fs::write(folder.path().join("sources.toml"), handle.farm().sources_toml("1s")).expect("sources");
    let truth = handle.farm().truth();
    let begin = tokio::time::Instant::now();

    let mut naba = up(folder.path());
    let log = connect(folder.path()).await;
    while enriched(&log, &topics).await.len() < ARTICLES / 4 {
        assert!(naba.is_running(), "{}", naba.log());
        assert!(begin.elapsed() < PATIENCE, "too slow:\n{}", naba.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    naba.kill();
    let mut naba = up(folder.path());
    let log = connect(folder.path()).await;
    let report = loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(naba.is_running(), "naba ended:\n{}", naba.log());
        let articles = enriched(&log, &topics).await;
        let report = account(&truth, articles.iter().map(|one| observed(one, start_ms)));
        if handle.now_ms() >= line::last_change_ms(&truth) + 5_000 && report.is_exact() || begin.elapsed() >= PATIENCE {
            break report;
        }
    };
    let manners = politeness(&handle.access(), 20);
    handle.stop().await;
    let ended = naba.terminate(Duration::from_secs(40));
    assert!(ended.success(), "naba ended with {ended}:\n{}", naba.log());
    println!("{report}\n{manners}");
    assert!(report.is_exact(), "{report}");
    assert!(report.leaks.is_empty(), "{:?}", report.leaks);

    let log = LocalLog::open(&folder.path().join("data/log")).expect("log");
    for (stage, role) in [("fetcher", "frontier"), ("parser", "raw"), ("enricher", "articles"), ("sink", "enriched")] {
        let books = books(&log, &topics, stage, role).await;
        println!("{stage}: {:?}", books.ends);
        assert!(books.balance(), "{stage} on {role}: {books:?}");
    }
    let (codes, twice) = work(&log, &topics).await;
    println!("fetches: {codes:?}");
    assert!(twice.is_empty(), "work ended twice: {twice:?}");
    assert_eq!(raw_repeats(&log, &topics).await, Vec::<String>::new(), "documents published twice");
    let on_topic = read_all(&log, &topics, "enriched").await.len();
    let database = rusqlite::Connection::open(folder.path().join("data/naba.db")).expect("database");
    let stored: i64 = database.query_row("select count(*) from article_versions", [], |row| row.get(0)).expect("count");
    assert_eq!(usize::try_from(stored).expect("count"), on_topic, "every version is stored once");
}
