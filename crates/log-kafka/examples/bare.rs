//! What rdkafka alone reaches with the bytes that the line moved: the peer of `make bench`.
//!
//! `bare BOOTSTRAP RAW ARTICLES ENRICHED` reads three topics, and measures on topics of its own, with as many partitions:
//! producing and consuming the first, and a relay that makes the same hops as the line (consume RAW, produce ARTICLES,
//! consume them, produce ENRICHED, consume them, one thread a hop) with the same client settings, but without transactions,
//! groups, offsets, state and work. Prints one line of JSON.

#[path = "client/mod.rs"]
mod client;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use client::Pump;

const ASK: Duration = Duration::from_secs(10);
/// Longest time without a record before the peer gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Records that each measurement moves at least: the topics over and over, so that connecting does not count.
const ENOUGH: usize = 20_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A record as it was read.
struct Letter {
    partition: i32,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Letter {
    fn of(message: &impl Message) -> Self {
        let owned = |header: Header<'_, &[u8]>| (header.key.to_owned(), header.value.map(<[u8]>::to_vec));
        Self {
            partition: message.partition(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: message.headers().map(|all| all.iter().map(owned).collect()).unwrap_or_default(),
        }
    }

    fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.as_ref().map_or(0, Vec::len)).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

/// A cluster.
#[derive(Clone)]
struct Cluster {
    bootstrap: String,
}

impl Cluster {
    /// Opens a consumer of every partition of a topic, from its beginning.
    fn consumer(&self, topic: &str, partitions: i32) -> Result<BaseConsumer, KafkaError> {
        let mut settings = client::reader(&self.bootstrap);
        let consumer: BaseConsumer = settings.set("enable.partition.eof", "true").create()?;
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&list)?;
        Ok(consumer)
    }

    fn partitions(&self, topic: &str) -> Result<i32, Failure> {
        let consumer: BaseConsumer = client::client(&self.bootstrap).create()?;
        let metadata = consumer.fetch_metadata(Some(topic), ASK)?;
        let count = metadata.topics().first().map_or(0, |t| t.partitions().len());
        if count == 0 {
            return Err(format!("topic {topic:?} does not exist: run the line first").into());
        }
        Ok(i32::try_from(count)?)
    }

    /// Reads the committed records of a topic.
    fn read(&self, topic: &str, partitions: i32) -> Result<Vec<Letter>, Failure> {
        let consumer = self.consumer(topic, partitions)?;
        let mut open: BTreeSet<i32> = (0..partitions).collect();
        let (mut letters, mut last) = (Vec::new(), Instant::now());
        while !open.is_empty() {
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    letters.push(Letter::of(&message));
                    last = Instant::now();
                }
                // By the end of the committed records, which the end of a transaction may follow.
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
                Some(Err(error)) => return Err(error.into()),
                None if last.elapsed() > PATIENCE => return Err(format!("topic {topic:?} gives nothing").into()),
                None => {}
            }
        }
        Ok(letters)
    }

    /// Makes a topic and returns its name.
    async fn topic(&self, name: &str, partitions: i32) -> Result<String, Failure> {
        let admin: AdminClient<DefaultClientContext> = client::client(&self.bootstrap).create()?;
        let name = format!("bare.{name}.{}", std::process::id());
        let topic = NewTopic::new(&name, partitions, TopicReplication::Fixed(1)).set("max.message.bytes", "9437184");
        for made in admin.create_topics(&[topic], &AdminOptions::new()).await? {
            made.map_err(|(name, code)| format!("topic {name:?} cannot be made: {code}"))?;
        }
        Ok(name)
    }
}

fn send(producer: &Pump, topic: &str, letter: &Letter) -> Result<(), KafkaError> {
    let mut headers = OwnedHeaders::new_with_capacity(letter.headers.len());
    for (key, value) in &letter.headers {
        headers = headers.insert(Header { key, value: value.as_deref() });
    }
    let mut record = BaseRecord::<[u8], [u8]>::to(topic).partition(letter.partition).headers(headers);
    if let Some(key) = &letter.key {
        record = record.key(key);
    }
    if let Some(value) = &letter.value {
        record = record.payload(value);
    }
    client::send(producer, record)
}

/// Consumes `count` records of a topic and answers each with the next of the `outputs`, sent `rounds` times over.
fn hop(
    consumer: &BaseConsumer,
    count: usize,
    producer: Option<(&Pump, &str)>,
    (outputs, rounds): (&[Letter], usize),
) -> Result<(), Failure> {
    let mut outputs = outputs.iter().cycle().take(outputs.len() * rounds);
    let (mut left, mut last) = (count, Instant::now());
    while left > 0 {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => drop(message),
            None | Some(Err(KafkaError::PartitionEOF(_))) if last.elapsed() < PATIENCE => continue,
            Some(Err(error)) => return Err(error.into()),
            None => return Err(format!("{left} of {count} records did not come").into()),
        }
        last = Instant::now();
        left -= 1;
        if let (Some((producer, topic)), Some(letter)) = (producer, outputs.next()) {
            send(producer, topic, letter)?;
        }
    }
    if let Some((producer, topic)) = producer {
        outputs.try_for_each(|letter| send(producer, topic, letter))?;
        producer.flush(PATIENCE)?;
    }
    Ok(())
}

