//! Trains the model of blocks on pages with known bodies, judges it by cross-validation grouped by domain, and writes it.
//!
//! ```sh
//! cargo run --release -p naba-extract --example train_blocks -- DATA GOLD OUT [PREDICTIONS]
//! ```
//!
//! DATA holds `pages.jsonl` and the pages that it names (the corpora of `eval/corpus.py`, unpacked), GOLD the documents with
//! roles. PREDICTIONS gets one
//! line a page in the scorer's form, made by the model that saw no page of that page's domain: score these, not the pages
//! that the written model was trained on. Labels come from the known body: a line is of the article when most of its word
//! sequences stand in it; where only snippets are known, the lines that hold one are labelled. Lines of page and model alike
//! know nothing of sites, so that a page of a new site is read as the held-out ones are.

#[path = "train_blocks/boost.rs"]
mod boost;
#[path = "train_blocks/label.rs"]
mod label;
#[path = "corpus/prediction.rs"]
mod prediction;

use std::io::Write;
use std::path::Path;

use naba_extract::{Model, extract_with, measure};
use naba_proto::v1::RawDocument;
use serde_json::{Value, json};

use boost::{Sample, Settings, train};
use prediction::prediction;

const FOLDS: u64 = 5;

/// A page of the corpora.
struct Entry {
    id: String,
    corpus: String,
    fold: u64,
    raw: RawDocument,
    truth: Value,
}

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(data), Some(gold), Some(out)) = (args.next(), args.next(), args.next()) else {
        return Err(std::io::Error::other("say DATA GOLD OUT [PREDICTIONS]"));
    };
    let mut pages = read(Path::new(&data))?;
    pages.extend(read_gold(Path::new(&gold))?);
    let samples = samples(&pages);
    eprintln!("{} pages, {} labelled lines", pages.len(), samples.len());
    let settings = Settings::default();
    if let Some(path) = args.next() {
        let mut predictions = std::io::BufWriter::new(std::fs::File::create(path)?);
        for fold in 0..FOLDS {
            let (seen, unseen): (Vec<&Sample>, Vec<&Sample>) = samples.iter().partition(|s| s.fold != fold);
            let model = train(&seen, &settings);
            eprintln!("fold {fold}: loss {:.4} seen, {:.4} unseen", loss(&model, &seen), loss(&model, &unseen));
            for page in pages.iter().filter(|p| p.fold == fold) {
                writeln!(predictions, "{}", predicted(page, &model))?;
            }
        }
    }
    let all: Vec<&Sample> = samples.iter().collect();
    let model = train(&all, &settings);
    eprintln!("all: loss {:.4} (in sample)", loss(&model, &all));
    std::fs::write(out, model.write())
}

fn read(data: &Path) -> std::io::Result<Vec<Entry>> {
    let mut pages = Vec::new();
    for line in std::fs::read_to_string(data.join("pages.jsonl"))?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let address = Some(text("url")).filter(|u| u.starts_with("http"));
        let group = [text("domain"), text("html_sha256")].into_iter().find(|g| !g.is_empty()).unwrap_or_default();
        pages.push(Entry {
            id: text("id"),
            corpus: text("corpus"),
            fold: fold(&group),
            raw: RawDocument {
                final_url: address.unwrap_or_else(|| "https://page.example/article/1".to_owned()),
                content_type: "text/html".to_owned(),
                body: std::fs::read(data.join(text("html")))?.into(),
                ..RawDocument::default()
            },
            truth: row.get("expected").cloned().unwrap_or_default(),
        });
    }
    Ok(pages)
}

/// The documents with roles, as pages whose body is what their units say.
fn read_gold(gold: &Path) -> std::io::Result<Vec<Entry>> {
    const TEXT: &[&str] = &["STANDFIRST", "DATELINE", "PARAGRAPH", "SUBHEAD", "QUOTE", "LIST_ITEM", "TABLE"];
    let mut pages = Vec::new();
    for line in std::fs::read_to_string(gold.join("truth.jsonl"))?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let id = row.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let units = row.get("units").and_then(|u| u.get("html")).and_then(Value::as_array).into_iter().flatten();
        let text = |unit: &Value, key: &str| unit.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let body: Vec<String> =
            units.filter(|u| TEXT.contains(&text(u, "role").as_str())).map(|u| text(u, "text")).collect();
        pages.push(Entry {
            fold: fold(&id),
            corpus: "gold".to_owned(),
            raw: RawDocument {
                final_url: format!("https://www.example.org/news/{id}"),
                content_type: "text/html".to_owned(),
                body: std::fs::read(gold.join("html").join(format!("{id}.html")))?.into(),
                ..RawDocument::default()
            },
            truth: json!({"body": body.join("\n")}),
            id: format!("gold/{id}"),
        });
    }
    Ok(pages)
}

/// Pages of one registrable name fall into one fold (FNV-1a, the same everywhere).
fn fold(domain: &str) -> u64 {
    let name = naba_model::registrable_domain(domain);
    let name = if name.is_empty() { domain } else { &name };
    name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)) % FOLDS
}

fn samples(pages: &[Entry]) -> Vec<Sample> {
    // The answers of other extractors teach their faults; names for the test of each corpus are in its README.
    const SILVER: &[&str] = &["readability_js", "newspaper3k", "newspaper4k", "postlight", "goose", "snacktory"];
    let mut samples = Vec::new();
    for page in pages.iter().filter(|p| !SILVER.contains(&p.corpus.as_str())) {
        if !label::has_truth(&page.truth) {
            continue;
        }
        let Ok(lines) = measure(&page.raw) else { continue };
        samples.extend(label::label(&page.truth, lines, page.fold));
    }
    samples
}

#[allow(clippy::cast_precision_loss, reason = "a mean for people to read")]
fn loss(model: &Model, samples: &[&Sample]) -> f64 {
    let weight: f64 = samples.iter().map(|s| f64::from(s.weight)).sum();
    let sum: f64 = samples
        .iter()
        .map(|s| {
            let chance = f64::from(model.probability(&s.features)).clamp(1e-6, 1.0 - 1e-6);
            -f64::from(s.weight) * if s.inside { chance.ln() } else { (1.0 - chance).ln() }
        })
        .sum();
    sum / weight.max(1e-9)
}

fn predicted(page: &Entry, model: &Model) -> Value {
    match extract_with(&page.raw, model) {
        Ok(extracted) => prediction(&page.id, &extracted),
        Err(error) => json!({"id": page.id, "error": error.code()}),
    }
}
