//! What every service's `main` does around its work.

use std::fmt::Display;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};
use naba_stage::Health;
use serde::Deserialize;

use crate::admin::{ProbeSet, Probes, serve_admin};
use crate::args::{EXIT_CONFIG, EXIT_FAILURE, ServiceArgs};
use crate::config::{Config, ConfigError, ConfigErrors, Schema, duration, merge, read};
use crate::shutdown::{Shutdown, shutdown_signal};
use crate::telemetry::{Telemetry, filter};

/// The defaults of the sections that every service has.
pub const SHELL_DEFAULTS: &str = include_str!("shell.toml");
/// Histograms are drained this often, so that they stay small between scrapes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// The sections of [`SHELL_DEFAULTS`].
const SHELL_SECTIONS: [&str; 3] = ["log", "admin", "shutdown"];

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Pretty on a terminal, else JSON.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Section `log`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Filter of levels and targets.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

/// Section `admin`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port of the admin port.
    pub listen: SocketAddr,
}

/// Section `shutdown`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShutdownConfig {
    /// Time for the drain.
    #[serde(deserialize_with = "duration")]
    pub deadline: Duration,
}

/// The sections that every service has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShellConfig {
    /// Log lines.
    pub log: LogConfig,
    /// The admin port.
    pub admin: AdminConfig,
    /// What happens after a signal.
    pub shutdown: ShutdownConfig,
}

/// What the shell hands to the work.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Tells when to stop.
    pub shutdown: Shutdown,
    /// Time for the drain after that.
    pub drain_deadline: Duration,
    /// The metrics of this process.
    pub telemetry: Telemetry,
    /// The address of the admin port.
    pub admin: SocketAddr,
    probes: ProbeSet,
}

impl Shell {
    /// Adds what decides life and readiness; until the first, the process is alive and not ready.
    pub fn watch(&self, probes: Arc<dyn Probes>) {
        self.probes.add(probes);
    }

    /// Returns a health for a stage to report to, which the admin port shows from now on.
    pub fn health(&self) -> Health {
        let health = Health::new();
        self.watch(Arc::new(health.clone()));
        health
    }
}

/// Returns the schema of a service: its own settings after those of the shell. What `xtask docs` renders.
pub fn schema<C: Config>() -> Result<Schema, ConfigErrors> {
    let parts: Vec<&str> = std::iter::once(SHELL_DEFAULTS).chain(C::defaults()).collect();
    Schema::parse(&parts).map_err(|e| ConfigErrors(vec![e.into()]))
}

