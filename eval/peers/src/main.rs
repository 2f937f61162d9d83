//! Runs one extractor over a list of pages: `peers predict|time NAME [PASSES] < list`.
//!
//! A line of the list is `id <tab> path of the page in UTF-8 <tab> address`. `predict` writes one prediction a line in the
//! scorer's form; `time` reads all pages first and writes the time of each in each pass, as eval/bench.py reads it.

use std::io::{BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

type Extractor = fn(&str, &str) -> Option<Value>;

fn main() {
    // Some of them recurse as deep as the page nests.
    let work = std::thread::Builder::new().stack_size(256 << 20).spawn(run);
    work.expect("a thread").join().expect("no panic outside an extractor");
}

fn run() {
    std::panic::set_hook(Box::new(|_| {}));
    let args: Vec<String> = std::env::args().collect();
    let name = args.get(2).map_or("", String::as_str);
    let extractor: Extractor = match name {
        "rust_trafilatura" => rust_trafilatura,
        "libreadability" => libreadability,
        "dom_smoothie" => dom_smoothie,
        _ => panic!("no extractor is called {name:?}"),
    };
    let pages = pages();
    match args.get(1).map(String::as_str) {
        Some("predict") => predict(&pages, extractor),
        Some("time") => time(&pages, extractor, args.get(3).and_then(|n| n.parse().ok()).unwrap_or(1)),
        _ => panic!("say predict or time"),
    }
}

fn pages() -> Vec<(String, String, String)> {
    let lines = std::io::stdin().lock().lines().map_while(Result::ok);
    lines
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let (id, path) = (fields.next()?, fields.next()?);
            let html = std::fs::read_to_string(path).ok()?;
            Some((id.to_owned(), html, fields.next().unwrap_or_default().to_owned()))
        })
        .collect()
}

fn guarded(extractor: Extractor, html: &str, url: &str) -> Option<Value> {
    catch_unwind(AssertUnwindSafe(|| extractor(html, url))).ok().flatten()
}

fn predict(pages: &[(String, String, String)], extractor: Extractor) {
    for (id, html, url) in pages {
        let mut said = guarded(extractor, html, url).unwrap_or_else(|| json!({}));
        said["id"] = json!(id);
        println!("{said}");
    }
}

fn time(pages: &[(String, String, String)], extractor: Extractor, passes: usize) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}", json!({"loaded_kib": memory("VmRSS:")})).expect("a reader");
    for pass in 0..passes {
        for (id, html, url) in pages {
            let began = cpu_us();
            std::hint::black_box(guarded(extractor, html, url));
            writeln!(out, "{}", json!({"id": id, "us": cpu_us() - began})).expect("a reader");
        }
        let (now, peak) = (memory("VmRSS:"), memory("VmHWM:"));
        writeln!(out, "{}", json!({"pass": pass + 1, "rss_kib": now, "peak_kib": peak})).expect("a reader");
    }
}

fn cpu_us() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}

fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(field));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn rust_trafilatura(html: &str, url: &str) -> Option<Value> {
    let options = rust_trafilatura::Options {
        original_url: rust_trafilatura::Url::request(url),
        enable_fallback: true,
        exclude_comments: true,
        ..Default::default()
    };
    let said = rust_trafilatura::extract(html.as_bytes(), &options).ok()?;
    let meta = said.metadata;
    let published = meta.date.format("%Y-%m-%d").to_string();
    Some(json!({
        "title": meta.title,
        "authors": meta.author.split(';').map(str::trim).filter(|a| !a.is_empty()).collect::<Vec<_>>(),
        "published": if published.starts_with("0001") { String::new() } else { published },
        "body": said.content_text,
        "lang": meta.language,
    }))
}

fn libreadability(html: &str, url: &str) -> Option<Value> {
    let said = libreadability::extract(html, Some(url).filter(|u| !u.is_empty())).ok()?;
    Some(json!({
        "title": said.title,
        "authors": [said.byline],
        "published": said.published_time,
        "body": said.text_content,
        "lang": said.language,
    }))
}

fn dom_smoothie(html: &str, url: &str) -> Option<Value> {
    let config = dom_smoothie::Config { text_mode: dom_smoothie::TextMode::Formatted, ..Default::default() };
    let said = dom_smoothie::Readability::new(html, Some(url).filter(|u| !u.is_empty()), Some(config)).ok()?.parse().ok()?;
    Some(json!({
        "title": said.title,
        "authors": [said.byline.unwrap_or_default()],
        "published": said.published_time,
        "body": &*said.text_content,
        "lang": said.lang,
    }))
}
