//! The topics, from their single truth deploy/topics.toml.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

/// How a topic forgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Cleanup {
    /// After `retention_ms`.
    #[serde(rename = "delete")]
    Delete,
    /// All but the newest record of a key.
    #[serde(rename = "compact")]
    Compact,
    /// All but the newest record of a key, and that after `retention_ms`.
    #[serde(rename = "compact,delete")]
    CompactDelete,
}

impl Cleanup {
    /// Returns Kafka's `cleanup.policy`.
    pub const fn policy(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Compact => "compact",
            Self::CompactDelete => "compact,delete",
        }
    }
}

/// A topic as deploy/topics.toml states it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicSpec {
    /// Name, for example "news.articles.v1".
    pub name: String,
    /// Short name used in code, for example "articles".
    pub role: String,
    /// What the key is.
    pub key: String,
    /// What decides the partition; "key" where it is the key.
    pub partition_by: String,
    /// Number of partitions on Kafka.
    pub partitions: u32,
    /// Number of partitions on the local log.
    pub local_partitions: u32,
    /// How it forgets.
    pub cleanup: Cleanup,
    /// For how long it remembers, milliseconds; -1 for ever.
    pub retention_ms: i64,
    /// Largest message, bytes.
    pub max_message_bytes: usize,
    /// Who writes it.
    pub owner: String,
    /// What it holds, for people.
    pub about: String,
}

/// Why topics.toml cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    /// It does not parse.
    #[error("topics.toml does not parse: {0}")]
    Parse(#[from] toml::de::Error),
    /// A role or a name stands twice.
    #[error("topics.toml names {0:?} twice")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    topic: Vec<TopicSpec>,
}

/// The topics by role.
#[derive(Debug, Clone)]
pub struct Topics {
    by_role: Arc<BTreeMap<String, TopicSpec>>,
    prefix: Arc<str>,
}

/// The file that is built in.
const BUILT_IN: &str = include_str!("../../../deploy/topics.toml");

impl Topics {
    /// Reads a topics.toml.
    pub fn parse(text: &str) -> Result<Self, TopicsError> {
        let file: File = toml::from_str(text)?;
        let mut by_role = BTreeMap::new();
        let mut names = std::collections::BTreeSet::new();
        for topic in file.topic {
            if !names.insert(topic.name.clone()) {
                return Err(TopicsError::Twice(topic.name));
            }
            if let Some(twice) = by_role.insert(topic.role.clone(), topic) {
                return Err(TopicsError::Twice(twice.role));
            }
        }
        Ok(Self { by_role: Arc::new(by_role), prefix: Arc::from("") })
    }

    /// Returns the topics that are built in, from deploy/topics.toml.
    pub fn built_in() -> Result<Self, TopicsError> {
        Self::parse(BUILT_IN)
    }

    /// Returns the same topics under another name prefix and with another number of partitions each, for tests that share
    /// a broker and for small installations. Co-partitioned topics stay so.
    pub fn adapted(&self, prefix: &str, partitions: Option<u32>) -> Self {
        let adapt = |topic: &TopicSpec| {
            let partitions = partitions.unwrap_or(topic.partitions);
            TopicSpec { name: format!("{prefix}{}", topic.name), partitions, ..topic.clone() }
        };
        let by_role = self.by_role.iter().map(|(role, topic)| (role.clone(), adapt(topic))).collect();
        Self { by_role: Arc::new(by_role), prefix: Arc::from(prefix) }
    }

    /// Returns the same topics with the partition counts of the local log.
    pub fn local(&self) -> Self {
        let adapt = |topic: &TopicSpec| TopicSpec { partitions: topic.local_partitions, ..topic.clone() };
        let by_role = self.by_role.iter().map(|(role, topic)| (role.clone(), adapt(topic))).collect();
        Self { by_role: Arc::new(by_role), prefix: Arc::clone(&self.prefix) }
    }

    /// Returns the consumer group of a stage; it bears the prefix of the topics.
    pub fn group(&self, stage: &str) -> String {
        format!("{}naba-{stage}", self.prefix)
    }

    /// Returns the topic of a role.
    pub fn get(&self, role: &str) -> Option<&TopicSpec> {
        self.by_role.get(role)
    }

    /// Returns the topic of a name.
    pub fn by_name(&self, name: &str) -> Option<&TopicSpec> {
        self.by_role.values().find(|topic| topic.name == name)
    }

    /// Returns all topics, in order of role.
    pub fn all(&self) -> Vec<TopicSpec> {
        self.by_role.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_topics_keep_the_rules_of_the_design() {
        let topics = Topics::built_in().unwrap();
        let together: [&[&str]; 3] = [
            &["sources", "source-state", "frontier", "seen", "host-state"],
            &["raw", "backfill-raw"],
            &["articles", "backfill-articles", "enricher-versions"],
        ];
        for group in together {
            let counts: Vec<_> = group.iter().map(|role| topics.get(role).expect(role).partitions).collect();
            assert!(counts.windows(2).all(|w| w[0] == w[1]), "{group:?} have {counts:?} partitions");
        }
        for stage in ["fetcher", "parser", "enricher", "sink"] {
            let topic = topics.get(&format!("{stage}-dlq")).expect(stage);
            assert_eq!(topic.max_message_bytes, naba_model::MAX_DEAD_LETTER_BYTES, "{}", topic.name);
        }
        assert_eq!(topics.get("raw").expect("raw").max_message_bytes, naba_model::MAX_MESSAGE_BYTES);
    }

    #[test]
    fn a_role_that_stands_twice_is_refused() {
        let topic = "[[topic]]\nname='a'\nrole='r'\nkey='k'\npartition_by='key'\npartitions=1\nlocal_partitions=1\n\
                     cleanup='delete'\nretention_ms=1\nmax_message_bytes=1\nowner='o'\nabout='x'\n";
        let twice = format!("{topic}{}", topic.replace("name='a'", "name='b'"));
        assert!(matches!(Topics::parse(&twice), Err(TopicsError::Twice(role)) if role == "r"));
    }
}
