//! Measures the readers against the public test suites in `../shared/suites`.
//!
//! `cargo run --release -p naba-feed --example suites [-- --misses]` prints a line for each suite: documents read, and
//! expectations met of those that have a counterpart here. `--misses` also lists the cases that were not met.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use naba_feed::{Entry, Input, Listing, read, read_opml};
use naba_model::NormalUrl;
use serde_json::Value;

const HOME: &str = "http://example.com/feed";

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites");
    let misses = std::env::args().any(|argument| argument == "--misses");
    let mut report = Report { misses, ..Report::default() };
    for (suite, judge) in [
        ("feeds-feedparser", feedparser as fn(&Value, &mut Report)),
        ("feeds-gofeed", gofeed),
        ("feeds-feed-rs", feed_rs),
        ("feeds-validator", validator),
        ("sitemaps-tree", sitemaps_tree),
        ("sitemaps-files", sitemaps_files),
        ("opml", opml),
    ] {
        for case in cases(root.join(suite).join("dev/cases.jsonl")) {
            judge(&case, &mut report);
        }
    }
    for (row, (met, all)) in &report.rows {
        println!("{row:58} {met:>6} of {all:>6}  {:5.1} %", 100.0 * *met as f64 / (*all).max(1) as f64);
    }
    speed(&root);
}

#[derive(Default)]
struct Report {
    rows: BTreeMap<String, (usize, usize)>,
    misses: bool,
}

impl Report {
    fn count(&mut self, row: &str, case: &Value, is_met: bool, why: impl FnOnce() -> String) {
        let (met, all) = self.rows.entry(row.to_owned()).or_default();
        *met += usize::from(is_met);
        *all += 1;
        if self.misses && !is_met {
            println!("MISS {row} {} {}", text(case, "id"), why());
        }
    }
}

fn cases(path: PathBuf) -> Vec<Value> {
    let Ok(lines) = std::fs::read_to_string(&path) else {
        println!("{} is missing", path.display());
        return Vec::new();
    };
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn body(case: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for c in text(case, "body_b64").bytes() {
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
            out.push((bits >> count) as u8);
        }
    }
    out
}

fn listing(bytes: &[u8], content_type: Option<&str>, url: &str) -> Option<Listing> {
    let url = NormalUrl::parse(url).ok()?;
    read(&Input { bytes, content_type, url: &url }).ok()
}

/// Takes markup, case of entities and white space out: titles and summaries are plain text here, HTML elsewhere.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag => out.push(c),
            _ => {}
        }
    }
    let out = out.replace("&#38;", "&amp;").replace("&#x26;", "&amp;");
    let out = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn same_text(ours: Option<&str>, theirs: &str) -> bool {
    let ours = ours.unwrap_or_default();
    ours == theirs || plain(ours) == plain(theirs) || ours.split_whitespace().eq(plain(theirs).split_whitespace())
}

/// Addresses are normalised here.
fn same_url(ours: Option<&NormalUrl>, theirs: &str) -> bool {
    let theirs = NormalUrl::parse(HOME).ok().and_then(|home| home.join(theirs).ok());
    ours == theirs.as_ref()
}

fn feedparser(case: &Value, report: &mut Report) {
    let group = text(case, "group");
    let row = match group.split_once('/').unwrap_or((group, "")) {
        ("wellformed", "sanitize") => "feedparser, sanitising",
        ("wellformed", _) => "feedparser, well-formed core",
        ("encoding", _) => "feedparser, encodings",
        ("entities", _) => "feedparser, entities",
        _ => "feedparser, ill-formed",
    };
    let headers = case.get("headers");
    let header = |name: &str| {
        let mut headers = headers.and_then(Value::as_object)?.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    };
    let own = if text(case, "expect_source").contains("127.0.0.1:8097") { "http://127.0.0.1:8097/" } else { HOME };
    let listing = listing(&body(case), header("content-type"), header("content-location").unwrap_or(own));
    report.count(&format!("{row}: read"), case, listing.is_some(), || "not read".to_owned());
    let Some(listing) = listing else { return };
    for check in list(case, "checks") {
        if let Some(is_met) = feedparser_check(check, &listing) {
            let why = || format!("{check} but {:?} {:?}", listing.title, listing.entries.first());
            report.count(&format!("{row}: expectations"), case, is_met, why);
        }
    }
}

