//! `naba sources` and `naba topics` on a log at rest.

use naba_newsfarm::{Farm, FarmConfig, ServeOptions, serve};
use naba_testkit::scratch;

use crate::{good, run, text};

const LIST: &str =
    "[[source]]\nid = \"one\"\nurl = \"https://a.example/feed\"\n[[source]]\nurl = \"https://b.example/feed\"\n";

#[test]
fn sources_are_imported_once_changed_and_removed() {
    let folder = scratch("sources");
    let (data, list) = (folder.path().join("data"), folder.path().join("sources.toml"));
    let (data, opml) = (text(&data), folder.path().join("subscriptions.opml"));
    std::fs::write(&list, LIST).unwrap();
    std::fs::write(
        &opml,
        "<opml><body><outline text='خبر' xmlUrl='https://c.example/f'/><outline xmlUrl='gopher://x'/></body></opml>",
    )
    .unwrap();
    good(&["topics", "apply", "--data", data]);

    let import = |dry: &[&str]| good(&[&["sources", "import", text(&list), text(&opml), "--data", data], dry].concat());
    let dry = import(&["--dry-run"]);
    assert!(dry.out.contains("3 new and 0 changed sources would be imported"), "{}", dry.out);
    let done = import(&[]);
    assert!(done.out.contains("3 new and 0 changed sources imported"), "{}", done.out);
    assert!(done.err.contains("gopher"), "the outline that is passed over is told: {}", done.err);
    assert!(import(&[]).out.contains("0 new and 0 changed sources imported, 3 were there"));

    // Another site under the same identifier belongs to another partition, whose owner must let go.
    std::fs::write(&list, LIST.replace("a.example", "moved-far-away.example")).unwrap();
    assert!(import(&[]).out.contains("0 new and 1 changed"));
    let listed = good(&["sources", "list", "--json", "--data", data]).json();
    let urls: Vec<&str> = listed.iter().map(|known| known["source"]["url"].as_str().unwrap()).collect();
    assert_eq!(urls.len(), 3, "{urls:?}");
    assert!(urls.contains(&"https://moved-far-away.example/feed") && urls.contains(&"https://c.example/f"), "{urls:?}");

    assert!(listed.iter().all(|known| known["standing"] == "new"), "{listed:?}");

    let exported = good(&["sources", "export", "--data", data]).out;
    std::fs::write(&opml, &exported).unwrap();
    assert_eq!(naba_fetcher::read_sources_opml(exported.as_bytes()).0.len(), 3, "what is exported can be imported");
    let shown = good(&["sources", "show", "https://c.example/f", "--data", data]).out;
    assert!(shown.contains("state          new"), "{shown}");
    let explained = good(&["sources", "explain", "http://www.c.example/f?utm_source=x", "--data", data]).out;
    assert!(explained.contains("none that is watched") && explained.contains("never named"), "{explained}");

    good(&["sources", "remove", "one", "--data", data]);
    assert_eq!(good(&["sources", "list", "--json", "--data", data]).json().len(), 2);
    let gone = run(&["sources", "remove", "one", "--data", data]);
    assert_eq!(gone.code, 1);
    assert!(gone.err.contains("sources list"), "{}", gone.err);
}

#[test]
fn a_list_with_errors_changes_nothing_and_all_are_told() {
    let folder = scratch("sources");
    let (data, list) = (folder.path().join("data"), folder.path().join("sources.toml"));
    std::fs::write(
        &list,
        format!("{LIST}[[source]]\nurl = \"ftp://x\"\n[[source]]\nkinds = 1\nurl = \"https://d.example\"\n"),
    )
    .unwrap();
    let done = run(&["sources", "import", text(&list), "--data", text(&data)]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("source 3") && done.err.contains("source 4"), "{}", done.err);
    assert!(!data.exists(), "nothing is made");
}

#[test]
fn topics_are_made_once_and_compared() {
    let folder = scratch("topics");
    let data = folder.path().join("data");
    assert_eq!(run(&["topics", "--data", text(&data)]).code, 1, "there is no log yet");
    good(&["topics", "apply", "--data", text(&data)]);
    let listed = good(&["topics", "list", "--json", "--data", text(&data)]).json();
    assert!(listed.iter().all(|topic| topic["state"] == "ok"), "{listed:?}");
    assert!(listed.iter().any(|topic| topic["topic"] == "news.enriched.v1" && topic["offsets"] == 0), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_tested_before_it_is_watched() {
    let farm = Farm::new(FarmConfig { seed: 3, sites: 8, articles: 40, ..FarmConfig::default() });
    let sources = farm.sources_toml("1s");
    let feed = sources.lines().find_map(|line| line.strip_prefix("url = ")).unwrap().trim_matches('"').to_owned();
    let handle = serve(farm, ServeOptions::default()).await.unwrap();
    let folder = scratch("test-source");
    let config = folder.path().join("naba.toml");
    let hosts =
        handle.hosts_toml().replace("[fetcher]\n", "[fetcher]\ncontact = \"mailto:a@b.example\"\ndelay = \"1ms\"\n");
    std::fs::write(&config, hosts).unwrap();
    let tested = good(&["sources", "test", &feed, "--json", "--config", text(&config)]).json().remove(0);
    assert_eq!(tested["status"], 200, "{tested}");
    assert!(tested["listing"]["kind"].is_string(), "{tested}");
    let refused = run(&["sources", "test", "http://10.0.0.1/feed", "--config", text(&config)]);
    assert_eq!(refused.code, 1, "{}{}", refused.out, refused.err);
}
