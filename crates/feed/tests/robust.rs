//! No bytes make the readers panic, whatever they are.

#![allow(clippy::unwrap_used, clippy::panic)]

use naba_feed::{Input, read, read_opml};
use naba_model::NormalUrl;
use proptest::prelude::*;

fn survives(bytes: &[u8], content_type: Option<&str>) {
    let url = NormalUrl::parse("https://news.example/").unwrap();
    let _ = read(&Input { bytes, content_type, url: &url });
    let _ = read_opml(bytes);
}

/// Parts of feeds that in some order are likely to reach every branch.
const PARTS: &[&str] = &[
    "<rss>",
    "</rss>",
    "<channel>",
    "</channel>",
    "<item>",
    "</item>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>",
    "</feed>",
    "<entry>",
    "</entry>",
    "<title>",
    "</title>",
    "<link href='",
    "'/>",
    "\"",
    "<link>",
    "</link>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE",
    "[",
    ">",
    "<",
    "&",
    "&amp;",
    "&#x110000;",
    "&#xD800;",
    "&eacute;",
    "é",
    "خبر",
    "\u{0}",
    "<urlset>",
    "<url>",
    "<loc>",
    "http://[::1",
    "{",
    "[",
    ",",
    "\\ud83d",
    "\\",
    "{\"id\":\"1\"}",
    "\"items\":[",
    "}",
    "<content type='xhtml'>",
    "<div>",
    "<br/>",
    "xml:base='//'",
    " ",
    "<?xml",
    "?>",
    "<pubDate>",
    "24 Nov 2026",
    "</pubDate>",
    "<outline xmlUrl=",
    "<media:group>",
    "<skipHours><hour>999",
    "<x:y:z>",
];

/// Whole documents of each reader, to be mutated.
const DOCUMENTS: &[&str] = &[
    include_str!("cut.xml"),
    r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/x/"><entry xml:base="y/"><id>z</id><link href="page"/>
       <title type="html">A &amp;amp; B</title><content type="xhtml"><div><p>x <a href="b">&eacute;</a></p></div></content></entry></feed>"#,
    r#"<?xml version="1.0" encoding="windows-1256"?><rss><channel><item><guid isPermaLink="false">1</guid><pubDate>Tue, 24 Nov 2026
       12:00:00 +0200</pubDate><description><![CDATA[<p>a<script>b</script><img src='c.png'>]]></description></item></channel></rss>"#,
    r#"{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"1","content_html":"<a href='x'>\\ud83d</a>"},{"id":2}]}"#,
    r#"<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://a.example/1</loc><news:news>
       <news:publication_date>2026-11-24</news:publication_date><news:keywords>a, b</news:keywords></news:news></url></urlset>"#,
    "<sitemapindex><sitemap><loc>/1.xml.gz</loc><lastmod>2026-11-24T10:00:00Z</lastmod></sitemap></sitemapindex>",
    "https://a.example/1\nhttps://a.example/2\n",
    r#"<opml><body><outline text="A" description="<p>"x"</p>" xmlUrl="http://a.example/"/><!-- <outline xmlUrl='b'/> --></body></opml>"#,
];

/// One change of a document; places and lengths are taken modulo its length.
#[derive(Debug, Clone)]
enum Mutation {
    Flip(usize, u8),
    Drop(usize, usize),
    Repeat(usize, usize, usize),
    Insert(usize, &'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Flip(at, byte)),
        (any::<usize>(), 1usize..40).prop_map(|(at, length)| Mutation::Drop(at, length)),
        (any::<usize>(), 1usize..60, 2usize..200).prop_map(|(at, length, times)| Mutation::Repeat(at, length, times)),
        (any::<usize>(), proptest::sample::select(PARTS)).prop_map(|(at, part)| Mutation::Insert(at, part)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let length = bytes.len().max(1);
    let range = |at: usize, size: usize| (at % length).min(bytes.len())..(at % length + size).min(bytes.len());
    match *mutation {
        Mutation::Flip(at, byte) => bytes.iter_mut().skip(at % length).take(1).for_each(|old| *old = byte),
        Mutation::Drop(at, size) => drop(bytes.drain(range(at, size))),
        Mutation::Repeat(at, size, times) => {
            let range = range(at, size);
            let repeated = bytes.get(range.clone()).unwrap_or_default().repeat(times);
            bytes.splice(range, repeated);
        }
        Mutation::Insert(at, part) => drop(bytes.splice(range(at, 0), part.bytes())),
    }
}

/// What is kept of a document never exceeds it by more than paragraphs and absolute addresses add.
fn stays_bounded(bytes: &[u8]) {
    let url = NormalUrl::parse("https://news.example/").unwrap();
    if let Ok(listing) = read(&Input { bytes, content_type: None, url: &url }) {
        let kept: usize = listing.entries.iter().map(|entry| entry.content_html.as_ref().map_or(0, String::len)).sum();
        assert!(kept <= 64 * bytes.len() + 1024, "{kept} bytes out of {}", bytes.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_mutated_document_is_read_or_refused_within_bounds(
        document in proptest::sample::select(DOCUMENTS),
        mutations in proptest::collection::vec(mutation(), 1..6),
    ) {
        let mut bytes = document.as_bytes().to_vec();
        mutations.iter().for_each(|mutation| mutate(&mut bytes, mutation));
        survives(&bytes, None);
        stays_bounded(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), charset in "[a-z0-9-]{0,12}") {
        survives(&bytes, Some(&format!("text/xml; charset={charset}")));
    }

    #[test]
    fn any_order_of_feed_parts(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..60)) {
        survives(parts.concat().as_bytes(), None);
    }

    #[test]
    fn a_feed_cut_anywhere_with_any_byte_changed(cut in 0usize..700, at in 0usize..700, byte in any::<u8>()) {
        let mut bytes = include_bytes!("cut.xml").to_vec();
        if let Some(target) = bytes.get_mut(at) {
            *target = byte;
        }
        bytes.truncate(cut);
        survives(&bytes, None);
    }
}
