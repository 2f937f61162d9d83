//! Repository tasks: code generation, layer check, contract check, generated docs. `cargo xtask --help` lists them.

mod codegen;
mod contract;
mod docs;
mod eval;
mod eval_enrich;
mod eval_fetch;
mod gazetteer;
mod layers;
mod mapping;
mod topics;
mod train;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Repository tasks.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Generate crates/proto from proto/ (no protoc needed).
    Codegen {
        /// Only compare; fail when the checked-in code differs.
        #[arg(long)]
        check: bool,
    },
    /// Check the arrows between crates against xtask/layers.toml.
    CheckLayers {
        /// Also plant violations and fail when one is not refused.
        #[arg(long)]
        self_test: bool,
    },
    /// Check deploy/topics.toml.
    CheckTopics,
    /// Check that docs/mapping.md has a row for every field of the contract.
    CheckMapping,
    /// Lint the contract, compare it with released versions, and prove that a break is refused (needs buf).
    CheckContract,
    /// Write the contract's descriptor set to proto/released.
    ReleaseContract {
        /// The version, for example 0.1.0.
        version: String,
    },
    /// Score `naba explain` on gold documents against the pinned floors.
    Eval(eval::Options),
    /// Run the public suites on fetching through our code, beside the peers' figures and against the pinned floors.
    EvalFetch(eval_fetch::Options),
    /// Score enrichment steps on labelled data, beside the peers' figures and against the pinned floors.
    EvalEnrich(eval_enrich::Options),
    /// Build the gazetteer from openly licensed packages and the lists kept by hand.
    Gazetteer(gazetteer::Options),
    /// Train the weights of a step, or cross-validate how they are trained.
    Train(train::Options),
    /// Write the generated files of docs/.
    Docs {
        /// Only compare; fail when a file differs.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not the Debug form: a finding is no bug of this program, and its backtrace would bury it.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    match task {
        Task::Codegen { check } => codegen::run(&root, check),
        Task::CheckLayers { self_test } => layers::run(&root, self_test),
        Task::CheckTopics => topics::check(&root),
        Task::CheckMapping => mapping::check(&root),
        Task::CheckContract => contract::run(&root),
        Task::ReleaseContract { version } => contract::release(&root, &version),
        Task::Eval(options) => eval::run(&root, &options),
        Task::EvalFetch(options) => eval_fetch::run(&root, &options),
        Task::EvalEnrich(options) => eval_enrich::run(&root, &options),
        Task::Gazetteer(options) => gazetteer::run(&root, &options),
        Task::Train(options) => train::run(&options),
        Task::Docs { check } => docs::run(&root, check),
    }
}
