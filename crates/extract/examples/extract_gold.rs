//! Writes predictions for the role-labelled gold documents, one JSON line a document, for their scorer.
//!
//! ```sh
//! cargo run -p naba-extract --example extract_gold -- ../shared/gold > /tmp/pred.jsonl
//! python3 ../shared/gold/score.py --truth ../shared/gold/truth.jsonl --pred /tmp/pred.jsonl
//! ```

use std::path::Path;

use naba_extract::{Extracted, extract};
use naba_proto::v1::{BlockRole, Direction, RawDocument};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let root = std::env::args().nth(1).unwrap_or_else(|| "../shared/gold".to_owned());
    for (form, extension, content_type) in [("plain", "txt", "text/plain"), ("html", "html", "text/html")] {
        let mut paths: Vec<_> =
            std::fs::read_dir(Path::new(&root).join(form))?.filter_map(|e| Some(e.ok()?.path())).collect();
        paths.sort();
        for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == extension)) {
            let id = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            let raw = RawDocument {
                final_url: format!("https://www.example.org/news/{id}"),
                content_type: content_type.to_owned(),
                body: std::fs::read(path)?.into(),
                ..RawDocument::default()
            };
            let line = match extract(&raw) {
                Ok(extracted) => prediction(&id, form, &extracted),
                Err(error) => json!({"id": id, "form": form, "units": [], "error": error.to_string()}),
            };
            println!("{line}");
        }
    }
    Ok(())
}

fn prediction(id: &str, form: &str, extracted: &Extracted) -> Value {
    let article = &extracted.article;
    let units: Vec<Value> = article
        .blocks
        .iter()
        .map(|block| {
            let comment = extracted.comments.iter().find(|c| c.comment_id == block.comment_id);
            let role = block.role().as_str_name().trim_start_matches("BLOCK_ROLE_").to_owned();
            let rule = block.provenance.as_ref().map(|p| p.rule_id.clone());
            match comment.filter(|_| block.role() == BlockRole::Comment) {
                Some(c) => json!({"role": role, "text": c.text, "title": c.title, "author": c.author}),
                None => json!({"role": role, "text": block.text, "rule": rule}),
            }
        })
        .collect();
    let direction = match article.direction() {
        Direction::Rtl => "RTL",
        _ => "LTR",
    };
    // The day as the publisher printed it: the wire has UTC, the raw value keeps the zone.
    let published = article.published_at.as_ref().map(|dated| {
        let raw = dated.provenance.as_ref().map(|p| p.raw_value.clone()).unwrap_or_default();
        let offset = naba_text::parse_instant(&raw).map_or(0, |i| i64::from(i.offset_minutes));
        let seconds = dated.value.as_ref().map_or(0, |v| v.seconds) + offset * 60;
        jiff::Timestamp::from_second(seconds).map(|t| t.to_string()).unwrap_or_default()
    });
    json!({
        "id": id,
        "form": form,
        "units": units,
        "headline": article.headline,
        "authors": article.authors.iter().map(|a| a.name.clone()).collect::<Vec<_>>(),
        "published": published,
        "dateline": article.dateline.as_ref().map(|d| json!({"place": d.place})),
        "direction": direction,
        "lang": article.language,
    })
}
