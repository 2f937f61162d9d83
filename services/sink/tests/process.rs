//! The sink as processes: on real Kafka into real PostgreSQL, killed and stopped.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops there")]

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_proto::prost::Message;
use naba_proto::v1::{AuditRecord, Disposition, EnrichedArticle};
use naba_stage::log::{Log, NewRecord, Record, TopicPartition};
use naba_stage::{Delivery, TopicSpec, Topics, partition_for};
use naba_testkit::{
    EnrichedBuilder, RealKafka, RealPostgres, RealPrometheus, Service, eventually, free_ports, http_get, scratch,
};

const PATIENCE: Duration = Duration::from_secs(120);

struct Bench {
    log: KafkaLog,
    topics: Topics,
    prefix: &'static str,
}

impl Bench {
    async fn new(prefix: &'static str) -> Self {
        let log = KafkaLog::open(KafkaSettings::new(RealKafka::shared().bootstrap())).unwrap();
        let topics = Topics::built_in().unwrap().adapted(prefix, None);
        let bench = Self { log, topics, prefix };
        let specs: Vec<TopicSpec> = ["enriched", "audit", "sink-dlq"].map(|role| bench.topic(role).clone()).to_vec();
        bench.log.ensure_topics(&specs).await.unwrap();
        bench
    }

    fn topic(&self, role: &str) -> &TopicSpec {
        self.topics.get(role).unwrap()
    }

    async fn publish(&self, records: Vec<(String, Vec<u8>)>) {
        let topic = self.topic("enriched");
        let records: Vec<NewRecord> = records
            .into_iter()
            .map(|(key, value)| NewRecord {
                topic: Arc::from(topic.name.as_str()),
                partition: partition_for(key.as_bytes(), topic.partitions),
                key: Some(Bytes::from(key)),
                value: Some(Bytes::from(value)),
                headers: Vec::new(),
            })
            .collect();
        let mut producer = self.log.producer("test", Delivery::AtLeastOnce).await.unwrap();
        producer.send(&records).await.unwrap();
        producer.commit(&[]).await.unwrap();
    }

    async fn read_all(&self, role: &str) -> Vec<Record> {
        let topic = self.topic(role);
        let mut all = Vec::new();
        for partition in 0..topic.partitions {
            let at = TopicPartition::new(topic.name.as_str(), partition);
            // Waits for the transaction that a killed instance left open: nobody reads past it until it times out.
            self.log.snapshot(&at, 0, &mut |record| all.push(record)).await.unwrap();
        }
        all
    }

    fn sink(&self, instance: &str, url: &str, admin: u16) -> Service {
        let mut command = self.command(instance, admin);
        command.env("NABA__SINK__STORE", "postgres").env("NABA__POSTGRES__URL", url);
        Service::start(&format!("sink-{instance}"), &mut command)
    }

    fn command(&self, instance: &str, admin: u16) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_naba-sink"));
        command
            .env("NABA__KAFKA__BOOTSTRAP", RealKafka::shared().bootstrap())
            .env("NABA__STAGE__INSTANCE", format!("{}{instance}", self.prefix))
            .env("NABA__STAGE__TOPIC_PREFIX", self.prefix)
            .env("NABA__STAGE__SESSION_TIMEOUT", "3s")
            .env("NABA__STAGE__AUDIT", "1.0")
            .env("NABA__ADMIN__LISTEN", format!("127.0.0.1:{admin}"));
        command
    }
}

