//! Labels for lines, from what is known of a page's body.

use std::collections::HashSet;

use naba_extract::Measured;
use naba_proto::v1::BlockRole;
use serde_json::Value;

use super::boost::Sample;

/// Tells whether a page has a body or snippets to learn from.
pub fn has_truth(truth: &Value) -> bool {
    truth.get("body").and_then(Value::as_str).is_some_and(|b| !b.is_empty()) || truth.get("with").is_some()
}

/// Labels the lines of a page; lines that nothing is known of are left out.
pub fn label(truth: &Value, lines: Vec<Measured>, fold: u64) -> Vec<Sample> {
    let body = truth.get("body").and_then(Value::as_str).unwrap_or_default();
    if body.is_empty() {
        return by_snippets(truth, lines, fold);
    }
    let tokens = tokens(body);
    let grams: Vec<HashSet<Vec<&str>>> =
        (1..=4).map(|n| tokens.windows(n).map(|w| w.iter().map(String::as_str).collect()).collect()).collect();
    let paragraphs: HashSet<String> = body.lines().map(squeezed).collect();
    let mut seen = HashSet::new();
    let mut samples: Vec<Sample> = Vec::new();
    for line in lines.into_iter().filter(|l| l.role != Some(BlockRole::Headline) && !l.features.is_empty()) {
        let own = self::tokens(&line.text);
        let inside = match own.len() {
            0 => continue,
            // A word or two stand anywhere by chance; a paragraph of their own they are only on purpose.
            1..=3 => paragraphs.contains(&squeezed(&line.text)),
            n => {
                let windows = n - 3;
                let known = grams.get(3);
                let found = own
                    .windows(4)
                    .filter(|w| known.is_some_and(|k| k.contains(&w.iter().map(String::as_str).collect::<Vec<_>>())))
                    .count();
                found * 10 >= windows * 6
            }
        };
        // What a page repeats is the body once only; which copy it is, nobody says.
        let first = seen.insert(line.text.clone());
        if inside && !first {
            continue;
        }
        samples.push(sample(line, inside, fold));
    }
    let total: f32 = samples.iter().filter(|s| s.inside).map(|s| s.weight).sum();
    let all: f32 = samples.iter().map(|s| s.weight).sum();
    // Every page counts alike, whatever its length; one without a line of its body teaches nothing.
    let scale = 1.0 / total.max(all / 4.0).max(1.0);
    samples.iter_mut().for_each(|s| s.weight *= scale);
    if total > 0.0 { samples } else { Vec::new() }
}

fn sample(line: Measured, inside: bool, fold: u64) -> Sample {
    #[allow(clippy::cast_precision_loss, reason = "cut far below 2^24")]
    let weight = (line.weight.clamp(8, 1_500) as f32).powf(0.85);
    Sample { features: line.features, inside, weight, fold }
}

fn by_snippets(truth: &Value, lines: Vec<Measured>, fold: u64) -> Vec<Sample> {
    let list = |key: &str| -> Vec<String> {
        let items = truth.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(squeezed).filter(|s| s.chars().count() >= 4).collect()
    };
    let (with, without) = (list("with"), list("without"));
    let mut samples = Vec::new();
    for line in lines.into_iter().filter(|l| l.role != Some(BlockRole::Headline) && !l.features.is_empty()) {
        let text = squeezed(&line.text);
        let holds = |snippets: &[String]| snippets.iter().any(|s| text.contains(s.as_str()));
        let inside = match (holds(&with), holds(&without)) {
            (true, false) => true,
            (false, true) => false,
            _ => continue,
        };
        let mut sample = sample(line, inside, fold);
        sample.weight = 0.12;
        samples.push(sample);
    }
    samples
}

fn squeezed(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Words; in scripts without spaces, characters.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    for c in text.to_lowercase().chars() {
        let single = matches!(u32::from(c), 0xE00..=0xEFF | 0x1000..=0x109F | 0x3040..=0x30FF | 0x3400..=0x9FFF);
        if (single || !c.is_alphanumeric()) && !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if single {
            tokens.push(c.to_string());
        } else if c.is_alphanumeric() {
            word.push(c);
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}
