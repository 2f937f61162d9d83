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
