//! Extracts mutated documents for as long as told, and stops at the first that is not answered as it should be.
//!
//! ```sh
//! cargo run --release -p naba-extract --example fuzz -- html ../shared/gold/html 30 [SEED]
//! ```
//!
//! The target is `html`, `plain` or `bytes` (the type is left to be guessed); then the folder of the first documents, the
//! minutes, and a seed. A mutation that leads to another set of roles, rules or errors than all before joins the documents
//! that are mutated. A fault is a panic, an article that breaks the contract, more than five seconds of processor time, or
//! more than a gibibyte of memory; the document lies in the file that is named at the start, also when the process dies.

use std::collections::HashSet;
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use naba_extract::{ExtractError, Extracted, extract};
use naba_model::Checked;
use naba_proto::v1::{Article, RawDocument};

#[path = "fuzz/mutate.rs"]
mod mutate;

use mutate::{Random, mutated};

/// Most documents that are mutated.
const MAX_POOL: usize = 4_000;
/// Largest document.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Most processor time for one document.
const MAX_MS: i64 = 5_000;
/// Most memory of the process.
const MAX_MEMORY_KIB: u64 = 1024 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [target, folder, minutes, seed @ ..] = args.as_slice() else {
        return Err("say html, plain or bytes, a folder, the minutes, and a seed if any".into());
    };
    let content_type = match target.as_str() {
        "html" => "text/html",
        "plain" => "text/plain",
        "bytes" => "",
        other => return Err(format!("unknown target {other}: say html, plain or bytes").into()),
    };
    let ends_at = Instant::now() + Duration::from_secs_f64(minutes.parse::<f64>()? * 60.0);
    let mut random = Random::new(seed.first().map_or(Ok(0x5EED), |seed| seed.parse())?);
    let mut pool = documents(Path::new(folder))?;
    let current = std::env::temp_dir().join(format!("naba-fuzz-{target}.bin"));
    eprintln!("{} documents; the current one lies in {}", pool.len(), current.display());
    let (mut shapes, mut runs, mut slowest) = (HashSet::new(), 0_u64, 0);
    while Instant::now() < ends_at {
        let at = random.below(pool.len());
        let mut document = mutated(pool.get(at).map_or(&[], Vec::as_slice), &mut random);
        document.truncate(MAX_BYTES);
        std::fs::write(&current, &document)?;
        let (shape, ms) = run(content_type, &document)?;
        runs += 1;
        slowest = slowest.max(ms);
        if shapes.insert(shape) && pool.len() < MAX_POOL {
            pool.push(document);
        }
    }
    println!(
        "{target}: {runs} documents, {} shapes, slowest {slowest} ms, peak {} MiB, no fault",
        shapes.len(),
        peak_kib() / 1024
    );
    Ok(())
}

fn documents(folder: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut paths = std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    paths.into_iter().filter(|p| p.is_file()).map(std::fs::read).collect()
}

/// Extracts a document; returns what tells its answer from others, and the processor time in milliseconds.
fn run(content_type: &str, document: &[u8]) -> Result<(u64, i64), Box<dyn Error>> {
    let raw = RawDocument {
        final_url: "https://site.news.example/2024/06/20/a".to_owned(),
        content_type: content_type.to_owned(),
        body: document.to_vec().into(),
        ..RawDocument::default()
    };
    let began = cpu_ms();
    let answer = catch_unwind(AssertUnwindSafe(|| extract(&raw))).map_err(|_| "extraction panicked")?;
    let ms = cpu_ms() - began;
    if ms > MAX_MS {
        return Err(format!("extraction took {ms} ms").into());
    }
    if peak_kib() > MAX_MEMORY_KIB {
        return Err(format!("extraction took {} KiB of memory", peak_kib()).into());
    }
    let shape = shape(&answer);
    if let Ok(extracted) = answer {
        Checked::<Article>::new(extracted.article)?;
    }
    Ok((shape, ms))
}

fn shape(answer: &Result<Extracted, ExtractError>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match answer {
        Ok(extracted) => {
            let mut rules: Vec<&str> = extracted.article.provenance.iter().map(|p| p.rule_id.as_str()).collect();
            let blocks = extracted.article.blocks.iter().filter_map(|b| b.provenance.as_ref());
            rules.extend(blocks.map(|p| p.rule_id.as_str()));
            rules.sort_unstable();
            rules.dedup();
            rules.hash(&mut hasher);
        }
        Err(error) => error.code().hash(&mut hasher),
    }
    hasher.finish()
}

fn cpu_ms() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
