//! The role-labelled gold documents, as text and as pages, against floors. Lowering a floor needs a reason in the commit.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a test may fail by panic; counts are small")]

use std::collections::HashMap;
use std::path::PathBuf;

use naba_extract::extract;
use naba_model::{Checked, is_body};
use naba_proto::v1::{Article, BlockRole, RawDocument};
use serde_json::Value;

/// Share of the units whose text and role are found.
const ROLE_FLOOR: f64 = 0.97;

fn shared(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/gold").join(path)
}

fn norm(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Score {
    found: usize,
    units: usize,
    misses: Vec<String>,
}

fn score(form: &str, extension: &str, content_type: &str) -> Score {
    let mut score = Score { found: 0, units: 0, misses: Vec::new() };
    for line in std::fs::read_to_string(shared("truth.jsonl")).unwrap().lines() {
        let truth: Value = serde_json::from_str(line).unwrap();
        let id = truth["id"].as_str().unwrap();
        let raw = RawDocument {
            final_url: format!("https://www.example.org/news/{id}"),
            content_type: content_type.into(),
            body: std::fs::read(shared(&format!("{form}/{id}.{extension}"))).unwrap().into(),
            ..RawDocument::default()
        };
        let extracted = extract(&raw).unwrap();
        let mut pool: HashMap<String, Vec<String>> = HashMap::new();
        for block in &extracted.article.blocks {
            let comment = extracted.comments.iter().find(|c| c.comment_id == block.comment_id);
            let text = comment.filter(|_| block.role() == BlockRole::Comment).map_or(&block.text, |c| &c.text);
            let role = block.role().as_str_name().trim_start_matches("BLOCK_ROLE_").to_owned();
            pool.entry(norm(text)).or_default().push(role);
        }
        for unit in truth["units"][form].as_array().unwrap() {
            let role = unit["role"].as_str().unwrap();
            if role == "BOILERPLATE" {
                continue;
            }
            let accepted: Vec<&str> =
                unit["accept"].as_array().into_iter().flatten().filter_map(Value::as_str).chain([role]).collect();
            let text = norm(unit["text"].as_str().unwrap());
            score.units += 1;
            let roles = pool.entry(text.clone()).or_default();
            match roles.iter().position(|r| accepted.contains(&r.as_str())) {
                Some(at) => {
                    roles.remove(at);
                    score.found += 1;
                }
                None => score.misses.push(format!("{id}: {role} {text:.40} is {roles:?}")),
            }
        }
        let body = extracted.article.blocks.iter().filter(|b| is_body(b.role())).map(|b| norm(&b.text));
        let body = body.collect::<Vec<_>>().join("\n");
        for unit in truth["units"][form].as_array().unwrap() {
            let text = norm(unit["text"].as_str().unwrap());
            let foreign = ["PROMO", "RELATED", "COMMENTS_DISCLAIMER"].contains(&unit["role"].as_str().unwrap());
            assert!(!foreign || !body.contains(&text), "{id} ({form}): {text} is in the body");
        }
        Checked::<Article>::new(extracted.article).unwrap();
    }
    score
}

#[test]
fn pages_keep_the_floor_and_the_body_is_clean() {
    let Score { found, units, misses } = score("html", "html", "text/html");
    assert!(found as f64 >= ROLE_FLOOR * units as f64, "{found} of {units}; missed:\n{}", misses.join("\n"));
}

#[test]
fn plain_texts_keep_the_floor_and_the_body_is_clean() {
    let Score { found, units, misses } = score("plain", "txt", "text/plain");
    assert!(found as f64 >= ROLE_FLOOR * units as f64, "{found} of {units}; missed:\n{}", misses.join("\n"));
}
