//! The settings of the parser.

use naba_service::{Config, ConfigError, Secret};
use serde::Deserialize;

/// The commented defaults of the parser's own section.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// What stands for the author of a published comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentAuthors {
    /// HMAC-SHA-256 of the name under the key.
    Keyed,
    /// The name as printed.
    Printed,
    /// Nothing.
    None,
}

/// The settings of the parser, as a service reads them.
#[derive(Debug, Clone, Deserialize)]
pub struct ParserSettings {
    /// Section `parser`.
    pub parser: ParserConfig,
}

/// Section `parser`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParserConfig {
    /// Whether comments are published.
    pub publish_comments: bool,
    /// What stands for their authors.
    pub comment_authors: CommentAuthors,
    /// Key of the HMAC.
    pub author_key: Option<Secret>,
}

impl ParserConfig {
    /// Returns what is wrong, one entry a problem.
    pub fn problems(&self) -> Vec<ConfigError> {
        let key = self.author_key.as_ref().map_or("", |key| key.expose());
        let unkeyed = self.publish_comments && self.comment_authors == CommentAuthors::Keyed && key.len() < 16;
        let message = "is shorter than 16 bytes, and comments are published with keyed authors: set a random key, or comment_authors to \"none\"";
        if unkeyed { vec![ConfigError::invalid("parser.author_key", message)] } else { Vec::new() }
    }
}

impl Config for ParserSettings {
    fn defaults() -> Vec<&'static str> {
        vec![DEFAULTS]
    }

    fn problems(&self) -> Vec<ConfigError> {
        self.parser.problems()
    }
}

#[cfg(test)]
mod tests {
    use naba_service::load_with_shell;

    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<ParserConfig, String> {
        let environment = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let loaded = load_with_shell::<ParserSettings>(None, environment);
        loaded.map(|(_, settings)| settings.parser).map_err(|errors| errors.to_string())
    }

    #[test]
    fn comments_are_off_by_default() {
        assert!(!load(&[]).unwrap().publish_comments);
    }

    #[test]
    fn comments_with_keyed_authors_need_a_key() {
        let error = load(&[("NABA__PARSER__PUBLISH_COMMENTS", "true")]).unwrap_err();
        assert!(error.contains("parser.author_key"), "{error}");
        let keyed = [("NABA__PARSER__PUBLISH_COMMENTS", "true"), ("NABA__PARSER__AUTHOR_KEY", "0123456789abcdef")];
        assert!(load(&keyed).is_ok());
        let nameless = [("NABA__PARSER__PUBLISH_COMMENTS", "true"), ("NABA__PARSER__COMMENT_AUTHORS", "none")];
        assert!(load(&nameless).is_ok());
    }
}
