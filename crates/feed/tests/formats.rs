//! What is read of each format, well-formed and broken.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write;

use naba_feed::{Diagnostic, Entry, FeedError, Input, Listing, ListingKind, MAX_ENTRIES, read, read_opml};
use naba_model::NormalUrl;

const TEN_O_CLOCK: i64 = 1_795_514_400_000; // 2026-11-24T10:00:00Z

fn try_read(bytes: &[u8]) -> Result<Listing, FeedError> {
    let url = NormalUrl::parse("https://news.example/feeds/all.xml").unwrap();
    read(&Input { bytes, content_type: None, url: &url })
}

fn listing(text: &str) -> Listing {
    try_read(text.as_bytes()).unwrap()
}

fn address(entry: &Entry) -> &str {
    entry.url.as_ref().map(NormalUrl::as_str).unwrap_or_default()
}

#[test]
fn rss_2_gives_every_field_of_an_entry() {
    let feed = listing(
        r#"<?xml version="1.0" encoding="utf-8"?>
        <rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"
             xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
        <channel><title>الأخبار</title><link>https://news.example/</link><language>ar-LB</language><ttl>15</ttl>
        <atom:link rel="self" href="/feeds/all.xml"/><atom:link rel="hub" href="https://hub.example/"/>
        <skipHours><hour>0</hour><hour>24</hour><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>
        <sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>
        <item><title>عنوان &lt;b&gt;مهم&lt;/b&gt;</title><link> /2026/1?utm_source=rss </link>
        <guid isPermaLink="false">g-1</guid><dc:creator>سارة</dc:creator><author>ali@news.example (علي)</author>
        <category>سياسة</category><dc:subject>لبنان</dc:subject><pubDate>Tue, 24 Nov 2026 12:00:00 +0200</pubDate>
        <description><![CDATA[<p>ملخص</p>]]></description>
        <content:encoded><![CDATA[<p>النص <a href="/x">كامل</a></p>]]></content:encoded></item>
        </channel></rss>"#,
    );
    assert_eq!(feed.kind, ListingKind::Rss);
    assert_eq!((feed.title.as_deref(), feed.language.as_deref()), (Some("الأخبار"), Some("ar-LB")));
    assert_eq!(feed.home_url.unwrap().as_str(), "https://news.example/");
    assert_eq!(feed.self_url.unwrap().as_str(), "https://news.example/feeds/all.xml");
    assert_eq!(feed.hubs.first().unwrap().as_str(), "https://hub.example/");
    assert_eq!((feed.hints.ttl_minutes, feed.hints.update_every_seconds), (Some(15), Some(900)));
    assert_eq!((feed.hints.skip_hours, feed.hints.skip_days), (vec![0, 3], vec![7]));
    let entry = feed.entries.first().unwrap();
    assert_eq!(address(entry), "https://news.example/2026/1");
    assert_eq!(entry.guid.as_deref(), Some("g-1"));
    assert_eq!(entry.title.as_deref(), Some("عنوان مهم"));
    assert_eq!(entry.summary.as_deref(), Some("ملخص"));
    assert_eq!(entry.content_html.as_deref(), Some("<p>النص <a href=\"https://news.example/x\">كامل</a></p>"));
    assert_eq!(entry.authors, ["سارة", "علي"]);
    assert_eq!(entry.categories, ["سياسة", "لبنان"]);
    assert_eq!(entry.published_at, Some(TEN_O_CLOCK));
    assert_eq!(feed.diagnostics, []);
}

#[test]
fn rdf_takes_the_address_from_about_when_there_is_no_link() {
    let feed = listing(
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
             xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="https://news.example/"><title>T</title><items><rdf:Seq><rdf:li resource="x"/></rdf:Seq></items></channel>
        <item rdf:about="https://news.example/a"><title>A</title><dc:date>2026-11-24T10:00:00Z</dc:date></item></rdf:RDF>"#,
    );
    assert_eq!(feed.entries.len(), 1);
    assert_eq!(address(&feed.entries[0]), "https://news.example/a");
    assert_eq!(feed.entries[0].published_at, Some(TEN_O_CLOCK));
}

