//! Records that the command line writes by itself: sources, and nothing else.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use naba_stage::log::{Header, NewRecord};
use naba_stage::{Output, Topics, partition_for};

use crate::when;

/// Turns an output into a record with the CloudEvents headers that stages give theirs.
pub fn seal(output: Output, topics: &Topics) -> Result<NewRecord> {
    let topic = topics.get(output.role).with_context(|| format!("no topic has the role {:?}", output.role))?;
    let field = output.partition_by.as_ref().unwrap_or(&output.key);
    let key = String::from_utf8_lossy(&output.key).into_owned();
    let headers = [
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", key.clone()),
        ("ce_source", "/naba/cli".to_owned()),
        ("ce_type", output.event_type),
        ("ce_time", when::shown(when::now())),
        ("ce_subject", key),
        ("content-type", "application/protobuf".to_owned()),
    ];
    let header = |(name, value): (&str, String)| Header { name: name.to_owned(), value: Bytes::from(value) };
    Ok(NewRecord {
        topic: Arc::from(topic.name.as_str()),
        partition: partition_for(field, topic.partitions),
        key: Some(output.key),
        value: output.value,
        headers: headers.into_iter().map(header).collect(),
    })
}
