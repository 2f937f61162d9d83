//! Checks that the crate graph is the one that ARCHITECTURE.md draws.

mod purity;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, MetadataCommand};

pub use table::Table;

/// The packages of the workspace and everything they depend on, without dev-dependencies.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Names of the workspace's packages.
    members: BTreeSet<String>,
    /// Package id to its name.
    names: BTreeMap<String, String>,
    /// Package id to the ids of its normal and build dependencies.
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Reads the graph of the workspace at `root`.
    pub fn read(root: &Path) -> Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            // One platform: without it, crates of platforms that are never built would count.
            .other_options(["--filter-platform", "x86_64-unknown-linux-gnu", "--locked"].map(String::from))
            .exec()
            .context("running cargo metadata")?;
        let mut graph = Self::default();
        graph.members.extend(metadata.workspace_packages().iter().map(|package| package.name.to_string()));
        for package in &metadata.packages {
            graph.names.insert(package.id.repr.clone(), package.name.to_string());
        }
        for node in metadata.resolve.context("cargo metadata gave no dependency graph")?.nodes {
            let kept =
                node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|k| k.kind != DependencyKind::Development));
            graph.edges.insert(node.id.repr.clone(), kept.map(|dep| dep.pkg.repr.clone()).collect());
        }
        Ok(graph)
    }

    fn id_of(&self, member: &str) -> Option<&String> {
        self.names.iter().find(|(_, name)| *name == member).map(|(id, _)| id)
    }

    fn direct(&self, member: &str) -> BTreeSet<&str> {
        let ids = self.id_of(member).and_then(|id| self.edges.get(id));
        ids.into_iter().flatten().filter_map(|id| self.names.get(id)).map(String::as_str).collect()
    }

    /// Returns the shortest chain of package names from `member` to a package called `target`.
    fn chain(&self, member: &str, target: &str) -> Option<Vec<&str>> {
        let start = self.id_of(member)?;
        let mut came_from: BTreeMap<&String, Option<&String>> = BTreeMap::from([(start, None)]);
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(id) = queue.pop_front() {
            if id != start && self.names.get(id).is_some_and(|name| name == target) {
                let mut chain = Vec::new();
                let mut at = Some(id);
                while let Some(step) = at {
                    chain.push(self.names.get(step).map_or("?", String::as_str));
                    at = came_from.get(step).copied().flatten();
                }
                chain.reverse();
                return Some(chain);
            }
            for next in self.edges.get(id).into_iter().flatten() {
                if !came_from.contains_key(next) {
                    came_from.insert(next, Some(id));
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// Adds an edge; the package it leads to is made when it is new. For the self-test.
    fn plant(&mut self, from: &str, to: &str) {
        let from = self.id_of(from).cloned().unwrap_or_else(|| from.to_owned());
        let to_id = self.id_of(to).cloned().unwrap_or_else(|| to.to_owned());
        self.names.entry(to_id.clone()).or_insert_with(|| to.to_owned());
        self.edges.entry(from).or_default().insert(to_id);
    }
}

/// Returns every way in which `graph` breaks the rules of `table`, one line each.
pub fn violations(graph: &Graph, table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for member in &graph.members {
        let Some(layer) = table.layer.get(member) else {
            found.push(format!("{member} has no layer: add it to xtask/layers.toml"));
            continue;
        };
        for dep in graph.direct(member) {
            arrow(member, layer, dep, table, &mut found);
            if let Some(allowed) = table.only.get(dep).filter(|allowed| !allowed.contains(member)) {
                found.push(format!("{member} names {dep}, which only {} may name", allowed.join(", ")));
            }
        }
        if table.purity.layers.contains(layer) {
            for forbidden in &table.purity.crates {
                if let Some(chain) = graph.chain(member, forbidden) {
                    found.push(format!("{member} ({layer}) reaches {forbidden}: {}", chain.join(" -> ")));
                }
            }
        }
    }
    found
}

fn arrow(member: &str, layer: &str, dep: &str, table: &Table, found: &mut Vec<String>) {
    let Some(dep_layer) = table.layer.get(dep) else { return };
    let allowed = table.may_use.get(layer).is_some_and(|layers| layers.contains(dep_layer));
    let listed = table.arrow.iter().any(|a| a.from == member && (a.to == dep || a.to == "*" && dep_layer == layer));
    if !allowed && !listed {
        found.push(format!("{member} ({layer}) depends on {dep} ({dep_layer}): that arrow is not in the design"));
    }
}

/// Checks the workspace, or with `self_test` that planted violations are refused.
pub fn run(root: &Path, self_test: bool) -> Result<()> {
    let table = Table::read(root)?;
    let graph = Graph::read(root)?;
    let mut found = violations(&graph, &table);
    found.extend(table.problems());
    found.extend(purity::scan(root, &table)?);
    if !found.is_empty() {
        bail!("the layers are broken:\n  {}", found.join("\n  "));
    }
    if self_test {
        plant_and_refuse(&graph, &table)?;
    }
    println!("layers: {} crates in order", graph.members.len());
    Ok(())
}

/// Plants one violation of each kind into the real graph and fails when one of them is not seen.
fn plant_and_refuse(graph: &Graph, table: &Table) -> Result<()> {
    let planted = [
        ("naba-extract", "naba-enrich", "two pure crates"),
        ("naba-proto", "naba-model", "an arrow upwards inside the wire layer"),
        ("naba-model", "naba-stage", "an arrow from wire to runtime"),
        ("naba-stage", "naba-extract", "the runtime on a pure crate"),
        ("naba-feed", "tokio", "a pure crate on tokio"),
        ("url", "tracing", "a pure crate on telemetry, through a library"),
        ("naba-parser", "rdkafka", "a service on the Kafka client"),
        ("naba-fetcher", "naba-sink", "a service on another"),
        ("naba-sink", "naba", "a service on the command line"),
        ("naba-fetcher", "naba-testkit", "a service on the test kit"),
    ];
    for (from, to, what) in planted {
        let mut graph = graph.clone();
        graph.plant(from, to);
        if violations(&graph, table).is_empty() {
            bail!("self-test: {what} ({from} -> {to}) was not refused");
        }
    }
    let mut graph = graph.clone();
    graph.members.insert("naba-utils".to_owned());
    if violations(&graph, table).is_empty() {
        bail!("self-test: a crate without a layer was not refused");
    }
    purity::self_test(table)?;
    println!("layers: self-test refused {} planted violations", planted.len() + 2);
    Ok(())
}
