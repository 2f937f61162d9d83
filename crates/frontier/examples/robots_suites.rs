//! Measures the robots.txt matcher on the suites of a folder (`robots-google`, `robots-real`, …): agreement and speed.
//!
//! ```text
//! cargo run --release -p naba-frontier --example robots_suites -- ../shared/suites
//! ```

use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use naba_frontier::Robots;
use serde_json::Value;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "../shared/suites".to_owned());
    let folder = Path::new(&folder);
    for suite in ["robots-google", "robots-crawler-commons", "robots-protego", "robots-real"] {
        let tally = measure(&folder.join(suite).join("dev/cases.jsonl"));
        println!("{suite:24} {}", tally.line());
    }
}

#[derive(Default)]
struct Tally {
    right: usize,
    wrongly_allowed: usize,
    wrongly_disallowed: usize,
    delays_right: usize,
    delays: usize,
    seconds: f64,
}

impl Tally {
    fn line(&self) -> String {
        let all = self.right + self.wrongly_allowed + self.wrongly_disallowed;
        format!(
            "decisions {}/{all}, wrongly allowed {}, wrongly disallowed {}, delays {}/{}, {:.0} parse+match/s",
            self.right,
            self.wrongly_allowed,
            self.wrongly_disallowed,
            self.delays_right,
            self.delays,
            (all + self.delays) as f64 / self.seconds
        )
    }
}

fn measure(cases: &Path) -> Tally {
    let mut tally = Tally::default();
    let Ok(file) = std::fs::File::open(cases) else {
        eprintln!("{}: not found, give the folder of the suites", cases.display());
        return tally;
    };
    let verbose = std::env::args().any(|arg| arg == "--verbose");
    for line in std::io::BufReader::new(file).lines().map_while(Result::ok) {
        let Ok(case) = serde_json::from_str::<Value>(&line) else { continue };
        let bytes = base64(text(&case, "robots_b64"));
        if case["kind"] == "crawl_delay" {
            tally.delays += 1;
            let start = Instant::now();
            let found = Robots::parse(&bytes).crawl_delay_ms(text(&case, "agent"));
            tally.seconds += start.elapsed().as_secs_f64();
            let wanted = case["result"].as_f64().map(|seconds| (seconds * 1000.0) as u64);
            tally.delays_right += usize::from(found == wanted);
        }
        for (agent, url, allowed) in decisions(&case) {
            let path = path_of(url);
            let start = Instant::now();
            let answer = Robots::parse(&bytes).decide(agent, &path);
            tally.seconds += start.elapsed().as_secs_f64();
            match (answer.allowed, allowed) {
                (found, wanted) if found == wanted => tally.right += 1,
                (true, _) => tally.wrongly_allowed += 1,
                (false, _) => tally.wrongly_disallowed += 1,
            }
            if verbose && answer.allowed != allowed {
                println!("{} agent {agent:?} url {url:?} wants {allowed}, rule {:?}", case["id"], answer.rule);
            }
        }
    }
    tally
}

fn decisions(case: &Value) -> Vec<(&str, &str, bool)> {
    if let Some(list) = case["decisions"].as_array() {
        return list.iter().map(|d| (as_text(&d[0]), as_text(&d[1]), d[2] == Value::Bool(true))).collect();
    }
    let allowed = case["allowed"].as_bool().or_else(|| case["result"].as_bool());
    let agent = case["agents"].as_array().map_or_else(|| text(case, "agent"), |agents| as_text(&agents[0]));
    allowed.map(|ok| (agent, text(case, "url"), ok)).into_iter().collect()
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    as_text(&case[field])
}

fn as_text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns path and query of an address as the reference does, without normalising them.
fn path_of(url: &str) -> String {
    let start = url.find("://").map_or_else(|| if url.starts_with("//") { 2 } else { 0 }, |at| at + 3);
    let after_scheme = &url[start..];
    let Some(at) = after_scheme.find(['/', '?', ';']) else { return "/".to_owned() };
    let path = after_scheme[at..].split('#').next().unwrap_or_default();
    if after_scheme.find('#').is_some_and(|hash| hash < at) {
        return "/".to_owned();
    }
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for value in text.bytes().filter_map(digit) {
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
