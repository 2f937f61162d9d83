//! The settings of `naba`: those of all services in one file.

use std::path::{Path, PathBuf};

use naba_enricher::EnricherConfig;
use naba_fetcher::FetcherConfig;
use naba_parser::ParserConfig;
use naba_service::{ByteSize, Config, ConfigError, ConfigErrors, OnKafka, Schema, ShellConfig, load_with_shell};
use naba_sink::SinkConfig;
use serde::Deserialize;

/// The settings of `naba`: cluster and runtime, and the sections of every service.
pub type NabaConfig = OnKafka<Sections>;

/// The sections of the services.
#[derive(Debug, Clone, Deserialize)]
pub struct Sections {
    /// What is fetched, and how.
    pub fetcher: FetcherConfig,
    /// How documents become articles.
    pub parser: ParserConfig,
    /// What is added to articles.
    pub enricher: EnricherConfig,
    /// The log of `naba up`.
    pub local_log: LocalLogConfig,
    /// Where articles go.
    #[serde(flatten)]
    pub sink: SinkConfig,
}

/// The settings of the embedded log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalLogConfig {
    /// How much the topics that forget by time hold together.
    pub size: ByteSize,
}

const LOCAL_LOG: &str = "\
# The log of `naba up`, in its data folder; on Kafka it is of no account.
[local_log]
# Most bytes of the records of all topics that forget by time. Beyond it the oldest go, those first that every stage has read; the file takes up to twice as much.
size = \"16 GiB\"
";

impl Config for Sections {
    fn defaults() -> Vec<&'static str> {
        vec![naba_fetcher::DEFAULTS, naba_parser::DEFAULTS, naba_enricher::DEFAULTS, LOCAL_LOG, naba_sink::DEFAULTS]
    }

    /// What is wrong; a missing contact is asked for by those who fetch ([`missing_contact`]).
    fn problems(&self) -> Vec<ConfigError> {
        let is_contact = |p: &ConfigError| matches!(p, ConfigError::Invalid { key, .. } if key == CONTACT);
        let mut problems: Vec<ConfigError> = self.fetcher.problems().into_iter().filter(|p| !is_contact(p)).collect();
        problems.extend(self.parser.problems());
        problems.extend(self.enricher.problems());
        problems.extend(self.sink.problems());
        problems
    }
}

const CONTACT: &str = "fetcher.contact";

/// Options of the commands that read settings.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ConfigArgs {
    /// Configuration file (TOML); settings it leaves out keep their defaults, NABA__SECTION__KEY in the environment wins
    #[arg(long, value_name = "FILE", env = "NABA_CONFIG")]
    pub config: Option<PathBuf>,
}

impl ConfigArgs {
    /// Reads the settings: defaults, then the file, then the environment.
    pub fn load(&self) -> Result<(ShellConfig, NabaConfig), ConfigErrors> {
        load_with_shell::<NabaConfig>(self.config.as_deref(), std::env::vars())
    }

    /// Tells whether somebody has set a key, in the file or in the environment.
    pub fn sets(&self, key: &str) -> bool {
        let variable = format!("NABA__{}", key.to_uppercase().replace('.', "__"));
        std::env::var_os(variable).is_some() || self.config.as_deref().is_some_and(|file| names(file, key))
    }
}

fn names(file: &Path, key: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let Ok(table) = text.parse::<toml::Table>() else { return false };
    let mut value = &toml::Value::Table(table);
    key.split('.').all(|part| {
        let inner = value.get(part);
        value = inner.unwrap_or(value);
        inner.is_some()
    })
}

/// Returns what is wrong when no contact is set: nothing is crawled without one.
pub fn missing_contact(fetcher: &FetcherConfig) -> Option<ConfigErrors> {
    let unset = fetcher.contact.as_deref().is_none_or(|contact| contact.trim().is_empty());
    let message = "is not set, and nothing is crawled without it: name a page or a mailbox where the operators of sites \
                   can reach you (NABA__FETCHER__CONTACT=… or fetcher.contact in --config), or try `naba up --demo`";
    unset.then(|| ConfigErrors(vec![ConfigError::invalid(CONTACT, message)]))
}

/// Returns the parts of the reference: a heading, and the defaults that hold its settings.
pub fn reference_parts() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        ("Every service", vec![naba_service::SHELL_DEFAULTS, naba_service::STAGE_DEFAULTS]),
        ("naba-fetcher", vec![naba_fetcher::DEFAULTS]),
        ("naba-parser", vec![naba_parser::DEFAULTS]),
        ("naba-enricher", vec![naba_enricher::DEFAULTS]),
        ("naba-sink", vec![naba_sink::DEFAULTS]),
        ("naba up", vec![LOCAL_LOG]),
    ]
}

/// Renders the reference of one part.
pub fn render(heading: &str, defaults: &[&str]) -> Result<String, ConfigErrors> {
    let schema = Schema::parse(defaults).map_err(|error| ConfigErrors(vec![error.into()]))?;
    Ok(naba_service::reference(heading, &schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(pairs: &[(&str, &str)]) -> String {
        let environment = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load_with_shell::<NabaConfig>(None, environment).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_valid_and_only_crawling_needs_a_contact() {
        let (_, config) = load_with_shell::<NabaConfig>(None, Vec::new()).unwrap();
        let missing = missing_contact(&config.own.fetcher).unwrap().to_string();
        assert!(missing.contains("fetcher.contact"), "{missing}");
        let set = [("NABA__FETCHER__CONTACT".to_owned(), "mailto:desk@news.example".to_owned())];
        let (_, config) = load_with_shell::<NabaConfig>(None, set).unwrap();
        assert!(missing_contact(&config.own.fetcher).is_none());
    }

    #[test]
    fn problems_of_all_services_come_together() {
        let text = problems(&[
            ("NABA__FETCHER__CONCURRENCY", "0"),
            ("NABA__SINK__STORE", "postgres"),
            ("NABA__POSTGRES__WRITE_TIMEOUT", "10ms"),
            ("NABA__STAGE__MAX_ATTEMPTS", "0"),
        ]);
        for key in ["fetcher.concurrency", "postgres.write_timeout", "stage.max_attempts"] {
            assert!(text.contains(key), "{key} in {text}");
        }
    }

    #[test]
    fn a_setting_of_the_file_is_told_from_a_default() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[kafka]\nbootstrap = \"a:1\"\n").unwrap();
        assert!(names(file.path(), "kafka.bootstrap"));
        assert!(!names(file.path(), "log.level"));
        assert!(!names(file.path(), "kafka.bootstrap.x"));
    }
}
