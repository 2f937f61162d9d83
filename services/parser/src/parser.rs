//! The parser as a stage: RawDocument in, Article and Comments out.

use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use naba_model::{Checked, millis_of, timestamp_of};
use naba_proto::v1::{Article, ArticleKind, Comment, Method, Origin, Processing, RawDocument};
use naba_stage::{Context, Metric, Outcome, Output, Stage, StageError};
use sha2::Sha256;

use crate::codes;
use crate::config::{CommentAuthors, ParserConfig};

/// Parses documents.
#[derive(Debug)]
pub struct Parser {
    config: ParserConfig,
}

impl Parser {
    /// Makes a parser.
    pub fn new(config: ParserConfig) -> Self {
        Self { config }
    }

    /// Makes the records of a comment, if comments are published.
    fn comment(&self, mut comment: Comment, article_id: &str) -> Output {
        comment.author = match self.config.comment_authors {
            CommentAuthors::Printed => comment.author,
            CommentAuthors::None => String::new(),
            CommentAuthors::Keyed if comment.author.is_empty() => String::new(),
            CommentAuthors::Keyed => keyed(self.config.author_key.as_ref().map_or("", |k| k.expose()), &comment.author),
        };
        let id = comment.comment_id.clone();
        Output::new("comments", id.clone(), &comment).partition_by(article_id).event(id, "naba.comment.published.v1")
    }
}

impl Stage for Parser {
    type In = RawDocument;
    const NAME: &'static str = "parser";
    const INPUT: &'static str = "raw";

    async fn process(&self, raw: RawDocument, ctx: &Context) -> Result<Outcome, StageError> {
        let started = Instant::now();
        let raw = Checked::new(raw).map_err(|error| StageError::poison(codes::CONTRACT, error))?;
        let extracted = match naba_extract::extract(&raw) {
            Ok(extracted) => extracted,
            Err(error) => return codes::fate(&error),
        };
        let mut article = extracted.article;
        article.processing = Some(Processing {
            parsed_at: Some(timestamp_of(ctx.now())),
            parse_micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            ..Processing::default()
        });
        let article = Checked::new(article).map_err(|error| StageError::poison(codes::CONTRACT, error))?;
        for field in &article.provenance {
            ctx.count(Metric::FieldTotal, &[&field.field_path, layer(field.method())]);
        }
        let mut outputs = vec![record(&article)];
        if self.config.publish_comments {
            outputs.extend(extracted.comments.into_iter().map(|comment| self.comment(comment, &article.article_id)));
        }
        Ok(Outcome::Emit(outputs))
    }
}

/// Makes the record of an article, with what filters need as headers.
fn record(article: &Article) -> Output {
    let (role, origin) = match article.origin() {
        Origin::Backfill => ("backfill-articles", "backfill"),
        Origin::Push => ("articles", "push"),
        Origin::Live | Origin::Unspecified => ("articles", "live"),
    };
    let published = article.published_at.as_ref().and_then(|d| d.value.as_ref()).map(|t| millis_of(t).to_string());
    Output::new(role, article.article_id.clone(), article)
        .event(format!("{}/{}", article.article_id, article.content_hash), "naba.article.parsed.v1")
        .header("naba-language", article.language.clone())
        .header("naba-kind", kind(article.kind()))
        .header("naba-origin", origin)
        .header("naba-published-at", published.unwrap_or_default())
}

fn kind(kind: ArticleKind) -> String {
    kind.as_str_name().trim_start_matches("ARTICLE_KIND_").to_lowercase()
}

/// Names the layer that gave a field, as a metric label.
fn layer(method: Method) -> &'static str {
    match method {
        Method::Unspecified => "unspecified",
        Method::Rule => "rule",
        Method::JsonLd => "json_ld",
        Method::Meta => "meta",
        Method::Microdata => "microdata",
        Method::Dom => "dom",
        Method::Feed => "feed",
        Method::Http => "http",
        Method::Text => "text",
        Method::Url => "url",
        Method::Derived => "derived",
    }
}

/// Returns the HMAC-SHA-256 of a name, in hexadecimal: the same reader stays the same, and nobody can be looked up.
fn keyed(key: &str, name: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(name.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyed_author_follows_the_standard() {
        // RFC 4231, test case 2.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(keyed("Jefe", "what do ya want for nothing?"), expected);
    }
}
