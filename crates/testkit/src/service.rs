//! Child processes under guard.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::place::{end_with_this_process, eventually, scratch, signal};

/// How much of a log is printed when a test fails.
const TAIL_LINES: usize = 60;

/// Returns a binary of this workspace, from the profile that this test was built with.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("path of the test");
    let profile = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
    let path = profile.join(name);
    assert!(path.exists(), "{} is missing: run `make test`, or `cargo build --bins` first", path.display());
    path
}

/// A child process with its log; killed on drop.
#[derive(Debug)]
pub struct Service {
    name: String,
    child: Child,
    ended: Option<ExitStatus>,
    home: TempDir,
}

impl Service {
    /// Starts a command with standard output and standard error in one log.
    pub fn start(name: &str, command: &mut Command) -> Self {
        let home = scratch(name);
        let log = File::create(home.path().join("log")).expect("log file");
        let err = log.try_clone().expect("log file");
        let child = command.stdin(Stdio::null()).stdout(log).stderr(err).spawn();
        let child = child.unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        end_with_this_process(child.id());
        Self { name: name.to_owned(), child, ended: None, home }
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns everything it has written so far.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.home.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until the log holds `text`; panics with the log after `patience` or when the process ends before.
    pub fn wait_for_log(&mut self, text: &str, patience: Duration) {
        let what = format!("{} logs {text:?}", self.name);
        eventually(&what, patience, || {
            let running = self.is_running();
            let log = self.log();
            assert!(running || log.contains(text), "{} ended before it logged {text:?}:\n{log}", self.name);
            log.contains(text).then_some(())
        });
    }

    /// Tells whether the process runs.
    pub fn is_running(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("wait for child");
        }
        self.ended.is_none()
    }

    /// Sends a signal by name, such as "TERM", "INT", "STOP", "CONT".
    pub fn signal(&self, name: &str) {
        signal(name, self.child.id());
    }

    /// Sends SIGTERM and waits for the end; panics with the log after `patience`.
    pub fn terminate(&mut self, patience: Duration) -> ExitStatus {
        if self.is_running() {
            self.signal("TERM");
        }
        self.wait(patience)
    }

    /// Kills the process with SIGKILL and waits for its end.
    pub fn kill(&mut self) {
        if self.is_running() {
            self.child.kill().expect("kill child");
            self.ended = Some(self.child.wait().expect("wait for child"));
        }
    }

    /// Waits for the end; panics with the log after `patience`.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        eventually(&what, patience, || {
            self.is_running();
            self.ended
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default();
            eprintln!("---- log of {} ----\n{}", self.name, tail.join("\n"));
        }
    }
}
