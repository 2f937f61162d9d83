//! `naba dlq redrive` under `kill -9`, twice, dry and in a loop: each letter that is meant goes back exactly once.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_log_local::LocalLog;
use naba_stage::Topics;
use naba_stage::log::{Header, Log, NewRecord};
use naba_testkit::{RealKafka, scratch};

use crate::dlq::{letter, read, write};
use crate::{Done, finish, naba, text};

const PREFIX: &str = "redrive.";
/// Letters of which three in four are meant.
const LETTERS: u64 = 800;
const MEANT: usize = 600;

fn value(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// Makes letters of which every fourth has another code.
fn letters(topics: &Topics) -> Vec<NewRecord> {
    let code = |n: u64| if n % 4 == 3 { "too_deep" } else { "panic" };
    (0..LETTERS).map(|n| letter(topics, n, code(n), value(n))).collect()
}

/// Starts a command again and again and kills it with SIGKILL some time after its first line; returns how many lines there
/// were.
fn run_and_kill(command: impl Fn() -> Command, kills: u64) -> usize {
    let (mut said, mut random) = (0, fastrand::Rng::with_seed(kills));
    for _ in 0..kills {
        let mut child = command().stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("naba starts");
        let mut output = BufReader::new(child.stdout.take().expect("stdout")).lines();
        said += output.by_ref().take(1).map_while(Result::ok).count();
        // A transaction of 50 letters each 167 ms: between two, in one, or after the next.
        std::thread::sleep(Duration::from_micros(random.u64(..200_000)));
        child.kill().expect("kill");
        child.wait().expect("wait");
        said += output.map_while(Result::ok).count();
    }
    said
}

/// Checks that every letter of the code is back on its partition once, whole, and says that it was put back once.
async fn each_is_back_once(log: &dyn Log, topics: &Topics) {
    let mut back: BTreeMap<u64, u32> = BTreeMap::new();
    for record in read(log, &topics.get("raw").unwrap().name, 2).await {
        let number = u64::from_be_bytes(record.value.as_deref().unwrap().try_into().unwrap());
        assert_eq!(record.key.as_deref(), Some(format!("key-{number}").as_bytes()));
        assert_eq!((record.header("naba-language"), record.header("naba-redrives")), (Some("ar"), Some("1")));
        assert!(record.headers.iter().all(|header| !header.name.starts_with("naba-error-")));
        *back.entry(number).or_default() += 1;
    }
    let wanted: BTreeMap<u64, u32> = (0..LETTERS).filter(|n| n % 4 != 3).map(|n| (n, 1)).collect();
    assert_eq!((back.len(), back), (MEANT, wanted));
}

/// Serves a log of letters as `naba up` does.
async fn served(data: &Path) -> (LocalLog, Topics) {
    let topics = Topics::built_in().unwrap().local();
    let log = LocalLog::open(&data.join("log")).unwrap();
    log.ensure_topics(&topics.all()).await.unwrap();
    let (serving, socket) = (log.clone(), data.join("naba.sock"));
    let bound = socket.clone();
    tokio::spawn(async move { naba_log_local::serve(serving, &socket).await });
    while !bound.exists() {
        tokio::task::yield_now().await;
    }
    (log, topics)
}

fn on_local(data: &Path, args: &[&str]) -> Command {
    let mut command = naba(&["dlq"]);
    command.args(args).args(["--data", text(data)]);
    command
}

fn on_kafka(bootstrap: &str, args: &[&str]) -> Command {
    let mut command = naba(&["dlq"]);
    command.args(args).args(["--kafka", bootstrap]).env("NABA__STAGE__TOPIC_PREFIX", PREFIX);
    command
}

fn good(mut command: Command) -> Done {
    let done = finish(&mut command);
    assert_eq!(done.code, 0, "{command:?}: {}{}", done.out, done.err);
    done
}

/// Redrives with kills, then to the end, then again; the last two see what is left and nothing.
fn redrive_to_the_end(command: impl Fn(&[&str]) -> Command, kills: u64) {
    let redrive = ["redrive", "--stage", "parser", "--code", "panic", "--rate", "300/s"];
    let dry = good(command(&[&redrive[..], &["--dry-run", "--json"]].concat()));
    assert_eq!(dry.json().len(), MEANT, "{}", dry.err);
    assert!(dry.json().iter().all(|line| line["outcome"] == "would_be_put_back"));
    let said = run_and_kill(|| command(&[&redrive[..], &["--json"]].concat()), kills);
    let rest = good(command(&[&redrive[..], &["--json"]].concat())).json();
    assert!(rest.iter().all(|line| line["outcome"] == "put_back"));
    println!("{kills} kills: {said} letters said before, {} in the last run", rest.len());
    // What was committed and not yet said when the kill came is in neither.
    assert!(!rest.is_empty() && said + rest.len() <= MEANT, "{said} and {}", rest.len());
    assert!(good(command(&redrive)).out.contains("0 letters were put back"));
    assert_eq!(good(command(&["list", "--json", "--stage", "parser"])).json().len(), 200, "the others wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_and_run_again_on_the_local_log_each_letter_goes_back_once() {
    let data = scratch("redrive");
    let (log, topics) = served(data.path()).await;
    write(&log, &letters(&topics)).await;
    let before = log.topics().await.unwrap();
    let folder = data.path().to_owned();
    good(on_local(&folder, &["redrive", "--dry-run"]));
    assert_eq!(log.topics().await.unwrap(), before, "a dry run writes nothing");
    let done = tokio::task::spawn_blocking(move || {
        redrive_to_the_end(|args| on_local(&folder, args), 5);
    });
    done.await.unwrap();
    each_is_back_once(&log, &topics).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_and_run_again_on_kafka_each_letter_goes_back_once() {
    let bootstrap = RealKafka::shared().bootstrap();
    let topics = Topics::built_in().unwrap().adapted(PREFIX, None);
    let log = KafkaLog::open(KafkaSettings::new(bootstrap)).unwrap();
    let used = [topics.get("raw").unwrap().clone(), topics.get("parser-dlq").unwrap().clone()];
    log.ensure_topics(&used).await.unwrap();
    write(&log, &letters(&topics)).await;
    tokio::task::spawn_blocking(|| redrive_to_the_end(|args| on_kafka(bootstrap, args), 3)).await.unwrap();
    each_is_back_once(&log, &topics).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_always_comes_back_is_left_after_some_redrives() {
    let data = scratch("redrive");
    let (log, topics) = served(data.path()).await;
    let came_back = |number: u64, times: &str| {
        let mut letter = letter(&topics, number, "panic", value(number));
        letter.headers.push(Header { name: "naba-redrives".to_owned(), value: times.to_owned().into() });
        letter
    };
    write(&log, &[came_back(0, "2"), came_back(1, "3"), letter(&topics, 2, "panic", value(2))]).await;
    let data = data.path().to_owned();
    let done = good(on_local(&data, &["redrive", "--until", "2024-01-01T00:00:02Z"]));
    assert!(done.out.contains("1 letters were put back") && done.out.contains("1 letters were left"), "{}", done.out);
    let lines = good(on_local(&data, &["redrive", "--json"])).json();
    let outcomes: Vec<_> = lines.iter().map(|line| (line["id"].as_str(), line["outcome"].as_str())).collect();
    assert_eq!(outcomes, [(Some("parser/0/2"), Some("put_back")), (Some("parser/0/1"), Some("left"))]);
    let done = good(on_local(&data, &["redrive", "parser/0/1", "--max-redrives", "9"]));
    assert!(done.out.contains("1 letters were put back"), "{}", done.out);
    let back = read(&log, "news.raw.v1", 2).await;
    let counts: Vec<_> = back.iter().map(|record| record.header("naba-redrives").unwrap()).collect();
    assert_eq!(counts, ["3", "1", "4"]);
}
