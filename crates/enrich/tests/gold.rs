//! Floors of quality on the gold documents: what is reached may be raised here, never lowered.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::PathBuf;

use naba_enrich::Pipeline;
use naba_proto::v1::{Article, Block, BlockRole};
use serde_json::Value;

/// Least share of true quotes found, of found quotes true, and of named speakers right.
const FLOOR: f64 = 0.97;

fn truths() -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/gold/truth.jsonl");
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn article(truth: &Value) -> Article {
    let block = |unit: &Value| {
        let role = format!("BLOCK_ROLE_{}", unit["role"].as_str().unwrap());
        let role = BlockRole::from_str_name(&role).unwrap().into();
        Block { role, text: unit["text"].as_str().unwrap().into(), ..Block::default() }
    };
    let blocks = truth["units"]["plain"].as_array().unwrap().iter().map(block).collect();
    Article { headline: truth["headline"].as_str().unwrap().into(), blocks, ..Article::default() }
}

/// Tells whether a printed name is one of the person's surfaces.
fn is_speaker(truth: &Value, name: &str, printed: &str) -> bool {
    let person = truth["entities"].as_array().unwrap().iter().find(|entity| entity["name"] == name);
    printed == name
        || person.is_some_and(|entity| entity["surfaces"].as_array().unwrap().iter().any(|one| one == printed))
}

#[test]
fn quotes_speakers_and_datelines_of_the_gold_documents_stay_above_their_floor() {
    let pipeline = Pipeline::standard().unwrap();
    let (mut true_quotes, mut found, mut hits, mut named, mut right) = (0, 0, 0, 0, 0);
    let mut wrong = Vec::new();
    for truth in truths() {
        let enrichments = pipeline.run(&article(&truth));
        let place = enrichments.dateline.map(|dateline| dateline.place);
        assert_eq!(place.is_some(), !truth["dateline"].is_null(), "dateline of {}: {place:?}", truth["id"]);
        assert_eq!(enrichments.language.unwrap().detected, truth["lang"].as_str().unwrap(), "{}", truth["id"]);
        let quotes = truth["quotes"].as_array().unwrap();
        true_quotes += quotes.len();
        found += enrichments.quotes.len();
        for want in quotes {
            let speaker = want["speaker"].as_str();
            named += usize::from(speaker.is_some());
            let Some(quote) = enrichments.quotes.iter().find(|quote| want["text"] == quote.text.as_str()) else {
                wrong.push(format!("{} misses {}", truth["id"], want["text"]));
                continue;
            };
            hits += 1;
            if speaker.is_some_and(|name| is_speaker(&truth, name, &quote.speaker_surface)) {
                right += 1;
            } else if speaker.is_some() {
                wrong.push(format!("{}: {:?} is not {}", truth["id"], quote.speaker_surface, want["speaker"]));
            }
        }
    }
    let share =
        |part: usize, whole: usize| f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap());
    for (what, value) in
        [("recall", share(hits, true_quotes)), ("precision", share(hits, found)), ("speakers", share(right, named))]
    {
        assert!(value >= FLOOR, "{what} {value:.3} is below {FLOOR}:\n{}", wrong.join("\n"));
    }
}

/// Tells which entities of a document are found by one of their surfaces: found, all.
fn found_entities(truth: &Value, enrichments: &naba_proto::v1::Enrichments) -> (usize, usize) {
    let mentions = enrichments.entities.iter().flat_map(|entity| &entity.mentions);
    let surfaces: std::collections::HashSet<&str> = mentions.map(|mention| mention.surface.as_str()).collect();
    let entities = truth["entities"].as_array().unwrap();
    let found = |entity: &&Value| {
        entity["surfaces"].as_array().unwrap().iter().any(|surface| surfaces.contains(surface.as_str().unwrap()))
    };
    (entities.iter().filter(found).count(), entities.len())
}

#[test]
fn entities_and_topics_of_the_gold_documents_stay_above_their_floor() {
    let pipeline = Pipeline::standard().unwrap();
    let (mut all, mut arabic, mut topics, mut documents) = ((0, 0), (0, 0), 0, 0);
    for truth in truths() {
        let enrichments = pipeline.run(&article(&truth));
        let (found, of) = found_entities(&truth, &enrichments);
        all = (all.0 + found, all.1 + of);
        if truth["lang"] == "ar" {
            arabic = (arabic.0 + found, arabic.1 + of);
        }
        documents += 1;
        let top = enrichments.topics.first().map(|topic| topic.medtop_id.as_str());
        topics += usize::from(top == truth["topic"].as_str());
    }
    for (what, (part, whole), floor) in
        [("entities", all, 72), ("Arabic entities", arabic, 67), ("topics", (topics, documents), 80)]
    {
        println!("{what}: {part} of {whole}");
        assert!(part * 100 >= whole * floor, "{what}: {part} of {whole} is below {floor} in 100");
    }
}
