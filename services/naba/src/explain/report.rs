//! What was extracted, for people.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::Result;
use naba_extract::Extracted;
use naba_proto::to_json;
use naba_proto::v1::{Article, BlockRole, Comment, Enrichments, FieldProvenance, Method};
use serde_json::Value;

use crate::article_view::{quote_line, role_name};
use crate::terminal::{isolated, shortened};
use crate::when;

/// Most characters of a value shown.
const MAX_VALUE_CHARS: usize = 200;

/// Renders fields with provenance and losers, blocks with roles, comments, enrichments.
pub fn render(extracted: &Extracted, enrichments: &Enrichments) -> Result<String> {
    let article = &extracted.article;
    let json = to_json(article)?;
    let mut out = String::new();
    identity(&mut out, article);
    fields(&mut out, &json, article, &extracted.losers);
    blocks(&mut out, article, &extracted.comments);
    enriched(&mut out, enrichments);
    Ok(out)
}

fn identity(out: &mut String, article: &Article) {
    let extraction = article.extraction.clone().unwrap_or_default();
    let _ = writeln!(out, "article       {}  content {}", article.article_id, article.content_hash);
    let _ = writeln!(out, "address       {}", isolated(&article.url));
    let notes = extraction.notes.join(", ");
    let _ = writeln!(out, "extraction    {}, confidence {:.2}; {notes}", extraction.method, extraction.confidence);
}

fn fields(out: &mut String, json: &Value, article: &Article, losers: &[FieldProvenance]) {
    out.push_str("\nFields: value, layer and rule with confidence; below them the candidates that lost\n");
    let is_block = |p: &&FieldProvenance| !p.field_path.starts_with("blocks");
    let mut shown = BTreeSet::new();
    for won in article.provenance.iter().filter(is_block) {
        let value = shortened(&value_of(json, &won.field_path), MAX_VALUE_CHARS);
        let _ = writeln!(out, "{:<13} {}", won.field_path, isolated(&value));
        let raw = if won.raw_value.is_empty() || won.raw_value == value {
            String::new()
        } else {
            format!(", written {}", isolated(&shortened(&won.raw_value, MAX_VALUE_CHARS)))
        };
        let _ = writeln!(out, "{:<13}   by {}{raw}", "", layer(won));
        shown.insert(won.field_path.as_str());
        for lost in losers.iter().filter(|lost| lost.field_path == won.field_path) {
            loser(out, lost);
        }
    }
    for lost in losers.iter().filter(|lost| !shown.contains(lost.field_path.as_str())) {
        let _ = writeln!(out, "{:<13} (no value)", lost.field_path);
        loser(out, lost);
    }
}

fn loser(out: &mut String, lost: &FieldProvenance) {
    let is_instant = lost.field_path.ends_with("_at");
    let instant = lost.raw_value.parse().ok().filter(|_| is_instant).map(when::shown);
    let value = isolated(&shortened(instant.as_deref().unwrap_or(&lost.raw_value), MAX_VALUE_CHARS));
    let _ = writeln!(out, "{:<13}   lost: {value}, by {}", "", layer(lost));
}

fn layer(provenance: &FieldProvenance) -> String {
    format!("{} {} ({:.2})", method_name(provenance.method()), provenance.rule_id, provenance.confidence)
}

fn method_name(method: Method) -> String {
    method.as_str_name().trim_start_matches("METHOD_").to_lowercase().replace('_', "-")
}

/// Returns the value of a field of the article's JSON by its path in the contract (`published_at`, `source.name`).
fn value_of(json: &Value, path: &str) -> String {
    let mut value = json;
    for part in path.split('.') {
        value = value.get(camel(part)).unwrap_or(&Value::Null);
    }
    text_of(value)
}

/// Returns a JSON value as a person would write it.
fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join("; "),
        // A dated field or an author is told by what it is called.
        Value::Object(fields) => {
            let told = ["value", "name", "place", "url"].iter().find_map(|key| fields.get(*key));
            told.map_or_else(|| value.to_string(), text_of)
        }
        other => other.to_string(),
    }
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.extend(chars);
    }
    out
}

fn blocks(out: &mut String, article: &Article, comments: &[Comment]) {
    let _ = writeln!(out, "\nBlocks, in order ({})", article.blocks.len());
    for block in &article.blocks {
        let why = block.provenance.as_ref().map(layer).unwrap_or_default();
        let role = role_name(block.role());
        let _ = writeln!(out, "{role:<13} {:.2}  {why}", block.confidence);
        let comment = comments.iter().find(|c| block.role() == BlockRole::Comment && c.comment_id == block.comment_id);
        match comment {
            Some(comment) => {
                let (title, author) = (isolated(&comment.title), isolated(&comment.author));
                let _ = writeln!(out, "    {title} — {author}");
                let _ = writeln!(out, "    {}", isolated(&comment.text));
            }
            None => block.text.lines().for_each(|line| {
                let _ = writeln!(out, "    {}", isolated(line));
            }),
        }
    }
}

fn enriched(out: &mut String, found: &Enrichments) {
    let steps: Vec<String> = found.steps.iter().map(|step| format!("{}/{}", step.name, step.version)).collect();
    let _ = writeln!(out, "\nEnrichments ({})", steps.join(", "));
    if let Some(language) = &found.language {
        let reliable = if language.reliable { "" } else { ", not reliable" };
        let _ = writeln!(
            out,
            "language      {} ({:.2}{reliable}), {}",
            language.detected, language.confidence, language.script
        );
    }
    let _ = writeln!(out, "direction     {}", found.direction().as_str_name().trim_start_matches("DIRECTION_"));
    if let Some(dateline) = &found.dateline {
        let _ = writeln!(out, "dateline      {} {}", isolated(&dateline.place), isolated(&dateline.agency));
    }
    for quote in &found.quotes {
        let cue = isolated(&quote.cue);
        let _ = writeln!(out, "quote         {}  (cue {cue}, {:.2})", quote_line(quote), quote.confidence);
    }
    let phrases: Vec<String> = found.keyphrases.iter().take(10).map(|phrase| isolated(&phrase.text)).collect();
    let _ = writeln!(out, "keyphrases    {}", phrases.join(" · "));
    if let Some(fingerprint) = &found.fingerprint {
        let _ =
            writeln!(out, "fingerprint   simhash {:016x} over {} shingles", fingerprint.simhash, fingerprint.shingles);
    }
    for failure in &found.failures {
        let _ = writeln!(out, "failed        {}: {}", failure.step, failure.code);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_found_by_its_path_in_the_contract() {
        let json = json!({
            "headline": "خبر",
            "publishedAt": {"value": "2026-11-24T06:00:00Z", "zoneKnown": true},
            "authors": [{"name": "A"}, {"name": "B"}],
            "source": {"name": "S"},
        });
        assert_eq!(value_of(&json, "headline"), "خبر");
        assert_eq!(value_of(&json, "published_at"), "2026-11-24T06:00:00Z");
        assert_eq!(value_of(&json, "authors"), "A; B");
        assert_eq!(value_of(&json, "source.name"), "S");
        assert_eq!(value_of(&json, "no_such_field"), "");
    }
}
