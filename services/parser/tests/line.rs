//! The parser on a real log: every document ends in one place.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use naba_log_local::LocalLog;
use naba_model::{NormalUrl, UrlHash, timestamp_of};
use naba_parser::{CommentAuthors, ParserConfig};
use naba_proto::prost::Message;
use naba_proto::v1::{Article, AuditRecord, BlockRole, Comment, RawDocument};
use naba_service::Secret;
use naba_stage::log::{Log, NewRecord, Record, TopicPartition};
use naba_stage::{Delivery, Health, StageConfig, Topics, partition_for, shutdown_pair};

const PATIENCE: Duration = Duration::from_secs(60);

fn seed() -> RawDocument {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seed/elaph.txt");
    document("https://elaph.example/news/1", "text/plain", std::fs::read(path).unwrap())
}

fn document(url: &str, content_type: &str, body: Vec<u8>) -> RawDocument {
    let url = NormalUrl::parse(url).unwrap();
    RawDocument {
        url_hash: UrlHash::of(&url).into_string(),
        final_url: url.to_string(),
        content_type: content_type.into(),
        body: body.into(),
        fetched_at: Some(timestamp_of(1_473_500_000_000)),
        ..RawDocument::default()
    }
}

struct Line {
    log: Arc<LocalLog>,
    topics: Topics,
    folder: tempfile::TempDir,
}

impl Line {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(LocalLog::open(&folder.path().join("log")).unwrap());
        let topics = Topics::built_in().unwrap().local();
        log.ensure_topics(&topics.all()).await.unwrap();
        Self { log, topics, folder }
    }

    async fn put(&self, key: &str, value: Vec<u8>) {
        let topic = self.topics.get("raw").unwrap();
        let record = NewRecord {
            topic: Arc::from(topic.name.as_str()),
            partition: partition_for(key.as_bytes(), topic.partitions),
            key: Some(key.to_owned().into()),
            value: Some(value.into()),
            headers: Vec::new(),
        };
        let mut producer = self.log.producer("test", Delivery::ExactlyOnce).await.unwrap();
        producer.send(&[record]).await.unwrap();
        producer.commit(&[]).await.unwrap();
    }

    async fn read(&self, role: &str) -> Vec<Record> {
        let topic = self.topics.get(role).unwrap();
        let mut records = Vec::new();
        for partition in 0..topic.partitions {
            let at = TopicPartition::new(topic.name.as_str(), partition);
            self.log.snapshot(&at, 0, &mut |record| records.push(record)).await.unwrap();
        }
        records
    }

    async fn messages<M: Message + Default>(&self, role: &str) -> Vec<M> {
        self.read(role).await.into_iter().filter_map(|r| r.value).map(|value| M::decode(value).unwrap()).collect()
    }

    /// Runs the parser until so many records have their disposition.
    async fn run(&self, config: ParserConfig, records: usize) -> Vec<AuditRecord> {
        let stage = StageConfig::new("parser-0", self.topics.clone(), self.folder.path().join("state"));
        let (stop, shutdown) = shutdown_pair();
        let run = tokio::spawn(naba_parser::run(config, self.log.clone(), stage, Health::new(), shutdown));
        let audits = tokio::time::timeout(PATIENCE, async {
            loop {
                let audits = self.messages::<AuditRecord>("audit").await;
                if audits.len() >= records {
                    return audits;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let audits = audits.await.unwrap();
        stop.send(true).unwrap();
        tokio::time::timeout(PATIENCE, run).await.unwrap().unwrap().unwrap();
        audits
    }
}

fn config(publish_comments: bool) -> ParserConfig {
    let author_key = Some(Secret::new("0123456789abcdef"));
    ParserConfig { publish_comments, comment_authors: CommentAuthors::Keyed, author_key }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_document_ends_as_article_skip_or_dead_letter() {
    let line = Line::new().await;
    let good = seed();
    line.put(&good.url_hash, good.encode_to_vec()).await;
    let image = document("https://a.example/i", "image/png", b"\x89PNG".to_vec());
    line.put(&image.url_hash, image.encode_to_vec()).await;
    let forged = RawDocument { url_hash: image.url_hash.clone(), ..seed() };
    line.put("forged", forged.encode_to_vec()).await;
    line.put("noise", b"\xFF\xFF\xFF".to_vec()).await;
    let audits = line.run(config(false), 4).await;
    let code = |key: &str| audits.iter().find(|a| a.key == key.as_bytes()).map(|a| a.code.clone()).unwrap();
    assert_eq!(code(&image.url_hash), "unsupported_type");
    assert_eq!(code("forged"), "contract");
    assert_eq!(code("noise"), "undecodable");
    assert_eq!(line.read("parser-dlq").await.len(), 2);
    let records = line.read("articles").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].header("naba-language"), Some("ar"));
    let article = Article::decode(records[0].value.clone().unwrap()).unwrap();
    assert_eq!(article.blocks.iter().filter(|b| b.role() == BlockRole::Paragraph).count(), 10);
    assert!(article.processing.unwrap().parsed_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comments_leave_only_when_switched_on_and_without_names() {
    let line = Line::new().await;
    let raw = seed();
    line.put(&raw.url_hash, raw.encode_to_vec()).await;
    line.run(config(false), 1).await;
    assert!(line.read("comments").await.is_empty(), "comments are off");

    let line = Line::new().await;
    line.put(&raw.url_hash, raw.encode_to_vec()).await;
    line.run(config(true), 1).await;
    let comments = line.messages::<Comment>("comments").await;
    assert_eq!(comments.len(), 1);
    assert_eq!(comments[0].title, "الاداره الفاشله");
    assert_eq!(comments[0].author.len(), 64, "the author is an HMAC");
    assert!(!comments[0].author.contains("سوري"));
}
