//! Configuration and command line: what is wrong is named, with exit code 64.

use naba_testkit::scratch;

use crate::{finish, naba, run, text};

#[test]
fn a_bad_configuration_exits_64_and_names_every_wrong_key() {
    let folder = scratch("config");
    let file = folder.path().join("naba.toml");
    std::fs::write(&file, "[fetcher]\ncontact = \"mailto:desk@news.example\"\nconcurency = 3\n[sink]\nstore = 7\n")
        .unwrap();
    for command in [&["check-config", "--config", text(&file)][..], &["up", "--config", text(&file)]] {
        let done = finish(naba(command).current_dir(folder.path()));
        assert_eq!(done.code, 64, "{command:?}: {}", done.err);
        for part in ["fetcher.concurency", "did you mean \"fetcher.concurrency\"", "sink.store"] {
            assert!(done.err.contains(part), "{part} in {}", done.err);
        }
    }
    assert!(!folder.path().join("naba-data").exists(), "nothing is made with a bad configuration");
}

#[test]
fn a_good_configuration_exits_0() {
    let folder = scratch("config");
    let file = folder.path().join("naba.toml");
    std::fs::write(&file, "[fetcher]\ncontact = \"mailto:desk@news.example\"\n").unwrap();
    assert_eq!(run(&["check-config", "--config", text(&file)]).code, 0);
    std::fs::write(&file, "[sink]\nstore = \"stdout\"\n").unwrap();
    assert_eq!(run(&["check-config", "--config", text(&file), "--service", "sink"]).code, 0);
    assert_eq!(run(&["check-config", "--config", text(&file), "--service", "parser"]).code, 64);
}

#[test]
fn nothing_is_crawled_without_a_contact() {
    let folder = scratch("config");
    let done = run(&["up", "--data", text(&folder.path().join("data"))]);
    assert_eq!(done.code, 64, "{}", done.err);
    assert!(done.err.contains("fetcher.contact"), "{}", done.err);
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_demo_watches_no_other_sources_without_a_contact() {
    let folder = scratch("config");
    let data = folder.path().join("data");
    let list = folder.path().join("sources.toml");
    std::fs::write(&list, "[[source]]\nurl = \"https://news.example/feed\"\n").unwrap();
    let done = run(&["up", "--demo", "--data", text(&data), "--sources", text(&list)]);
    assert_eq!(done.code, 64, "{}", done.err);
    assert!(done.err.contains("https://news.example/feed") && done.err.contains("fetcher.contact"), "{}", done.err);
}

#[test]
fn a_wrong_command_line_exits_64_and_help_has_examples() {
    assert_eq!(run(&["tail", "--form", "beginning"]).code, 64);
    assert_eq!(run(&["tail", "--from", "soon"]).code, 64);
    for command in ["up", "tail", "explain", "sources", "topics", "dlq", "check-config"] {
        let done = run(&[command, "--help"]);
        assert_eq!(done.code, 0);
        assert!(done.out.contains("Examples:") && done.out.contains("Exit codes:"), "{command}: {}", done.out);
    }
}

#[test]
fn a_folder_without_a_log_says_what_to_do() {
    let folder = scratch("config");
    for command in [&["tail"][..], &["topics"], &["dlq", "list"], &["sources", "list"]] {
        let done = finish(naba(command).arg("--data").arg(folder.path()));
        assert_eq!(done.code, 1, "{command:?}: {}", done.out);
        assert!(done.err.contains("naba up") && done.err.contains("--kafka"), "{}", done.err);
    }
}
