//! Checks that docs/mapping.md has a row for every field of the messages that consumers read, and for no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use prost_types::{DescriptorProto, FileDescriptorSet};

use crate::codegen;

/// The messages from which a consumer starts.
const ROOTS: [&str; 2] = ["EnrichedArticle", "Comment"];
const PACKAGE: &str = ".naba.v1.";

/// Returns `Message.field` of every field that can be reached from the roots.
fn fields(set: &FileDescriptorSet) -> BTreeSet<String> {
    let naba = set.file.iter().filter(|file| file.package() == "naba.v1");
    let messages: BTreeMap<&str, &DescriptorProto> =
        naba.flat_map(|file| &file.message_type).map(|message| (message.name(), message)).collect();
    let mut found = BTreeSet::new();
    let mut done = BTreeSet::new();
    let mut queue = ROOTS.to_vec();
    while let Some(name) = queue.pop() {
        let Some(message) = messages.get(name).filter(|_| done.insert(name)) else { continue };
        for field in &message.field {
            found.insert(format!("{name}.{}", field.name()));
            queue.extend(field.type_name().strip_prefix(PACKAGE));
        }
    }
    found
}

/// Returns the first cell of every table row whose first cell is in backticks.
fn rows(markdown: &str) -> BTreeSet<String> {
    let cells = markdown.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    cells.map(|(field, _)| field.to_owned()).collect()
}

/// Fails when the table and the contract differ.
pub fn check(root: &Path) -> Result<()> {
    let wanted = fields(&codegen::compile(&root.join("proto"))?);
    let listed = rows(&fs::read_to_string(root.join("docs/mapping.md")).context("reading docs/mapping.md")?);
    let missing: Vec<_> = wanted.difference(&listed).map(|f| format!("has no row for {f}")).collect();
    let extra: Vec<_> = listed.difference(&wanted).map(|f| format!("has a row for {f}, which is no field")).collect();
    if !missing.is_empty() || !extra.is_empty() {
        bail!("docs/mapping.md\n  {}", [missing, extra].concat().join("\n  "));
    }
    println!("mapping: {} fields", wanted.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> BTreeSet<String> {
        fields(&codegen::compile(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../proto"))).unwrap())
    }

    #[test]
    fn fields_of_nested_messages_are_wanted_and_those_of_other_topics_are_not() {
        let wanted = wanted();
        for field in ["EnrichedArticle.version", "Article.headline", "Mark.href", "Robots.rule", "Comment.votes"] {
            assert!(wanted.contains(field), "{field} is not wanted");
        }
        assert!(!wanted.contains("SeenEntry.status"), "the fetcher's changelog is no consumer's business");
    }

    #[test]
    fn only_first_cells_in_backticks_are_rows() {
        assert_eq!(rows("| field | x |\n|---|---|\n| `A.b` | `C.d` |\n`E.f`\n"), BTreeSet::from(["A.b".to_owned()]));
    }
}
