//! The sections of a service that runs a stage on Kafka.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use naba_stage::{Audit, DeadLetterLimit, Delivery, StageConfig, Topics};
use serde::Deserialize;

use crate::config::{ByteSize, Config, ConfigError, Secret, duration};

/// The defaults of sections `kafka` and `stage`.
pub const STAGE_DEFAULTS: &str = include_str!("stage.toml");

/// The configuration of a service that runs a stage on Kafka: its own settings beside those of cluster and runtime.
#[derive(Debug, Clone, Deserialize)]
pub struct OnKafka<C> {
    /// The cluster.
    pub kafka: KafkaSection,
    /// The runtime.
    pub stage: StageSection,
    /// The service's own sections.
    #[serde(flatten)]
    pub own: C,
}

impl<C: Config> Config for OnKafka<C> {
    fn defaults() -> Vec<&'static str> {
        std::iter::once(STAGE_DEFAULTS).chain(C::defaults()).collect()
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = self.own.problems();
        problems.extend(self.kafka.problems());
        problems.extend(self.stage.problems());
        problems
    }
}

/// Section `kafka`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSection {
    /// Comma-separated host:port list.
    pub bootstrap: String,
    /// Password for SASL.
    pub sasl_password: Option<Secret>,
    /// Password of the TLS client key.
    pub ssl_key_password: Option<Secret>,
    /// Further librdkafka settings.
    pub extra: BTreeMap<String, Setting>,
}

/// A librdkafka setting, written as whatever it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// Text.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// True or false.
    Flag(bool),
}

impl KafkaSection {
    /// Returns the further librdkafka settings, secrets included: for the client only, never for a log.
    pub fn client_settings(&self) -> BTreeMap<String, String> {
        let written = |setting: &Setting| match setting {
            Setting::Text(text) => text.clone(),
            Setting::Integer(integer) => integer.to_string(),
            Setting::Number(number) => number.to_string(),
            Setting::Flag(flag) => flag.to_string(),
        };
        let mut settings: BTreeMap<String, String> =
            self.extra.iter().map(|(name, setting)| (name.clone(), written(setting))).collect();
        let secrets = [("sasl.password", &self.sasl_password), ("ssl.key.password", &self.ssl_key_password)];
        for (name, secret) in secrets {
            if let Some(secret) = secret {
                settings.insert(name.to_owned(), secret.expose().to_owned());
            }
        }
        settings
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        let address = |part: &str| {
            part.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        if !self.bootstrap.split(',').all(|part| address(part.trim())) {
            let message = format!("{:?} is no comma-separated list of host:port", self.bootstrap);
            problems.push(ConfigError::invalid("kafka.bootstrap", message));
        }
        for secret in self.extra.keys().filter(|name| name.ends_with("password")) {
            let message =
                "is a secret and may not stand here: set kafka.sasl_password_file or kafka.ssl_key_password_file";
            problems.push(ConfigError::invalid(format!("kafka.extra.{secret:?}"), message));
        }
        problems
    }
}

/// How outputs and offsets belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliverySetting {
    /// One transaction.
    ExactlyOnce,
    /// Offsets after outputs.
    AtLeastOnce,
}

/// Section `stage`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is documented in stage.toml, from which the reference is generated")]
pub struct StageSection {
    pub instance: Option<String>,
    pub state_dir: PathBuf,
    pub topics_file: Option<PathBuf>,
    pub topic_prefix: String,
    pub delivery: DeliverySetting,
    #[serde(deserialize_with = "duration")]
    pub commit_interval: Duration,
    pub commit_size: ByteSize,
    pub in_flight: ByteSize,
    pub parallelism: usize,
    #[serde(deserialize_with = "duration")]
    pub record_time_limit: Duration,
    pub max_attempts: u32,
    #[serde(deserialize_with = "duration")]
    pub back_off: Duration,
    #[serde(deserialize_with = "duration")]
    pub max_back_off: Duration,
    #[serde(deserialize_with = "duration")]
    pub drain_deadline: Duration,
    #[serde(deserialize_with = "duration")]
    pub revoke_deadline: Duration,
    #[serde(deserialize_with = "duration")]
    pub session_timeout: Duration,
    pub audit: f64,
    pub dead_letters: DeadLetterSection,
}

/// Section `stage.dead_letters`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is documented in stage.toml, from which the reference is generated")]
pub struct DeadLetterSection {
    pub run: u32,
    pub ratio: f64,
    pub window: u32,
}

