//! The figures, as tables for people and as JSON for tools.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use crate::clock::cores;
use crate::core::{Core, Cost};
use crate::hop::{Hop, Way};
use crate::line::Run;
use crate::pages::Page;
use crate::peer::Peer;

const MEGABYTE: f64 = 1e6;

/// Everything that was measured.
pub struct Report {
    /// The documents.
    pub pages: Arc<Vec<Page>>,
    /// (a)
    pub core: Core,
    /// (b)
    pub local: Run,
    /// (c)
    pub kafka: Option<Run>,
    /// (d)
    pub peer: Option<Peer>,
    /// The runtime alone.
    pub hop: Option<Hop>,
    /// Load average before and after.
    pub load: (f64, f64),
}

/// One way of moving articles, and how fast it is.
struct Rate {
    key: &'static str,
    name: &'static str,
    per_second: f64,
    run: Option<Run>,
}

impl Report {
    fn rates(&self) -> Vec<Rate> {
        let plain = |key, name, per_second| Rate { key, name, per_second, run: None };
        let line = |key, name, run: Run| Rate { key, name, per_second: run.steady(), run: Some(run) };
        let cost = &self.core.all;
        let mut rates = vec![plain("core", "(a) parse + enrich, one core (CPU time)", cost.articles as f64 / cost.cpu)];
        rates.push(line("local", "(b) line on the local log", self.local));
        rates.extend(self.kafka.map(|run| line("kafka", "(c) line on Kafka, exactly once", run)));
        if let Some(peer) = &self.peer {
            let (raw, enriched) = (peer.raw_records, peer.enriched_records);
            rates.extend([
                plain("relay", "(d) bare relay, same hops and bytes, zstd", enriched / peer.relay_s),
                plain("relay_plain", "    the same, not compressed", enriched / peer.relay_plain_s),
                plain("produce", "    bare produce of the raw documents, zstd", raw / peer.produce_s),
                plain("consume", "    bare consume of the raw documents, zstd", raw / peer.consume_s),
                plain("produce_plain", "    bare produce, not compressed", raw / peer.produce_plain_s),
                plain("consume_plain", "    bare consume, not compressed", raw / peer.consume_plain_s),
            ]);
        }
        rates
    }

    /// Prints tables.
    pub fn print_tables(&self) -> Result<()> {
        let all = &self.core.all;
        println!(
            "{} pages, {:.1} MB, {} languages · {} cores · load average {:.1} before, {:.1} after",
            all.pages,
            all.bytes as f64 / MEGABYTE,
            self.core.groups.len(),
            cores(),
            self.load.0,
            self.load.1,
        );
        println!("\nParse + enrich, one thread, no log");
        println!(
            "  {:<9} {:>7} {:>8} {:>12} {:>12} {:>9} {:>13}",
            "language", "pages", "KB/page", "articles/s", "articles/s", "MB/s", "parser's part"
        );
        println!("  {:<9} {:>7} {:>8} {:>12} {:>12} {:>9}", "", "", "", "CPU time", "wall clock", "CPU time");
        for (language, cost) in &self.core.groups {
            print_cost(language, cost);
        }
        print_cost("all", all);
        for (code, count) in &self.core.refused {
            println!("  {count} pages gave no article: {code}");
        }
        println!("\nArticles a second");
        println!(
            "  {:<44} {:>10} {:>7} {:>7} {:>10} {:>9} {:>9}",
            "", "", "of (a)", "of (d)", "with start", "CPU", "broker"
        );
        println!("  {:<44} {:>10} {:>7} {:>7} {:>10} {:>9} {:>9}", "", "steady", "", "", "", "ms each", "ms each");
        let rates = self.rates();
        for rate in &rates {
            let of =
                |key: &str| base(&rates, key).map_or_else(String::new, |base| format!("{:.2}", rate.per_second / base));
            let whole = rate.run.map_or_else(String::new, |run| format!("{:.0}", run.whole()));
            let cpu = rate.run.map_or_else(String::new, |run| format!("{:.2}", each(run.cpu, &run)));
            let broker = rate.run.and_then(|run| run.broker_cpu.map(|cpu| format!("{:.2}", each(cpu, &run))));
            println!(
                "  {:<44} {:>10.0} {:>7} {:>7} {whole:>10} {cpu:>9} {:>9}",
                rate.name,
                rate.per_second,
                of("core"),
                of("relay"),
                broker.unwrap_or_default(),
            );
        }
        if let Some(peer) = &self.peer {
            println!(
                "\nBytes an article: {:.1} KB raw, {:.1} KB as an article, {:.1} KB enriched",
                peer.raw_bytes / peer.raw_records / 1000.0,
                peer.articles_bytes / peer.articles_records / 1000.0,
                peer.enriched_bytes / peer.enriched_records / 1000.0,
            );
        }
        if let Some(hop) = &self.hop {
            print_hop(hop);
        }
        Ok(())
    }

    /// Prints one JSON object.
    pub fn print_json(&self) -> Result<()> {
        let rates = self.rates();
        let rate = |rate: &Rate| {
            let mut value = json!({
                "articles_per_second": rate.per_second,
                "of_core": base(&rates, "core").map(|base| rate.per_second / base),
                "of_relay": base(&rates, "relay").map(|base| rate.per_second / base),
            });
            if let (Some(run), Some(object)) = (rate.run, value.as_object_mut()) {
                object.extend(run_json(&run));
            }
            (rate.key.to_owned(), value)
        };
        let bytes = self.peer.as_ref().map(|peer| {
            json!({
                "raw": peer.raw_bytes / peer.raw_records,
                "article": peer.articles_bytes / peer.articles_records,
                "enriched": peer.enriched_bytes / peer.enriched_records,
            })
        });
        let report = json!({
            "pages": self.pages.len(),
            "cores": cores(),
            "load_average": { "before": self.load.0, "after": self.load.1 },
            "core": {
                "all": cost_json(&self.core.all),
                "languages": self.core.groups.iter().map(|(l, c)| ((*l).to_owned(), cost_json(c))).collect::<serde_json::Map<_, _>>(),
                "refused": self.core.refused,
            },
            "rates": rates.iter().map(rate).collect::<serde_json::Map<_, _>>(),
            "bytes_each": bytes,
            "hop": self.hop.as_ref().map(hop_json),
        });
        println!("{report:#}");
        Ok(())
    }
}

