//! A stage on a disk that runs full: it waits, says so, dead-letters nothing, and goes on when there is room.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use naba_log_local::{LocalLog, Options};
use naba_proto::v1::RawDocument;
use naba_stage::log::{Log, LogError, NewRecord, TopicPartition};
use naba_stage::{
    Context, Delivery, Health, Outcome, Output, Stage, StageConfig, StageError, Topics, partition_for, run_stage,
    shutdown_pair,
};
use prost::Message as _;

const DOCUMENTS: usize = 60;
const MIB: usize = 1024 * 1024;

/// A small file system in memory.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Mounts one; `None` with the reason printed when this user may not.
    fn mount(mib: usize) -> Option<Self> {
        let folder = tempfile::tempdir().expect("folder");
        let size = format!("size={mib}m");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        match done {
            Ok(done) if done.status.success() => Some(Self(folder)),
            Ok(done) => {
                println!("skipped: no tmpfs can be mounted here: {}", String::from_utf8_lossy(&done.stderr));
                None
            }
            Err(error) => {
                println!("skipped: mount cannot be run here: {error}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills the disk up to about `left` bytes; returns the file that does it.
    fn fill(&self, left: usize) -> PathBuf {
        let path = self.path().join("ballast");
        let mut file = std::fs::File::create(&path).expect("ballast");
        let mut size = 0;
        while let Ok(written) = file.write(&[0; 65_536]) {
            size += written;
        }
        file.set_len((size - left) as u64).expect("ballast");
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the log's writer thread may hold the file a moment longer.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Emits each document as it is.
struct Copy;

impl Stage for Copy {
    type In = RawDocument;
    const NAME: &'static str = "parser";

    async fn process(&self, input: RawDocument, _ctx: &Context) -> Result<Outcome, StageError> {
        Ok(Outcome::emit(Output::new("articles", input.url_hash.clone(), &input)))
    }
}

async fn keys(log: &LocalLog, topics: &Topics, role: &str) -> Vec<String> {
    let topic = topics.get(role).expect(role);
    let mut keys = Vec::new();
    for partition in 0..topic.partitions {
        let mut each = |r: naba_stage::log::Record| keys.push(String::from_utf8_lossy(&r.key.unwrap()).into_owned());
        log.snapshot(&TopicPartition::new(topic.name.as_str(), partition), 0, &mut each).await.expect("snapshot");
    }
    keys
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: not within 30 s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_waits_for_room_on_a_full_disk_and_goes_on_by_itself() {
    let Some(disk) = SmallDisk::mount(64) else { return };
    let topics = Topics::built_in().expect("topics").local();
    let health = Health::new();
    let options = Options { health: Some(health.clone()), ..Options::default() };
    let log = LocalLog::open_with(&disk.path().join("log"), options).expect("log");
    log.ensure_topics(&topics.all()).await.expect("topics");
    let raw = topics.get("raw").expect("raw");
    let mut producer = log.producer("test", Delivery::ExactlyOnce).await.expect("producer");
    for i in 0..DOCUMENTS {
        let key = format!("k{i}");
        let body = Bytes::from((0..100_000).map(|_| fastrand::u8(..)).collect::<Vec<_>>());
        let value = RawDocument { url_hash: key.clone(), body, ..RawDocument::default() }.encode_to_vec();
        let record = NewRecord {
            topic: Arc::from(raw.name.as_str()),
            partition: partition_for(key.as_bytes(), raw.partitions),
            key: Some(key.into()),
            value: Some(value.into()),
            headers: Vec::new(),
        };
        producer.send(&[record]).await.expect("send");
        producer.commit(&[]).await.expect("commit");
    }
    let ballast = disk.fill(2 * MIB);

    let state = tempfile::tempdir().expect("folder");
    let config = StageConfig::new("test-0", topics.clone(), state.path());
    let (switch, shutdown) = shutdown_pair();
    let stage = tokio::spawn(run_stage(Copy, Arc::new(log.clone()), config, health.clone(), shutdown));
    until("the full disk is said", async || health.held().contains(&"log has room".to_owned())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!stage.is_finished(), "the stage waits");
    let before = keys(&log, &topics, "articles").await.len();
    assert!(before < DOCUMENTS, "the disk was not full");
    assert_eq!(keys(&log, &topics, "raw").await.len(), DOCUMENTS, "reading goes on");

    std::fs::remove_file(ballast).expect("room");
    until("the stage goes on", async || keys(&log, &topics, "articles").await.len() >= DOCUMENTS).await;
    switch.send(true).expect("stage");
    stage.await.expect("no panic").expect("the stage ends in order");
    let articles = keys(&log, &topics, "articles").await;
    assert_eq!(articles.len(), DOCUMENTS, "nothing twice");
    assert_eq!(articles.into_iter().collect::<BTreeSet<_>>().len(), DOCUMENTS, "nothing lost");
    assert!(keys(&log, &topics, "parser-dlq").await.is_empty(), "nothing is dead-lettered");
    assert!(!health.held().contains(&"log has room".to_owned()));
    println!("{before} of {DOCUMENTS} were out when the disk was full");
}

#[tokio::test]
async fn a_log_that_cannot_be_made_for_want_of_room_says_so() {
    let Some(disk) = SmallDisk::mount(1) else { return };
    let ballast = disk.fill(0);
    let Err(error) = LocalLog::open(&disk.path().join("log")) else { panic!("there is no room") };
    assert!(matches!(&error, LogError::NoSpace(path) if path.contains("log")), "{error}");
    std::fs::remove_file(ballast).expect("room");
    LocalLog::open(&disk.path().join("log")).expect("nothing is left over");
}
