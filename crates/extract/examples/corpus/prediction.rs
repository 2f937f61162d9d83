//! What was extracted from a page, in the form that the corpora's scorer reads.

use naba_extract::Extracted;
use naba_model::is_body;
use naba_proto::v1::{Article, BlockRole, DatedField};
use serde_json::{Value, json};

/// A line of predictions: the fields, the units, and what `naba explain` knows of each field.
pub fn prediction(id: &str, extracted: &Extracted) -> Value {
    let article = &extracted.article;
    let units = article.blocks.iter().map(|b| {
        let comment = extracted.comments.iter().find(|c| !b.comment_id.is_empty() && c.comment_id == b.comment_id);
        let text = comment.map_or(&b.text, |c| &c.text);
        json!([b.role().as_str_name(), b.provenance.as_ref().map(|p| p.rule_id.as_str()), text])
    });
    let won = article.provenance.iter().filter(|p| !p.field_path.starts_with("blocks["));
    let won: Vec<Value> = won.map(|p| json!([p.field_path, p.rule_id, p.confidence, p.raw_value])).collect();
    let lost = extracted.losers.iter().map(|p| json!([p.field_path, p.rule_id, p.confidence, p.raw_value]));
    json!({
        "id": id,
        "units": units.collect::<Vec<_>>(),
        "title": article.headline,
        "authors": article.authors.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(),
        "published": article.published_at.as_ref().map(printed),
        "modified": article.modified_at.as_ref().map(printed),
        "body": flat_text(article),
        "lang": article.language,
        "tags": article.tags,
        "images": article.images.iter().map(|i| json!({"url": i.url, "caption": i.caption})).collect::<Vec<_>>(),
        "canonical": article.canonical_url,
        "comments": extracted.comments.iter().map(|c| json!({"author": c.author, "text": c.text})).collect::<Vec<_>>(),
        "paywalled": article.rights.as_ref().map(|r| r.paywalled),
        "method": article.extraction.as_ref().map(|e| e.method.as_str()),
        "won": won,
        "lost": lost.collect::<Vec<_>>(),
    })
}

/// Shortest deck that counts as an introduction, in scalar values.
const MIN_INTRODUCTION_CHARS: usize = 60;

/// The text as the corpora flatten it: to all of them an introduction set apart from the body, and the place line at the head
/// of a paragraph, are text of the article. A deck is one when it is long enough for a sentence.
fn flat_text(article: &Article) -> String {
    let mut text = String::new();
    let mut before = None;
    for block in &article.blocks {
        let role = block.role();
        let introduces = match role {
            BlockRole::Standfirst | BlockRole::Dateline => true,
            BlockRole::Deck => block.text.chars().count() >= MIN_INTRODUCTION_CHARS,
            _ => false,
        };
        if introduces || is_body(role) {
            text.push_str(match before {
                None => "",
                Some(BlockRole::Dateline) => " ",
                Some(_) => "\n\n",
            });
            text.push_str(&block.text);
            before = Some(role);
        }
    }
    text
}

/// The time as the publisher's clock showed it: the wire has UTC, the raw value keeps the zone.
fn printed(dated: &DatedField) -> String {
    let found = dated.provenance.as_ref().map(|p| p.raw_value.as_str()).unwrap_or_default();
    let offset = naba_text::parse_instant(found).map_or(0, |i| i64::from(i.offset_minutes));
    let seconds = dated.value.as_ref().map_or(0, |v| v.seconds) + offset * 60;
    jiff::Timestamp::from_second(seconds).map(|t| t.to_string()).unwrap_or_default()
}
