//! The command line as its users meet it: the real program, its output and its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config;
mod dlq;
mod explain;
mod kafka;
mod redrive;
mod sources;
mod up;

use std::path::Path;
use std::process::Command;

/// What a finished command gave.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    /// Returns standard output as JSON, one value a line.
    fn json(&self) -> Vec<serde_json::Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

/// Returns the command with nothing of this environment but the path.
fn naba(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_naba"));
    command.args(args).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Runs a command to its end.
fn run(args: &[&str]) -> Done {
    finish(&mut naba(args))
}

fn finish(command: &mut Command) -> Done {
    let output = command.output().expect("naba starts");
    Done {
        code: output.status.code().expect("an exit code, no signal"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs a command that must succeed.
fn good(args: &[&str]) -> Done {
    let done = run(args);
    assert_eq!(done.code, 0, "{args:?}: {}{}", done.out, done.err);
    done
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
