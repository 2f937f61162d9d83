//! Dates, times and quantities: the seed exactly, with and without the article's own time, and with everything swapped;
//! the same forms in several languages; and whatever is written, spans that fit.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::PathBuf;

use naba_enrich::Pipeline;
use naba_enrich::expressions::Reader;
use naba_model::{Range, slice, timestamp_of};
use naba_proto::v1::{Article, Block, BlockRole, DatedField, Enrichments};
use proptest::prelude::*;
use serde_json::Value;

/// 2016-09-10T00:00:00Z, a Saturday.
const ANCHOR: i64 = 1_473_465_600;

fn expected() -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seed/expected.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn article(expected: &Value, anchor: Option<i64>, swap: impl Fn(&str) -> String) -> Article {
    let units = expected["units"].as_array().unwrap().iter().filter(|unit| unit["role"] == "PARAGRAPH");
    let blocks = units
        .map(|unit| Block {
            role: BlockRole::Paragraph.into(),
            text: swap(unit["text"].as_str().unwrap()),
            ..Block::default()
        })
        .collect();
    let published_at =
        anchor.map(|seconds| DatedField { value: Some(timestamp_of(seconds * 1000)), ..DatedField::default() });
    Article { language: "ar".into(), blocks, published_at, ..Article::default() }
}

fn run(article: &Article) -> Enrichments {
    let enrichments = Pipeline::new(&["language", "temporal", "quantities"]).unwrap().run(article);
    let spans = enrichments.temporal.iter().map(|t| (t.span.unwrap(), &t.surface));
    for (span, surface) in spans.chain(enrichments.quantities.iter().map(|q| (q.span.unwrap(), &q.surface))) {
        let text = &article.blocks[span.block as usize].text;
        assert_eq!(slice(text, Range { start: span.start, end: span.end }), Some(surface.as_str()));
    }
    enrichments
}

fn times(enrichments: &Enrichments) -> Vec<(&str, &str)> {
    enrichments.temporal.iter().map(|t| (t.surface.as_str(), t.resolved.as_str())).collect()
}

#[test]
fn the_dates_of_the_seed_are_resolved_against_its_own_time() {
    let enrichments = run(&article(&expected(), Some(ANCHOR), str::to_owned));
    assert_eq!(
        times(&enrichments),
        [
            ("الجمعة", "2016-09-09"),
            ("نهاية الأسبوع الحالي", "2016-09-10/2016-09-11"),
            ("ليل الأحد الاثنين", "2016-09-11/2016-09-12"),
            ("منذ العام 2011", "2011/.."),
            ("شباط/فبراير", "2016-02"),
        ]
    );
    let anchored: Vec<bool> = enrichments.temporal.iter().map(|t| t.anchored).collect();
    assert_eq!(anchored, [true, true, true, false, true]);
}

#[test]
fn without_a_time_of_the_article_the_seed_s_relative_dates_stay_unresolved() {
    let enrichments = run(&article(&expected(), None, str::to_owned));
    let resolved: Vec<&str> = enrichments.temporal.iter().map(|t| t.resolved.as_str()).collect();
    assert_eq!(resolved, ["", "", "", "2011/..", ""]);
    assert!(enrichments.temporal.iter().all(|t| !t.anchored));
    assert_eq!(enrichments.temporal[4].granularity, "month");
}

#[test]
fn the_quantities_of_the_seed_are_those_expected() {
    let expected = expected();
    let enrichments = run(&article(&expected, Some(ANCHOR), str::to_owned));
    let want: Vec<(&str, f64, &str, &str)> = expected["quantities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|q| {
            let text = |name: &str| q[name].as_str().unwrap_or_default();
            (text("surface"), q["value"].as_f64().unwrap(), text("unit"), text("modifier"))
        })
        .collect();
    let found: Vec<(&str, f64, &str, &str)> = enrichments
        .quantities
        .iter()
        .map(|q| (q.surface.as_str(), q.value, q.unit.as_str(), q.modifier.as_str()))
        .collect();
    assert_eq!(found, want);
}

