//! Checks deploy/topics.toml and renders docs/topics.md from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// The partition field of topics whose key is that of another topic: they share nothing with each other.
const INPUT_KEY: &str = "input key";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MIB: u64 = 1024 * 1024;

/// A topic, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    name: String,
    role: String,
    key: String,
    partition_by: String,
    partitions: u32,
    local_partitions: u32,
    cleanup: String,
    retention_ms: i64,
    max_message_bytes: u64,
    owner: String,
    about: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    topic: Vec<Topic>,
}

impl Topic {
    /// Returns the field that decides the partition.
    fn field(&self) -> &str {
        if self.partition_by == "key" { &self.key } else { &self.partition_by }
    }
}

fn read(root: &Path) -> Result<Vec<Topic>> {
    let text = fs::read_to_string(root.join("deploy/topics.toml")).context("reading deploy/topics.toml")?;
    Ok(toml::from_str::<File>(&text).context("deploy/topics.toml")?.topic)
}

/// Returns what is wrong with the topics, one line each. `broker_limit` is the broker's message.max.bytes.
fn problems(topics: &[Topic], broker_limit: u64) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut groups: BTreeMap<&str, &Topic> = BTreeMap::new();
    for topic in topics {
        let name = &topic.name;
        for word in [name, &topic.role] {
            if !seen.insert(word) {
                found.push(format!("{word} stands twice"));
            }
        }
        let words: Vec<&str> = name.split('.').collect();
        if words.first() != Some(&"news") || words.last().is_none_or(|v| !v.starts_with('v')) {
            found.push(format!("{name} is not called news.<what>.v<N>"));
        }
        if topic.role.ends_with("-dlq") != name.contains(".dlq.") {
            found.push(format!("{name}: a dead-letter topic has the role <stage>-dlq, and no other has"));
        }
        if topic.partitions == 0 || topic.local_partitions == 0 {
            found.push(format!("{name} has no partitions"));
        }
        if topic.cleanup.contains("delete") != (topic.retention_ms > 0) {
            found.push(format!("{name}: retention_ms {} does not fit cleanup {:?}", topic.retention_ms, topic.cleanup));
        }
        if topic.max_message_bytes > broker_limit {
            let size = topic.max_message_bytes;
            found.push(format!("{name}: max_message_bytes {size} is over the broker's {broker_limit}"));
        }
        if topic.field() != INPUT_KEY {
            let first = groups.entry(topic.field()).or_insert(topic);
            let counts = |t: &Topic| (t.partitions, t.local_partitions);
            if counts(first) != counts(topic) {
                found.push(format!(
                    "{name} and {} share the partition field {:?} but not their counts",
                    first.name,
                    topic.field()
                ));
            }
        }
    }
    found
}

/// Returns message.max.bytes of the local broker.
fn broker_limit(root: &Path) -> Result<u64> {
    let script = fs::read_to_string(root.join("deploy/kafka/kafka.sh")).context("reading deploy/kafka/kafka.sh")?;
    let value = script.lines().find_map(|line| line.strip_prefix("MAX_MESSAGE_BYTES="));
    value.context("deploy/kafka/kafka.sh sets no MAX_MESSAGE_BYTES")?.parse().context("MAX_MESSAGE_BYTES in kafka.sh")
}

/// Fails when the topics break a rule.
pub fn check(root: &Path) -> Result<()> {
    let topics = read(root)?;
    let found = problems(&topics, broker_limit(root)?);
    if !found.is_empty() {
        bail!("deploy/topics.toml:\n  {}", found.join("\n  "));
    }
    println!("topics: {} in order", topics.len());
    Ok(())
}

/// Renders docs/topics.md.
pub fn render(root: &Path) -> Result<String> {
    let mut out = String::from(
        "# Topics\n\nGenerated from deploy/topics.toml by `cargo xtask docs`; do not edit.\n\nTopics with the same *partition by* \
         have equal partition counts, so that one owner holds everything about a key. Partitions are murmur2 of that field, as \
         Java clients compute it.\n\n| topic | role | key | partition by | partitions (local) | cleanup | largest message | owner |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let topics = read(root)?;
    for topic in &topics {
        let Topic { name, role, key, owner, .. } = topic;
        let cleanup = match topic.retention_ms {
            ms if ms > 0 => format!("{} {} d", topic.cleanup.replace(',', ", "), ms / DAY_MS),
            _ => topic.cleanup.clone(),
        };
        let (field, partitions, local) = (topic.field(), topic.partitions, topic.local_partitions);
        let size = topic.max_message_bytes / MIB;
        writeln!(
            out,
            "| {name} | {role} | {key} | {field} | {partitions} ({local}) | {cleanup} | {size} MiB | {owner} |"
        )?;
    }
    out.push('\n');
    for topic in &topics {
        writeln!(out, "- **{}**: {}", topic.name, topic.about)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 9 * MIB;

    fn topics() -> Vec<Topic> {
        read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))).unwrap()
    }

    fn broken(role: &str, breakage: impl FnOnce(&mut Topic)) -> Vec<String> {
        let mut topics = topics();
        breakage(topics.iter_mut().find(|t| t.role == role).unwrap());
        problems(&topics, LIMIT)
    }

    #[test]
    fn the_topics_of_the_repository_are_in_order() {
        assert_eq!(problems(&topics(), LIMIT), Vec::<String>::new());
    }

    #[test]
    fn co_partitioned_topics_must_have_equal_counts() {
        assert_eq!(broken("seen", |t| t.partitions = 24).len(), 1);
        assert_eq!(broken("comments", |t| t.local_partitions = 1).len(), 1, "comments lie with their article");
    }

    #[test]
    fn a_message_limit_over_the_brokers_is_refused() {
        assert_eq!(broken("raw", |t| t.max_message_bytes = LIMIT + 1).len(), 1);
    }

    #[test]
    fn a_compacted_topic_keeps_its_records() {
        assert_eq!(broken("enriched", |t| t.retention_ms = DAY_MS).len(), 1);
    }
}
