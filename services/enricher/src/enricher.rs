//! The enricher as a stage: Article in, EnrichedArticle and Revision out.

use std::time::Instant;

use naba_enrich::{EnrichError, Pipeline};
use naba_model::{Checked, ContentHash, body_text, timestamp_of};
use naba_proto::v1::{
    Article, ArticleVersions, EnrichedArticle, Enrichments, Origin, Processing, Revision, RevisionKind,
    VersionedContent,
};
use naba_stage::{Context, Outcome, Output, Stage, StageError, Table};

use crate::codes;
use crate::config::EnricherConfig;
use crate::versions::{Assignment, assign, note};

const VERSIONS: &str = "versions";

/// Enriches articles.
pub struct Enricher {
    pipeline: Pipeline,
}

impl Enricher {
    /// Makes an enricher with the steps of a configuration.
    ///
    /// # Errors
    /// Those of [`Pipeline::new`].
    pub fn new(config: &EnricherConfig) -> Result<Self, EnrichError> {
        Ok(Self { pipeline: Pipeline::new(&config.steps)? })
    }
}

impl Stage for Enricher {
    type In = Article;
    const NAME: &'static str = "enricher";
    const INPUT: &'static str = "articles";
    const TABLES: &'static [Table] = &[Table { name: VERSIONS, changelog: "enricher-versions" }];

    async fn process(&self, article: Article, ctx: &Context) -> Result<Outcome, StageError> {
        let started = Instant::now();
        let article = Checked::new(article).map_err(|error| StageError::poison(codes::CONTRACT, error))?;
        let id = article.article_id.clone();
        let mut versions: ArticleVersions = ctx.get(VERSIONS, id.as_bytes())?.unwrap_or_default();
        let assignment = assign(&versions, &article.content_hash, self.pipeline.fingerprint());
        let (version, derivation) = match assignment {
            Assignment::Unchanged => return Ok(Outcome::Skip(codes::UNCHANGED)),
            Assignment::Derived { version, derivation } => (version, derivation),
            Assignment::New { version } => (version, 0),
        };
        let mut outputs = Vec::with_capacity(2);
        if matches!(assignment, Assignment::New { .. }) {
            outputs.extend(self.revision(&article, &versions, version, ctx)?);
        }
        note(&mut versions, &article.content_hash, self.pipeline.fingerprint(), assignment);
        ctx.put(VERSIONS, id.clone().into_bytes(), &versions);

        let enrichments = self.pipeline.run(&article);
        let mut article = article.into_wire();
        stamp(&mut article, ctx, started);
        let enriched = EnrichedArticle {
            article: Some(article),
            version,
            derivation,
            available_at: Some(timestamp_of(ctx.now())),
            enrichments: Some(enrichments),
        };
        let enriched = Checked::new(enriched).map_err(|error| StageError::poison(codes::CONTRACT, error))?;
        outputs.insert(0, record(&enriched));
        Ok(Outcome::Emit(outputs))
    }
}

impl Enricher {
    /// Makes the revision that leads to a new version, unless it is the first; notes the text of the version.
    fn revision(
        &self,
        article: &Article,
        versions: &ArticleVersions,
        version: u32,
        ctx: &Context,
    ) -> Result<Option<Output>, StageError> {
        let text = text_hash(article);
        let key = text_key(&article.article_id);
        let before: ArticleVersions = ctx.get(VERSIONS, &key)?.unwrap_or_default();
        let latest = VersionedContent { content_hash: text.clone(), version, ..VersionedContent::default() };
        ctx.put(VERSIONS, key, &ArticleVersions { contents: vec![latest], latest_version: version });
        let Some(previous) = versions.contents.iter().rev().find(|c| c.version == versions.latest_version) else {
            return Ok(None);
        };
        let same_text = before.contents.iter().any(|c| c.version == previous.version && c.content_hash == text);
        let revision = Revision {
            article_id: article.article_id.clone(),
            from_version: previous.version,
            to_version: version,
            edits: Vec::new(),
            kind: if same_text { RevisionKind::Headline } else { RevisionKind::Body }.into(),
            detected_at: Some(timestamp_of(ctx.now())),
            from_content_hash: previous.content_hash.clone(),
            to_content_hash: article.content_hash.clone(),
        };
        let event = format!("{}/{version}", article.article_id);
        let output = Output::new("revisions", article.article_id.clone(), &revision);
        Ok(Some(output.event(event, "naba.article.revised.v1")))
    }
}

/// Returns the state key under which the text of the latest version is noted, beside the versions themselves.
///
/// `ArticleVersions` has whole contents only; whether just the headline changed takes the hash of the rest.
fn text_key(article_id: &str) -> Vec<u8> {
    format!("{article_id}/text").into_bytes()
}

/// Hashes what the content hash covers, the headline left out.
fn text_hash(article: &Article) -> String {
    ContentHash::of("", &article.deck, &article.standfirst, &body_text(article)).into_string()
}

/// Notes when and how long the article was enriched, beside what the parser noted.
fn stamp(article: &mut Article, ctx: &Context, started: Instant) {
    let processing = article.processing.get_or_insert_with(Processing::default);
    processing.enriched_at = Some(timestamp_of(ctx.now()));
    processing.enrich_micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
}

/// Makes the record of an enriched article, with what filters need as headers.
fn record(enriched: &EnrichedArticle) -> Output {
    let none = (Article::default(), Enrichments::default());
    let article = enriched.article.as_ref().unwrap_or(&none.0);
    let enrichments = enriched.enrichments.as_ref().unwrap_or(&none.1);
    let detected = enrichments.language.as_ref().map(|detail| detail.detected.clone()).filter(|l| !l.is_empty());
    let origin = match article.origin() {
        Origin::Backfill => "backfill",
        Origin::Push => "push",
        Origin::Live | Origin::Unspecified => "live",
    };
    let event = format!("{}/{}/{}", article.article_id, enriched.version, enriched.derivation);
    Output::new("enriched", article.article_id.clone(), enriched)
        .event(event, "naba.article.enriched.v1")
        .header("naba-language", detected.unwrap_or_else(|| article.language.clone()))
        .header("naba-kind", article.kind().as_str_name().trim_start_matches("ARTICLE_KIND_").to_lowercase())
        .header("naba-origin", origin)
}
