//! The seed document: one Arabic page as plain text, with every unit known.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::path::PathBuf;

use naba_extract::{Extracted, extract};
use naba_model::{Checked, NormalUrl, UrlHash, body_text};
use naba_proto::v1::{Article, BlockRole, Direction, RawDocument};
use serde_json::Value;

fn shared(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path)
}

fn seed() -> (Extracted, Value) {
    let url = NormalUrl::parse("file:///seed/elaph.txt").unwrap();
    let raw = RawDocument {
        url_hash: UrlHash::of(&url).into_string(),
        final_url: url.to_string(),
        content_type: "text/plain".into(),
        body: std::fs::read(shared("seed/elaph.txt")).unwrap().into(),
        ..RawDocument::default()
    };
    let expected = std::fs::read_to_string(shared("seed/expected.json")).unwrap();
    (extract(&raw).unwrap(), serde_json::from_str(&expected).unwrap())
}

#[test]
fn the_seed_gives_exactly_its_units() {
    let (extracted, expected) = seed();
    let mut got = Vec::new();
    for block in &extracted.article.blocks {
        let role = block.role().as_str_name().trim_start_matches("BLOCK_ROLE_");
        let mut unit = serde_json::json!({"role": role, "text": block.text});
        if block.role() == BlockRole::Comment {
            assert!(block.text.is_empty(), "the text of a comment is in the Comment only");
            let comment = extracted.comments.iter().find(|c| c.comment_id == block.comment_id).unwrap();
            unit = serde_json::json!({"role": role, "text": comment.text, "title": comment.title, "author": comment.author});
        }
        got.push(unit);
    }
    let want = expected["units"].as_array().unwrap();
    for (got, want) in got.iter().zip(want) {
        assert_eq!(got, want);
    }
    assert_eq!(got.len(), want.len());
}

#[test]
fn the_seed_keeps_the_contract_and_the_body_is_clean() {
    let (extracted, expected) = seed();
    let body = body_text(&extracted.article);
    for forbidden in expected["forbidden_in_body"].as_array().unwrap() {
        let forbidden = forbidden.as_str().unwrap();
        assert!(!body.contains(forbidden), "{forbidden} is in the body");
    }
    let article = extracted.article;
    assert_eq!(article.language, "ar");
    assert_eq!(article.direction(), Direction::Rtl);
    assert_eq!(article.comments.as_ref().unwrap().count, 1);
    let dateline = article.dateline.as_ref().unwrap();
    let span = dateline.span.as_ref().unwrap();
    assert_eq!(dateline.place, "جنيف");
    assert_eq!(article.blocks[span.block as usize].role(), BlockRole::Dateline);
    assert_eq!((span.start, span.end), (0, 4));
    Checked::<Article>::new(article).unwrap();
}

#[test]
fn the_same_bytes_give_the_same_message() {
    assert_eq!(seed().0, seed().0);
}
