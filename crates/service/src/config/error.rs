//! What can be wrong with a configuration.

use std::fmt;
use std::path::PathBuf;

use super::schema::SchemaError;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// One thing that is wrong. No variant carries a secret's value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The embedded defaults are broken: a bug of the program.
    #[error("embedded defaults: {0}")]
    Defaults(#[from] SchemaError),
    /// A file cannot be read.
    #[error("{origin}: {path} cannot be read: {source}")]
    Unreadable {
        /// Where the path was named.
        origin: String,
        /// The path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{origin}: {message}")]
    Syntax {
        /// The file.
        origin: Origin,
        /// What the parser says.
        message: String,
    },
    /// A key that no part of the service reads.
    #[error("{origin}: unknown key {key:?}{}", nearest.as_ref().map(|n| format!(", did you mean {n:?}?")).unwrap_or_default())]
    UnknownKey {
        /// Where it stands.
        origin: Origin,
        /// The dotted key.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// A value of another type than the default's.
    #[error("{origin}: {key} takes {wanted}, not {found}")]
    WrongType {
        /// Where it stands.
        origin: Origin,
        /// The dotted key.
        key: String,
        /// The type it takes.
        wanted: &'static str,
        /// What was found.
        found: String,
    },
    /// A secret stands in the configuration file.
    #[error("{origin}: {key} is a secret and may not stand in the file: set {key}_file or {variable}")]
    SecretInFile {
        /// The file.
        origin: Origin,
        /// The dotted key.
        key: String,
        /// The environment variable that may carry it.
        variable: String,
    },
    /// The values do not fit the service's types.
    #[error("{message}")]
    Unfit {
        /// What does not fit, with its key.
        message: String,
    },
    /// A value breaks a rule of the service.
    #[error("{key}: {message}")]
    Invalid {
        /// The dotted key.
        key: String,
        /// The rule, the value and what to do.
        message: String,
    },
}

impl ConfigError {
    /// Returns the error of a value that breaks a rule.
    pub fn invalid(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { key: key.into(), message: message.into() }
    }
}

/// Everything that is wrong with a configuration, one line each.
#[derive(Debug, thiserror::Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let line_end = if i + 1 < self.0.len() { "\n" } else { "" };
            write!(f, "{error}{line_end}")?;
        }
        Ok(())
    }
}
