//! The shell around every service: configuration, tracing, metrics, admin HTTP, readiness and shutdown.
//!
//! A service's `main` names its configuration and its work; [`run`] does the rest in the same order for all of them:
//! arguments, configuration (exit code 64 when it is wrong), telemetry, admin port, signals, work, exit code. The crate
//! refuses to know what the work is: no record or store is named here.
//!
//! ```
//! use naba_service::{Schema, load};
//!
//! #[derive(serde::Deserialize)]
//! struct Config { greeting: Greeting }
//! #[derive(serde::Deserialize)]
//! struct Greeting { text: String }
//!
//! let defaults = "[greeting]\n# What to say.\ntext = \"hello\"\n";
//! let environment = [("NABA__GREETING__TEXT".to_owned(), "مرحبا".to_owned())];
//! let config: Config = load(&Schema::parse(&[defaults]).unwrap(), None, environment).unwrap();
//! assert_eq!(config.greeting.text, "مرحبا");
//! ```

mod admin;
mod args;
mod config;
mod process;
mod shell;
mod shutdown;
mod stage;
mod telemetry;

pub use admin::{AdminError, AdminServer, Probes, serve_admin};
pub use args::{EXIT_CONFIG, EXIT_FAILURE, ServiceArgs};
pub use config::{
    ByteSize, Config, ConfigError, ConfigErrors, Origin, Schema, SchemaError, Secret, Section, Setting, SettingKind,
    byte_size, duration, load, reference,
};
pub use shell::{
    AdminConfig, LogConfig, LogFormat, SHELL_DEFAULTS, Shell, ShellConfig, ShutdownConfig, check, load_with_shell, run,
    schema,
};
pub use shutdown::{Shutdown, ShutdownTrigger, shutdown_signal};
pub use stage::{
    DeadLetterSection, DeliverySetting, KafkaSection, OnKafka, STAGE_DEFAULTS, Setting as ClientSetting, StageSection,
};
pub use telemetry::{Telemetry, TelemetryError};
