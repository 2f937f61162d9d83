//! Command-line arguments and exit codes that all services share.

use std::path::PathBuf;

use crate::shell::LogFormat;

/// Exit code of a wrong configuration or command line (`EX_USAGE` of sysexits.h).
pub const EXIT_CONFIG: u8 = 64;
/// Exit code of a failure while running.
pub const EXIT_FAILURE: u8 = 1;

/// The arguments of every service.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ServiceArgs {
    /// Configuration file (TOML); settings it leaves out keep their defaults
    #[arg(long, value_name = "FILE", env = "NABA_CONFIG")]
    pub config: Option<PathBuf>,
    /// Check the configuration, print what is wrong and exit (64 when something is)
    #[arg(long)]
    pub check_config: bool,
    /// Format of log lines; wins over log.format
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
}
