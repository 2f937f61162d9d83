//! Ports, folders and patience.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Returns the root of the workspace.
pub fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("crates/testkit lies two folders below the root").to_owned()
}

/// Creates a temporary folder that is removed with its guard; `kind` is part of its name.
pub fn scratch(kind: &str) -> TempDir {
    static SWEEP: Once = Once::new();
    SWEEP.call_once(sweep_later);
    let prefix = format!("naba-test-{}-{kind}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir().expect("temporary folder")
}

/// Removes this process's folders once it is gone: guards in statics are not dropped, and a killed test drops nothing.
fn sweep_later() {
    // The servers in them end half a second after the process.
    const SWEEP: &str = "while kill -0 $1; do sleep 0.5; done; sleep 2; rm -rf \"$2\"/naba-test-$1-*";
    let temp = std::env::temp_dir();
    detach(SWEEP, &[&std::process::id().to_string(), &temp.to_string_lossy()]);
}

/// Returns a port from which on every offset is free now.
///
/// Looked for below the range from which the kernel takes ports of outgoing connections, so that it stays free until the
/// server binds it.
pub fn free_ports(offsets: &[u16]) -> u16 {
    for _ in 0..1000 {
        let base = fastrand::u16(12_000..32_000);
        if offsets.iter().all(|offset| TcpListener::bind(("127.0.0.1", base + offset)).is_ok()) {
            return base;
        }
    }
    panic!("no free ports {offsets:?} found on 127.0.0.1");
}

/// Asks again every 20 ms until there is an answer; panics with `what` after `patience`.
pub fn eventually<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: not within {patience:?}");
        sleep(Duration::from_millis(20));
    }
}

/// Sends a signal by name to a process that this test started.
pub(crate) fn signal(name: &str, pid: u32) {
    let status = Command::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()]).status();
    assert!(status.expect("sh").success(), "signal {name} to {pid}");
}

/// Kills `pid` once this test process is gone: guards in statics are not dropped, and a killed test drops nothing.
pub(crate) fn end_with_this_process(pid: u32) {
    const WATCH: &str = "while kill -0 $2; do kill -0 $1 || { kill -KILL $2; exit; }; sleep 0.5; done";
    detach(WATCH, &[&std::process::id().to_string(), &pid.to_string()]);
}

/// Runs a shell script in a session of its own, through a shell that ends at once, so that nobody has to wait for it.
fn detach(script: &str, arguments: &[&str]) {
    const DETACH: &str = "setsid sh -c \"$0\" detached \"$@\" </dev/null >/dev/null 2>&1 &";
    let status = Command::new("sh").args(["-c", DETACH, script]).args(arguments).status();
    assert!(status.expect("sh").success(), "setsid is missing: run `make setup`");
}
