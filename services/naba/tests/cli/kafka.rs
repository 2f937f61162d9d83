//! The tools on a real cluster.

use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_proto::prost::Message;
use naba_stage::Topics;
use naba_stage::log::{Log, NewRecord};
use naba_testkit::{EnrichedBuilder, RealKafka};

use crate::dlq::{letter, read, write};
use crate::{Done, finish, naba};

const PREFIX: &str = "cli.";

fn on(bootstrap: &str, args: &[&str]) -> Done {
    finish(naba(args).args(["--kafka", bootstrap]).env("NABA__STAGE__TOPIC_PREFIX", PREFIX))
}

fn good(bootstrap: &str, args: &[&str]) -> Done {
    let done = on(bootstrap, args);
    assert_eq!(done.code, 0, "{args:?}: {}{}", done.out, done.err);
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_sources_letters_and_articles_of_a_cluster_are_at_hand() {
    let kafka = RealKafka::shared();
    let bootstrap = kafka.bootstrap();
    assert_eq!(on(bootstrap, &["topics"]).code, 1, "there are no topics yet");
    let dry = good(bootstrap, &["topics", "apply", "--dry-run"]);
    assert!(dry.out.contains("would make cli.news.raw.v1"), "{}", dry.out);
    good(bootstrap, &["topics", "apply"]);
    good(bootstrap, &["topics"]);

    let topics = Topics::built_in().unwrap().adapted(PREFIX, None);
    let log = KafkaLog::open(KafkaSettings::new(bootstrap)).unwrap();
    let letters: Vec<NewRecord> = (0..120).map(|n| letter(&topics, n, "panic", vec![0xff])).collect();
    let enriched = EnrichedBuilder::new("https://news.example/1").headline("خبر").language("ar").build();
    let article = NewRecord {
        topic: topics.get("enriched").unwrap().name.as_str().into(),
        key: Some("a".into()),
        partition: 3,
        value: Some(enriched.encode_to_vec().into()),
        headers: Vec::new(),
    };
    write(&log, &letters).await;
    write(&log, &[article]).await;

    assert_eq!(good(bootstrap, &["dlq", "list", "--json"]).json().len(), 120);
    let done = good(bootstrap, &["dlq", "redrive", "--limit", "70"]);
    assert!(done.out.contains("70 letters were put back"), "{}", done.out);
    assert!(good(bootstrap, &["dlq", "redrive"]).out.contains("50 letters were put back"));
    assert!(good(bootstrap, &["dlq", "redrive"]).out.contains("0 letters were put back"));
    assert_eq!(read(&log as &dyn Log, &topics.get("raw").unwrap().name, 2).await.len(), 120);

    let tail = good(bootstrap, &["tail", "--json", "--from", "beginning", "--limit", "1"]).json();
    assert_eq!(tail[0]["article"]["headline"], "خبر");
}