impl StageSection {
    /// Reads the topics and returns how the stage runs. The error is for people.
    pub fn to_stage_config(&self) -> Result<StageConfig, ConfigError> {
        let instance = self.instance.clone().or_else(host_name).ok_or_else(|| {
            ConfigError::invalid("stage.instance", "is unset and this machine has no host name: set it")
        })?;
        let topics = self.topics()?;
        let default = StageConfig::new(instance, topics, &self.state_dir);
        Ok(StageConfig {
            delivery: match self.delivery {
                DeliverySetting::ExactlyOnce => Delivery::ExactlyOnce,
                DeliverySetting::AtLeastOnce => Delivery::AtLeastOnce,
            },
            commit_interval: self.commit_interval,
            commit_bytes: self.commit_size.bytes(),
            in_flight_bytes: self.in_flight.bytes(),
            parallelism: if self.parallelism == 0 { default.parallelism } else { self.parallelism },
            record_time_limit: self.record_time_limit,
            max_attempts: self.max_attempts,
            back_off: self.back_off,
            max_back_off: self.max_back_off,
            drain_deadline: self.drain_deadline,
            revoke_deadline: self.revoke_deadline,
            session_timeout: self.session_timeout,
            dead_letter_limit: DeadLetterLimit {
                run: self.dead_letters.run,
                ratio: self.dead_letters.ratio,
                window: self.dead_letters.window,
            },
            audit: match self.audit {
                share if share >= 1.0 => Audit::All,
                share if share > 0.0 => Audit::Share(share),
                _ => Audit::Off,
            },
            ..default
        })
    }

    fn topics(&self) -> Result<Topics, ConfigError> {
        let topics = match &self.topics_file {
            Some(path) => read_topics(path)?,
            None => Topics::built_in().map_err(|e| ConfigError::invalid("stage.topics_file", e.to_string()))?,
        };
        Ok(if self.topic_prefix.is_empty() { topics } else { topics.adapted(&self.topic_prefix, None) })
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        problems.extend(self.to_stage_config().err());
        let shares = [("stage.audit", self.audit), ("stage.dead_letters.ratio", self.dead_letters.ratio)];
        for (key, share) in shares.iter().filter(|(_, share)| !(0.0..=1.0).contains(share)) {
            problems.push(ConfigError::invalid(*key, format!("{share} is no share between 0 and 1")));
        }
        if self.session_timeout < Duration::from_secs(1) {
            problems.push(ConfigError::invalid("stage.session_timeout", "is below 1s, which no broker allows"));
        }
        if self.max_attempts == 0 {
            problems.push(ConfigError::invalid("stage.max_attempts", "0 attempts would try nothing, take at least 1"));
        }
        problems
    }
}

fn read_topics(path: &Path) -> Result<Topics, ConfigError> {
    let unreadable = |source| {
        let (origin, path) = ("stage.topics_file".to_owned(), path.display().to_string());
        ConfigError::Unreadable { origin, path, source }
    };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    Topics::parse(&text).map_err(|e| ConfigError::invalid("stage.topics_file", e.to_string()))
}

fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::load_with_shell;

    #[derive(Debug, Deserialize)]
    struct Own {
        store: Store,
    }

    #[derive(Debug, Deserialize)]
    struct Store {
        rows: u32,
    }

    impl Config for Own {
        fn defaults() -> Vec<&'static str> {
            vec!["# A store.\n[store]\n# Rows.\nrows = 10\n"]
        }
    }

    fn loaded(pairs: &[(&str, &str)]) -> Result<OnKafka<Own>, String> {
        let environment = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load_with_shell::<OnKafka<Own>>(None, environment).map(|(_, own)| own).map_err(|e| e.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_runtime_but_for_the_audit() {
        let config = loaded(&[("NABA__STAGE__INSTANCE", "a")]).unwrap();
        let (ours, theirs) =
            (config.stage.to_stage_config().unwrap(), StageConfig::new("a", Topics::built_in().unwrap(), "state"));
        assert_eq!(ours.audit, Audit::Off);
        let ours = StageConfig { audit: theirs.audit, topics: theirs.topics.clone(), ..ours };
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        assert_eq!(config.own.store.rows, 10);
    }

    #[test]
    fn a_secret_reaches_the_client_and_no_debug_output() {
        let config =
            loaded(&[("NABA__KAFKA__SASL_PASSWORD", "hunter2"), ("NABA__KAFKA__EXTRA__CLIENT__RACK", "a")]).unwrap();
        let settings = config.kafka.client_settings();
        assert_eq!(settings.get("sasl.password").map(String::as_str), Some("hunter2"));
        assert_eq!(settings.get("client.rack").map(String::as_str), Some("a"));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn every_wrong_value_is_named() {
        let text = loaded(&[
            ("NABA__KAFKA__BOOTSTRAP", "broker"),
            ("NABA__KAFKA__EXTRA__SASL__PASSWORD", "hunter2"),
            ("NABA__STAGE__AUDIT", "1.5"),
            ("NABA__STAGE__TOPICS_FILE", "/nowhere/topics.toml"),
        ])
        .unwrap_err();
        for key in ["kafka.bootstrap", "sasl.password", "stage.audit", "/nowhere/topics.toml"] {
            assert!(text.contains(key), "{key} in {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }
}