fn versions(articles: std::ops::Range<u32>) -> Vec<(String, Vec<u8>)> {
    let record = |n: u32, version: u32| {
        let builder = EnrichedBuilder::new(&format!("https://news.example/{n}")).version(version);
        let message: EnrichedArticle = builder.paragraphs(&["Some words of an article. "; 40]).build();
        (message.article.as_ref().unwrap().article_id.clone(), message.encode_to_vec())
    };
    articles.flat_map(|n| [record(n, 1), record(n, 2)]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_store_every_version_once_though_one_is_killed() {
    let bench = Bench::new("kill-").await;
    let server = RealPostgres::shared();
    let url = server.database();
    let database = url.rsplit('/').next().unwrap();
    let count = |table: &str| -> u64 {
        server.psql(database, &format!("SELECT count(*) FROM {table}")).ok().and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    bench.publish(versions(0..400)).await;
    bench.publish(vec![("poison".to_owned(), b"\xff\xff no protobuf".to_vec())]).await;

    let admin = free_ports(&[0, 1]);
    let (mut a, mut b) = (bench.sink("a", &url, admin), bench.sink("b", &url, admin + 1));
    eventually("some rows are stored", PATIENCE, || (count("article_versions") > 0).then_some(()));
    a.kill();
    bench.publish(versions(400..800)).await;
    eventually("all rows are stored", PATIENCE, || {
        assert!(b.is_running(), "{}", b.log());
        (count("article_versions") == 1600).then_some(())
    });
    assert_eq!(count("articles"), 800);
    let newest = server.psql(database, "SELECT count(*) FROM visible_articles WHERE version = 2").unwrap();
    assert_eq!(newest, "800");

    let ready = http_get(&format!("127.0.0.1:{}", admin + 1), "/readyz").unwrap();
    assert_eq!((ready.status, ready.body.as_str()), (200, "ok\n"));
    let metrics = http_get(&format!("127.0.0.1:{}", admin + 1), "/metrics").unwrap().body;
    assert!(metrics.contains(r#"naba_records_total{stage="sink",disposition="emitted",code=""}"#), "{metrics}");

    let end = b.terminate(Duration::from_secs(40));
    assert_eq!(end.code(), Some(0), "{}", b.log());

    // Every record has one disposition, the killed instance's work included.
    let mut dispositions: BTreeMap<(u32, u64), Vec<Disposition>> = BTreeMap::new();
    for record in bench.read_all("audit").await {
        let entry = AuditRecord::decode(record.value.unwrap()).unwrap();
        dispositions.entry((entry.partition, entry.offset)).or_default().push(entry.disposition());
    }
    assert_eq!(dispositions.len(), 1601);
    let twice: Vec<_> = dispositions.iter().filter(|(_, d)| d.len() != 1).collect();
    assert!(twice.is_empty(), "more than one disposition: {twice:?}");
    assert_eq!(dispositions.values().flatten().filter(|d| **d == Disposition::DeadLettered).count(), 1);
    let letters = bench.read_all("sink-dlq").await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].value.as_deref(), Some(b"\xff\xff no protobuf".as_slice()));
    assert_eq!(letters[0].header("naba-error-code"), Some("undecodable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_reads_what_the_sink_counts() {
    let bench = Bench::new("scrape-").await;
    bench.publish(versions(0..50)).await;
    let home = scratch("sink");
    let admin = free_ports(&[0]);
    let mut command = bench.command("a", admin);
    let mut sink = Service::start("sink", command.env("NABA__SQLITE__PATH", home.path().join("naba.db")));
    let address = format!("127.0.0.1:{admin}");
    eventually("the sink listens", PATIENCE, || {
        assert!(sink.is_running(), "{}", sink.log());
        http_get(&address, "/livez").ok()
    });
    let prometheus = RealPrometheus::scraping(&address);
    eventually("all records are counted", PATIENCE, || {
        let answer = prometheus.query(r#"sum(naba_records_total{stage="sink",disposition="emitted"}) == 100"#);
        answer.contains("\"100\"").then_some(())
    });
    let memory = prometheus.query("process_resident_memory_bytes > 0");
    assert!(memory.contains("\"job\":\"naba\""), "{memory}");
    let metrics = http_get(&address, "/metrics").unwrap().body;
    assert_eq!(RealPrometheus::lint(&metrics), Ok(()), "{metrics}");
    assert_eq!(sink.terminate(Duration::from_secs(40)).code(), Some(0), "{}", sink.log());
}

#[test]
fn a_wrong_configuration_is_told_whole_and_ends_with_64() {
    let output = Command::new(env!("CARGO_BIN_EXE_naba-sink"))
        .arg("--check-config")
        .env("NABA__SINK__STOER", "sqlite")
        .env("NABA__KAFKA__BOOTSTRAP", "nowhere")
        .env("NABA__POSTGRES__WRITE_TIMEOUT", "soon")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("did you mean \"sink.store\"?"), "{said}");

    let valid = Command::new(env!("CARGO_BIN_EXE_naba-sink")).arg("--check-config").output().unwrap();
    assert_eq!(valid.status.code(), Some(0), "{}", String::from_utf8_lossy(&valid.stderr));
    let unknown = Command::new(env!("CARGO_BIN_EXE_naba-sink")).arg("--frobnicate").output().unwrap();
    assert_eq!(unknown.status.code(), Some(64));
}
