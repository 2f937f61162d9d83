//! Installs the log subscriber and the metrics recorder; the runtime and the adapters do the counting.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use naba_stage::{Kind, Metric, describe_all};
use tracing_subscriber::EnvFilter;

use crate::process;
use crate::shell::{LogConfig, LogFormat};

/// Why telemetry could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The log filter does not parse.
    #[error("log.level {level:?} is no filter such as \"info\" or \"info,naba_stage=debug\": {source}")]
    Filter {
        /// The filter.
        level: String,
        /// Why.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Another subscriber is installed already.
    #[error("a log subscriber is installed already: {0}")]
    Subscriber(Box<dyn std::error::Error + Send + Sync>),
    /// Another recorder is installed already.
    #[error("the metrics recorder cannot be installed: {0}")]
    Recorder(#[from] BuildError),
}

/// The metrics of this process.
#[derive(Clone, Debug)]
pub struct Telemetry {
    metrics: PrometheusHandle,
}

impl Telemetry {
    /// Installs the subscriber and the recorder of this process; works once a process.
    ///
    /// Log lines go to standard error, since standard output may be a sink.
    pub fn install(config: &LogConfig) -> Result<Self, TelemetryError> {
        install_log(config)?;
        Ok(Self { metrics: install_metrics()? })
    }

    /// Renders all metrics in the Prometheus text format.
    pub fn render(&self) -> String {
        let mut text = self.metrics.render();
        text.push_str(&process::render());
        text
    }

    /// Drains histograms into their buckets; called every few seconds so that memory stays bounded between scrapes.
    pub fn upkeep(&self) {
        self.metrics.run_upkeep();
    }
}

/// Checks that a log filter parses.
pub(crate) fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::try_new(level).map_err(|source| TelemetryError::Filter { level: level.to_owned(), source })
}

fn install_log(config: &LogConfig) -> Result<(), TelemetryError> {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(&config.level)?).with_writer(std::io::stderr);
    let terminal = std::io::stderr().is_terminal();
    let done = match config.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Auto if !terminal => {
            builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
        LogFormat::Auto | LogFormat::Pretty => builder.with_ansi(terminal).try_init(),
    };
    done.map_err(TelemetryError::Subscriber)
}

/// Buckets of work, in seconds.
const WORK_SECONDS: &[f64] = &[0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Buckets of ages, in seconds: from a live document on its way to one that waited out an outage.
const AGE_SECONDS: &[f64] =
    &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0, 604_800.0];

fn install_metrics() -> Result<PrometheusHandle, TelemetryError> {
    let mut builder = PrometheusBuilder::new();
    for metric in Metric::ALL.iter().filter(|metric| metric.kind() == Kind::Histogram) {
        let buckets = match metric {
            Metric::AgeSeconds | Metric::EndToEndSeconds | Metric::FreshnessSeconds => AGE_SECONDS,
            _ => WORK_SECONDS,
        };
        builder = builder.set_buckets_for_metric(Matcher::Full(metric.name().to_owned()), buckets)?;
    }
    let handle = builder.install_recorder()?;
    describe_all();
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_metric_is_rendered_with_its_description_and_buckets() {
        let telemetry = Telemetry { metrics: install_metrics().unwrap() };
        Metric::RecordsTotal.add(&["parser", "emitted", ""], 3);
        Metric::AgeSeconds.observe(&["parser"], 4000.0);
        let text = telemetry.render();
        assert!(text.contains("# HELP naba_records_total Records by how they ended"), "{text}");
        assert!(text.contains(r#"naba_records_total{stage="parser",disposition="emitted",code=""} 3"#), "{text}");
        assert!(text.contains(r#"naba_age_seconds_bucket{stage="parser",le="14400"} 1"#), "{text}");
        assert!(text.contains("process_resident_memory_bytes "), "{text}");
    }
}
