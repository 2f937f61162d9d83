//! `naba dlq`: what could not be handled, why, and putting it back after a fix.

mod letters;
mod list;
mod redrive;
mod show;

use std::process::ExitCode;

use anyhow::Result;

use crate::place::block_on;

const EXAMPLES: &str = "\
Examples:
  naba dlq list                                     codes with counts, and the newest letters
  naba dlq list --stage parser --code too_deep --json
  naba dlq show parser/0/17
  naba dlq show parser/0/17 --value > page.bin
  naba dlq redrive --stage parser --code panic --dry-run
  naba dlq redrive --stage sink --since 2h --rate 50/s
  naba dlq redrive --since 2026-11-24T06:00:00Z --until 2026-11-24T07:00:00Z --json
  naba dlq redrive parser/0/17 --max-redrives 10

A letter is named stage/partition/offset. docs/dead-letters.md says what each code means and what to do.
Exit codes: 0 done, 1 failed, 64 wrong command line or configuration.";

/// List dead letters, show one, or put them back on their topic
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Count letters by stage and code, and list the newest
    List(list::Args),
    /// Show one letter: where it stood, why it died, its headers
    Show(show::Args),
    /// Put original records back on their topic and partition, each letter once
    ///
    /// The record and a mark on the dead-letter topic are written in one transaction, so that a letter that was redriven is
    /// left out by the next `list` and `redrive`, whatever happened in between: a redrive that was killed is run again, and of
    /// two at once only one writes.
    ///
    /// The record keeps its topic, partition, key and headers, and says in the header naba-redrives how often it was put back.
    /// A record that dies again is a new letter; one that came back --max-redrives times is left where it is. Read
    /// docs/dead-letters.md for what to do first.
    Redrive(redrive::Args),
}

/// Lists, shows or redrives dead letters.
pub fn run(args: Args) -> Result<ExitCode> {
    match args.task {
        Task::List(args) => block_on(list::list(args))?,
        Task::Show(args) => block_on(show::show(args))?,
        Task::Redrive(args) => block_on(redrive::redrive(args))?,
    }
    Ok(ExitCode::SUCCESS)
}
