//! From an output to a record: topic, partition, CloudEvents headers, trace.

use std::sync::Arc;

use bytes::Bytes;
use naba_model::Millis;

use crate::log::{Header, NewRecord, Record};
use crate::outcome::Output;
use crate::partitioner::partition_for;
use crate::topics::Topics;

/// Headers that travel with a document from stage to stage: its clocks and why it is on the line, so that age and freshness
/// can be measured without decoding.
pub(crate) const CARRIED: &[&str] = &["naba-discovered-at", "naba-fetched-at", "naba-published-at", "naba-origin"];

/// Why an output makes no record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum EnvelopeError {
    /// No topic has the role.
    UnknownRole(&'static str),
    /// The message is over the limit of its topic.
    TooLarge { topic: String, bytes: usize, limit: usize },
}

/// Turns outputs into records.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    topics: Topics,
    source: String,
}

impl Envelope {
    pub(crate) fn new(topics: Topics, stage: &str) -> Self {
        Self { topics, source: format!("/naba/{stage}") }
    }

    /// Makes the record of an output that `input` led to.
    pub(crate) fn seal(&self, output: Output, input: Option<&Record>, now: Millis) -> Result<NewRecord, EnvelopeError> {
        let topic = self.topics.get(output.role).ok_or(EnvelopeError::UnknownRole(output.role))?;
        let field = output.partition_by.as_ref().unwrap_or(&output.key);
        let partition = partition_for(field, topic.partitions);
        let headers = self.headers(&output, input, now);
        let record = NewRecord {
            topic: Arc::from(topic.name.as_str()),
            key: Some(output.key),
            partition,
            value: output.value,
            headers,
        };
        let bytes = record.size();
        if bytes > topic.max_message_bytes {
            return Err(EnvelopeError::TooLarge { topic: topic.name.clone(), bytes, limit: topic.max_message_bytes });
        }
        Ok(record)
    }

    /// CloudEvents 1.0, Kafka binding, binary mode; W3C Trace Context.
    fn headers(&self, output: &Output, input: Option<&Record>, now: Millis) -> Vec<Header> {
        let key = || String::from_utf8_lossy(&output.key).into_owned();
        let id = if output.event_id.is_empty() { key() } else { output.event_id.clone() };
        let mut headers = vec![
            header("ce_specversion", "1.0"),
            header("ce_id", id),
            header("ce_source", self.source.clone()),
            header("ce_type", output.event_type.clone()),
            header("ce_time", rfc3339(now)),
            header("ce_subject", key()),
            header("content-type", "application/protobuf"),
            header("traceparent", traceparent(input.and_then(|r| r.header("traceparent")))),
        ];
        for name in CARRIED {
            let own = output.headers.iter().any(|(n, _)| n == name);
            if let Some(value) = input.and_then(|r| r.header(name))
                && !own
            {
                headers.push(header(name, value.to_owned()));
            }
        }
        headers.extend(output.headers.iter().map(|(name, value)| header(name, value.clone())));
        headers
    }
}

pub(crate) fn header(name: &str, value: impl Into<String>) -> Header {
    Header { name: name.to_owned(), value: Bytes::from(value.into()) }
}

/// Returns the trace of the parent with a new span, or a new trace.
fn traceparent(parent: Option<&str>) -> String {
    let trace = parent.and_then(|p| p.split('-').nth(1)).filter(|id| id.len() == 32);
    let trace = trace.map_or_else(|| format!("{:032x}", fastrand::u128(1..)), str::to_owned);
    format!("00-{trace}-{:016x}-01", fastrand::u64(1..))
}

/// Formats an instant as RFC 3339 in UTC with milliseconds.
fn rfc3339(millis: Millis) -> String {
    let days = millis.div_euclid(86_400_000);
    let rest = millis.rem_euclid(86_400_000);
    // Days to civil date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (h, m, s, ms) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(rfc3339(1_473_465_599_001), "2016-09-09T23:59:59.001Z");
    }

    #[test]
    fn a_trace_goes_on_and_a_broken_one_begins_anew() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let child = traceparent(Some(parent));
        assert!(child.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && child != parent);
        assert_eq!(traceparent(Some("nonsense")).len(), parent.len());
    }

    #[test]
    fn an_output_over_the_limit_of_its_topic_is_refused() {
        let envelope = Envelope::new(Topics::built_in().unwrap(), "parser");
        let mut output = Output::tombstone("articles", "k");
        output.value = Some(Bytes::from(vec![0; naba_model::MAX_MESSAGE_BYTES]));
        assert!(matches!(envelope.seal(output, None, 0), Err(EnvelopeError::TooLarge { .. })));
        let unknown = envelope.seal(Output::tombstone("nowhere", "k"), None, 0);
        assert_eq!(unknown.unwrap_err(), EnvelopeError::UnknownRole("nowhere"));
    }
}