/// Prints the runtime alone, without the rest.
pub fn print_hop_alone(hop: Option<&Hop>, json: bool) -> Result<()> {
    match hop {
        Some(hop) if json => println!("{:#}", json!({ "hop": hop_json(hop) })),
        Some(hop) => print_hop(hop),
        None => println!("without Kafka, nothing to measure"),
    }
    Ok(())
}

/// A ratio that is promised: its name, what it is, and the least it may be.
fn bars(hop: &Hop) -> [(&'static str, f64, f64); 2] {
    let [exactly_once, at_least_once, bare] = Way::ALL.map(|way| hop.rate(way));
    [
        ("exactly once of at least once", exactly_once / at_least_once, 0.7),
        ("at least once of the bare loop", at_least_once / bare, 0.6),
    ]
}

fn print_hop(hop: &Hop) {
    println!(
        "\nThe runtime alone: {} records of {:.1} KB, batches of 100 ms, median of {} turns",
        hop.records,
        hop.bytes as f64 / hop.records as f64 / 1000.0,
        hop.turns.len() / Way::ALL.len(),
    );
    println!("  {:<16} {:>10} {:>8} {:>14} {:>14}", "", "records/s", "MB/s", "CPU, us each", "broker, us each");
    for way in Way::ALL {
        let each = |of: fn(&crate::hop::Turn) -> f64| hop.median(way, of) * 1e6 / hop.records as f64;
        println!(
            "  {:<16} {:>10.0} {:>8.1} {:>14.1} {:>14.1}",
            way_name(way),
            hop.rate(way),
            hop.rate(way) * hop.bytes as f64 / hop.records as f64 / MEGABYTE,
            each(|turn| turn.cpu_s),
            each(|turn| turn.broker_s),
        );
    }
    for (name, ratio, least) in bars(hop) {
        let verdict = if ratio >= least { "kept" } else { "MISSED" };
        println!("  {name}: {ratio:.2} (at least {least:.2}: {verdict})");
    }
}

fn hop_json(hop: &Hop) -> Value {
    let way = |way: Way| {
        let turns = hop.turns.iter().filter(|turn| turn.way == way);
        let value = json!({
            "records_per_second": hop.rate(way),
            "wall_s": turns.clone().map(|turn| turn.wall_s).collect::<Vec<_>>(),
            "cpu_s": turns.clone().map(|turn| turn.cpu_s).collect::<Vec<_>>(),
            "broker_s": turns.map(|turn| turn.broker_s).collect::<Vec<_>>(),
        });
        (way_name(way).replace(' ', "_"), value)
    };
    let bar = |(name, ratio, least): (&str, f64, f64)| {
        (name.replace(' ', "_"), json!({ "ratio": ratio, "at_least": least, "kept": ratio >= least }))
    };
    json!({
        "records": hop.records,
        "bytes": hop.bytes,
        "ways": Way::ALL.map(way).into_iter().collect::<serde_json::Map<_, _>>(),
        "bars": bars(hop).map(bar).into_iter().collect::<serde_json::Map<_, _>>(),
    })
}

fn way_name(way: Way) -> &'static str {
    match way {
        Way::ExactlyOnce => "exactly once",
        Way::AtLeastOnce => "at least once",
        Way::Bare => "bare loop",
    }
}

fn base(rates: &[Rate], key: &str) -> Option<f64> {
    rates.iter().find(|rate| rate.key == key).map(|rate| rate.per_second)
}

/// Returns milliseconds an article.
fn each(seconds: f64, run: &Run) -> f64 {
    seconds * 1000.0 / run.stored as f64
}

fn print_cost(name: &str, cost: &Cost) {
    println!(
        "  {name:<9} {:>7} {:>8.1} {:>12.0} {:>12.0} {:>9.1} {:>12.0}%",
        cost.pages,
        cost.bytes as f64 / 1000.0 / cost.pages as f64,
        cost.articles as f64 / cost.cpu,
        cost.articles as f64 / cost.wall,
        cost.bytes as f64 / MEGABYTE / cost.cpu,
        cost.parse_wall * 100.0 / cost.wall,
    );
}

fn cost_json(cost: &Cost) -> Value {
    json!({
        "pages": cost.pages,
        "articles": cost.articles,
        "bytes": cost.bytes,
        "cpu_s": cost.cpu,
        "wall_s": cost.wall,
        "parser_wall_s": cost.parse_wall,
        "articles_per_cpu_second": cost.articles as f64 / cost.cpu,
        "articles_per_second": cost.articles as f64 / cost.wall,
        "megabytes_per_cpu_second": cost.bytes as f64 / MEGABYTE / cost.cpu,
    })
}

fn run_json(run: &Run) -> Vec<(String, Value)> {
    let fields = [
        ("stored", json!(run.stored)),
        ("prefill_s", json!(run.prefill)),
        ("wall_s", json!(run.wall)),
        ("first_stored_s", json!(run.start)),
        ("articles_per_second_with_start", json!(run.whole())),
        ("cpu_ms_each", json!(each(run.cpu, run))),
        ("broker_cpu_ms_each", json!(run.broker_cpu.map(|cpu| each(cpu, run)))),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}