#[test]
fn atom_resolves_addresses_against_xml_base_and_prefers_the_page() {
    let feed = listing(
        r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/x/" xml:lang="fr"><title type="html">A &amp;amp; B</title>
        <author><name>Desk</name></author>
        <entry xml:base="y/"><id>urn:1</id><link rel="self" href="self.xml"/><link rel="alternate" type="application/json" href="j"/>
        <link href="page"/><updated>2026-11-24T10:00:00Z</updated><title type="text">1 &lt;b&gt; 2</title>
        <author><name>Jane</name><email>j@a.example</email></author><category term="t" label="Label"/>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x &amp; <br/>y</p></div></content></entry></feed>"#,
    );
    assert_eq!((feed.kind, feed.title.as_deref()), (ListingKind::Atom, Some("A & B")));
    assert_eq!((feed.language.as_deref(), feed.authors.as_slice()), (Some("fr"), &["Desk".to_owned()][..]));
    let entry = &feed.entries[0];
    assert_eq!(address(entry), "https://a.example/x/y/page");
    assert_eq!(entry.title.as_deref(), Some("1 <b> 2"));
    assert_eq!(entry.content_html.as_deref(), Some("<p>x &amp; <br>y</p>"));
    assert_eq!((entry.published_at, entry.updated_at), (None, Some(TEN_O_CLOCK)));
    assert_eq!(
        (entry.authors.as_slice(), entry.categories.as_slice()),
        (&["Jane".to_owned()][..], &["Label".to_owned()][..])
    );
}

#[test]
fn json_feed_is_read_in_both_versions() {
    let feed = listing(
        r#"{"version":"https://jsonfeed.org/version/1","title":"J","home_page_url":"/","items":[
        {"id":7,"url":"/a","title":"A","content_text":"one\n\ntwo <3","date_published":"2026-11-24T12:00:00+02:00",
         "author":{"name":"Old"},"authors":[{"name":"New"}],"tags":["t"],"language":"en"}, "rubbish", {"id":"https://news.example/b"}]}"#,
    );
    let entry = &feed.entries[0];
    assert_eq!((feed.kind, feed.entries.len()), (ListingKind::JsonFeed, 2));
    assert_eq!((address(entry), entry.guid.as_deref()), ("https://news.example/a", Some("7")));
    assert_eq!(entry.content_html.as_deref(), Some("<p>one</p><p>two &lt;3</p>"));
    assert_eq!(
        (entry.published_at, entry.authors.as_slice()),
        (Some(TEN_O_CLOCK), &["New".to_owned(), "Old".to_owned()][..])
    );
    assert_eq!(address(&feed.entries[1]), "https://news.example/b");
}

#[test]
fn a_news_sitemap_gives_times_titles_and_keywords() {
    let feed = listing(
        r#"<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
            xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
        <url><loc>https://news.example/a</loc><lastmod>2026-11-24</lastmod><image:image><image:loc>https://i.example/</image:loc></image:image>
        <news:news><news:publication><news:name>N</news:name><news:language>ru</news:language></news:publication>
        <news:publication_date>2026-11-24T10:00:00Z</news:publication_date><news:title>Заголовок &amp; ко</news:title>
        <news:keywords>a, b</news:keywords></news:news></url></urlset>"#,
    );
    let entry = &feed.entries[0];
    assert_eq!((feed.kind, feed.title.as_deref()), (ListingKind::NewsSitemap, Some("N")));
    assert_eq!((address(entry), entry.title.as_deref()), ("https://news.example/a", Some("Заголовок & ко")));
    assert_eq!((entry.published_at, entry.language.as_deref()), (Some(TEN_O_CLOCK), Some("ru")));
    assert_eq!(entry.categories, ["a", "b"]);
}

