//! Language: macro accuracy over languages with enough rows, on headlines, sentences and articles.

use std::collections::BTreeMap;
use std::error::Error;

use naba_enrich::Pipeline;
use naba_proto::v1::Article;
use naba_text::{Script, script_of};
use serde_json::Value;

/// Rows that a language must have to count.
const ENOUGH: usize = 200;
/// Scalar values of a headline.
const HEADLINE: usize = 60;
/// Bytes of an article.
const ARTICLE: usize = 3000;

/// Scores all rows.
pub fn run(rows: &str) -> Result<(), Box<dyn Error>> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line)?;
        let (language, text) = (row["lang"].as_str().unwrap_or(""), row["text"].as_str().unwrap_or(""));
        if in_own_script(language, text) {
            texts.entry(language.to_owned()).or_default().push(text.to_owned());
        }
    }
    let pipeline = Pipeline::new(&["language"])?;
    let is = |text: &str, language: &str| {
        let found = pipeline.run(&Article { headline: text.into(), ..Article::default() });
        found.language.is_some_and(|detail| detail.detected == language)
    };
    let mut means: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (language, texts) in &texts {
        let headlines: Vec<String> = texts.iter().map(|text| text.chars().take(HEADLINE).collect()).collect();
        let mut articles = vec![String::new()];
        for text in texts {
            if articles.last().is_some_and(|last| last.len() > ARTICLE) {
                articles.push(String::new());
            }
            let begun = articles.pop().unwrap_or_default();
            articles.push(begun + text + " ");
        }
        let kinds = [("headline", &headlines), ("sentence", texts), ("article", &articles)];
        for (kind, texts) in kinds {
            let right = texts.iter().filter(|text| is(text, language)).count();
            println!("language.{kind}.{language}\t{right}\t{}", texts.len());
            #[allow(clippy::cast_precision_loss, reason = "few rows")]
            if texts.len() > 1 && kinds[1].1.len() >= ENOUGH {
                means.entry(kind).or_default().push(right as f64 / texts.len() as f64);
            }
        }
    }
    for (kind, shares) in means {
        println!("language.{kind}\t{:.4}\t{}", shares.iter().sum::<f64>(), shares.len());
    }
    Ok(())
}

/// Tells whether half of the letters are in the script of the language.
fn in_own_script(language: &str, text: &str) -> bool {
    let own = |script: Script| match language {
        "ar" | "fa" | "ur" | "ps" | "ug" | "ckb" => script == Script::Arabic,
        "he" => script == Script::Hebrew,
        "ru" | "uk" => script == Script::Cyrillic,
        "hi" => script == Script::Devanagari,
        "bn" => script == Script::Bengali,
        "el" => script == Script::Greek,
        "ko" => script == Script::Hangul,
        "zh" | "ja" => matches!(script, Script::Han | Script::Kana),
        _ => script == Script::Latin,
    };
    let (mut all, mut fits) = (0, 0);
    for script in text.chars().filter_map(script_of) {
        all += 1;
        fits += usize::from(own(script));
    }
    fits * 2 >= all && all > 0
}
