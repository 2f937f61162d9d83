//! The binary, as people and scripts use it.

// Functions beside the tests are tests too.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn newsfarm(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsfarm"));
    command.args(args);
    command
}

const SMALL: [&str; 6] = ["--sites", "3", "--articles", "9", "--epoch-ms", "1767225600000"];

#[test]
fn the_printed_truth_is_the_same_every_time() {
    let print = || newsfarm(&["truth"]).args(SMALL).output().unwrap();
    let (one, two) = (print(), print());
    assert!(one.status.success());
    assert!(String::from_utf8(one.stdout.clone()).unwrap().lines().count() >= 9);
    assert!(one.stdout == two.stdout);
}

#[test]
fn serving_writes_its_files_and_a_signal_ends_it_well() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let mut serve = newsfarm(&["serve", "--out", out]).args(SMALL).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(serve.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("3 sites with 9 articles on http://127.0.0.1:"), "{line}");
    for file in ["truth.jsonl", "sources.toml", "hosts.toml", "access.jsonl"] {
        assert!(folder.path().join(file).exists(), "{file} is missing");
    }
    let hosts = std::fs::read_to_string(folder.path().join("hosts.toml")).unwrap();
    assert!(hosts.contains("[fetcher.hosts]") && hosts.contains("allow_addresses = [\"127.0.0.1\"]"), "{hosts}");
    let pid = serve.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(serve.wait().unwrap().success());
}

#[test]
fn a_bad_duration_is_refused_with_what_to_write() {
    let output = newsfarm(&["truth", "--duration", "soon"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("write for example 90s"));
}
