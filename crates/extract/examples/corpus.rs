//! Extracts a list of pages for a scorer: reads lines `id <tab> path <tab> address`, writes one JSON line a page.
//!
//! ```sh
//! cargo run --release -p naba-extract --example corpus < list.tsv > predictions.jsonl
//! ```

use std::io::BufRead;

use naba_extract::extract;
use naba_model::body_text;
use naba_proto::v1::RawDocument;
use serde_json::json;

fn main() -> std::io::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut fields = line.split('\t');
        let (Some(id), Some(path)) = (fields.next(), fields.next()) else { continue };
        let address = fields.next().filter(|a| a.starts_with("http")).unwrap_or("https://page.example/article/1");
        let raw = RawDocument {
            final_url: address.to_owned(),
            content_type: "text/html".to_owned(),
            body: std::fs::read(path)?.into(),
            ..RawDocument::default()
        };
        let prediction = match extract(&raw) {
            Ok(extracted) => {
                let article = extracted.article;
                let published = article.published_at.as_ref().map(|dated| {
                    let found = dated.provenance.as_ref().map(|p| p.raw_value.as_str()).unwrap_or_default();
                    let offset = naba_text::parse_instant(found).map_or(0, |i| i64::from(i.offset_minutes));
                    let seconds = dated.value.as_ref().map_or(0, |v| v.seconds) + offset * 60;
                    jiff::Timestamp::from_second(seconds).map(|t| t.to_string()).unwrap_or_default()
                });
                let units: Vec<_> = article
                    .blocks
                    .iter()
                    .map(|b| json!([b.role().as_str_name(), b.provenance.as_ref().map(|p| p.rule_id.as_str()), b.text]))
                    .collect();
                json!({
                    "id": id,
                    "units": units,
                    "title": article.headline,
                    "authors": article.authors.iter().map(|a| a.name.clone()).collect::<Vec<_>>(),
                    "published": published,
                    "body": body_text(&article),
                    "lang": article.language,
                    "method": article.extraction.map(|e| e.method),
                })
            }
            Err(error) => json!({"id": id, "error": error.code()}),
        };
        println!("{prediction}");
    }
    Ok(())
}
