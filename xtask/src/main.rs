//! Repository tasks: code generation, layer check, generated docs. `cargo xtask --help` lists them.

mod codegen;

use std::path::PathBuf;

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
}

fn main() -> Result<()> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    match Args::parse().task {
        Task::Codegen { check } => codegen::run(&root, check),
    }
}
