//! What a hostile page costs grows as its length does.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use naba_extract::extract;
use naba_proto::v1::RawDocument;

const SENTENCE: &str =
    "A sentence that is long enough to be taken for a paragraph of prose, and a bit more than that. ";

/// Processor time of this thread for a page, in microseconds: the least of three, since other work only adds to it.
fn cost(html: &str) -> i64 {
    let raw = RawDocument {
        final_url: "https://site.news.example/2024/06/20/a".into(),
        content_type: "text/html".into(),
        body: html.to_owned().into_bytes().into(),
        ..RawDocument::default()
    };
    let now = || {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
    };
    let once = |_| {
        let began = now();
        let _ = extract(&raw);
        now() - began
    };
    (0..3).map(once).min().unwrap()
}

/// Fails when four times the length costs nine times as much: twice the line, and far below the square.
fn grows_as_its_length(name: &str, page: impl Fn(usize) -> String, count: usize) {
    let (small, large) = (cost(&page(count)), cost(&page(count * 4)));
    assert!(large < small * 9 + 5_000, "{name}: {small} µs, four times as much {large} µs");
}

#[test]
fn repeated_pieces_cost_no_more_than_their_number() {
    for piece in [
        "<p>x",
        "<p>A sentence that is long enough to be taken for a paragraph of prose, and a bit more than that.</p>",
        "<div><div><a href=/x>A headline of five words</a></div></div>",
        "<li><a href=/x class=teaser>A headline of five words</a> 5 Feb 2025 7.12",
        "<b class=x>y</p>",
        "<table><b>x</b><tr>y",
        "<a href=x><p>y</a>",
        "&amp;&notit;&#8217; ",
        "<!--",
        "<script>",
        "<title>",
        "</",
        "<x y='",
        "]]>",
        "<svg><p>",
        "<h1>A headline of the day</h1>",
        "<div class=comment><b class=author>Ada</b> <time>5 Feb 2025</time><p>I do not think so.</p></div>",
        "<p>Comments (3)</p><p>Reply</p>",
        "<span class=author>By Ada Lovelace</span>",
        "<time datetime=2024-01-01>x</time>",
        "<meta property=article:author content='Ada Lovelace'><i itemprop=author>Ada</i>",
        "<figure><img src=/x.jpg><figcaption>The bridge - Reuters</figcaption></figure>",
        "<td>cell<td>cell<tr>",
    ] {
        grows_as_its_length(piece, |count| piece.repeat(count), 1 + 40_000 / piece.len());
    }
}

#[test]
fn long_parts_cost_no_more_than_their_length() {
    type Page = fn(usize) -> String;
    let pages: [(&str, Page); 7] = [
        ("one text", |n| format!("<h1>A headline</h1><p>{}", SENTENCE.repeat(n))),
        ("one class", |n| format!("<div class='{}'><p>{SENTENCE}</div>", "promo body ".repeat(n * 8))),
        ("many attributes", |n| format!("<b{}>{SENTENCE}", (0..n * 8).map(|i| format!(" a{i}=b")).collect::<String>())),
        ("one address", |n| format!("<p>{SENTENCE}<a href='/{}'>x</a>", "a/b&amp;".repeat(n * 8))),
        ("one script", |n| {
            let items = r#"{"@type":"NewsArticle","headline":"x","author":[{"name":"Ada"}]},"#.repeat(n);
            format!("<script type=application/ld+json>[{items}null]</script><p>{SENTENCE}")
        }),
        ("a broken script", |n| {
            format!("<script type=application/ld+json>{}</script><p>{SENTENCE}", r#"[{"a":"b\n"#.repeat(n * 8))
        }),
        ("lines of one text", |n| format!("<p>{}", "Follow us on WhatsApp<br>5 Feb 2025 7.12<br><br>".repeat(n))),
    ];
    for (name, page) in pages {
        grows_as_its_length(name, page, 400);
    }
}
