//! Messages whose rules have been checked: the only ones a stage works on or puts on a topic.

use std::ops::Deref;

use naba_proto::v1::{Article, EnrichedArticle, RawDocument, Span};

use crate::id::{ArticleId, ContentHash, IdError, UrlHash};
use crate::url::{NormalUrl, UrlError};
use crate::{MAX_BODY_BYTES, Range, slice};

/// Which rule of the contract a message breaks.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ContractError {
    /// An identifier is malformed.
    #[error(transparent)]
    Id(#[from] IdError),
    /// An address is malformed.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// An identifier does not follow from what it identifies.
    #[error("{field} does not follow from {source_field}")]
    Derived {
        /// The identifier.
        field: &'static str,
        /// What it is derived from.
        source_field: &'static str,
    },
    /// A required field is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A body is over the limit.
    #[error("body has {0} bytes, more than {MAX_BODY_BYTES}")]
    BodyTooLarge(usize),
    /// A span reaches outside its block.
    #[error("{field} reaches outside block {block}")]
    Span {
        /// The field with the span.
        field: &'static str,
        /// The block it names.
        block: u32,
    },
}

/// A message with rules beyond its shape.
pub trait Contract {
    /// Checks every rule; the first that is broken is returned.
    fn check(&self) -> Result<(), ContractError>;
}

/// A message that keeps the rules of the contract.
#[derive(Clone, PartialEq, Debug)]
pub struct Checked<M>(M);

impl<M: Contract> Checked<M> {
    /// Checks a message.
    pub fn new(message: M) -> Result<Self, ContractError> {
        message.check()?;
        Ok(Self(message))
    }

    /// Returns the message in its wire form.
    pub fn into_wire(self) -> M {
        self.0
    }
}

impl<M> Deref for Checked<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.0
    }
}

impl Contract for RawDocument {
    fn check(&self) -> Result<(), ContractError> {
        let hash = UrlHash::parse(&self.url_hash)?;
        let final_url = NormalUrl::parse(&self.final_url)?;
        if hash != UrlHash::of(&final_url) {
            return Err(ContractError::Derived { field: "url_hash", source_field: "final_url" });
        }
        if self.fetched_at.is_none() {
            return Err(ContractError::Missing("fetched_at"));
        }
        if self.body.len() > MAX_BODY_BYTES {
            return Err(ContractError::BodyTooLarge(self.body.len()));
        }
        Ok(())
    }
}

impl Contract for Article {
    fn check(&self) -> Result<(), ContractError> {
        let id = ArticleId::parse(&self.article_id)?;
        ContentHash::parse(&self.content_hash)?;
        let canonical = NormalUrl::parse(&self.canonical_url)?;
        if id != ArticleId::of(&canonical) {
            return Err(ContractError::Derived { field: "article_id", source_field: "canonical_url" });
        }
        if self.content_hash != crate::content_hash(self).as_str() {
            return Err(ContractError::Derived { field: "content_hash", source_field: "the content" });
        }
        if let Some(span) = self.dateline.as_ref().and_then(|d| d.span.as_ref()) {
            check_span(self, span, "dateline")?;
        }
        Ok(())
    }
}

impl Contract for EnrichedArticle {
    fn check(&self) -> Result<(), ContractError> {
        let article = self.article.as_ref().ok_or(ContractError::Missing("article"))?;
        article.check()?;
        if self.version == 0 {
            return Err(ContractError::Missing("version"));
        }
        let enrichments = self.enrichments.as_ref().ok_or(ContractError::Missing("enrichments"))?;
        for quote in &enrichments.quotes {
            let span = quote.span.as_ref().ok_or(ContractError::Missing("quotes.span"))?;
            check_span(article, span, "quotes.span")?;
        }
        for mention in enrichments.entities.iter().flat_map(|e| &e.mentions) {
            let span = mention.span.as_ref().ok_or(ContractError::Missing("entities.mentions.span"))?;
            check_span(article, span, "entities.mentions.span")?;
        }
        Ok(())
    }
}

fn check_span(article: &Article, span: &Span, field: &'static str) -> Result<(), ContractError> {
    let inside = article
        .blocks
        .get(span.block as usize)
        .and_then(|block| slice(&block.text, Range { start: span.start, end: span.end }));
    match inside {
        Some(_) => Ok(()),
        None => Err(ContractError::Span { field, block: span.block }),
    }
}

#[cfg(test)]
mod tests {
    use naba_proto::v1::{Block, BlockRole, Enrichments, Quote};

    use super::*;
    use crate::content_hash;

    fn article() -> Article {
        let url = NormalUrl::parse("https://a.example/1").unwrap();
        let block = Block { role: BlockRole::Paragraph.into(), text: "خبر".into(), ..Block::default() };
        let mut article = Article {
            article_id: ArticleId::of(&url).into_string(),
            canonical_url: url.to_string(),
            blocks: vec![block],
            ..Article::default()
        };
        article.content_hash = content_hash(&article).into_string();
        article
    }

    #[test]
    fn an_identifier_that_does_not_follow_is_refused() {
        assert!(Checked::new(article()).is_ok());
        let other = Article { canonical_url: "https://a.example/2".into(), ..article() };
        assert!(matches!(Checked::new(other), Err(ContractError::Derived { field: "article_id", .. })));
        let edited = Article { headline: "x".into(), ..article() };
        assert!(matches!(Checked::new(edited), Err(ContractError::Derived { field: "content_hash", .. })));
    }

    #[test]
    fn a_quote_outside_its_block_is_refused() {
        let quote = Quote { span: Some(Span { block: 0, start: 1, end: 9 }), ..Quote::default() };
        let enriched = EnrichedArticle {
            article: Some(article()),
            version: 1,
            enrichments: Some(Enrichments { quotes: vec![quote], ..Enrichments::default() }),
            ..EnrichedArticle::default()
        };
        assert!(matches!(enriched.check(), Err(ContractError::Span { field: "quotes.span", block: 0 })));
    }
}
