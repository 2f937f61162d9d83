//! What a store keeps of an article: the columns of `articles` and `article_versions`.

use naba_model::{Checked, Millis, body_text, millis_of};
use naba_proto::prost_types::Timestamp;
use naba_proto::v1::{Article, EnrichedArticle, Enrichments, PubStatus};
use naba_proto::{JsonError, to_json};

use crate::search::index_words;

/// Instants outside years 1 to 9999 are a publisher's mistake and are not stored: dates of SQL end there.
const INSTANTS: std::ops::RangeInclusive<Millis> = -62_135_596_800_000..=253_402_300_799_999;

/// A version of an article, projected to columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) article_id: String,
    pub(crate) version: i64,
    pub(crate) derivation: i64,
    pub(crate) content_hash: String,
    /// `usable`, `withheld` or `canceled`. Of the latter two only identifiers are kept.
    pub(crate) pub_status: &'static str,
    pub(crate) embargoed_until: Option<Millis>,
    pub(crate) url: String,
    pub(crate) canonical_url: String,
    pub(crate) source_id: String,
    pub(crate) source_name: String,
    pub(crate) domain: String,
    pub(crate) country: String,
    pub(crate) language: String,
    pub(crate) direction: String,
    pub(crate) kind: String,
    pub(crate) section: String,
    pub(crate) headline: String,
    pub(crate) deck: String,
    pub(crate) standfirst: String,
    pub(crate) body: String,
    pub(crate) authors: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) licence_class: String,
    pub(crate) paywalled: bool,
    pub(crate) published_at: Option<Millis>,
    pub(crate) modified_at: Option<Millis>,
    pub(crate) first_seen_at: Option<Millis>,
    pub(crate) fetched_at: Option<Millis>,
    pub(crate) available_at: Option<Millis>,
    /// Enrichments as protobuf JSON.
    pub(crate) enrichments: String,
    /// The whole message as it came; empty when it is held back.
    pub(crate) message: Vec<u8>,
    /// What the full-text index holds.
    pub(crate) words: Words,
}

/// The folded words of an article, by weight.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub(crate) headline: String,
    /// Deck and standfirst.
    pub(crate) lead: String,
    pub(crate) body: String,
}

impl Row {
    /// Projects a message; `bytes` is its wire form, kept as it came.
    pub(crate) fn project(message: &Checked<EnrichedArticle>, bytes: &[u8]) -> Result<Self, JsonError> {
        let empty = Article::default();
        let article = message.article.as_ref().unwrap_or(&empty);
        let rights = article.rights.clone().unwrap_or_default();
        let mut row = Self {
            article_id: article.article_id.clone(),
            version: message.version.into(),
            derivation: message.derivation.into(),
            content_hash: article.content_hash.clone(),
            // Clamped, not dropped: an embargo of an absurd length is still an embargo.
            embargoed_until: rights
                .embargoed_until
                .as_ref()
                .map(|t| millis_of(t).clamp(*INSTANTS.start(), *INSTANTS.end())),
            available_at: instant(message.available_at.as_ref()),
            licence_class: short(rights.licence_class().as_str_name(), "LICENCE_CLASS_"),
            paywalled: rights.paywalled,
            ..Self::default()
        };
        row.pub_status = match rights.pub_status() {
            PubStatus::Unspecified | PubStatus::Usable => "usable",
            PubStatus::Withheld => "withheld",
            PubStatus::Canceled => "canceled",
        };
        if row.is_held() {
            row.enrichments = "{}".into();
            return Ok(row);
        }
        row.fill(article);
        row.enrichments = enrichments(message.enrichments.as_ref())?;
        row.message = bytes.to_vec();
        Ok(row)
    }

    /// Tells whether only its identifiers are kept, so that an earlier version is no longer shown.
    pub(crate) fn is_held(&self) -> bool {
        self.pub_status != "usable"
    }

    fn fill(&mut self, article: &Article) {
        let source = article.source.clone().unwrap_or_default();
        let clocks = article.clocks.unwrap_or_default();
        self.url = text(&article.url);
        self.canonical_url = text(&article.canonical_url);
        self.source_id = text(&source.id);
        self.source_name = text(&source.name);
        self.domain = text(&source.domain);
        self.country = text(&source.country);
        self.language = text(&article.language);
        self.direction = short(article.direction().as_str_name(), "DIRECTION_");
        self.kind = short(article.kind().as_str_name(), "ARTICLE_KIND_");
        self.section = text(&article.section);
        self.headline = text(&article.headline);
        self.deck = text(&article.deck);
        self.standfirst = text(&article.standfirst);
        self.body = text(&body_text(article));
        self.authors = article.authors.iter().map(|author| text(&author.name)).collect();
        self.tags = article.tags.iter().map(|tag| text(tag)).collect();
        let stated = |field: Option<&naba_proto::v1::DatedField>| field.and_then(|f| instant(f.value.as_ref()));
        self.published_at = stated(article.published_at.as_ref());
        self.modified_at = stated(article.modified_at.as_ref());
        self.first_seen_at = instant(clocks.first_seen_at.as_ref());
        self.fetched_at = instant(clocks.fetched_at.as_ref());
        self.words = Words {
            headline: index_words(&self.headline),
            lead: index_words(&format!("{}\n{}", self.deck, self.standfirst)),
            body: index_words(&self.body),
        };
    }
}

/// Replaces NUL, which is valid Unicode and in no database's text: one such character must not cost the article.
fn text(value: &str) -> String {
    value.replace('\0', "\u{fffd}")
}

fn instant(timestamp: Option<&Timestamp>) -> Option<Millis> {
    timestamp.map(millis_of).filter(|millis| INSTANTS.contains(millis))
}

/// Shortens an enum name: `ARTICLE_KIND_LIVE_BLOG` to `live_blog`, `…_UNSPECIFIED` to nothing.
fn short(name: &str, prefix: &str) -> String {
    match name.strip_prefix(prefix).unwrap_or(name) {
        "UNSPECIFIED" => String::new(),
        rest => rest.to_lowercase(),
    }
}

fn enrichments(message: Option<&Enrichments>) -> Result<String, JsonError> {
    let Some(message) = message else { return Ok("{}".into()) };
    let json = to_json(message)?.to_string();
    Ok(json.replace("\\u0000", "\\ufffd"))
}

#[cfg(test)]
mod tests {
    use naba_proto::prost::Message;
    use naba_testkit::EnrichedBuilder;

    use super::*;

    fn row(message: EnrichedArticle) -> Row {
        let bytes = message.encode_to_vec();
        Row::project(&Checked::new(message).unwrap(), &bytes).unwrap()
    }

    #[test]
    fn of_a_version_that_is_held_back_only_identifiers_are_kept() {
        let held = row(EnrichedBuilder::new("https://a.example/1").pub_status(PubStatus::Withheld).build());
        assert_eq!((held.pub_status, held.headline.as_str(), held.body.as_str()), ("withheld", "", ""));
        assert!(held.message.is_empty());
        assert_eq!(held.article_id.len(), 32);
    }

    #[test]
    fn a_nul_character_and_an_absurd_year_do_not_cost_the_article() {
        let odd = EnrichedBuilder::new("https://a.example/1").headline("a\0b").published_at(i64::MAX).build();
        let row = row(odd);
        assert_eq!(row.headline, "a\u{fffd}b");
        assert_eq!(row.published_at, None);
    }
}
