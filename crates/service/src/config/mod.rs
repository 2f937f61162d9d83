//! Typed configuration: embedded commented defaults, then a file, then the environment; all errors at once.

mod error;
mod merge;
mod reference;
mod schema;
mod value;

use std::path::Path;

use serde::de::DeserializeOwned;

pub use error::{ConfigError, ConfigErrors, Origin};
pub(crate) use merge::merge;
pub use reference::reference;
pub use schema::{Schema, SchemaError, Section, Setting, SettingKind};
pub use value::{ByteSize, Secret, byte_size, duration};

/// The configuration of a service.
pub trait Config: DeserializeOwned + Send + 'static {
    /// Returns the commented defaults in TOML, in the order of the reference; see [`Schema`] for what a comment may say.
    fn defaults() -> Vec<&'static str>;

    /// Returns what is wrong beyond the types, one entry a problem; empty when all is well.
    fn problems(&self) -> Vec<ConfigError> {
        Vec::new()
    }
}

/// Merges defaults, file and environment (later ones win) and reads the result into a type.
///
/// Unknown keys, wrong types and secrets in the file are all reported at once. Only variables that start with `NABA__` are
/// looked at: `NABA__SECTION__KEY=value` sets `section.key`.
pub fn load<C: DeserializeOwned>(
    schema: &Schema,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<C, ConfigErrors> {
    let table = merge(schema, file, environment)?;
    read(table).map_err(|error| ConfigErrors(vec![error]))
}

/// Reads a merged table into a type.
pub(crate) fn read<C: DeserializeOwned>(table: toml::Table) -> Result<C, ConfigError> {
    table.try_into().map_err(|e| ConfigError::Unfit { message: e.to_string().trim().replace('\n', " ") })
}