#[test]
fn a_packed_sitemap_index_names_its_children() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed
        .write_all(b"<sitemapindex><sitemap><loc>/1.xml.gz</loc><lastmod>2026-11-24T10:00:00Z</lastmod></sitemap><sitemap/></sitemapindex>")
        .unwrap();
    let feed = try_read(&packed.finish().unwrap()).unwrap();
    assert_eq!((feed.kind, feed.sitemaps.len()), (ListingKind::SitemapIndex, 1));
    assert_eq!(feed.sitemaps[0].url.as_str(), "https://news.example/1.xml.gz");
    assert_eq!(feed.sitemaps[0].modified_at, Some(TEN_O_CLOCK));
}

#[test]
fn a_plain_text_sitemap_is_a_line_an_address() {
    let feed = listing("\u{feff}https://news.example/a\r\n\r\nhttps://news.example/b\nrubbish\n");
    assert_eq!(
        feed.entries.iter().map(address).collect::<Vec<_>>(),
        ["https://news.example/a", "https://news.example/b"]
    );
    assert_eq!(feed.diagnostics, [Diagnostic::BadUrl]);
}

#[test]
fn a_broken_entry_costs_no_other() {
    let feed = listing(
        "<rss><channel><item><title>A<link>/a</link></item><item><title>B</title><link>/b</link><description>x <p> y</item>
         <item><title>C</title><link>mailto:c@c.example</link></item><item></item><item><title>D & E</title></b><link>/d</link>",
    );
    assert_eq!(feed.entries.len(), 5);
    assert_eq!(address(&feed.entries[1]), "https://news.example/b");
    assert_eq!(feed.entries[4].title.as_deref(), Some("D & E"));
    assert_eq!(address(&feed.entries[4]), "https://news.example/d");
    for expected in [Diagnostic::NotWellFormed, Diagnostic::BadUrl, Diagnostic::EntryWithoutUrl] {
        assert!(feed.diagnostics.contains(&expected), "{expected:?} is missing in {:?}", feed.diagnostics);
    }
}

#[test]
fn control_characters_and_a_wrong_charset_are_noted() {
    let feed = try_read(b"<?xml version='1.0' encoding='utf-8'?><rss><channel><title>a\x08b</title><item><title>caf\xe9</title></item></channel></rss>");
    let feed = feed.unwrap();
    assert_eq!(feed.title.as_deref(), Some("ab"));
    assert!(feed.entries[0].title.as_deref().unwrap().starts_with("caf"));
    assert!(feed.diagnostics.contains(&Diagnostic::ControlCharacters));
}

#[test]
fn a_server_warning_in_front_of_the_feed_is_skipped() {
    let feed = listing(
        "<br />\n<b>Warning</b>: x in y.php<br />\n<?xml version='1.0'?><rss><channel><item><link>/a</link></item></channel></rss>",
    );
    assert_eq!(feed.entries.len(), 1);
}

#[test]
fn what_is_no_listing_is_named() {
    let found = |bytes: &[u8]| match try_read(bytes) {
        Err(FeedError::NotAFeed { found }) => found,
        other => panic!("expected NotAFeed, got {other:?}"),
    };
    assert_eq!(found(b"<!DOCTYPE html><html><body><rss></rss></body></html>"), "html");
    assert_eq!(found(b"\n<HTML><body>404"), "html");
    assert_eq!(found(b"<opml><body/></opml>"), "opml");
    assert_eq!(found(b"{\"error\": 404}"), "json");
    assert_eq!(found(b"Not found"), "text");
    assert!(matches!(try_read(b" \n"), Err(FeedError::Empty)));
}

