//! Articles as the farm's account sees them.

use naba_model::{body_text, millis_of};
use naba_newsfarm::Observed;
use naba_proto::prost::Message as _;
use naba_proto::v1::{ArticleKind, Direction, EnrichedArticle};
use naba_stage::Topics;
use naba_stage::log::{Log, Record};

use super::view::read_all;

/// Key of the messages that tests plant and that are no messages.
pub const MALFORMED: &str = "malformed";

/// Reads the enriched articles, in order of their partition; what a test planted and withdrawals are left out.
pub async fn enriched(log: &dyn Log, topics: &Topics) -> Vec<EnrichedArticle> {
    let records = read_all(log, topics, "enriched").await;
    let ours = |r: &Record| r.key.as_deref() != Some(MALFORMED.as_bytes());
    let values = records.into_iter().filter(ours).filter_map(|r| r.value);
    values.map(|value| EnrichedArticle::decode(value).expect("enriched article")).collect()
}

/// Turns an article into what the account compares.
pub fn observed(one: &EnrichedArticle, farm_start: i64) -> Observed {
    let article = one.article.as_ref().expect("article");
    let enrichments = one.enrichments.as_ref().expect("enrichments");
    let extraction = article.extraction.as_ref().expect("extraction");
    let direction = match article.direction() {
        Direction::Rtl => "rtl",
        Direction::Ltr => "ltr",
        Direction::Unspecified => "",
    };
    let kind = match article.kind() {
        ArticleKind::LiveBlog => "live_blog",
        ArticleKind::News => "news",
        _ => "other",
    };
    let published = article.published_at.as_ref().and_then(|d| d.value.as_ref()).map(millis_of);
    Observed {
        article_id: article.article_id.clone(),
        version: one.version,
        derivation: one.derivation,
        url: article.url.clone(),
        canonical_url: article.canonical_url.clone(),
        feed_only: extraction.method.starts_with("feed"),
        headline: article.headline.clone(),
        body: body_text(article),
        deck: Some(article.deck.clone()),
        standfirst: Some(article.standfirst.clone()),
        section: Some(article.section.clone()),
        language: Some(article.language.clone()),
        direction: Some(direction.to_owned()),
        kind: Some(kind.to_owned()),
        authors: Some(article.authors.iter().map(|a| a.name.clone()).collect()),
        published_ms: Some(published),
        dateline: Some(enrichments.dateline.as_ref().map(|d| d.place.clone()).unwrap_or_default()),
        paywall: Some(article.rights.as_ref().is_some_and(|r| r.paywalled)),
        quotes: Some(enrichments.quotes.iter().map(|q| (q.text.clone(), q.speaker_surface.clone())).collect()),
        available_at_ms: one.available_at.as_ref().map(|at| millis_of(at) - farm_start),
    }
}
