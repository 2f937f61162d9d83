//! `naba sources` and `naba topics` on a log at rest.

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
    let urls: Vec<&str> = listed.iter().map(|source| source["url"].as_str().unwrap()).collect();
    assert_eq!(urls.len(), 3, "{urls:?}");
    assert!(urls.contains(&"https://moved-far-away.example/feed") && urls.contains(&"https://c.example/f"), "{urls:?}");

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
