//! The fetcher against real sites on loopback, on the local log: what it publishes, and what it remembers.

#![allow(clippy::unwrap_used, clippy::panic)] // clippy knows test functions, not the support around them

mod support;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use naba_model::Checked;
use naba_proto::v1::{AuditRecord, Disposition, RobotsDecision, SeenStatus};
use naba_stage::{DeadLetter, Output};
use support::{Line, Web, config, feed, hash, html, items, redirect, rss};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feeds_pages_are_published_once_also_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    web.script("a.example/feed", |_, asked| {
        if asked.if_none_match.as_deref() == Some("\"v1\"") {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        ([("etag", "\"v1\"")], rss(&items(&["/1", "/2?utm_source=rss", "http://b.example/3"]))).into_response()
    });
    web.page("a.example/1", "نص أول");
    web.page("a.example/2", "two");
    web.page("b.example/3", "three");

    let line = Line::start(folder.path(), config(&web)).await;
    line.watch(&[feed("http://a.example/feed")]).await;
    let documents = line.documents_at_least(3).await;
    let first = Checked::new(documents[0].clone()).unwrap();
    assert_eq!((first.url.as_str(), first.status, first.attempt), ("http://a.example/1", 200, 1));
    assert_eq!((first.source_name.as_str(), first.source_country.as_str()), ("Desk", "SA"));
    assert_eq!(first.charset_hint, "utf-8");
    assert!(std::str::from_utf8(&first.body).unwrap().contains("نص أول"));
    assert_eq!(first.robots.as_ref().unwrap().decision(), RobotsDecision::Unavailable);
    assert_eq!(first.discovery.as_ref().unwrap().title, "عنوان /1");
    line.eventually("second poll", async || (web.asked("a.example/feed").len() >= 2).then_some(())).await;
    assert_eq!(web.asked("a.example/feed")[1].if_none_match.as_deref(), Some("\"v1\""));
    assert!(web.asked("a.example/1")[0].user_agent.contains("mailto:desk@news.example"));
    line.stop().await;

    let polls = web.asked("a.example/feed").len();
    let line = Line::start(folder.path(), config(&web)).await;
    line.eventually("polls", async || (web.asked("a.example/feed").len() >= polls + 2).then_some(())).await;
    assert_eq!(web.asked("a.example/feed")[polls].if_none_match.as_deref(), Some("\"v1\""), "the ETag is remembered");
    assert_eq!(line.documents().await.len(), 3);
    assert_eq!(web.asked("a.example/1").len(), 1, "a known page is not asked again");
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_end_of_a_page_has_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    let links = ["/moved", "/gone", "/huge", "/broken", "/image", "/empty", "/loop", "/teapot", "http://10.0.0.1/x"];
    web.script("a.example/feed", move |_, _| rss(&items(&links)).into_response());
    web.script("a.example/moved", |_, _| redirect("http://c.example/here"));
    web.page("c.example/here", "moved");
    web.script("a.example/gone", |_, _| StatusCode::GONE.into_response());
    web.script("a.example/huge", |_, _| "x".repeat(6 << 20).into_response());
    web.script("a.example/broken", |_, _| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    web.script("a.example/image", |_, _| ([("content-type", "image/png")], "x").into_response());
    web.script("a.example/empty", |_, _| " \n ".into_response());
    web.script("a.example/loop", |_, _| redirect("http://a.example/loop#top"));
    web.script("a.example/teapot", |_, _| StatusCode::IM_A_TEAPOT.into_response());

    let line = Line::start(folder.path(), config(&web)).await;
    line.watch(&[feed("http://a.example/feed")]).await;
    let ends = [
        ("http://a.example/gone", "gone"),
        ("http://a.example/huge", "too_large"),
        ("http://a.example/broken", "server_error"),
        ("http://a.example/image", "not_text"),
        ("http://a.example/empty", "empty_body"),
        ("http://a.example/loop", "redirect_loop"),
        ("http://a.example/teapot", "refused_status"),
        ("http://10.0.0.1/x", "refused_address"),
    ];
    for (url, code) in ends {
        let found = line.eventually(url, async || line.code_of(&hash(url)).await).await;
        assert_eq!(found, code, "{url}");
    }
    let documents = line.documents_at_least(1).await;
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].url, "http://a.example/moved");
    assert_eq!((documents[0].final_url.as_str(), documents[0].redirects[0].status), ("http://c.example/here", 301));

    let letters = line.read("fetcher-dlq").await;
    assert_eq!(letters.len(), 1);
    assert_eq!(DeadLetter::of(&letters[0]).unwrap().code, "server_error");
    assert_eq!(web.asked("a.example/broken").len(), 3);
    assert_each_record_has_one_disposition(&line).await;
    line.stop().await;
}

