//! Measures how many versions a second the databases take: `cargo run --release --example throughput -- sqlite FILE` or
//! `… -- postgres URL`. Articles of 20 paragraphs, batches of 500, every article in two versions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement stops there")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use naba_proto::prost::Message;
use naba_sink::{Postgres, PostgresConfig, Sqlite};
use naba_stage::log::{Record, TopicPartition};
use naba_stage::{Batch, Hold, Sink};
use naba_testkit::EnrichedBuilder;

const BATCH: u64 = 500;
const BATCHES: u64 = 20;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (kind, place) = (arguments.next(), arguments.next());
    match (kind.as_deref(), place) {
        (Some("sqlite"), Some(file)) => measure(Sqlite::open(file.as_ref()).unwrap()).await,
        (Some("postgres"), Some(url)) => {
            let timeout = Duration::from_secs(20);
            let config =
                PostgresConfig { url, password: None, ca_file: None, connect_timeout: timeout, write_timeout: timeout };
            measure(Postgres::new(&config).unwrap()).await;
        }
        _ => panic!("usage: throughput sqlite FILE | postgres URL"),
    }
}

async fn measure(store: impl Sink) {
    let at = TopicPartition::new("news.enriched.v1", 0);
    store.claim(std::slice::from_ref(&at)).await.unwrap();
    let batches: Vec<Batch> = (0..BATCHES).map(|i| batch(&at, i * BATCH)).collect();
    let bytes: usize = batches.iter().flat_map(|b| &b.records).map(|r| r.size()).sum();
    let start = Instant::now();
    for batch in &batches {
        store.write(batch).await.unwrap();
    }
    let (count, seconds) = (BATCH * BATCHES, start.elapsed().as_secs_f64());
    println!("{count} versions of {} bytes in {seconds:.2} s: {:.0}/s", bytes as u64 / count, count as f64 / seconds);
}

fn batch(at: &TopicPartition, first: u64) -> Batch {
    let record = |offset: u64| {
        let words = format!("قال الوزير إن الهدنة رقم {offset} بدأت ليل الأحد، وأكد أن بلاده مستعدة للتعاون. ").repeat(4);
        let builder = EnrichedBuilder::new(&format!("https://news.example/{}", offset / 2)).language("ar");
        let message = builder.version(u32::try_from(offset % 2).unwrap() + 1).paragraphs(&[words.as_str(); 20]).build();
        Arc::new(Record {
            at: at.clone(),
            offset,
            timestamp: 0,
            key: Some(Bytes::from(message.article.as_ref().unwrap().article_id.clone())),
            value: Some(Bytes::from(message.encode_to_vec())),
            headers: Vec::new(),
            hold: Hold::none(),
        })
    };
    Batch { records: (first..first + BATCH).map(record).collect(), positions: vec![(at.clone(), first + BATCH)] }
}
