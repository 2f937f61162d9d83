//! Messages that keep the contract, with only what a test cares about spelt out.

use naba_model::{ArticleId, Millis, NormalUrl, UrlHash, content_hash, sha256_hex, timestamp_of};
use naba_proto::v1::{
    Article, ArticleSource, Block, BlockRole, Clocks, DatedField, EnrichedArticle, Enrichments, Origin, PubStatus,
    RawDocument, Rights,
};

/// An instant in the past that stands for "fetched" in tests: 2024-01-01T00:00:00Z.
const FETCHED_AT: Millis = 1_704_067_200_000;

/// Builds a [`RawDocument`].
#[derive(Debug, Clone)]
pub struct RawBuilder(RawDocument);

impl RawBuilder {
    /// Starts with an HTML page at an address.
    pub fn new(url: &str, body: impl Into<Vec<u8>>) -> Self {
        let normal = NormalUrl::parse(url).expect("address of a test");
        let body = body.into();
        Self(RawDocument {
            url_hash: UrlHash::of(&normal).into_string(),
            source_id: naba_model::SourceId::of(normal.host()).into_string(),
            source_name: normal.host().to_owned(),
            url: url.to_owned(),
            final_url: normal.to_string(),
            fetched_at: Some(timestamp_of(FETCHED_AT)),
            status: 200,
            content_type: "text/html; charset=utf-8".into(),
            sha256: sha256_hex(&body),
            body: body.into(),
            origin: Origin::Live.into(),
            attempt: 1,
            ..RawDocument::default()
        })
    }

    /// Sets the content type.
    pub fn content_type(mut self, value: &str) -> Self {
        self.0.content_type = value.to_owned();
        self
    }

    /// Sets the instant of the fetch.
    pub fn fetched_at(mut self, at: Millis) -> Self {
        self.0.fetched_at = Some(timestamp_of(at));
        self
    }

    /// Changes anything else.
    pub fn with(mut self, change: impl FnOnce(&mut RawDocument)) -> Self {
        change(&mut self.0);
        self
    }

    /// Returns the message.
    pub fn build(self) -> RawDocument {
        self.0
    }
}

/// Returns a paragraph.
pub fn paragraph(text: &str) -> Block {
    Block { role: BlockRole::Paragraph.into(), text: text.to_owned(), ..Block::default() }
}

/// Builds an [`EnrichedArticle`], and with it an [`Article`].
#[derive(Debug, Clone)]
pub struct EnrichedBuilder(EnrichedArticle, Article);

impl EnrichedBuilder {
    /// Starts with version 1 of an article at a canonical address.
    pub fn new(url: &str) -> Self {
        let normal = NormalUrl::parse(url).expect("address of a test");
        let article = Article {
            article_id: ArticleId::of(&normal).into_string(),
            url: url.to_owned(),
            canonical_url: normal.to_string(),
            source: Some(ArticleSource {
                name: normal.host().to_owned(),
                domain: normal.host().to_owned(),
                ..ArticleSource::default()
            }),
            language: "en".into(),
            headline: "Headline".into(),
            blocks: vec![paragraph("A paragraph.")],
            rights: Some(Rights { pub_status: PubStatus::Usable.into(), ..Rights::default() }),
            clocks: Some(Clocks { fetched_at: Some(timestamp_of(FETCHED_AT)), ..Clocks::default() }),
            ..Article::default()
        };
        let enriched =
            EnrichedArticle { version: 1, enrichments: Some(Enrichments::default()), ..EnrichedArticle::default() };
        Self(enriched, article)
    }

    /// Sets the version.
    pub fn version(mut self, version: u32) -> Self {
        self.0.version = version;
        self
    }

    /// Sets the derivation.
    pub fn derivation(mut self, derivation: u32) -> Self {
        self.0.derivation = derivation;
        self
    }

    /// Sets the headline.
    pub fn headline(mut self, headline: &str) -> Self {
        self.1.headline = headline.to_owned();
        self
    }

    /// Sets the language.
    pub fn language(mut self, language: &str) -> Self {
        self.1.language = language.to_owned();
        self
    }

    /// Replaces the body by paragraphs.
    pub fn paragraphs(mut self, texts: &[&str]) -> Self {
        self.1.blocks = texts.iter().map(|text| paragraph(text)).collect();
        self
    }

    /// Sets the instant of publication.
    pub fn published_at(mut self, at: Millis) -> Self {
        self.1.published_at = Some(DatedField { value: Some(timestamp_of(at)), ..DatedField::default() });
        self
    }

    /// Sets the publication status.
    pub fn pub_status(mut self, status: PubStatus) -> Self {
        self.1.rights.get_or_insert_default().pub_status = status.into();
        self
    }

    /// Sets an embargo.
    pub fn embargoed_until(mut self, until: Millis) -> Self {
        self.1.rights.get_or_insert_default().embargoed_until = Some(timestamp_of(until));
        self
    }

    /// Changes anything else of the article; its content hash is derived afterwards.
    pub fn with(mut self, change: impl FnOnce(&mut Article)) -> Self {
        change(&mut self.1);
        self
    }

    /// Returns the article alone.
    pub fn article(self) -> Article {
        let mut article = self.1;
        article.content_hash = content_hash(&article).into_string();
        article
    }

    /// Returns the message.
    pub fn build(self) -> EnrichedArticle {
        let enriched = self.0.clone();
        EnrichedArticle { article: Some(self.article()), ..enriched }
    }
}

#[cfg(test)]
mod tests {
    use naba_model::Checked;

    use super::*;

    #[test]
    fn what_is_built_keeps_the_contract() {
        Checked::new(RawBuilder::new("https://news.example/1?utm_source=x", "<p>x").build()).unwrap();
        Checked::new(EnrichedBuilder::new("https://news.example/1").version(3).paragraphs(&["خبر"]).build()).unwrap();
    }
}