async fn assert_each_record_has_one_disposition(line: &Line) {
    let audits: Vec<AuditRecord> = line.messages("audit").await;
    for record in line.read("frontier").await {
        let of_this = audits.iter().filter(|audit| {
            audit.topic == record.at.topic.as_ref()
                && (audit.partition, audit.offset) == (record.at.partition, record.offset)
        });
        assert_eq!(of_this.count(), 1, "record {}/{} of the frontier", record.at, record.offset);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_is_put_back_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    web.script("a.example/feed", |_, _| rss(&items(&["/1"])).into_response());
    web.script("a.example/1", |count, _| match count {
        0..3 => StatusCode::BAD_GATEWAY.into_response(),
        _ => html("at last"),
    });
    let line = Line::start(folder.path(), config(&web)).await;
    line.watch(&[feed("http://a.example/feed")]).await;
    let letter = line.eventually("dead letter", async || line.read("fetcher-dlq").await.pop()).await;
    let original = DeadLetter::of(&letter).unwrap().original(&letter);
    let entry: naba_proto::v1::FrontierEntry = prost::Message::decode(original.value.unwrap()).unwrap();
    line.put(Output::new("frontier", entry.url_hash.clone(), &entry).partition_by("a.example")).await;
    assert_eq!(line.documents_at_least(1).await[0].attempt, 1);
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_robots_forbids_is_not_asked_and_the_feeds_text_stands_in() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    web.script("a.example/robots.txt", |_, _| "User-agent: *\nDisallow: /closed/\n".into_response());
    web.script("a.example/feed", |_, _| {
        let content =
            "<item><link>/closed/1</link><title>t</title><content:encoded>&lt;p>النص&lt;/p></content:encoded></item>";
        rss(&format!("{content}{}", items(&["/closed/2"])))
            .replace("<rss ", "<rss xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ")
            .into_response()
    });
    let line = Line::start(folder.path(), config(&web)).await;
    line.watch(&[feed("http://a.example/feed")]).await;
    let documents = line.documents_at_least(1).await;
    assert!(documents[0].feed_only);
    assert_eq!(documents[0].body, "<p>النص</p>".as_bytes());
    let robots = documents[0].robots.clone().unwrap();
    assert_eq!((robots.decision(), robots.rule.as_str()), (RobotsDecision::Disallowed, "Disallow: /closed/"));
    let other = hash("http://a.example/closed/2");
    assert_eq!(line.eventually("skip", async || line.code_of(&other).await).await, "robots_disallowed");
    assert!(web.asked("a.example/closed/1").is_empty() && web.asked("a.example/closed/2").is_empty());
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_site_reserves_travels_with_its_documents() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    let robots = "User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nDisallow: /closed\nLicense: /rsl.xml\n";
    web.script("a.example/robots.txt", move |_, _| robots.into_response());
    let tdm = r#"[{"location": "/", "tdm-reservation": 1, "tdm-policy": "/policy.json"}]"#;
    web.script("a.example/.well-known/tdmrep.json", move |_, _| tdm.into_response());
    web.script("a.example/feed", |_, _| {
        let closed = "<item><link>/closed</link><content:encoded>&lt;p>x&lt;/p></content:encoded></item>";
        rss(&format!("{closed}{}", items(&["/1", "/2"])))
            .replace("<rss ", "<rss xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ")
            .into_response()
    });
    web.page("a.example/1", "one");
    web.script("a.example/2", |_, _| ([("tdm-reservation", "0")], html("two")).into_response());
    let line = Line::start(folder.path(), config(&web)).await;
    line.watch(&[feed("http://a.example/feed")]).await;
    let documents = line.documents_at_least(3).await;
    let policy = "http://a.example/policy.json";
    let tdm: Vec<_> = documents.iter().map(|d| d.tdm.as_ref().map(|t| (t.reserved, t.policy_url.as_str()))).collect();
    let file = Some((true, policy));
    assert_eq!(tdm, [file, Some((false, "")), file], "/1 by the file, /2 by its header, /closed from the feed");
    for document in &documents {
        let signals: Vec<_> = document.ai_signals.iter().map(|s| (s.kind.as_str(), s.value.as_str())).collect();
        assert_eq!(signals, [("robots", "GPTBot: Disallow: /"), ("rsl", "http://a.example/rsl.xml")]);
    }
    assert_eq!(web.asked("a.example/.well-known/tdmrep.json").len(), 1, "the file is asked once");
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_that_the_listing_states_is_published_and_an_unchanged_page_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    let item = |link: &str, hour: usize| {
        format!("<item><link>{link}</link><pubDate>Tue, 24 Nov 2026 {hour:02}:00:00 GMT</pubDate></item>")
    };
    web.script("a.example/feed", move |count, _| {
        let hour = if count < 2 { 10 } else { 11 };
        rss(&format!("{}{}", item("/edited", hour), item("/same", hour))).into_response()
    });
    web.script("a.example/edited", |count, _| html(&format!("version {count}")));
    web.page("a.example/same", "one version");
    let line = Line::start(folder.path(), config(&web)).await;
    line.watch(&[feed("http://a.example/feed")]).await;
    let same = hash("http://a.example/same");
    assert_eq!(line.eventually("second look", async || line.code_of(&same).await).await, "unchanged");
    let documents = line.documents_at_least(3).await;
    let found: Vec<_> = documents.iter().map(|d| (d.final_url.as_str(), d.attempt)).collect();
    let edited = "http://a.example/edited";
    assert_eq!(found, [(edited, 1), (edited, 2), ("http://a.example/same", 1)]);
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sitemaps_of_an_index_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    let index = "<sitemapindex><sitemap><loc>http://a.example/one.xml</loc></sitemap>
                 <sitemap><loc>http://a.example/two.xml</loc></sitemap></sitemapindex>";
    web.script("a.example/sitemap.xml", move |_, _| index.into_response());
    for n in ["one", "two"] {
        let map = format!("<urlset><url><loc>http://a.example/{n}</loc></url></urlset>");
        web.script(&format!("a.example/{n}.xml"), move |_, _| map.clone().into_response());
        web.page(&format!("a.example/{n}"), n);
    }
    let line = Line::start(folder.path(), config(&web)).await;
    let mut source = feed("http://a.example/sitemap.xml");
    source.kind = naba_proto::v1::SourceKind::Sitemap.into();
    line.watch(&[source]).await;
    assert_eq!(line.documents_at_least(2).await.len(), 2);
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_read_and_read_again_when_a_file_changes() {
    let folder = tempfile::tempdir().unwrap();
    let news = tempfile::tempdir().unwrap();
    std::fs::write(news.path().join("خبر.txt"), "النص الأول").unwrap();
    std::fs::write(news.path().join("b.html"), "<p>b</p>").unwrap();
    let web = Web::start().await;
    let mut settings = config(&web);
    settings.file_roots = vec![news.path().to_owned()];
    let line = Line::start(folder.path(), settings).await;
    let toml = format!("[[source]]\nurl = \"{}/\"\n", news.path().display());
    line.watch(&naba_fetcher::read_sources_toml(&toml).unwrap()).await;
    let documents = line.documents_at_least(2).await;
    let types: Vec<_> = documents.iter().map(|d| (d.content_type.as_str(), d.status)).collect();
    assert_eq!(types, [("text/plain", 0), ("text/html", 0)], "in the order of the percent-encoded names");
    assert_eq!(documents[0].robots.as_ref().unwrap().decision(), RobotsDecision::NotApplicable);

    let path = news.path().join("b.html");
    std::fs::write(&path, "<p>changed</p>").unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
    let documents = line.documents_at_least(3).await;
    assert_eq!(documents.iter().filter(|d| d.body == b"<p>changed</p>"[..]).count(), 1);
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_under_two_spellings_is_fetched_once() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    let links = ["http://a.example/1?b=2&a=1", "http://www.a.example/1?a=1&b=2", "http://a.example/gone"];
    web.script("a.example/feed", move |_, _| rss(&items(&links)).into_response());
    web.page("a.example/1?b=2&a=1", "one");
    web.script("a.example/gone", |_, _| redirect("http://www.a.example/gone"));
    web.page("www.a.example/gone", "moved to www");
    let line = Line::start(folder.path(), config(&web)).await;
    line.watch(&[feed("http://a.example/feed")]).await;
    let documents = line.documents_at_least(2).await;
    let found: Vec<&str> = documents.iter().map(|document| document.final_url.as_str()).collect();
    assert_eq!(found, ["http://a.example/1?b=2&a=1", "http://www.a.example/gone"], "a redirect may lead to a spelling");
    let other = "www.a.example/1?a=1&b=2";
    line.eventually("polls", async || (web.asked("a.example/feed").len() >= 4).then_some(())).await;
    assert!(web.asked(other).is_empty());
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_page_leads_to_its_feeds_and_a_section_page_to_its_articles() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    web.script("a.example/", |_, _| html("<link rel=alternate type=application/rss+xml href=/feed><a href=/x>x</a>"));
    web.script("a.example/feed", |_, _| rss(&items(&["/from-feed"])).into_response());
    web.page("a.example/from-feed", "one");
    web.script("b.example/robots.txt", |_, _| "Sitemap: http://b.example/map.xml\n".into_response());
    web.script("b.example/", |_, _| html("no feed"));
    let map = "<urlset><url><loc>http://b.example/from-map</loc></url></urlset>";
    web.script("b.example/map.xml", move |_, _| map.into_response());
    web.page("b.example/from-map", "two");
    web.script("c.example/news", |_, _| {
        html("<main><a href=/2026/11/storm-hits-the-coast>Storm hits the coast, thousands flee</a></main>")
    });
    web.page("c.example/2026/11/storm-hits-the-coast", "three");
    let line = Line::start(folder.path(), config(&web)).await;
    let toml = "[[source]]\nurl = \"http://a.example/\"\n[[source]]\nurl = \"http://b.example/\"\n\
                [[source]]\nurl = \"http://c.example/news\"\nkind = \"section\"\n";
    line.watch(&naba_fetcher::read_sources_toml(toml).unwrap()).await;
    let documents = line.documents_at_least(3).await;
    let found: Vec<&str> = documents.iter().map(|document| document.final_url.as_str()).collect();
    assert_eq!(
        found,
        ["http://a.example/from-feed", "http://b.example/from-map", "http://c.example/2026/11/storm-hits-the-coast"]
    );
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_feed_is_skipped_with_its_code_and_a_removed_source_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    web.page("a.example/feed", "this is a page");
    web.script("b.example/feed", |_, _| StatusCode::GONE.into_response());
    let line = Line::start(folder.path(), config(&web)).await;
    let (bad, ended) = (feed("http://a.example/feed"), feed("http://b.example/feed"));
    line.watch(&[bad.clone(), ended.clone()]).await;
    for (source, code) in [(&bad, "not_a_feed"), (&ended, "source_gone")] {
        let found = line.eventually(code, async || line.code_of(&source.source_id).await).await;
        assert!(found == code || found == "unchanged", "{found}");
    }
    line.put(naba_fetcher::withdraw(&bad)).await;
    line.eventually("quiet", async || {
        let before = web.asked("a.example/feed").len();
        tokio::time::sleep(std::time::Duration::from_millis(900)).await;
        (web.asked("a.example/feed").len() == before).then_some(())
    })
    .await;
    assert_eq!(web.asked("b.example/feed").len(), 1, "410 ends a source");
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_no_entry_is_a_dead_letter_and_the_line_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start().await;
    web.page("a.example/1", "one");
    let line = Line::start(folder.path(), config(&web)).await;
    let good = naba_proto::v1::FrontierEntry {
        url_hash: hash("http://a.example/1"),
        url: "http://a.example/1".into(),
        ..Default::default()
    };
    let wrong = naba_proto::v1::FrontierEntry { url: "http://a.example/2".into(), ..good.clone() };
    let file = naba_proto::v1::FrontierEntry {
        url_hash: hash("file:///etc/passwd"),
        url: "file:///etc/passwd".into(),
        ..Default::default()
    };
    let broken = Output { value: Some("no protobuf".into()), ..Output::new("frontier", "x", &good) };
    line.put(broken).await;
    for entry in [&wrong, &file, &good] {
        line.put(Output::new("frontier", entry.url_hash.clone(), entry).partition_by("a.example")).await;
    }
    assert_eq!(line.documents_at_least(1).await.len(), 1);
    let mut codes: Vec<String> =
        line.read("fetcher-dlq").await.iter().map(|letter| DeadLetter::of(letter).unwrap().code).collect();
    codes.sort();
    assert_eq!(codes, ["bad_entry", "undecodable"]);
    let audits: Vec<AuditRecord> = line.messages("audit").await;
    let skipped = audits.iter().filter(|audit| audit.disposition() == Disposition::Skipped);
    assert_eq!(skipped.map(|audit| audit.code.as_str()).collect::<Vec<_>>(), ["file_outside"]);
    assert_eq!(line.seen(&good.url_hash).await.unwrap().status(), SeenStatus::Fetched);
    line.stop().await;
}
