//! The layer table, xtask/layers.toml.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The layers and their rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Layer to the layers below it that it may depend on.
    pub may_use: BTreeMap<String, Vec<String>>,
    /// What pure layers must not reach.
    pub purity: Purity,
    /// Foreign crate to the workspace crates that may name it.
    pub only: BTreeMap<String, Vec<String>>,
    /// Arrows inside one layer.
    pub arrow: Vec<Arrow>,
    /// Crate to its layer.
    pub layer: BTreeMap<String, String>,
}

/// What pure layers must not reach.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purity {
    /// The pure layers.
    pub layers: Vec<String>,
    /// Crates that they must not reach.
    pub crates: Vec<String>,
    /// Paths that their code must not name.
    pub paths: Vec<String>,
}

/// An arrow inside one layer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrow {
    /// The crate that depends.
    pub from: String,
    /// The crate depended on; `*` for any of the same layer.
    pub to: String,
    /// The reason.
    pub why: String,
}

impl Table {
    /// Reads the table of the repository at `root`.
    pub fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join("xtask/layers.toml")).context("reading xtask/layers.toml")?;
        toml::from_str(&text).context("xtask/layers.toml")
    }

    /// Returns what is wrong with the table itself: rules that name what is not there would check nothing.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let known = |layer: &String| self.may_use.contains_key(layer);
        let used = self.may_use.values().flatten().chain(self.layer.values()).chain(&self.purity.layers);
        found.extend(used.filter(|l| !known(l)).map(|l| format!("layers.toml: there is no layer {l:?}")));
        for arrow in &self.arrow {
            for end in [&arrow.from, &arrow.to] {
                if end != "*" && !self.layer.contains_key(end) {
                    found.push(format!("layers.toml: arrow names {end:?}, which has no layer"));
                }
            }
            if arrow.why.is_empty() {
                found.push(format!("layers.toml: arrow from {:?} has no reason", arrow.from));
            }
        }
        found
    }
}