const DAYS: &[&str] = &["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"];
const MONTHS: &[(&str, &str)] = &[
    ("كانون الثاني", "يناير"),
    ("شباط", "فبراير"),
    ("آذار", "مارس"),
    ("نيسان", "أبريل"),
    ("أيار", "مايو"),
    ("حزيران", "يونيو"),
    ("تموز", "يوليو"),
    ("آب", "أغسطس"),
    ("أيلول", "سبتمبر"),
    ("تشرين الأول", "أكتوبر"),
    ("تشرين الثاني", "نوفمبر"),
    ("كانون الأول", "ديسمبر"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn other_numbers_weekdays_and_months_give_their_own_values(
        day in 0..7_usize, month in 0..12_usize, thousands in 2..1000_u32, year in 1950..2016_u32, percent in 2..100_u32,
    ) {
        let (levantine, western) = MONTHS[month];
        let swap = |text: &str| {
            text.replace("الجمعة", DAYS[day])
                .replace("شباط/فبراير", &format!("{levantine}/{western}"))
                .replace("290", &thousands.to_string())
                .replace("2011", &year.to_string())
                .replace("100 في", &format!("{percent} في"))
        };
        let enrichments = run(&article(&expected(), Some(ANCHOR), swap));
        // The Saturday on which it was published is the day itself.
        let back = (5 + 7 - day) % 7;
        let weekday = format!("2016-09-{:02}", 10 - back);
        let month_value = format!("2016-{:02}", month + 1);
        let since = format!("{year}/..");
        let found = times(&enrichments);
        prop_assert_eq!(found[0], (DAYS[day], weekday.as_str()));
        prop_assert_eq!(found[3].1, since.as_str());
        prop_assert_eq!(found[4].1, month_value.as_str());
        let values: Vec<f64> = enrichments.quantities.iter().map(|q| q.value).collect();
        prop_assert_eq!(values, vec![f64::from(thousands) * 1000.0, f64::from(percent)]);
    }
}

#[test]
fn quantities_are_read_in_many_languages() {
    for (language, text, value, unit) in [
        ("ar", "وبلغت القيمة 3.5 مليار دولار أمس", 3.5e9, "USD"),
        ("ar", "وصل ألفان وخمسة وعشرون شخصا", 2025.0, "person"),
        ("ar", "بكلفة مليوني دولار", 2e6, "USD"),
        ("ar", "زرع ٢٩٠ ألف شجرة", 290_000.0, "شجرة"),
        ("en", "about two dozen people came", 24.0, "person"),
        ("en", "worth $3.5 billion", 3.5e9, "USD"),
        ("fr", "environ 2,6 millions d'euros", 2.6e6, "EUR"),
        ("de", "mehr als fünfundzwanzig Prozent", 25.0, "percent"),
        ("es", "unos 300.000 euros", 300_000.0, "EUR"),
        ("pt", "cerca de 95 mil euros", 95_000.0, "EUR"),
        ("tr", "yüzde 12", 12.0, "percent"),
        ("fa", "بیش از ۱۳ درصد", 13.0, "percent"),
    ] {
        let amounts = Reader::of(language).unwrap().unwrap().amounts(text, &[]);
        let found = amounts.first().map(|amount| (amount.value, amount.unit.as_str()));
        assert_eq!(found, Some((value, unit)), "{text}");
    }
}

#[test]
fn nothing_is_found_inside_a_word_or_in_an_address() {
    for (language, text) in [
        ("ar", "أصحاب المصلحة يستعملون الكتاب"),
        ("en", "the maybe unthirty sundown of Marchmont"),
        ("en", "the host 192.168.1.2 answered"),
        ("de", "die Achtung der Einsamkeit"),
    ] {
        let reader = Reader::of(language).unwrap().unwrap();
        assert_eq!(reader.moments(text, Some(ANCHOR)), [], "{text}");
        assert_eq!(reader.amounts(text, &[]), [], "{text}");
    }
}

#[test]
fn every_language_s_data_can_be_read() {
    for language in ["ar", "de", "en", "es", "fa", "fr", "he", "pt", "ru", "tr", "ur", "zh"] {
        assert!(Reader::of(language).unwrap().is_some(), "{language}");
    }
    assert!(Reader::of("xx").unwrap().is_none());
    assert!(Reader::with_data("en", "[words.month]\nx = \"y\"").is_err());
}
