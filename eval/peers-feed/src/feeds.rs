//! Feeds: from bytes to entries.

use std::hint::black_box;
use std::path::Path;

use naba_feed::Input;
use naba_model::NormalUrl;

type Reader = (&'static str, fn(&[u8]) -> bool);

const READERS: [Reader; 5] = [
    ("naba-feed", |bytes| {
        let url = NormalUrl::parse("http://example.com/feed").expect("address");
        black_box(naba_feed::read(&Input { bytes, content_type: None, url: &url })).is_ok()
    }),
    ("feedparser-rs", |bytes| black_box(feedparser_rs::parse(bytes)).is_ok()),
    ("feed-rs", |bytes| {
        let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
        black_box(parser.parse(bytes)).is_ok()
    }),
    ("feed-rs, sanitising", |bytes| black_box(feed_rs::parser::parse(bytes)).is_ok()),
    ("rss or atom_synd.", |bytes| {
        black_box(rss::Channel::read_from(bytes)).is_ok() || black_box(atom_syndication::Feed::read_from(bytes)).is_ok()
    }),
];

pub fn measure(suites: &Path) {
    let all: Vec<Vec<u8>> =
        crate::cases(&suites.join("feeds-feed-rs")).iter().map(|case| crate::bytes(case, "body_b64")).collect();
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let reads = |read: fn(&[u8]) -> bool, bytes: &[u8]| std::panic::catch_unwind(|| read(bytes)).unwrap_or(false);
    for (name, read) in READERS {
        println!("{name} reads {} of {} documents", all.iter().filter(|bytes| reads(read, bytes)).count(), all.len());
    }
    let common: Vec<&Vec<u8>> =
        all.iter().filter(|bytes| READERS.iter().all(|(_, read)| reads(*read, bytes))).collect();
    std::panic::set_hook(quiet);
    let amount: usize = common.iter().map(|bytes| bytes.len()).sum();
    println!("feeds, on the {} real ones that all read ({} KB):", common.len(), amount / 1000);
    let documents = &common;
    let runners: Vec<crate::Runner<'_>> = READERS
        .iter()
        .map(|(name, read)| {
            let run: Box<dyn Fn()> = Box::new(move || {
                documents.iter().for_each(|bytes| {
                    black_box(read(bytes));
                })
            });
            (*name, run)
        })
        .collect();
    crate::print(&crate::race(&runners), "MB/s", amount as f64 / 1e6);
}
