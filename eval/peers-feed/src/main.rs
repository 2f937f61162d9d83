//! Measures our feed and robots.txt readers beside other crates, in one run on the same documents of the public suites.
//!
//! `cargo run --release [-- FOLDER]`, where FOLDER holds the suites; prints bytes or decisions a second of each, and ratios.

mod feeds;
mod robots;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "../../../shared/suites".to_owned());
    let folder = PathBuf::from(folder);
    feeds::measure(&folder);
    robots::measure(&folder);
}

/// Reads the cases of all parts of a suite.
fn cases(suite: &Path) -> Vec<Value> {
    let parts = std::fs::read_dir(suite).unwrap_or_else(|error| panic!("{}: {error}", suite.display()));
    let files = parts.map(|part| part.expect("folder entry").path().join("cases.jsonl")).filter(|file| file.is_file());
    let text: String = files.map(|file| std::fs::read_to_string(file).expect("cases")).collect();
    text.lines().map(|line| serde_json::from_str(line).expect("case")).collect()
}

fn bytes(case: &Value, key: &str) -> Vec<u8> {
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for c in case[key].as_str().unwrap_or_default().bytes() {
        let digit = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    out
}

/// A competitor: its name and what it does with all documents once.
type Runner<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// Lets all run in turns, five times, and returns the best time of each, in seconds: the machine has other users.
fn race(runners: &[Runner<'_>]) -> Vec<(&'static str, f64)> {
    let mut best = vec![f64::MAX; runners.len()];
    for _ in 0..5 {
        for ((_, run), best) in runners.iter().zip(&mut best) {
            let start = Instant::now();
            let mut rounds = 0;
            while rounds == 0 || start.elapsed().as_secs_f64() < 0.3 {
                run();
                rounds += 1;
            }
            *best = best.min(start.elapsed().as_secs_f64() / f64::from(rounds));
        }
    }
    runners.iter().map(|(name, _)| *name).zip(best).collect()
}

/// Prints what was measured; the first is ours.
fn print(times: &[(&'static str, f64)], unit: &str, amount: f64) {
    let ours = times[0].1;
    for (name, seconds) in times {
        println!("  {name:<20} {:>12.1} {unit}   ours is {:.2} times as fast", amount / seconds, seconds / ours);
    }
}
