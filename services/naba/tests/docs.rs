//! The generated reference in docs/ is what the program prints.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

fn printed(part: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_naba")).args(["docs", part]).output().expect("naba");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_generated_docs_are_up_to_date() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for part in ["config", "metrics", "dead-letters"] {
        let kept = std::fs::read_to_string(docs.join(format!("{part}.md"))).unwrap_or_default();
        assert!(kept == printed(part), "docs/{part}.md is out of date: run `cargo xtask docs`");
    }
}

#[test]
fn every_setting_metric_and_code_has_a_line() {
    let config = printed("config");
    for key in ["NABA__FETCHER__CONTACT", "NABA__ENRICHER__STEPS", "NABA__PARSER__AUTHOR_KEY", "NABA__KAFKA__BOOTSTRAP"]
    {
        assert!(config.contains(key), "{key}");
    }
    assert!(printed("metrics").contains("| `naba_records_total` | counter | `stage`, `disposition`, `code` |"));
    let codes = printed("dead-letters");
    for code in ["`undecodable`", "`robots_disallowed`", "`bot_wall`", "`unstorable`"] {
        assert!(codes.contains(code), "{code}");
    }
}