/// Loads the shell's sections and the service's own, and checks both; all errors are reported at once.
pub fn load_with_shell<C: Config>(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(ShellConfig, C), ConfigErrors> {
    let mut own = merge(&schema::<C>()?, file, environment)?;
    let shell: toml::Table = SHELL_SECTIONS.iter().filter_map(|s| own.remove_entry(*s)).collect();
    let shell: Result<ShellConfig, ConfigError> = read(shell);
    let own: Result<C, ConfigError> = read(own);
    let mut errors = Vec::new();
    if let Ok(shell) = &shell
        && let Err(e) = filter(&shell.log.level)
    {
        errors.push(ConfigError::Unfit { message: e.to_string() });
    }
    if let Ok(own) = &own {
        errors.extend(own.problems());
    }
    match (shell, own) {
        (Ok(shell), Ok(own)) if errors.is_empty() => Ok((shell, own)),
        (shell, own) => {
            errors.extend(shell.err());
            errors.extend(own.err());
            Err(ConfigErrors(errors))
        }
    }
}

/// Checks a service's configuration, as `--check-config` does; returns what is wrong.
pub fn check<C: Config>(file: Option<&Path>) -> Result<(), ConfigErrors> {
    load_with_shell::<C>(file, std::env::vars()).map(|_| ())
}

/// Runs a service: arguments, configuration, telemetry, admin port, signals, its work, exit code.
///
/// The work returns when it is done or when [`Shell::shutdown`] asks; then the exit code is 0, and 1 when it failed or did
/// not return within the shutdown deadline. A wrong configuration or command line gives 64.
pub fn run<C, F, W>(name: &'static str, version: &'static str, about: &'static str, work: W) -> ExitCode
where
    C: Config,
    F: Future<Output = anyhow::Result<()>>,
    W: FnOnce(C, Shell) -> F,
{
    let args = match arguments(name, version, about) {
        Ok(args) => args,
        Err(code) => return code,
    };
    let (mut shell, own) = match load_with_shell::<C>(args.config.as_deref(), std::env::vars()) {
        Ok(loaded) => loaded,
        Err(errors) => return fail(EXIT_CONFIG, &errors),
    };
    if args.check_config {
        println!("configuration is valid");
        return ExitCode::SUCCESS;
    }
    shell.log.format = args.log_format.unwrap_or(shell.log.format);
    let telemetry = match Telemetry::install(&shell.log) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(EXIT_FAILURE, &error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(EXIT_FAILURE, &error),
    };
    let outcome = runtime.block_on(serve(shell, own, telemetry, work));
    // Blocking work that hangs must not hold the process beyond its deadline.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => {
            tracing::info!(service = name, "stopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(service = name, error = format!("{error:#}"), "stopped by an error");
            ExitCode::from(EXIT_FAILURE)
        }
    }
}

async fn serve<C, F, W>(config: ShellConfig, own: C, telemetry: Telemetry, work: W) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
    W: FnOnce(C, Shell) -> F,
{
    let shutdown = shutdown_signal()?;
    let admin = serve_admin(config.admin.listen, Some(telemetry.clone()), shutdown.clone()).await?;
    let upkeep = telemetry.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP_EVERY);
        loop {
            ticks.tick().await;
            upkeep.upkeep();
        }
    });
    let deadline = config.shutdown.deadline;
    let shell = Shell {
        shutdown: shutdown.clone(),
        drain_deadline: deadline,
        telemetry,
        admin: admin.address(),
        probes: admin.probes(),
    };
    let overdue = async move {
        shutdown.requested().await;
        tokio::time::sleep(deadline).await;
    };
    tokio::select! {
        outcome = work(own, shell) => outcome,
        () = overdue => anyhow::bail!("the drain took longer than shutdown.deadline ({deadline:?})"),
    }
}

fn arguments(name: &'static str, version: &'static str, about: &'static str) -> Result<ServiceArgs, ExitCode> {
    let command = ServiceArgs::augment_args(Command::new(name).version(version).about(about));
    let matches = command.try_get_matches().and_then(|m| ServiceArgs::from_arg_matches(&m));
    matches.map_err(|error| {
        let code = if error.use_stderr() { ExitCode::from(EXIT_CONFIG) } else { ExitCode::SUCCESS };
        // A closed output is no reason for another exit code.
        let _ = error.print();
        code
    })
}

fn fail(code: u8, error: &dyn Display) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            vec!["[store]\n# Rows.\nrows = 10\n"]
        }

        fn problems(&self) -> Vec<ConfigError> {
            let zero = self.store.rows == 0;
            zero.then(|| ConfigError::invalid("store.rows", "0 rows is too few, take at least 1")).into_iter().collect()
        }
    }

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_defaults_of_the_shell_fit_its_types() {
        let (shell, own) = load_with_shell::<Own>(None, Vec::new()).unwrap();
        assert_eq!(shell.shutdown.deadline, Duration::from_secs(25));
        assert_eq!(shell.log.format, LogFormat::Auto);
        assert_eq!(own.store.rows, 10);
    }

    #[test]
    fn problems_of_shell_and_service_come_together() {
        let wrong = [("NABA__STORE__ROWS", "0"), ("NABA__ADMIN__LISTEN", "here"), ("NABA__LOG__LEVEL", "info")];
        let errors = load_with_shell::<Own>(None, environment(&wrong)).unwrap_err();
        let text = errors.to_string();
        assert_eq!(errors.0.len(), 2, "{text}");
        assert!(text.contains("store.rows: 0 rows"), "{text}");
        assert!(text.contains("listen"), "{text}");
    }

    #[test]
    fn a_broken_log_filter_is_found_before_the_start() {
        let errors = load_with_shell::<Own>(None, environment(&[("NABA__LOG__LEVEL", "naba=loud=x")])).unwrap_err();
        assert!(errors.to_string().contains("log.level"), "{errors}");
    }
}