fn produce(producer: &Pump, topic: &str, letters: &[Letter], rounds: usize) -> Result<Duration, Failure> {
    let begin = Instant::now();
    letters.iter().cycle().take(letters.len() * rounds).try_for_each(|letter| send(producer, topic, letter))?;
    producer.flush(PATIENCE)?;
    Ok(begin.elapsed())
}

/// The three topics with their records.
struct Load {
    partitions: i32,
    /// How often each measurement moves them.
    rounds: usize,
    raw: Vec<Letter>,
    articles: Vec<Letter>,
    enriched: Vec<Letter>,
}

/// Moves all of it, hop by hop at the same time; returns the time until the last record has arrived.
async fn relay(cluster: &Cluster, load: &Arc<Load>, raw: &str, compression: &str) -> Result<Duration, Failure> {
    let articles = cluster.topic(&format!("articles-{compression}"), load.partitions).await?;
    let enriched = cluster.topic(&format!("enriched-{compression}"), load.partitions).await?;
    let begin = Instant::now();
    let parse = {
        let (input, out) =
            (cluster.consumer(raw, load.partitions)?, client::producer(&cluster.bootstrap, compression)?);
        let (load, topic) = (Arc::clone(load), articles.clone());
        std::thread::spawn(move || {
            hop(&input, load.raw.len() * load.rounds, Some((&out, &topic)), (&load.articles, load.rounds))
        })
    };
    let enrich = {
        let (input, out) =
            (cluster.consumer(&articles, load.partitions)?, client::producer(&cluster.bootstrap, compression)?);
        let (load, topic) = (Arc::clone(load), enriched.clone());
        std::thread::spawn(move || {
            hop(&input, load.articles.len() * load.rounds, Some((&out, &topic)), (&load.enriched, load.rounds))
        })
    };
    let sink = {
        let (input, load) = (cluster.consumer(&enriched, load.partitions)?, Arc::clone(load));
        std::thread::spawn(move || hop(&input, load.enriched.len() * load.rounds, None, (&[], 0)))
    };
    for thread in [parse, enrich, sink] {
        thread.join().map_err(|_| "a hop of the relay panicked")??;
    }
    Ok(begin.elapsed())
}

async fn measure(arguments: &[String]) -> Result<String, Failure> {
    let [bootstrap, raw, articles, enriched] = arguments else {
        return Err("usage: bare BOOTSTRAP RAW ARTICLES ENRICHED".into());
    };
    let cluster = Cluster { bootstrap: bootstrap.clone() };
    let partitions = cluster.partitions(raw)?;
    let raw = cluster.read(raw, partitions)?;
    let rounds = ENOUGH.div_ceil(raw.len().max(1));
    let load = Arc::new(Load {
        partitions,
        rounds,
        raw,
        articles: cluster.read(articles, cluster.partitions(articles)?)?,
        enriched: cluster.read(enriched, cluster.partitions(enriched)?)?,
    });
    let bytes = |letters: &[Letter]| letters.iter().map(Letter::size).sum::<usize>();
    let mut fields = vec![
        ("raw_records", load.raw.len() as f64),
        ("raw_bytes", bytes(&load.raw) as f64),
        ("articles_records", load.articles.len() as f64),
        ("articles_bytes", bytes(&load.articles) as f64),
        ("enriched_records", load.enriched.len() as f64),
        ("enriched_bytes", bytes(&load.enriched) as f64),
    ];
    for (compression, names) in [
        ("zstd", ["produce_s", "consume_s", "relay_s"]),
        ("none", ["produce_plain_s", "consume_plain_s", "relay_plain_s"]),
    ] {
        let topic = cluster.topic(&format!("raw-{compression}"), partitions).await?;
        let producer = client::producer(&cluster.bootstrap, compression)?;
        let produced = produce(&producer, &topic, &load.raw, rounds)?;
        let begin = Instant::now();
        hop(&cluster.consumer(&topic, partitions)?, load.raw.len() * rounds, None, (&[], 0))?;
        let consumed = begin.elapsed();
        let relayed = relay(&cluster, &load, &topic, compression).await?;
        fields.extend(names.into_iter().zip([produced, consumed, relayed].map(|d| d.as_secs_f64() / rounds as f64)));
    }
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    Ok(format!("{{{}}}", fields.join(",")))
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match measure(&arguments).await {
        Ok(line) => {
            println!("{line}");
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bare: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