#[test]
fn a_description_of_article_length_is_content_too() {
    let long = "word ".repeat(400);
    let feed = listing(&format!(
        "<rss><channel><item><link>/a</link><description>&lt;p&gt;{long}&lt;/p&gt;</description></item><item><link>/b</link><description>short</description></item></channel></rss>"
    ));
    assert!(feed.entries[0].content_html.as_deref().unwrap().starts_with("<p>word"));
    assert_eq!(feed.entries[1].content_html, None);
}

#[test]
fn entries_beyond_the_limit_are_dropped_and_noted() {
    let mut text = String::from("<urlset>");
    for n in 0..=MAX_ENTRIES {
        text.push_str(&format!("<url><loc>/{n}</loc></url>"));
    }
    let feed = listing(&text);
    assert_eq!(feed.entries.len(), MAX_ENTRIES);
    assert_eq!(feed.diagnostics, [Diagnostic::TooManyEntries]);
}

#[test]
fn elements_nested_without_end_cost_only_their_entry() {
    let deep = "<x>".repeat(50_000);
    let feed = listing(&format!(
        "<rss><channel><item><link>/a</link>{deep}</item><item><link>/b</link></item></channel></rss>"
    ));
    assert_eq!(
        feed.entries.iter().map(address).collect::<Vec<_>>(),
        ["https://news.example/a", "https://news.example/b"]
    );
    assert!(feed.diagnostics.contains(&Diagnostic::TooDeep));
}

#[test]
fn one_identifier_for_all_entries_is_noted() {
    let feed = listing(
        "<rss><channel><item><guid>1</guid><link>/a</link></item><item><guid>1</guid><link>/b</link></item></channel></rss>",
    );
    assert_eq!(feed.diagnostics, [Diagnostic::RepeatedGuid]);
}

fn feeds_of(opml: &str) -> Vec<(String, String)> {
    read_opml(opml.as_bytes()).into_iter().map(|it| (it.title.unwrap_or_default(), it.feed_url)).collect()
}

fn pair(title: &str, url: &str) -> (String, String) {
    (title.to_owned(), url.to_owned())
}

#[test]
fn opml_is_read_when_broken() {
    let read = feeds_of(
        "<opml><body><outline text='Folder'><outline text='A & B' xmlUrl='http://a.example/?x=1&y=2' htmlUrl='http://a.example/'>
        <outline title=\"T\" TEXT='x' xmlurl=' http://b.example/ '/></opml>",
    );
    assert_eq!(read, [pair("A & B", "http://a.example/?x=1&y=2"), pair("T", "http://b.example/")]);
}

#[test]
fn html_inside_an_opml_description_costs_no_feed() {
    let read = feeds_of(
        "<OPML><outline text=\"A\" description=\"<p>The \"best\" <a href='x'>site</a></p>\" xmlUrl=\"http://a.example/\" />
        <outline text=\"It's B\" description='' xmlUrl=\"http://b.example/\" type=\"rss\" /></OPML>",
    );
    assert_eq!(read, [pair("A", "http://a.example/"), pair("It's B", "http://b.example/")]);
}

#[test]
fn an_opml_outline_in_a_comment_is_no_subscription() {
    let read =
        feeds_of("<opml><!-- <outline xmlUrl='http://old.example/'/> --><outline xmlUrl='http://a.example/'/><!--");
    assert_eq!(read, [pair("", "http://a.example/")]);
}

#[test]
fn a_time_of_absurd_length_is_dropped() {
    let feed = listing(&format!(
        "<rss><channel><item><link>/a</link><pubDate>{}</pubDate></item></channel></rss>",
        "1 ".repeat(500_000)
    ));
    assert_eq!((feed.entries[0].published_at, feed.diagnostics.as_slice()), (None, &[Diagnostic::BadInstant][..]));
}

#[test]
fn control_characters_from_windows_1252_are_mended() {
    let feed = listing("<rss><channel><item><link>/a</link><title>don\u{92}t</title></item></channel></rss>");
    assert_eq!(feed.entries[0].title.as_deref(), Some("don’t"));
}
