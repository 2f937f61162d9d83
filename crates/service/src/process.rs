//! What the kernel knows about this process, in the names that Prometheus client libraries share.

use std::fmt::Write;
use std::fs;

/// Clock ticks a second in /proc: USER_HZ, 100 on every Linux architecture this runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Page size in bytes, as /proc/self/statm counts; 4 KiB on x86-64 and the usual arm64 kernels.
const PAGE_BYTES: u64 = 4096;

/// Renders memory, open files and CPU time in the Prometheus text format; what cannot be read is left out.
pub(crate) fn render() -> String {
    let mut out = String::new();
    let mut add = |name: &str, kind: &str, help: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        }
    };
    add("process_resident_memory_bytes", "gauge", "Resident memory.", resident().map(|v| v.to_string()));
    add("process_open_fds", "gauge", "Open file descriptors.", open_files().map(|v| v.to_string()));
    add("process_cpu_seconds_total", "counter", "User and system CPU time.", cpu_seconds().map(|v| v.to_string()));
    out
}

fn resident() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(PAGE_BYTES)
}

fn open_files() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the command, may hold spaces and brackets: count from its last bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_files_and_cpu_time_of_this_process_are_rendered() {
        let text = super::render();
        for name in ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"] {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
            let value: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
            assert!(value >= 0.0, "{line}");
        }
        let rss = super::resident().unwrap();
        assert!(rss > 1 << 20, "a Rust test process holds more than 1 MiB: {rss}");
    }
}