/// Judges one condition, or answers `None` when it has no counterpart here.
fn feedparser_check(check: &Value, listing: &Listing) -> Option<bool> {
    if text(check, "op") != "==" {
        return None;
    }
    let expected = check.get("value")?;
    let path = list(check, "path");
    let names: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
    let wanted = expected.as_str();
    if names.first() == Some(&"feed") {
        return match names.get(1..)? {
            ["title"] | ["title_detail", "value"] => Some(same_text(listing.title.as_deref(), wanted?)),
            ["language"] => Some(listing.language.as_deref() == wanted),
            ["link"] => Some(same_url(listing.home_url.as_ref(), wanted?)),
            ["updated_parsed"] => Some(listing.updated_at == instant(expected)),
            _ => None,
        };
    }
    let index = usize::try_from(path.get(1)?.as_u64()?).ok()?;
    let entry = listing.entries.get(index);
    let of = |field: fn(&Entry) -> Option<&String>| entry.and_then(field).map(String::as_str);
    match names.get(1..)? {
        ["title"] | ["title_detail", "value"] => Some(same_text(of(|entry| entry.title.as_ref()), wanted?)),
        ["link"] => Some(same_url(entry.and_then(|entry| entry.url.as_ref()), wanted?)),
        ["id" | "guid"] => Some(of(|entry| entry.guid.as_ref()) == wanted),
        // Where there is no summary, feedparser repeats the content.
        ["summary" | "description"] => {
            Some(same_text(of(|entry| entry.summary.as_ref().or(entry.content_html.as_ref())), wanted?))
        }
        ["content", "value"] => Some(same_text(of(|entry| entry.content_html.as_ref()), wanted?)),
        ["author_detail", "name"] => Some(of(|entry| entry.authors.first()) == wanted),
        ["tags", "term"] => {
            Some(entry.is_some_and(|entry| entry.categories.iter().any(|tag| Some(tag.as_str()) == wanted)))
        }
        ["published_parsed" | "created_parsed"] => {
            Some(entry.and_then(|entry| entry.published_at) == instant(expected))
        }
        ["updated_parsed"] => {
            Some(entry.and_then(|entry| entry.updated_at.or(entry.published_at)) == instant(expected))
        }
        _ => None,
    }
}

/// Milliseconds of a UTC time tuple.
fn instant(tuple: &Value) -> Option<i64> {
    let part = |at: usize| tuple.get(at).and_then(Value::as_i64);
    let (year, month, day) = (part(0)?, part(1)?, part(2)?);
    // Days from civil (proleptic Gregorian), years starting in March.
    let years = if month <= 2 { year - 1 } else { year };
    let months = (month + 9) % 12;
    let days = 365 * years + years.div_euclid(4) - years.div_euclid(100)
        + years.div_euclid(400)
        + (153 * months + 2) / 5
        + day
        - 1
        - 719_468;
    Some((((days * 24 + part(3)?) * 60 + part(4)?) * 60 + part(5)?) * 1000)
}

fn gofeed(case: &Value, report: &mut Report) {
    let listing = listing(&body(case), None, HOME);
    report.count("gofeed: read", case, listing.is_some(), || "not read".to_owned());
    let (Some(listing), Some(expected)) = (listing, case.get("expected")) else { return };
    let entries = if expected.get("items").is_some() { list(expected, "items") } else { list(expected, "entries") };
    let link = |entry: &Value| match entry.get("link").and_then(Value::as_str) {
        Some(link) => Some(link.to_owned()),
        None => {
            let alternate = |link: &&Value| matches!(text(link, "rel"), "" | "alternate");
            list(entry, "links").iter().find(alternate).map(|link| text(link, "href").to_owned())
        }
    };
    let is_met = same_text(listing.title.as_deref(), text(expected, "title"))
        && listing.entries.len() == entries.len()
        && listing.entries.iter().zip(entries).all(|(ours, theirs)| {
            same_text(ours.title.as_deref(), text(theirs, "title"))
                && link(theirs).is_none_or(|link| link.is_empty() || same_url(ours.url.as_ref(), &link))
        });
    report.count("gofeed: title, count, titles and links", case, is_met, || {
        format!("{:?} {:?} against {expected}", listing.title, listing.entries)
    });
}

