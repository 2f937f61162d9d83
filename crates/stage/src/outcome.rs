//! What a stage gives back.

use bytes::Bytes;
use naba_proto::prost::{Message, Name};

use crate::code::Code;

/// What became of a record that did not fail.
#[derive(Debug)]
pub enum Outcome {
    /// These outputs go to their topics; never empty.
    Emit(Vec<Output>),
    /// Nothing to emit, with the reason. A skip is not an error.
    Skip(Code),
}

impl Outcome {
    /// Emits one output.
    pub fn emit(output: Output) -> Self {
        Self::Emit(vec![output])
    }
}

/// A message for a topic.
#[derive(Debug, Clone)]
pub struct Output {
    /// Role of the topic in deploy/topics.toml, for example "articles".
    pub role: &'static str,
    /// Key.
    pub key: Bytes,
    /// What decides the partition where it is not the key (the topic's `partition_by`).
    pub partition_by: Option<Bytes>,
    /// Encoded message; `None` is a tombstone.
    pub value: Option<Bytes>,
    /// CloudEvents `ce_id`; the key when empty.
    pub event_id: String,
    /// CloudEvents `ce_type`, for example "naba.article.enriched.v1"; derived from the message when empty.
    pub event_type: String,
    /// Further headers, for example ("naba-language", "ar").
    pub headers: Vec<(&'static str, String)>,
}

impl Output {
    /// Builds an output from a message.
    pub fn new<M: Message + Name>(role: &'static str, key: impl Into<String>, message: &M) -> Self {
        let key = key.into();
        Self {
            role,
            key: Bytes::from(key),
            partition_by: None,
            value: Some(Bytes::from(message.encode_to_vec())),
            event_id: String::new(),
            event_type: format!("{}.{}", M::PACKAGE, M::NAME).to_lowercase(),
            headers: Vec::new(),
        }
    }

    /// Builds a tombstone.
    pub fn tombstone(role: &'static str, key: impl Into<String>) -> Self {
        let key = Bytes::from(key.into());
        let (event_id, event_type) = (String::new(), "naba.tombstone.v1".to_owned());
        Self { role, key, partition_by: None, value: None, event_id, event_type, headers: Vec::new() }
    }

    /// Sets what decides the partition.
    pub fn partition_by(mut self, field: impl Into<String>) -> Self {
        self.partition_by = Some(Bytes::from(field.into()));
        self
    }

    /// Sets `ce_id` and `ce_type`.
    pub fn event(mut self, id: impl Into<String>, kind: impl Into<String>) -> Self {
        self.event_id = id.into();
        self.event_type = kind.into();
        self
    }

    /// Adds a header; one with an empty value is left out.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.headers.push((name, value));
        }
        self
    }
}

/// A write to keyed state, committed with the outputs.
#[derive(Debug, Clone)]
pub struct StateWrite {
    /// Name of the table, as in [`crate::Table`].
    pub table: &'static str,
    /// Key.
    pub key: Bytes,
    /// New value; `None` deletes.
    pub value: Option<Bytes>,
}

impl StateWrite {
    /// Writes a message.
    pub fn put<M: Message>(table: &'static str, key: impl Into<Bytes>, message: &M) -> Self {
        Self { table, key: key.into(), value: Some(Bytes::from(message.encode_to_vec())) }
    }

    /// Deletes a key.
    pub fn delete(table: &'static str, key: impl Into<Bytes>) -> Self {
        Self { table, key: key.into(), value: None }
    }
}
