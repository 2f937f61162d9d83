//! Ports, folders and patience.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;

/// Leftovers of a test process that was killed are removed once they are this old.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// Returns the root of the workspace.
pub fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("crates/testkit lies two folders below the root").to_owned()
}

/// Creates a temporary folder that is removed with its guard; `kind` is part of its name.
pub fn scratch(kind: &str) -> TempDir {
    static SWEEP: Once = Once::new();
    SWEEP.call_once(sweep);
    let prefix = format!("naba-test-{}-{kind}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir().expect("temporary folder")
}

/// Removes what earlier test processes left: guards in statics are not dropped.
fn sweep() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|n| n.strip_prefix("naba-test-")).and_then(|n| n.split('-').next());
        let Some(pid) = pid else { continue };
        let age =
            entry.metadata().and_then(|m| m.modified()).ok().and_then(|t| SystemTime::now().duration_since(t).ok());
        if age.is_some_and(|age| age > LEFTOVER_AGE) && !Path::new("/proc").join(pid).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
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
    // Through a shell that ends at once, so that nobody has to wait for the watcher.
    const DETACH: &str = "setsid sh -c \"$0\" watch \"$1\" \"$2\" </dev/null >/dev/null 2>&1 &";
    let (this, pid) = (std::process::id().to_string(), pid.to_string());
    let status = Command::new("sh").args(["-c", DETACH, WATCH, &this, &pid]).status();
    assert!(status.expect("sh").success(), "setsid is missing: run `make setup`");
}
