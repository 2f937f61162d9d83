//! An enriched article as a person reads it in a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use naba_model::{is_body, millis_of};
use naba_proto::v1::{Article, BlockRole, EnrichedArticle, Enrichments, PubStatus, Quote};

use crate::terminal::{isolated, shortened};
use crate::when;

/// Most quotes shown.
const MAX_QUOTES: usize = 12;
/// Most characters of a quote shown.
const MAX_QUOTE_CHARS: usize = 240;

/// Renders an article: headline, where it comes from, what it is made of, who says what.
pub fn render(enriched: &EnrichedArticle) -> String {
    let empty = Article::default();
    let article = enriched.article.as_ref().unwrap_or(&empty);
    let mut out = String::new();
    if let Some(held) = held_back(article) {
        let _ = writeln!(out, "[{held}] {}", article.article_id);
        return out;
    }
    let _ = writeln!(out, "{}", isolated(&article.headline));
    let _ = writeln!(out, "  {}", origin(enriched, article).join(" · "));
    let _ = writeln!(out, "  {}", roles(article));
    if let Some(enrichments) = &enriched.enrichments {
        quotes(&mut out, enrichments);
    }
    out
}

/// Returns why an article must not be shown, if so.
fn held_back(article: &Article) -> Option<&'static str> {
    match article.rights.as_ref()?.pub_status() {
        PubStatus::Withheld => Some("withheld"),
        PubStatus::Canceled => Some("canceled"),
        PubStatus::Unspecified | PubStatus::Usable => None,
    }
}

/// Who, which language, from where, when, which version; what is unknown is left out.
fn origin(enriched: &EnrichedArticle, article: &Article) -> Vec<String> {
    let source = article.source.as_ref();
    let name = source.map(|s| if s.name.is_empty() { s.domain.as_str() } else { s.name.as_str() });
    let place = enriched.enrichments.as_ref().and_then(|e| e.dateline.as_ref()).or(article.dateline.as_ref());
    let published = article.published_at.as_ref().and_then(|dated| dated.value.as_ref());
    let mut parts = vec![
        isolated(name.unwrap_or_default()),
        isolated(&article.language),
        place.map(|dateline| isolated(&dateline.place)).unwrap_or_default(),
        published.map(|at| when::shown(millis_of(at))).unwrap_or_default(),
        version(enriched),
    ];
    parts.retain(|part| !part.is_empty());
    parts
}

fn version(enriched: &EnrichedArticle) -> String {
    match enriched.derivation {
        0 => format!("v{}", enriched.version),
        derivation => format!("v{}, derivation {derivation}", enriched.version),
    }
}

/// How many blocks of which role, in the order of their first appearance, and the characters of the body.
fn roles(article: &Article) -> String {
    let mut order = Vec::new();
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for block in &article.blocks {
        let count = counts.entry(block.role).or_default();
        *count += 1;
        if *count == 1 {
            order.push(block.role());
        }
    }
    let count = |role: &BlockRole| match counts.get(&i32::from(*role)) {
        Some(1) | None => role_name(*role),
        Some(count) => format!("{count} {}", role_name(*role)),
    };
    let chars: usize = article.blocks.iter().filter(|b| is_body(b.role())).map(|b| b.text.chars().count()).sum();
    format!("{} ({chars} characters of body)", order.iter().map(count).collect::<Vec<_>>().join(", "))
}

/// Returns a role as a word.
pub fn role_name(role: BlockRole) -> String {
    role.as_str_name().trim_start_matches("BLOCK_ROLE_").to_lowercase().replace('_', " ")
}

fn quotes(out: &mut String, enrichments: &Enrichments) {
    for quote in enrichments.quotes.iter().take(MAX_QUOTES) {
        let _ = writeln!(out, "  {}", quote_line(quote));
    }
    if let Some(more) = enrichments.quotes.len().checked_sub(MAX_QUOTES).filter(|more| *more > 0) {
        let _ = writeln!(out, "  … and {more} more quotes");
    }
}

/// Renders a quote with its speaker. Speaker and words are isolated each for itself, so that a name in Latin letters beside
/// Arabic words stays on its side.
pub fn quote_line(quote: &Quote) -> String {
    let speaker = if quote.speaker_surface.is_empty() { "?".to_owned() } else { isolated(&quote.speaker_surface) };
    format!("{speaker}: “{}”", isolated(&shortened(&quote.text, MAX_QUOTE_CHARS)))
}

#[cfg(test)]
mod tests {
    use naba_proto::v1::{Block, Dateline, Rights};

    use super::*;

    fn block(role: BlockRole) -> Block {
        Block { role: role.into(), text: "نص".into(), ..Block::default() }
    }

    fn enriched(article: Article) -> EnrichedArticle {
        let quote = Quote {
            text: "الخطة جاهزة".into(), speaker_surface: "جون كيري".into(), ..Quote::default()
        };
        let enrichments = Enrichments { quotes: vec![quote; 14], ..Enrichments::default() };
        EnrichedArticle {
            article: Some(article),
            version: 2,
            enrichments: Some(enrichments),
            ..EnrichedArticle::default()
        }
    }

    #[test]
    fn a_person_sees_headline_origin_roles_and_quotes() {
        let article = Article {
            headline: "واشنطن ستتعاون".into(),
            language: "ar".into(),
            dateline: Some(Dateline { place: "جنيف".into(), ..Dateline::default() }),
            blocks: [BlockRole::Headline, BlockRole::Paragraph, BlockRole::Promo, BlockRole::Paragraph]
                .map(block)
                .into(),
            ..Article::default()
        };
        let text = render(&enriched(article));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "\u{2068}واشنطن ستتعاون\u{2069}");
        assert_eq!(lines[1], "  ar · \u{2068}جنيف\u{2069} · v2");
        assert_eq!(lines[2], "  headline, 2 paragraph, promo (4 characters of body)");
        assert_eq!(lines[3], "  \u{2068}جون كيري\u{2069}: “\u{2068}الخطة جاهزة\u{2069}”");
        assert_eq!(lines.last(), Some(&"  … and 2 more quotes"));
    }

    #[test]
    fn what_is_held_back_is_not_shown() {
        let rights = Rights { pub_status: PubStatus::Withheld.into(), ..Rights::default() };
        let article = Article { headline: "secret".into(), rights: Some(rights), ..Article::default() };
        let text = render(&enriched(article));
        assert!(text.starts_with("[withheld]") && !text.contains("secret"), "{text}");
    }
}
