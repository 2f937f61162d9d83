//! What the pipeline tests share: articles as the account sees them, and the books of the log.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use naba_model::{body_text, millis_of};
use naba_newsfarm::{FarmConfig, Fate, Observed, TruthRecord};
use naba_proto::prost::Message as _;
use naba_proto::v1::{ArticleKind, AuditRecord, Direction, Disposition, EnrichedArticle, RawDocument};
use naba_stage::Topics;
use naba_stage::log::{Log, Record, TopicPartition};

/// Reads every committed record of a role's topic.
pub async fn read_all(log: &dyn Log, topics: &Topics, role: &str) -> Vec<Record> {
    let topic = topics.get(role).expect(role);
    let mut records = Vec::new();
    for partition in 0..topic.partitions {
        let at = TopicPartition::new(topic.name.as_str(), partition);
        log.snapshot(&at, 0, &mut |record| records.push(record)).await.expect("snapshot");
    }
    records
}

/// Makes a farm whose edits leave a slow machine the time to read the version before: the largest domain has some 550 pages,
/// asked one after the other.
pub fn patient_farm() -> FarmConfig {
    FarmConfig {
        min_served_ms: 45_000,
        edit_after_ms: (60_000, 80_000),
        delete_after_ms: (60_000, 90_000),
        ..FarmConfig::default()
    }
}

/// Returns when the farm last publishes something that must appear.
pub fn last_change_ms(truth: &[TruthRecord]) -> i64 {
    let expected = truth.iter().filter(|record| record.fate == Fate::MustAppear);
    expected.map(|record| record.publish_at_ms).max().unwrap_or(0)
}

/// Key of the messages that the tests plant and that are no messages.
pub const MALFORMED: &str = "malformed";

/// Reads the enriched articles, in order of their partition; what the test planted is left out.
pub async fn enriched(log: &dyn Log, topics: &Topics) -> Vec<EnrichedArticle> {
    let records = read_all(log, topics, "enriched").await;
    let decode = |r: Record| EnrichedArticle::decode(r.value.expect("value")).expect("enriched article");
    let ours = |r: &Record| r.key.as_deref() != Some(MALFORMED.as_bytes());
    records.into_iter().filter(ours).map(decode).collect()
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

/// What the audit says of the records of a topic.
#[derive(Debug, Default)]
pub struct Books {
    /// Records by disposition and code.
    pub ends: BTreeMap<(Disposition, String), usize>,
    /// Records without a disposition.
    pub open: Vec<(u32, u64)>,
    /// Records with more than one.
    pub twice: Vec<(u32, u64)>,
    /// Dispositions of records that are not there.
    pub unknown: Vec<(u32, u64)>,
}

impl Books {
    /// Tells whether every record has exactly one disposition.
    pub fn balance(&self) -> bool {
        self.open.is_empty() && self.twice.is_empty() && self.unknown.is_empty()
    }
}

/// Compares the records of a topic with their audit by one stage.
pub async fn books(log: &dyn Log, topics: &Topics, stage: &str, role: &str) -> Books {
    let name = &topics.get(role).expect(role).name;
    let mut inputs: BTreeMap<(u32, u64), usize> =
        read_all(log, topics, role).await.iter().map(|r| ((r.at.partition, r.offset), 0)).collect();
    let mut books = Books::default();
    for record in read_all(log, topics, "audit").await {
        let audit = AuditRecord::decode(record.value.expect("value")).expect("audit record");
        if audit.stage != stage || audit.topic != *name {
            continue;
        }
        *books.ends.entry((audit.disposition(), audit.code.clone())).or_default() += 1;
        match inputs.get_mut(&(audit.partition, audit.offset)) {
            Some(count) => *count += 1,
            None => books.unknown.push((audit.partition, audit.offset)),
        }
    }
    books.open = inputs.iter().filter(|(_, n)| **n == 0).map(|(at, _)| *at).collect();
    books.twice = inputs.iter().filter(|(_, n)| **n > 1).map(|(at, _)| *at).collect();
    books
}

/// Returns documents that were published twice: the same address with the same bytes.
pub async fn raw_repeats(log: &dyn Log, topics: &Topics) -> Vec<String> {
    let mut newest: HashMap<String, String> = HashMap::new();
    let mut repeats = Vec::new();
    for record in read_all(log, topics, "raw").await {
        let Ok(raw) = RawDocument::decode(record.value.expect("value")) else { continue };
        if newest.insert(raw.url_hash, raw.sha256.clone()).as_ref() == Some(&raw.sha256) {
            repeats.push(raw.final_url);
        }
    }
    repeats
}

/// Returns the codes of the work that a stage finished, with their counts, and work that was ended twice.
pub async fn work(log: &dyn Log, topics: &Topics) -> (BTreeMap<String, usize>, Vec<String>) {
    let (mut codes, mut seen, mut twice) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    for record in read_all(log, topics, "audit").await {
        let audit = AuditRecord::decode(record.value.expect("value")).expect("audit record");
        if audit.topic != "work" {
            continue;
        }
        *codes.entry(audit.code.clone()).or_insert(0) += 1;
        if !seen.insert((audit.key.clone(), audit.offset)) {
            twice.push(format!("{} attempt {}", String::from_utf8_lossy(&audit.key), audit.offset));
        }
    }
    (codes, twice)
}
