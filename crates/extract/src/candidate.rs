//! Candidates for one field, and the choice among them.

use naba_proto::v1::{FieldProvenance, Method};

use crate::limits::{MAX_FIELD_CHARS, MAX_RAW_VALUE_BYTES, cut, cut_bytes};

/// A value for a field, with where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate<T> {
    /// The value.
    pub value: T,
    /// The layer.
    pub method: Method,
    /// The rule inside the layer.
    pub rule: &'static str,
    /// Confidence, 0 to 1.
    pub confidence: f32,
    /// The value as found.
    pub raw: String,
}

impl Candidate<String> {
    /// Makes a text candidate from the value as found; nothing when it is empty.
    pub fn text(raw: &str, method: Method, rule: &'static str, confidence: f32) -> Option<Self> {
        let value = cut(&naba_text::collapse_line(raw), MAX_FIELD_CHARS).to_owned();
        (!value.is_empty()).then(|| Self {
            raw: if value == raw { String::new() } else { raw.to_owned() },
            value,
            method,
            rule,
            confidence,
        })
    }
}

impl<T> Candidate<T> {
    /// Returns the provenance of the field.
    pub fn provenance(&self, field_path: &str) -> FieldProvenance {
        FieldProvenance {
            field_path: field_path.to_owned(),
            method: self.method.into(),
            rule_id: self.rule.to_owned(),
            confidence: self.confidence,
            raw_value: cut_bytes(&self.raw, MAX_RAW_VALUE_BYTES).to_owned(),
        }
    }
}

/// The provenance of an article's fields: winners, and those that lost against them.
#[derive(Debug, Default)]
pub struct Ledger {
    /// One entry for each field that has a value.
    pub winners: Vec<FieldProvenance>,
    /// Losing candidates, with the value in `raw_value`.
    pub losers: Vec<FieldProvenance>,
}

impl Ledger {
    /// Chooses the candidate of greatest confidence, the first of equals; the others are kept as losers.
    pub fn choose<T: Clone>(
        &mut self,
        field: &str,
        candidates: Vec<Candidate<T>>,
        show: impl Fn(&T) -> String,
    ) -> Option<Candidate<T>> {
        let mut best: Option<usize> = None;
        for (at, candidate) in candidates.iter().enumerate() {
            if best.and_then(|b| candidates.get(b)).is_none_or(|b| candidate.confidence > b.confidence) {
                best = Some(at);
            }
        }
        let mut winner = None;
        for (at, candidate) in candidates.into_iter().enumerate() {
            if Some(at) == best {
                self.winners.push(candidate.provenance(field));
                winner = Some(candidate);
            } else {
                let mut lost = candidate.provenance(field);
                lost.raw_value = cut_bytes(&show(&candidate.value), MAX_RAW_VALUE_BYTES).to_owned();
                self.losers.push(lost);
            }
        }
        winner
    }
}
