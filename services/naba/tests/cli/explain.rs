//! `naba explain`: what was extracted, and why.

use std::io::Write;
use std::process::Stdio;

use naba_newsfarm::{Farm, FarmConfig, ServeOptions, serve};
use naba_testkit::{scratch, workspace_root};
use serde_json::{Value, json};

use crate::{good, naba, run, text};

/// A page whose layers disagree about the headline.
const PAGE: &str = "<!doctype html><html lang=en><head><title>Bridge closed | The Courier</title>\
<meta property='og:title' content='Old bridge closed'><meta property='og:type' content='article'></head><body><article>\
<h1>Bridge closed after ice jam</h1><p>The old bridge was closed on Monday after an ice jam, officials of the city said.</p>\
<p>It will be open again in the spring, when the ice has gone and engineers have looked at every one of its pillars.</p>\
</article></body></html>";

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the units of an answer as expected.json has them.
fn units(said: &Value) -> Vec<Value> {
    let unit = |block: &Value| {
        let role = block["role"].as_str().unwrap_or_default().trim_start_matches("BLOCK_ROLE_");
        match list(&said["comments"]).iter().find(|c| role == "COMMENT" && c["commentId"] == block["commentId"]) {
            Some(c) => json!({"role": role, "text": c["text"], "title": c["title"], "author": c["author"]}),
            None => json!({"role": role, "text": block["text"]}),
        }
    };
    list(&said["article"]["blocks"]).iter().map(unit).collect()
}

#[test]
fn the_founding_article_comes_out_as_expected() {
    let seed = workspace_root().join("../shared/seed");
    let expected = std::fs::read_to_string(seed.join("expected.json")).expect("seed/expected.json");
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let said = good(&["explain", "--json", text(&seed.join("elaph.txt"))]).json().remove(0);
    assert_eq!(units(&said), list(&expected["units"]));
    let quotes = |value: &Value, speaker: &str| -> Vec<Value> {
        list(value).iter().map(|quote| json!([quote["text"], quote[speaker]])).collect()
    };
    assert_eq!(
        quotes(&said["enrichments"]["quotes"], "speakerSurface"),
        quotes(&expected["quotes"], "speaker_surface")
    );
    assert_eq!(said["article"]["direction"], "DIRECTION_RTL");
    assert_eq!(said["enrichments"]["dateline"]["place"], "جنيف");
}

#[test]
fn a_person_sees_value_provenance_and_losing_candidates() {
    let folder = scratch("explain");
    let file = folder.path().join("page.html");
    std::fs::write(&file, PAGE).unwrap();
    let done = good(&["explain", text(&file), "--url", "https://courier.example/1"]);
    assert!(done.out.contains("https://courier.example/1"), "{}", done.out);
    let at = done.out.find("\nheadline ").expect("a headline");
    let headline: Vec<&str> = done.out[at..].lines().skip(1).take(4).collect();
    let said = headline.join("\n");
    assert!(said.contains("by "), "provenance in {said}");
    assert!(said.contains("lost: "), "a losing candidate in {said}");
    assert!(said.contains("Bridge closed after ice jam") && said.contains("Old bridge closed"), "{said}");
    assert!(done.out.contains("Blocks, in order") && done.out.contains("paragraph"), "{}", done.out);
}

#[test]
fn standard_input_is_a_document_too() {
    let mut child = naba(&["explain", "-", "--json", "--url", "https://courier.example/1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(PAGE.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["article"]["url"], "https://courier.example/1");
}

#[test]
fn what_is_no_article_exits_2_with_the_reason() {
    let folder = scratch("explain");
    let file = folder.path().join("page.html");
    std::fs::write(&file, "<html><title>Just a moment...</title><form class=challenge-form></form></html>").unwrap();
    let done = run(&["explain", "--json", text(&file)]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert_eq!(done.json()[0]["refused"]["code"], "bot_wall");
    assert!(done.err.contains("bot_wall"), "{}", done.err);
}

#[test]
fn a_missing_file_exits_1() {
    let done = run(&["explain", "no-such-file.html"]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("no-such-file.html"), "{}", done.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_fetched_as_the_fetcher_would() {
    let farm = Farm::new(FarmConfig { seed_text: None, ..FarmConfig::calm(7, 2, 6) });
    let truth = farm.truth();
    let handle = serve(farm, ServeOptions::default()).await.unwrap();
    let folder = scratch("explain");
    let config = folder.path().join("naba.toml");
    std::fs::write(&config, handle.hosts_toml()).unwrap();
    let wanted = &truth[0];
    let done = tokio::task::spawn_blocking({
        let (url, config) = (wanted.url.clone(), config.clone());
        move || run(&["explain", "--json", &url, "--config", text(&config)])
    });
    let done = done.await.unwrap();
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(done.json()[0]["article"]["headline"], wanted.headline.as_str());
    let refused = tokio::task::spawn_blocking({
        let address = format!("http://{}/", handle.addr());
        move || run(&["explain", &address])
    });
    let refused = refused.await.unwrap();
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(refused.err.contains("allow_addresses"), "{}", refused.err);
    let sent = &handle.access()[0].user_agent;
    assert!(sent.starts_with("naba/"), "{sent}");
    handle.stop().await;
}
