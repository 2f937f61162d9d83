//! The books: what the audit topic says of the records that each stage read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use naba_proto::prost::Message as _;
use naba_proto::v1::{AuditRecord, Disposition, RawDocument};
use naba_stage::Topics;
use naba_stage::log::Log;

use super::view::read_all;

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

/// Compares the outputs that a stage's audit tells of with the records of the topics that it writes, by key: a transaction is
/// there with everything in it or not at all. Holds for a stage whose outputs have the key of their input.
pub async fn outputs_missing(
    log: &dyn Log,
    raw_log: &dyn Log,
    topics: &Topics,
    stage: &str,
    roles: &[&str],
) -> Vec<String> {
    let mut told: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    for record in read_all(log, topics, "audit").await {
        let audit = AuditRecord::decode(record.value.expect("value")).expect("audit record");
        if audit.stage == stage && audit.disposition() == Disposition::Emitted {
            *told.entry(audit.key.to_vec()).or_default() += i64::from(audit.outputs);
        }
    }
    for role in roles {
        for record in read_all(log, topics, role).await {
            *told.entry(record.key.unwrap_or_default().to_vec()).or_default() -= 1;
        }
    }
    told.retain(|_, missing| *missing > 0);
    if told.is_empty() {
        return Vec::new();
    }
    let mut there = Vec::new();
    for role in roles {
        there.extend(read_all(raw_log, topics, role).await);
    }
    let place = |key: &[u8]| {
        let at = there.iter().filter(|record| record.key.as_deref() == Some(key));
        at.map(|record| format!("{} offset {}", record.at, record.offset)).collect::<Vec<_>>().join(", ")
    };
    let line = |(key, missing): (&Vec<u8>, &i64)| {
        format!("{missing} of {}; uncommitted view: {:?}", String::from_utf8_lossy(key), place(key))
    };
    told.iter().map(line).collect()
}
