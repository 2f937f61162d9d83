//! The local log and `kill -9`: what was acknowledged is there, what was not is whole or absent.
//!
//! The writer is this test binary itself, started again as a child with `NABA_WRITER` set.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use naba_log_local::LocalLog;
use naba_stage::log::{Log, LogError, NewRecord, TopicPartition};
use naba_stage::{Delivery, Topics};

const TOPIC: &str = "news.raw.v1";
/// Records in one transaction.
const TOGETHER: u64 = 7;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime")
}

async fn open(folder: &Path) -> LocalLog {
    // The kernel frees the lock of a killed owner a moment after its end.
    for _ in 0..100 {
        match LocalLog::open(folder) {
            Ok(log) => {
                log.ensure_topics(&Topics::built_in().expect("topics").local().all()).await.expect("topics");
                return log;
            }
            Err(LogError::Fatal(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the log stays in use");
}

/// The child: writes transactions for ever, and says each that was acknowledged. Does nothing when this is not a child.
#[test]
fn writer() {
    let Ok(folder) = std::env::var("NABA_WRITER") else { return };
    runtime().block_on(async {
        let log = open(Path::new(&folder)).await;
        let at = TopicPartition::new(TOPIC, 0);
        let mut next = log.ends(&[at]).await.expect("end")[0];
        let mut producer = log.producer("writer", Delivery::ExactlyOnce).await.expect("producer");
        loop {
            let record = |id: u64| NewRecord {
                topic: Arc::from(TOPIC),
                key: Some(Bytes::from(id.to_string())),
                partition: 0,
                value: Some(Bytes::from(vec![b'x'; 3000])),
                headers: Vec::new(),
            };
            producer.send(&(next..next + TOGETHER).map(record).collect::<Vec<_>>()).await.expect("send");
            producer.commit(&[]).await.expect("commit");
            next += TOGETHER;
            println!("acknowledged {next}");
            std::io::stdout().flush().expect("flush");
        }
    });
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_transactions_stay_whole() {
    if std::env::var("NABA_WRITER").is_ok() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let mut acknowledged = 0;
    for round in 0..10 {
        let mut child = Command::new(std::env::current_exe().expect("test binary"))
            .args(["--exact", "writer", "--nocapture"])
            .env("NABA_WRITER", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("child");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        for _ in 0..20 + round * 3 {
            let line = lines.next().expect("a line").expect("text");
            if let Some(count) = line.strip_prefix("acknowledged ") {
                acknowledged = count.parse().expect("count");
            }
        }
        child.kill().expect("kill");
        child.wait().expect("wait");
        for line in lines.map_while(Result::ok) {
            if let Some(count) = line.strip_prefix("acknowledged ") {
                acknowledged = count.parse().expect("count");
            }
        }
        runtime().block_on(async {
            let log = open(folder.path()).await;
            let mut ids = Vec::new();
            let at = TopicPartition::new(TOPIC, 0);
            let end = log.snapshot(&at, 0, &mut |r| ids.push(r.key.expect("key"))).await.expect("snapshot");
            assert!(end >= acknowledged, "{acknowledged} acknowledged, {end} there");
            assert_eq!(end % TOGETHER, 0, "a transaction is torn");
            let expected: Vec<_> = (0..end).map(|id| Bytes::from(id.to_string())).collect();
            assert_eq!(ids, expected);
        });
    }
    assert!(acknowledged > 500);
}

#[tokio::test]
async fn a_log_in_use_says_so() {
    if std::env::var("NABA_WRITER").is_ok() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let _log = open(folder.path()).await;
    let Err(error) = LocalLog::open(folder.path()) else { panic!("opened twice") };
    assert!(error.to_string().contains("in use"), "{error}");
}
