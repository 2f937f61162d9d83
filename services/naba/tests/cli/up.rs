//! `naba up --demo`: the whole line in one process, looked into while it runs.

use std::path::Path;
use std::time::Duration;

use naba_testkit::{Service, eventually, http_get, scratch};

use crate::{good, naba, run, text};

const HEADLINE: &str = "واشنطن ستتعاون مع الجيش الروسي في حال صمدت الهدنة أسبوعًا";
const PATIENCE: Duration = Duration::from_secs(120);

fn up(data: &Path) -> Service {
    let mut command = naba(&["up", "--demo", "--data", text(data)]);
    Service::start("naba-up", command.env("NABA__ADMIN__LISTEN", "127.0.0.1:0"))
}

/// Returns the address of the admin port, as it is printed.
fn admin(log: &str) -> String {
    let line = log.lines().find(|line| line.contains("metrics    http://")).expect("the metrics address");
    line.split("http://").nth(1).unwrap().split("/metrics").next().unwrap().to_owned()
}

#[test]
fn a_demo_prints_the_seed_is_open_to_the_other_commands_and_drains() {
    let folder = scratch("up");
    let data = folder.path().join("data");
    let mut process = up(&data);
    // From right to left, isolated, its letters in the order in which they are read.
    process.wait_for_log(&format!("\u{2068}{HEADLINE}\u{2069}\n"), PATIENCE);
    let data = text(&data);

    let seen =
        good(&["tail", "--json", "--from", "beginning", "--language", "ar", "--limit", "1", "--data", data]).json();
    assert!(seen[0]["article"]["language"].as_str().unwrap().starts_with("ar"), "{}", seen[0]);
    assert_eq!(seen[0]["version"], 1);
    let mut live = Service::start("naba-tail", &mut naba(&["tail", "--json", "--limit", "2", "--data", data]));
    assert!(live.wait(PATIENCE).success(), "{}", live.log());
    assert_eq!(live.log().lines().filter(|line| line.starts_with("{\"article\"")).count(), 2, "{}", live.log());

    let articles = good(&["tail", "--json", "--from", "beginning", "--limit", "3", "--data", data]).json();
    let url = articles.iter().find_map(|one| one["article"]["url"].as_str().filter(|url| url.starts_with("http://")));
    let url = url.expect("an article from the web");
    let other = url.replacen("http://", "http://www.", 1);
    let explained = good(&["sources", "explain", &other, "--data", data]).out;
    assert!(explained.contains("known as") && explained.contains(url) && explained.contains("fetched"), "{explained}");

    good(&["topics", "--data", data]);
    let sources = good(&["sources", "list", "--json", "--data", data]).json();
    assert!(sources.iter().any(|source| source["source"]["sourceId"] == "demo-file"), "{sources:?}");
    good(&["dlq", "list", "--data", data]);
    let admin = admin(&process.log());
    eventually("ready", PATIENCE, || http_get(&admin, "/readyz").ok().filter(|answer| answer.status == 200));
    let metrics = http_get(&admin, "/metrics").unwrap().body;
    for stage in ["fetcher", "parser", "enricher", "sink"] {
        let counted = format!("naba_records_total{{stage=\"{stage}\",disposition=\"emitted\"");
        assert!(metrics.contains(&counted), "{counted} in {metrics}");
    }
    let second = run(&["up", "--demo", "--data", data]);
    assert_eq!(second.code, 1, "{}", second.out);
    assert!(second.err.contains("in use"), "{}", second.err);

    assert!(process.terminate(PATIENCE).success(), "SIGTERM: {}", process.log());
    assert!(process.log().contains("drained"), "{}", process.log());
    assert_at_rest(Path::new(data));
}

/// What was printed is in the log and in the database when nothing runs.
fn assert_at_rest(data: &Path) {
    let articles = good(&["tail", "--json", "--data", text(data)]).json();
    assert!(articles.iter().any(|one| one["article"]["headline"] == HEADLINE), "{} articles", articles.len());
    let database = rusqlite::Connection::open(data.join("naba.db")).unwrap();
    let count = "select count(*) from visible_articles where headline = ?1";
    let stored: i64 = database.query_row(count, [HEADLINE], |row| row.get(0)).unwrap();
    assert_eq!(stored, 1);
    assert!(!data.join("naba.sock").exists(), "the socket is gone");
}

#[test]
fn a_demo_goes_on_where_it_was_and_ends_on_sigint_too() {
    let folder = scratch("up");
    for _ in 0..2 {
        let mut process = up(folder.path());
        process.wait_for_log(HEADLINE, PATIENCE);
        process.signal("INT");
        assert!(process.wait(PATIENCE).success(), "SIGINT: {}", process.log());
    }
    let articles = good(&["tail", "--json", "--data", text(folder.path())]).json();
    let seeds = articles.iter().filter(|one| one["article"]["headline"] == HEADLINE).count();
    assert_eq!(seeds, 1, "the file is read once");
}

#[test]
fn a_stage_that_fails_ends_the_whole_line_in_order_with_1() {
    let folder = scratch("up");
    // A folder where the database should be.
    std::fs::create_dir_all(folder.path().join("naba.db")).unwrap();
    let mut process = up(folder.path());
    let ended = process.wait(PATIENCE);
    assert_eq!(ended.code(), Some(1), "{}", process.log());
    let log = process.log();
    assert!(log.contains("a stage failed: draining the others") && log.contains("sink stopped"), "{log}");
}