fn feed_rs(case: &Value, report: &mut Report) {
    let listing = listing(&body(case), None, HOME);
    let Some(reference) = case.get("reference").filter(|reference| !list(reference, "entries").is_empty()) else {
        return;
    };
    report.count("real feeds: read", case, listing.is_some(), || "not read".to_owned());
    let Some(listing) = listing else { return };
    let theirs = list(reference, "entries");
    let pairs = || listing.entries.iter().zip(theirs);
    let same_count = listing.entries.len() == theirs.len();
    report.count("real feeds: same number of entries", case, same_count, || {
        format!("{} against {}", listing.entries.len(), theirs.len())
    });
    let links = |(ours, theirs): (&Entry, &Value)| {
        text(theirs, "link").is_empty() || same_url(ours.url.as_ref(), text(theirs, "link"))
    };
    report.count("real feeds: same links", case, same_count && pairs().all(links), || {
        format!("{:?}", pairs().find(|pair| !links(*pair)).map(|(ours, theirs)| (&ours.url, text(theirs, "link"))))
    });
    let titles = |(ours, theirs): (&Entry, &Value)| same_text(ours.title.as_deref(), text(theirs, "title"));
    report.count("real feeds: same titles", case, same_count && pairs().all(titles), || {
        format!("{:?}", pairs().find(|pair| !titles(*pair)).map(|(ours, theirs)| (&ours.title, text(theirs, "title"))))
    });
    let dates = |(ours, theirs): (&Entry, &Value)| {
        let stated =
            ["published", "updated"].map(|key| theirs.get(key).filter(|date| !date.is_null()).and_then(instant));
        let ours = [ours.published_at, ours.updated_at];
        stated.iter().flatten().all(|date| ours.iter().flatten().any(|our| our.div_euclid(1000) * 1000 == *date))
    };
    report.count("real feeds: same dates", case, same_count && pairs().all(dates), || {
        format!(
            "{:?}",
            pairs().find(|pair| !dates(*pair)).map(|(ours, theirs)| (ours.published_at, ours.updated_at, theirs))
        )
    });
}

fn validator(case: &Value, report: &mut Report) {
    let bytes = body(case);
    let listing = listing(&bytes, None, HOME);
    let is_due = case.get("message_expected") == Some(&Value::Bool(false)) || text(case, "level") != "must";
    let is_feed = [&b"<rss"[..], b"<feed", b"<rdf", b"<RDF", b":RDF"]
        .iter()
        .any(|mark| bytes.windows(mark.len()).any(|window| window.eq_ignore_ascii_case(mark)));
    if is_due && is_feed {
        report.count("validator: feeds read", case, listing.is_some(), || "not read".to_owned());
    }
}

fn sitemaps_tree(case: &Value, report: &mut Report) {
    let mut found = std::collections::HashSet::new();
    for response in list(case, "responses") {
        let headers = response.get("headers").cloned().unwrap_or_default();
        if let Some(listing) = listing(&body(response), Some(text(&headers, "Content-Type")), text(response, "url")) {
            found.extend(listing.entries.into_iter().filter_map(|entry| entry.url));
        }
    }
    for page in list(case, "pages") {
        let url = NormalUrl::parse(text(page, "url")).ok();
        let is_met = url.as_ref().is_some_and(|url| found.contains(url));
        report.count("sitemaps: pages found", case, is_met, || text(page, "url").to_owned());
    }
}

fn sitemaps_files(case: &Value, report: &mut Report) {
    let listing = listing(&body(case), None, HOME);
    report.count("sitemap files: read", case, listing.is_some(), || "not read".to_owned());
}

fn opml(case: &Value, report: &mut Report) {
    let outlines = read_opml(&body(case));
    let ours: Vec<&str> = outlines.iter().map(|outline| outline.feed_url.as_str()).collect();
    match case.get("feeds").and_then(Value::as_array) {
        Some(feeds) => {
            let theirs = feeds.iter().filter_map(Value::as_str).map(str::trim).filter(|url| !url.is_empty());
            let is_met = ours.iter().copied().eq(theirs);
            report.count("opml, well-formed: the same feeds", case, is_met, || {
                format!("{} of {}", ours.len(), feeds.len())
            });
        }
        None => {
            // Every `xmlUrl=` in the bytes is a subscription.
            let bytes = body(case);
            let due = bytes.windows(8).filter(|window| window.eq_ignore_ascii_case(b"xmlurl=\"")).count();
            let is_met = ours.len() == due;
            report.count("opml, broken: every feed", case, is_met, || format!("{} of {due}", ours.len()));
        }
    }
}

fn speed(root: &Path) {
    let bodies: Vec<Vec<u8>> = cases(root.join("feeds-feed-rs/dev/cases.jsonl")).iter().map(body).collect();
    let bodies: Vec<&Vec<u8>> = bodies.iter().filter(|body| listing(body, None, HOME).is_some()).collect();
    let bytes: usize = bodies.iter().map(|body| body.len()).sum();
    let started = Instant::now();
    let mut rounds = 0;
    while started.elapsed().as_secs_f64() < 1.0 {
        for body in &bodies {
            let _ = std::hint::black_box(listing(body, None, HOME));
        }
        rounds += 1;
    }
    let rate = bytes as f64 * f64::from(rounds) / started.elapsed().as_secs_f64() / 1e6;
    println!("speed over {} real feeds ({} KB): {rate:.0} MB/s on one core", bodies.len(), bytes / 1000);
}
