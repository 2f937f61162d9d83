//! Extracts a list of pages for the scripts in `eval/`: reads lines `id <tab> path <tab> address`.
//!
//! ```sh
//! cargo run --release -p naba-extract --example corpus -- predict < list.tsv > predictions.jsonl
//! cargo run --release -p naba-extract --example corpus -- time 3 < list.tsv > times.jsonl
//! cargo run --release -p naba-extract --example corpus -- decode /tmp/utf8 < list.tsv
//! ```
//!
//! `predict` writes one line a page in the scorer's form, with the units and what `naba explain` knows of each field; `time`
//! reads all pages first, then writes the processor time of each in each pass, and the memory after it; `decode` writes each
//! page as UTF-8, so that extractors which guess charsets by other means read the same text.

#[path = "corpus/prediction.rs"]
mod prediction;

use std::io::{BufRead, Write};
use std::path::Path;

use naba_extract::extract;
use naba_proto::v1::RawDocument;
use serde_json::json;

use prediction::prediction;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (None | Some("predict"), _) => predict(),
        (Some("time"), passes) => time(passes.and_then(|n| n.parse().ok()).unwrap_or(1)),
        (Some("decode"), Some(folder)) => decode(Path::new(&folder)),
        _ => Err(std::io::Error::other("say predict, time PASSES or decode FOLDER")),
    }
}

fn pages() -> impl Iterator<Item = std::io::Result<(String, RawDocument)>> {
    std::io::stdin().lock().lines().map(|line| {
        let line = line?;
        let mut fields = line.split('\t');
        let (id, path) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let address = fields.next().filter(|a| a.starts_with("http")).unwrap_or("https://page.example/article/1");
        let raw = RawDocument {
            final_url: address.to_owned(),
            content_type: "text/html".to_owned(),
            body: std::fs::read(path)?.into(),
            ..RawDocument::default()
        };
        Ok((id.to_owned(), raw))
    })
}

fn predict() -> std::io::Result<()> {
    for page in pages() {
        let (id, raw) = page?;
        let prediction = match extract(&raw) {
            Ok(extracted) => prediction(&id, &extracted),
            Err(error) => json!({"id": id, "error": error.code()}),
        };
        println!("{prediction}");
    }
    Ok(())
}

fn time(passes: usize) -> std::io::Result<()> {
    let pages: Vec<(String, RawDocument)> = pages().collect::<std::io::Result<_>>()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}", json!({"loaded_kib": memory("VmRSS:")}))?;
    for pass in 1..=passes {
        for (id, raw) in &pages {
            let began = cpu_us();
            std::hint::black_box(extract(raw).is_ok());
            writeln!(out, "{}", json!({"id": id, "us": cpu_us() - began}))?;
        }
        writeln!(out, "{}", json!({"pass": pass, "rss_kib": memory("VmRSS:"), "peak_kib": memory("VmHWM:")}))?;
    }
    Ok(())
}

/// Processor time of this thread: the machine has other work, and a wall clock would count it.
fn cpu_us() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}

fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn decode(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let Some(path) = line.split('\t').nth(1).map(Path::new) else { continue };
        let to = folder.join(path.file_name().unwrap_or_default());
        if !to.exists() {
            let decoded = naba_text::decode(&std::fs::read(path)?, None, naba_text::Markup::Html);
            std::fs::write(to, decoded.text.as_bytes())?;
        }
    }
    Ok(())
}
