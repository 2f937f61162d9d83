//! What the runtime alone costs: a stage that changes nothing, exactly once and at least once, beside a bare loop of the same
//! client with the same bytes. In turns, several times, so that other load on the machine meets all of them alike.
//!
//! `hop BOOTSTRAP FILE RECORDS TURNS [BROKER_PID]` reads RawDocuments from FILE (length-delimited), writes RECORDS of them for
//! each turn, over and over, and prints one line of JSON.

mod bare;
#[path = "../client/mod.rs"]
mod client;
mod staged;

use std::sync::Arc;
use std::time::Instant;

use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_proto::prost::Message as _;
use naba_proto::v1::RawDocument;
use naba_stage::log::{Header, Log as _, NewRecord, TopicPartition};
use naba_stage::{Delivery, TopicSpec, Topics, partition_for};

/// Partitions of both topics.
const PARTITIONS: u32 = 4;
/// Ticks a second in /proc/PID/stat: the kernel shows 100 to every program.
const TICKS: f64 = 100.0;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How the records are moved.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    ExactlyOnce,
    AtLeastOnce,
    Bare,
}

/// What the arguments say.
struct Plan {
    bootstrap: String,
    records: usize,
    broker: Option<u32>,
}

/// The clocks at one instant.
#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    cpu: f64,
    broker: f64,
}

impl Mark {
    fn now(broker: Option<u32>) -> Self {
        let broker = broker.map_or(0.0, |pid| cpu(&pid.to_string()));
        Self { at: Instant::now(), cpu: cpu("self"), broker }
    }

    /// Returns the seconds since an earlier mark: wall clock, CPU of this process, CPU of the broker.
    fn since(&self, then: &Self) -> [f64; 3] {
        [(self.at - then.at).as_secs_f64(), self.cpu - then.cpu, self.broker - then.broker]
    }
}

fn cpu(pid: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in brackets, may hold anything; user and system time are the 12th and 13th field after it.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let times = fields.split_whitespace().skip(11).take(2);
    times.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS
}

fn topic<'a>(topics: &'a Topics, role: &str) -> Result<&'a TopicSpec, Failure> {
    topics.get(role).ok_or_else(|| format!("no topic {role}").into())
}

/// Writes the records of a turn, with the headers that a stage would have written; returns their bytes.
async fn fill(log: &KafkaLog, topic: &TopicSpec, documents: &[RawDocument], count: usize) -> Result<usize, Failure> {
    let name: Arc<str> = Arc::from(topic.name.as_str());
    let mut producer = log.producer("hop-fill", Delivery::ExactlyOnce).await?;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for document in documents.iter().cycle().take(count) {
        let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned().into() };
        let record = NewRecord {
            topic: Arc::clone(&name),
            partition: partition_for(document.url_hash.as_bytes(), topic.partitions),
            key: Some(document.url_hash.clone().into()),
            value: Some(document.encode_to_vec().into()),
            headers: vec![
                header("ce_specversion", "1.0"),
                header("ce_id", &document.url_hash),
                header("ce_source", "/naba/fetcher"),
                header("ce_type", "naba.v1.rawdocument"),
                header("ce_time", "2026-01-01T00:00:00.000Z"),
                header("ce_subject", &document.url_hash),
                header("content-type", "application/protobuf"),
                header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                header("naba-fetched-at", "1767225600000"),
                header("naba-origin", "live"),
            ],
        };
        bytes += record.size();
        batch.push(record);
        if batch.len() == 1000 {
            producer.send(&std::mem::take(&mut batch)).await?;
            producer.commit(&[]).await?;
        }
    }
    producer.send(&batch).await?;
    producer.commit(&[]).await?;
    Ok(bytes)
}

fn documents(path: &str) -> Result<Vec<RawDocument>, Failure> {
    let bytes = std::fs::read(path)?;
    let (mut rest, mut documents) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        documents.push(RawDocument::decode_length_delimited(&mut rest)?);
    }
    Ok(documents)
}

async fn measure(arguments: &[String]) -> Result<String, Failure> {
    let [bootstrap, file, records, turns, broker @ ..] = arguments else {
        return Err("usage: hop BOOTSTRAP FILE RECORDS TURNS [BROKER_PID]".into());
    };
    let broker = broker.first().map(|pid| pid.parse()).transpose()?;
    let plan = Plan { bootstrap: bootstrap.clone(), records: records.parse()?, broker };
    let documents = documents(file)?;
    let log = Arc::new(KafkaLog::open(KafkaSettings::new(bootstrap))?);
    let mut lanes = Vec::new();
    for (way, prefix) in [(Way::ExactlyOnce, "hop-eo."), (Way::AtLeastOnce, "hop-al."), (Way::Bare, "hop-bare.")] {
        let topics = Topics::built_in()?.adapted(prefix, Some(PARTITIONS));
        log.ensure_topics(&topics.all()).await?;
        lanes.push((way, topics));
    }
    let (mut bytes, mut made) = (0, Vec::new());
    for _ in 0..turns.parse::<usize>()? {
        for (way, topics) in &lanes {
            let (input, output) = (topic(topics, "raw")?, topic(topics, "articles")?);
            let all: Vec<_> = (0..PARTITIONS).map(|p| TopicPartition::new(input.name.as_str(), p)).collect();
            let begin = log.ends(&all).await?;
            bytes = fill(&log, input, &documents, plan.records).await?;
            let [wall, cpu, broker] = match way {
                Way::ExactlyOnce => staged::turn(&log, topics, &all, &plan, Delivery::ExactlyOnce).await?,
                Way::AtLeastOnce => staged::turn(&log, topics, &all, &plan, Delivery::AtLeastOnce).await?,
                Way::Bare => tokio::task::block_in_place(|| bare::turn(&plan, &input.name, &output.name, &begin))?,
            };
            eprintln!("hop: {way:?}: {:.0} records/s, {cpu:.2} s CPU", plan.records as f64 / wall);
            made.push(format!("{{\"way\":\"{way:?}\",\"wall_s\":{wall},\"cpu_s\":{cpu},\"broker_s\":{broker}}}"));
        }
    }
    Ok(format!("{{\"records\":{},\"bytes\":{bytes},\"turns\":[{}]}}", plan.records, made.join(",")))
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::WARN).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match measure(&arguments).await {
        Ok(line) => {
            println!("{line}");
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("hop: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
