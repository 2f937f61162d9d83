//! naba on the command line: the whole line in one process, and the tools of those who read and run it.
//!
//! One file (or folder) a subcommand; each says what it does, what it prints and with which code it exits. What several
//! of them need: [`place`] finds the log (a cluster, a running `naba up`, or a folder), [`config`] reads the settings,
//! [`terminal`] and [`article_view`] show strangers' text safely and in its own direction.

mod article_view;
mod check_config;
mod config;
mod dlq;
mod docs;
mod explain;
mod place;
mod seal;
mod sources;
mod tail;
mod terminal;
mod topics;
mod up;
mod when;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use naba_service::{EXIT_CONFIG, EXIT_FAILURE};

const EXAMPLES: &str = "\
Examples:
  naba up --demo                        everything in one process, with a demo newsroom
  naba up --sources sources.toml        your own sources; set NABA__FETCHER__CONTACT first
  naba tail --language ar               articles as they come
  naba explain page.html                what was extracted, and why
  naba dlq list                         what could not be handled

Exit codes: 0 done, 1 failed, 2 no article (explain), 64 wrong command line or configuration.";

/// Reads news as it appears and says what every part of it is
#[derive(Parser)]
#[command(name = "naba", version, after_help = EXAMPLES, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Args),
    Tail(tail::Args),
    Explain(explain::Args),
    Sources(sources::Args),
    Topics(topics::Args),
    Dlq(dlq::Args),
    CheckConfig(check_config::Args),
    Docs(docs::Args),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed output is no reason for another exit code.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_CONFIG) } else { ExitCode::SUCCESS };
        }
    };
    let done = match cli.command {
        Command::Up(args) => up::run(args),
        Command::Tail(args) => tail::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Sources(args) => sources::run(args),
        Command::Topics(args) => topics::run(args),
        Command::Dlq(args) => dlq::run(args),
        Command::CheckConfig(args) => check_config::run(args),
        Command::Docs(args) => docs::run(args),
    };
    done.unwrap_or_else(|error| fail(&error))
}

/// Says what went wrong and chooses the exit code.
fn fail(error: &anyhow::Error) -> ExitCode {
    if terminal::is_closed_output(error) {
        return ExitCode::SUCCESS;
    }
    eprintln!("naba: {error:#}");
    let is_config = error.chain().any(|cause| cause.is::<naba_service::ConfigErrors>());
    ExitCode::from(if is_config { EXIT_CONFIG } else { EXIT_FAILURE })
}
