//! The enricher on a real log: versions, derivations and revisions of articles that come by again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

use std::sync::Arc;
use std::time::Duration;

use naba_enrich::DEFAULT_STEPS;
use naba_enricher::EnricherConfig;
use naba_log_local::LocalLog;
use naba_model::{ArticleId, NormalUrl, content_hash};
use naba_proto::prost::Message;
use naba_proto::v1::{Article, AuditRecord, Block, BlockRole, EnrichedArticle, Revision, RevisionKind};
use naba_stage::log::{Log, NewRecord, TopicPartition};
use naba_stage::{Delivery, Health, StageConfig, Topics, partition_for, shutdown_pair};

const PATIENCE: Duration = Duration::from_secs(60);
const BODY: &str = "وقال جون كيري إن \"الهدنة تبدأ ليل الأحد الاثنين\".";

fn article(url: &str, headline: &str, body: &str) -> Article {
    let url = NormalUrl::parse(url).unwrap();
    let block = Block { role: BlockRole::Paragraph.into(), text: body.into(), ..Block::default() };
    let mut article = Article {
        article_id: ArticleId::of(&url).into_string(),
        canonical_url: url.to_string(),
        url: url.to_string(),
        language: "ar".into(),
        headline: headline.into(),
        blocks: vec![block],
        ..Article::default()
    };
    article.content_hash = content_hash(&article).into_string();
    article
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

    async fn put(&self, article: &Article) {
        let topic = self.topics.get("articles").unwrap();
        let key = article.article_id.clone();
        let record = NewRecord {
            topic: Arc::from(topic.name.as_str()),
            partition: partition_for(key.as_bytes(), topic.partitions),
            key: Some(key.into()),
            value: Some(article.encode_to_vec().into()),
            headers: Vec::new(),
        };
        let mut producer = self.log.producer("test", Delivery::ExactlyOnce).await.unwrap();
        producer.send(&[record]).await.unwrap();
        producer.commit(&[]).await.unwrap();
    }

    async fn messages<M: Message + Default>(&self, role: &str) -> Vec<M> {
        let topic = self.topics.get(role).unwrap();
        let mut out = Vec::new();
        for partition in 0..topic.partitions {
            let at = TopicPartition::new(topic.name.as_str(), partition);
            let mut each = |record: naba_stage::log::Record| out.extend(record.value.map(|v| M::decode(v).unwrap()));
            self.log.snapshot(&at, 0, &mut each).await.unwrap();
        }
        out
    }

    /// Runs the enricher until so many records in all have their disposition.
    async fn run(&self, steps: &[&str], records: usize) -> Vec<AuditRecord> {
        let stage = StageConfig::new("enricher-0", self.topics.clone(), self.folder.path().join("state"));
        let (stop, shutdown) = shutdown_pair();
        let config = EnricherConfig { steps: steps.iter().map(|step| (*step).to_owned()).collect() };
        let log = self.log.clone();
        let run = tokio::spawn(async move { naba_enricher::run(&config, log, stage, Health::new(), shutdown).await });
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contents_are_versions_and_repeats_are_skipped() {
    let line = Line::new().await;
    let first = article("https://a.example/1", "هدنة", BODY);
    let retitled = article("https://a.example/1", "هدنة في سوريا", BODY);
    let rewritten = article("https://a.example/1", "هدنة في سوريا", "نص آخر.");
    let other = article("https://a.example/2", "هدنة", BODY);
    for article in [&first, &first, &retitled, &other, &rewritten, &first] {
        line.put(article).await;
    }
    let audits = line.run(DEFAULT_STEPS, 6).await;
    assert_eq!(audits.iter().filter(|audit| audit.code == "unchanged").count(), 2);

    let enriched = line.messages::<EnrichedArticle>("enriched").await;
    let mut of_first: Vec<(u32, u32, &str)> = enriched
        .iter()
        .filter(|e| e.article.as_ref().unwrap().article_id == first.article_id)
        .map(|e| (e.version, e.derivation, e.article.as_ref().unwrap().headline.as_str()))
        .collect();
    of_first.sort_unstable();
    assert_eq!(of_first, [(1, 0, "هدنة"), (2, 0, "هدنة في سوريا"), (3, 0, "هدنة في سوريا")]);
    assert_eq!(enriched.len(), 4);
    let quote = &enriched[0].enrichments.as_ref().unwrap().quotes[0];
    assert_eq!(quote.speaker_surface, "جون كيري");
    assert!(enriched.iter().all(|e| e.available_at.is_some()));
    assert!(enriched.iter().all(|e| e.article.as_ref().unwrap().processing.as_ref().unwrap().enriched_at.is_some()));

    let mut revisions = line.messages::<Revision>("revisions").await;
    revisions.sort_by_key(|revision| revision.to_version);
    let kinds: Vec<(u32, u32, RevisionKind)> =
        revisions.iter().map(|r| (r.from_version, r.to_version, r.kind())).collect();
    assert_eq!(kinds, [(1, 2, RevisionKind::Headline), (2, 3, RevisionKind::Body)]);
    assert_eq!(revisions[0].from_content_hash, first.content_hash);
    assert_eq!(revisions[0].to_content_hash, retitled.content_hash);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_steps_keep_the_version_and_raise_the_derivation() {
    let line = Line::new().await;
    let article = article("https://a.example/1", "هدنة", BODY);
    line.put(&article).await;
    line.run(&["language", "quotes"], 1).await;
    // The versions outlive the process: the second run restores them.
    line.put(&article).await;
    line.run(DEFAULT_STEPS, 2).await;
    let enriched = line.messages::<EnrichedArticle>("enriched").await;
    let counts: Vec<(u32, u32)> = enriched.iter().map(|e| (e.version, e.derivation)).collect();
    assert_eq!(counts, [(1, 0), (1, 1)]);
    assert!(line.messages::<Revision>("revisions").await.is_empty(), "the content is the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_that_breaks_the_contract_is_a_dead_letter() {
    let line = Line::new().await;
    let forged = Article { headline: "x".into(), ..article("https://a.example/1", "هدنة", BODY) };
    line.put(&forged).await;
    let audits = line.run(DEFAULT_STEPS, 1).await;
    assert_eq!(audits[0].code, "contract");
    assert!(line.messages::<EnrichedArticle>("enriched").await.is_empty());
}
