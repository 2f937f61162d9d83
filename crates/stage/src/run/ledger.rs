//! What the audit says of records, and what is counted when they are committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use naba_model::Millis;
use naba_proto::prost::Message;
use naba_proto::v1::{AuditRecord, Disposition};

use super::{Audit, StageConfig, now};
use crate::code::Code;
use crate::error::RunError;
use crate::log::{NewRecord, Record, TopicPartition};
use crate::metric::Metric;
use crate::partition::Count;
use crate::partitioner::partition_for;
use crate::topics::TopicSpec;

/// Writes audit records and counts dispositions.
#[derive(Clone)]
pub(crate) struct Ledger {
    stage: &'static str,
    audit: Audit,
    topic: Option<TopicSpec>,
}

/// What the audit says of one record.
pub(crate) struct Entry<'a> {
    pub(crate) at: &'a TopicPartition,
    pub(crate) offset: u64,
    pub(crate) key: Bytes,
    pub(crate) disposition: Disposition,
    pub(crate) code: Code,
    pub(crate) outputs: usize,
}

impl Ledger {
    pub(crate) fn new(stage: &'static str, config: &StageConfig) -> Result<Self, RunError> {
        let topic = if config.audit == Audit::Off { None } else { Some(config.topic("audit")?) };
        Ok(Self { stage, audit: config.audit, topic })
    }

    /// Makes the audit record of a disposition, unless it is not to be written.
    pub(crate) fn audit(&self, entry: Entry<'_>) -> Option<NewRecord> {
        let topic = self.topic.as_ref()?;
        if let Audit::Share(share) = self.audit {
            let drawn = f64::from(crate::partitioner::murmur2(&entry.key)) / f64::from(u32::MAX);
            if drawn >= share {
                return None;
            }
        }
        let record = AuditRecord {
            stage: self.stage.to_owned(),
            topic: entry.at.topic.to_string(),
            partition: entry.at.partition,
            offset: entry.offset,
            key: entry.key.clone(),
            disposition: entry.disposition.into(),
            code: entry.code.to_owned(),
            outputs: u32::try_from(entry.outputs).unwrap_or(u32::MAX),
        };
        Some(NewRecord {
            topic: Arc::from(topic.name.as_str()),
            partition: partition_for(&entry.key, topic.partitions),
            key: Some(entry.key),
            value: Some(Bytes::from(record.encode_to_vec())),
            headers: Vec::new(),
        })
    }

    /// Counts what has been committed.
    pub(crate) fn count(&self, tally: &Tally) {
        for ((disposition, code), count) in &tally.dispositions {
            let disposition = match disposition {
                1 => "emitted",
                2 => "skipped",
                _ => "dead_lettered",
            };
            Metric::RecordsTotal.add(&[self.stage, disposition, code], *count);
        }
        for (metric, labels) in &tally.counts {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            metric.add(&labels, 1);
        }
        let now = now();
        for clocks in &tally.clocks {
            clocks.observe(self.stage, now);
        }
    }
}

/// What is counted when a chunk is committed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    dispositions: BTreeMap<(i32, Code), u64>,
    counts: Vec<Count>,
    clocks: Vec<DocumentClocks>,
}

impl Tally {
    pub(crate) fn add(&mut self, disposition: Disposition, code: Code) {
        *self.dispositions.entry((disposition.into(), code)).or_default() += 1;
    }

    pub(crate) fn add_counts(&mut self, counts: Vec<Count>) {
        self.counts.extend(counts);
    }

    pub(crate) fn add_clocks(&mut self, record: &Record) {
        self.clocks.extend(DocumentClocks::of(record));
    }
}

/// The clocks that travel in headers (see `envelope::CARRIED`).
#[derive(Debug)]
struct DocumentClocks {
    discovered_at: Option<Millis>,
    fetched_at: Option<Millis>,
    published_at: Option<Millis>,
}

impl DocumentClocks {
    fn of(record: &Record) -> Option<Self> {
        if record.header("naba-origin").is_some_and(|origin| origin != "live") {
            return None;
        }
        let clock = |name: &str| record.header(name).and_then(|v| v.parse::<Millis>().ok());
        let fetched_at = clock("naba-fetched-at");
        fetched_at?;
        Some(Self { discovered_at: clock("naba-discovered-at"), fetched_at, published_at: clock("naba-published-at") })
    }

    #[allow(clippy::cast_precision_loss)]
    fn observe(&self, stage: &str, now: Millis) {
        let since = |at: Millis| (now - at).max(0) as f64 / 1000.0;
        if let Some(at) = self.fetched_at {
            Metric::AgeSeconds.observe(&[stage], since(at));
        }
        if let Some(at) = self.published_at {
            Metric::FreshnessSeconds.observe(&[stage], since(at));
        }
        if let Some(at) = self.discovered_at
            && stage == "sink"
        {
            Metric::EndToEndSeconds.observe(&[stage], since(at));
        }
    }
}
