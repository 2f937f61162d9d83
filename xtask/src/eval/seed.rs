//! The seed article must come out exactly as expected.json says: units, quotes with speakers, dateline.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::prediction;

/// Fails with every difference between the program's answer and the expectation.
pub fn check(seed: &Path, explain: impl Fn(&Path) -> Result<Value>) -> Result<()> {
    let expected = fs::read_to_string(seed.join("expected.json")).context("reading seed/expected.json")?;
    let expected: Value = serde_json::from_str(&expected).context("seed/expected.json")?;
    let found = differences(&expected, &explain(&seed.join("elaph.txt"))?);
    if !found.is_empty() {
        bail!("the seed article differs:\n  {}", found.join("\n  "));
    }
    println!("seed: exact");
    Ok(())
}

fn differences(expected: &Value, said: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let fields = ["role", "text", "title", "author"];
    compare("unit", &expected["units"], &json!(prediction::units(said)), &fields, &mut found);
    let quotes: Vec<Value> = said["enrichments"]["quotes"].as_array().into_iter().flatten().map(quote).collect();
    compare("quote", &expected["quotes"], &json!(quotes), &["text", "speaker_surface"], &mut found);
    let (want, got) = (&expected["direction"], &said["article"]["direction"]);
    if got.as_str().map(|name| name.trim_start_matches("DIRECTION_")) != want.as_str() {
        found.push(format!("direction: {got}, not {want}"));
    }
    found
}

fn quote(quote: &Value) -> Value {
    json!({"text": quote["text"], "speaker_surface": quote["speakerSurface"]})
}

/// Compares two lists in order by those of `fields` that the expectation has.
fn compare(what: &str, expected: &Value, got: &Value, fields: &[&str], found: &mut Vec<String>) {
    let (expected, got) = (expected.as_array().map_or(&[][..], |v| v), got.as_array().map_or(&[][..], |v| v));
    if expected.len() != got.len() {
        found.push(format!("{} {what}s, not {}", got.len(), expected.len()));
    }
    for (i, (want, is)) in expected.iter().zip(got).enumerate() {
        for field in fields.iter().filter(|field| !want[**field].is_null() && want[**field] != is[**field]) {
            found.push(format!("{what} {i}: {field} is {}, not {}", is[*field], want[*field]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_answer_has_no_difference_and_each_deviation_has_one() {
        let expected = json!({
            "direction": "RTL",
            "units": [{"role": "HEADLINE", "text": "H"}],
            "quotes": [{"text": "q", "speaker_surface": "s", "speaker": "S"}],
        });
        let said = json!({
            "article": {"direction": "DIRECTION_RTL", "blocks": [{"role": "BLOCK_ROLE_HEADLINE", "text": "H"}]},
            "enrichments": {"quotes": [{"text": "q", "speakerSurface": "s"}]},
        });
        assert_eq!(differences(&expected, &said), Vec::<String>::new());
        for (path, value) in [
            ("/article/direction", json!("DIRECTION_LTR")),
            ("/article/blocks/0/role", json!("BLOCK_ROLE_DECK")),
            ("/article/blocks", json!([])),
            ("/enrichments/quotes/0/speakerSurface", json!("t")),
        ] {
            let mut wrong = said.clone();
            *wrong.pointer_mut(path).unwrap() = value;
            assert_eq!(differences(&expected, &wrong).len(), 1, "{path}");
        }
    }
}
