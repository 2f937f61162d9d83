//! The settings of the sink.

use std::path::PathBuf;
use std::time::Duration;

use naba_service::{Config, ConfigError, Secret};
use serde::Deserialize;

use crate::store::{Postgres, PostgresConfig};

/// The commented defaults of the sink's own sections.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// One SQLite file.
    Sqlite,
    /// A PostgreSQL database.
    Postgres,
    /// JSON lines on standard output.
    Stdout,
}

/// The settings of the sink.
#[derive(Debug, Clone, Deserialize)]
pub struct SinkConfig {
    /// Which store.
    pub sink: Choice,
    /// The SQLite store.
    pub sqlite: SqliteSection,
    /// The PostgreSQL store.
    pub postgres: PostgresSection,
}

/// Section `sink`.
#[derive(Debug, Clone, Deserialize)]
pub struct Choice {
    /// Which store.
    pub store: StoreKind,
}

/// Section `sqlite`.
#[derive(Debug, Clone, Deserialize)]
pub struct SqliteSection {
    /// The file.
    pub path: PathBuf,
}

/// Section `postgres`.
#[derive(Debug, Clone, Deserialize)]
pub struct PostgresSection {
    /// Address without password.
    pub url: String,
    /// Password.
    pub password: Option<Secret>,
    /// Certificates of authorities.
    pub ca_file: Option<PathBuf>,
    /// Time to connect.
    #[serde(deserialize_with = "naba_service::duration")]
    pub connect_timeout: Duration,
    /// Time for one transaction.
    #[serde(deserialize_with = "naba_service::duration")]
    pub write_timeout: Duration,
}

impl PostgresSection {
    /// Returns how to reach the database.
    pub fn to_config(&self) -> PostgresConfig {
        PostgresConfig {
            url: self.url.clone(),
            password: self.password.clone(),
            ca_file: self.ca_file.clone(),
            connect_timeout: self.connect_timeout,
            write_timeout: self.write_timeout,
        }
    }
}

impl Config for SinkConfig {
    fn defaults() -> Vec<&'static str> {
        vec![DEFAULTS]
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.sink.store == StoreKind::Postgres {
            if let Err(message) = Postgres::new(&self.postgres.to_config()) {
                problems.push(ConfigError::invalid("postgres.url", message));
            }
            if self.postgres.write_timeout < Duration::from_secs(1) {
                problems
                    .push(ConfigError::invalid("postgres.write_timeout", "is below 1s, too short for a transaction"));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use naba_service::load_with_shell;

    use super::*;

    fn problems(pairs: &[(&str, &str)]) -> String {
        let environment = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load_with_shell::<SinkConfig>(None, environment).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_valid_and_choose_sqlite() {
        let (_, config) = load_with_shell::<SinkConfig>(None, Vec::new()).unwrap();
        assert_eq!(config.sink.store, StoreKind::Sqlite);
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        let text = problems(&[
            ("NABA__SINK__STORE", "postgres"),
            ("NABA__POSTGRES__URL", "postgres://naba:hunter2@db/naba"),
            ("NABA__POSTGRES__WRITE_TIMEOUT", "10ms"),
        ]);
        assert!(text.contains("postgres.password_file"), "{text}");
        assert!(text.contains("postgres.write_timeout"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
