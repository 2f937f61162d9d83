//! Enriches the true units of a file of gold documents and prints predictions for its scorer, one JSON object a line.
//!
//! Speakers and places come as printed; the scorer wants canonical English names, which entity linking will give. Until
//! then a printed name counts as the canonical one whose surfaces, by the truth, it is one of.
//!
//! ```text
//! cargo run --release -p naba-enrich --example enrich_gold -- truth.jsonl [--show] > predictions.jsonl
//! ```

use std::error::Error;
use std::fs;

use naba_enrich::Pipeline;
use naba_model::timestamp_of;
use naba_proto::v1::{Article, Block, BlockRole, DatedField, Dateline, Quote};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: gold truth.jsonl [--show]")?;
    let show = std::env::args().any(|argument| argument == "--show");
    let pipeline = Pipeline::standard()?;
    for line in fs::read_to_string(path)?.lines() {
        let truth: Value = serde_json::from_str(line)?;
        for form in ["plain", "html"] {
            let article = article(&truth, form);
            let enrichments = pipeline.run(&article);
            if show && form == "plain" {
                report(&truth, &article, &enrichments.quotes, enrichments.dateline.as_ref());
                continue;
            }
            if show {
                continue;
            }
            let quotes: Vec<Value> = enrichments
                .quotes
                .iter()
                .map(|quote| json!({"text": quote.text, "speaker": canonical(&truth, &quote.speaker_surface)}))
                .collect();
            let place = enrichments.dateline.map(|dateline| place(&truth, &dateline.place)).unwrap_or_default();
            let language = enrichments.language.map(|detail| detail.detected).unwrap_or_default();
            let quantities: Vec<Value> = enrichments
                .quantities
                .iter()
                .map(|found| json!({"surface": found.surface, "value": figure(found.value), "unit": found.unit}))
                .collect();
            let temporal: Vec<Value> = enrichments
                .temporal
                .iter()
                .map(|found| json!({"surface": found.surface, "resolved": found.resolved}))
                .collect();
            let direction = if enrichments.direction == 2 { "RTL" } else { "LTR" };
            let prediction = json!({
                "id": truth["id"], "form": form, "units": truth["units"][form], "headline": truth["headline"],
                "quotes": quotes, "dateline": {"place": place}, "lang": language, "direction": direction,
                "quantities": quantities, "temporal": temporal,
            });
            println!("{prediction}");
        }
    }
    Ok(())
}

/// Writes a whole number without decimals, as the truth has it.
fn figure(value: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, reason = "numbers of news are far below 2^53")]
    let whole = value as i64;
    if value.fract() == 0.0 { json!(whole) } else { json!(value) }
}

fn article(truth: &Value, form: &str) -> Article {
    let units = truth["units"][form].as_array().cloned().unwrap_or_default();
    let text = |unit: &Value| unit["text"].as_str().unwrap_or_default().to_owned();
    let role = |unit: &Value| {
        let name = format!("BLOCK_ROLE_{}", unit["role"].as_str().unwrap_or_default());
        BlockRole::from_str_name(&name).unwrap_or_default()
    };
    let first = |role: &str| units.iter().find(|unit| unit["role"] == role).map(text).unwrap_or_default();
    let published = truth["published"][form].as_str().and_then(naba_text::parse_instant);
    let published_at =
        published.map(|instant| DatedField { value: Some(timestamp_of(instant.millis)), ..DatedField::default() });
    Article {
        published_at,
        headline: first("HEADLINE"),
        deck: first("DECK"),
        standfirst: first("STANDFIRST"),
        blocks: units.iter().map(|u| Block { role: role(u).into(), text: text(u), ..Block::default() }).collect(),
        ..Article::default()
    }
}

fn canonical(truth: &Value, surface: &str) -> String {
    let entities = truth["entities"].as_array().cloned().unwrap_or_default();
    let holds = |entity: &Value| entity["surfaces"].as_array().is_some_and(|all| all.iter().any(|one| one == surface));
    let found = entities.iter().find(|entity| entity["name"] == surface || holds(entity));
    found.and_then(|entity| entity["name"].as_str()).unwrap_or(surface).to_owned()
}

fn place(truth: &Value, found: &str) -> String {
    let dateline = &truth["dateline"];
    let name = dateline["place"].as_str().unwrap_or_default();
    let printed = dateline["surface"].as_str().unwrap_or_default();
    let same = !found.is_empty()
        && (name.to_lowercase() == found.to_lowercase() || printed.split([' ', ':', '-']).next() == Some(found));
    if same { name.to_owned() } else { found.to_owned() }
}

/// Prints what differs from the truth.
fn report(truth: &Value, article: &Article, quotes: &[Quote], dateline: Option<&Dateline>) {
    println!("== {} {:?} / {}", truth["id"], dateline.map(|d| (&d.place, &d.agency)), truth["dateline"]);
    let paragraphs: Vec<u32> = (0_u32..)
        .zip(&article.blocks)
        .filter(|(_, block)| block.role() == BlockRole::Paragraph)
        .map(|(index, _)| index)
        .collect();
    let mut missed = truth["quotes"].as_array().cloned().unwrap_or_default();
    for quote in quotes {
        let at = missed.iter().position(|want| {
            let block = want["paragraph"].as_u64().and_then(|p| paragraphs.get(usize::try_from(p).unwrap_or(0)));
            block.copied() == quote.span.as_ref().map(|span| span.block) && want["text"] == quote.text.as_str()
        });
        let Some(want) = at.map(|at| missed.remove(at)) else {
            println!("   EXTRA {:?} speaker {:?} cue {:?}", quote.text, quote.speaker_surface, quote.cue);
            continue;
        };
        let speaker = canonical(truth, &quote.speaker_surface);
        if want["speaker"].as_str().unwrap_or_default() != speaker {
            println!("   SPEAKER {speaker:?} not {} cue {:?}: {}", want["speaker"], quote.cue, quote.text);
        }
        if want["cue"].as_str().unwrap_or_default() != quote.cue {
            println!("   cue {:?} not {}: {}", quote.cue, want["cue"], quote.text);
        }
        let extent = quote.extent().as_str_name().trim_start_matches("QUOTE_EXTENT_").to_owned();
        if want["extent"] != extent {
            println!("   extent {extent} not {}: {}", want["extent"], quote.text);
        }
        let span = quote.span.as_ref().map(|span| (u64::from(span.start), u64::from(span.end)));
        if span != want["start"].as_u64().zip(want["end"].as_u64()) {
            println!("   span {span:?} not {}..{}", want["start"], want["end"]);
        }
    }
    for want in missed {
        println!("   MISSED {} by {}", want["text"], want["speaker"]);
    }
}
