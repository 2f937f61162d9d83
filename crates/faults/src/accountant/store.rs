//! The store beside the topic.

use std::collections::{BTreeMap, BTreeSet};

use naba_proto::prost::Message as _;
use naba_proto::v1::EnrichedArticle;
use naba_stage::Topics;
use naba_stage::log::Log;
use naba_testkit::RealPostgres;
use sha2::{Digest as _, Sha256};

use super::verdict::Verdict;
use super::view::read_all;

/// Article, version, derivation.
type Version = (String, i64, i64);

/// Compares the tables with the topic: every version stored once and as it was published, for each article the newest version
/// shown, and nothing of an article that was withdrawn after its last version.
pub async fn compare(log: &dyn Log, topics: &Topics, store: (&RealPostgres, &str), verdict: &mut Verdict) {
    let mut published: BTreeMap<Version, String> = BTreeMap::new();
    let mut withdrawn: BTreeSet<String> = BTreeSet::new();
    for record in read_all(log, topics, "enriched").await {
        let Some(value) = record.value else {
            let id = String::from_utf8_lossy(&record.key.unwrap_or_default()).into_owned();
            published.retain(|(article, ..), _| *article != id);
            withdrawn.insert(id);
            continue;
        };
        let Ok(one) = EnrichedArticle::decode(value.clone()) else { continue };
        let id = one.article.map(|article| article.article_id).unwrap_or_default();
        withdrawn.remove(&id);
        let hash: String = Sha256::digest(&value).iter().map(|byte| format!("{byte:02x}")).collect();
        published.entry((id, one.version.into(), one.derivation.into())).or_insert(hash);
    }
    let stored = rows(
        store,
        "SELECT article_id, version, derivation, encode(sha256(message), 'hex') FROM article_versions",
        |fields| Some((version(fields)?, (*fields.get(3)?).to_owned())),
    );
    let stored: BTreeMap<Version, String> = stored.into_iter().collect();
    let shown = rows(store, "SELECT article_id, version, derivation FROM articles", version);
    verdict.figures.stored = stored.len() as u64;

    let name = |v: &Version| format!("{} version {} derivation {}", v.0, v.1, v.2);
    verdict.convict("not-stored", published.keys().filter(|v| !stored.contains_key(*v)).map(name));
    let (kept, foreign): (Vec<&Version>, Vec<&Version>) =
        stored.keys().filter(|v| !published.contains_key(*v)).partition(|v| withdrawn.contains(&v.0));
    verdict.convict("stored-although-withdrawn", kept.into_iter().map(name));
    verdict.convict("stored-but-never-published", foreign.into_iter().map(name));
    let changed = stored.iter().filter(|(v, hash)| published.get(*v).is_some_and(|other| other != *hash));
    verdict.convict("stored-otherwise-than-published", changed.map(|(v, _)| name(v)));

    let mut newest: BTreeMap<&str, &Version> = BTreeMap::new();
    for version in published.keys() {
        // In order of article, version and derivation, so the last is the newest.
        newest.insert(version.0.as_str(), version);
    }
    let shown: BTreeSet<Version> = shown.into_iter().collect();
    let stale = newest.values().filter(|version| !shown.contains(**version)).map(|version| name(version));
    verdict.convict("newest-not-shown", stale);
}

fn version(fields: &[&str]) -> Option<Version> {
    Some(((*fields.first()?).to_owned(), fields.get(1)?.parse().ok()?, fields.get(2)?.parse().ok()?))
}

fn rows<T>((server, database): (&RealPostgres, &str), sql: &str, read: impl Fn(&[&str]) -> Option<T>) -> Vec<T> {
    let text = server.psql(database, sql).expect("rows of the store");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('|').collect();
        read(&fields).unwrap_or_else(|| panic!("{sql} gave {line:?}"))
    };
    text.lines().filter(|line| !line.is_empty()).map(row).collect()
}
