//! CPU time and load, as Linux counts them.

use std::fs::read_to_string;

/// Ticks a second in /proc/PID/stat: the kernel shows 100 to every program, whatever it counts in.
const TICKS: f64 = 100.0;

/// Returns the CPU time of the calling thread in seconds, to the nanosecond.
pub fn thread_cpu() -> f64 {
    let text = read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos: Option<f64> = text.split(' ').next().and_then(|n| n.parse().ok());
    nanos.map_or_else(|| stat("/proc/thread-self/stat"), |nanos| nanos / 1e9)
}

/// Returns the CPU time of this process in seconds, all threads together, also those that have ended.
pub fn process_cpu() -> f64 {
    stat("/proc/self/stat")
}

/// Returns the CPU time of another process in seconds.
pub fn cpu_of(pid: u32) -> f64 {
    stat(&format!("/proc/{pid}/stat"))
}

fn stat(path: &str) -> f64 {
    let text = read_to_string(path).unwrap_or_default();
    // The name, in brackets, may hold anything; user and system time are the 12th and 13th field after it.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let times = fields.split_whitespace().skip(11).take(2);
    times.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// Returns the load average of the last minute: with more than the cores, wall-clock figures say little.
pub fn load_average() -> f64 {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

/// Returns the number of cores.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
