//! The settings of the enricher.

use naba_enrich::Pipeline;
use naba_service::{Config, ConfigError};
use serde::Deserialize;

/// The commented defaults of the enricher's own section.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// The settings of the enricher, as a service reads them.
#[derive(Debug, Clone, Deserialize)]
pub struct EnricherSettings {
    /// Section `enricher`.
    pub enricher: EnricherConfig,
}

/// Section `enricher`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnricherConfig {
    /// Names of the steps, in the order in which they run.
    pub steps: Vec<String>,
}

impl EnricherConfig {
    /// Returns what is wrong, one entry a problem.
    pub fn problems(&self) -> Vec<ConfigError> {
        let error = Pipeline::new(&self.steps).err();
        error.map(|error| ConfigError::invalid("enricher.steps", error.to_string())).into_iter().collect()
    }
}

impl Config for EnricherSettings {
    fn defaults() -> Vec<&'static str> {
        vec![DEFAULTS]
    }

    fn problems(&self) -> Vec<ConfigError> {
        self.enricher.problems()
    }
}

#[cfg(test)]
mod tests {
    use naba_enrich::DEFAULT_STEPS;
    use naba_service::load_with_shell;

    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<EnricherConfig, String> {
        let environment = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let loaded = load_with_shell::<EnricherSettings>(None, environment);
        loaded.map(|(_, settings)| settings.enricher).map_err(|errors| errors.to_string())
    }

    #[test]
    fn all_steps_run_by_default() {
        assert_eq!(load(&[]).unwrap().steps, DEFAULT_STEPS);
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_known_ones() {
        let error = load(&[("NABA__ENRICHER__STEPS", "[\"language\", \"sentiments\"]")]).unwrap_err();
        assert!(error.contains("sentiments") && error.contains("keyphrases"), "{error}");
    }
}
