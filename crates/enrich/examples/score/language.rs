//! Language: macro accuracy over languages with enough rows, on headlines, sentences and articles, by cross-validation.

use std::collections::BTreeMap;
use std::error::Error;

use naba_enrich::language::detect;
use naba_enrich::language::ngrams::Model;
use naba_text::{Script, script_of};
use serde_json::Value;

/// Rows that a language must have to count.
const ENOUGH: usize = 200;
/// Scalar values of a headline.
const HEADLINE: usize = 60;
/// Bytes of an article.
const ARTICLE: usize = 3000;

/// Parts of the rows, of which each is tested by a model that was trained on the others.
const FOLDS: usize = 3;

/// Scores all rows by cross-validation.
pub fn run(rows: &str) -> Result<(), Box<dyn Error>> {
    let rows: Vec<Value> = rows.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &rows {
        texts.entry(row["lang"].as_str().unwrap_or("")).or_default().push(row["text"].as_str().unwrap_or(""));
    }
    let mut figures: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    let mut foreign: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for fold in 0..FOLDS {
        let (training, tested) = (part(&texts, |of| of != fold), part(&texts, |of| of == fold));
        let model = Model::train(&training)?;
        let mut count = |kind, language, text: &str| {
            // A headline of a row may lack the letters that its row has.
            if in_own_script(language, text) {
                let figure = figures.entry((kind, language)).or_default();
                figure.0 += usize::from(detect(&model, text).detected == language);
                figure.1 += 1;
            }
        };
        let mut article: (&str, String) = ("", String::new());
        for (language, text) in &tested {
            count("sentence", language, text);
            count("headline", language, &text.chars().take(HEADLINE).collect::<String>());
            if article.0 != *language || article.1.len() > ARTICLE {
                count("article", article.0, &article.1);
                article = (language, String::new());
            }
            if in_own_script(language, text) {
                article.1 += text;
                article.1 += " ";
            }
        }
        count("article", article.0, &article.1);
        // What a model does with languages that it does not know: each in turn is kept from it.
        for left_out in model.languages() {
            let others: Vec<(&str, &str)> = training.iter().copied().filter(|(of, _)| *of != left_out).collect();
            let model = Model::train(&others)?;
            let long = |text: &str| in_own_script(left_out, text) && text.chars().count() >= 2 * HEADLINE;
            for (_, text) in tested.iter().filter(|(of, text)| *of == left_out && long(text)) {
                let figure = foreign.entry(texts.get_key_value(left_out).map_or("", |(of, _)| of)).or_default();
                figure.0 += usize::from(model.guess(text).is_none_or(|guess| guess.foreign));
                figure.1 += 1;
            }
        }
    }
    let mut means: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
    for ((kind, language), (right, of)) in &figures {
        println!("language.{kind}.{language}\t{right}\t{of}");
        if texts.get(language).is_some_and(|texts| texts.len() >= ENOUGH) {
            let mean = means.entry(kind).or_default();
            *mean = (mean.0 + *right as f64 / *of as f64, mean.1 + 1);
        }
    }
    for (kind, (sum, languages)) in means {
        println!("language.{kind}\t{sum:.4}\t{languages}");
    }
    for (language, (told, of)) in foreign {
        println!("language.unknown.{language}\t{told}\t{of}");
    }
    Ok(())
}

/// Returns the texts of some folds.
fn part<'t>(texts: &BTreeMap<&'t str, Vec<&'t str>>, is_in: impl Fn(usize) -> bool) -> Vec<(&'t str, &'t str)> {
    let all = texts.iter().flat_map(|(language, texts)| texts.iter().enumerate().map(|text| (*language, text)));
    all.filter(|(_, (index, _))| is_in(index % FOLDS)).map(|(language, (_, text))| (language, *text)).collect()
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
