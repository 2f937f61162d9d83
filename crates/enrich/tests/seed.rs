//! The seed article: nine quotes with their speakers, the dateline, entities and topic, exactly; and with every name replaced,
//! the same quotes.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use naba_enrich::Pipeline;
use naba_model::{NormalUrl, Range, UrlHash, slice};
use naba_proto::v1::{Article, Block, BlockRole, Direction, Enrichments, RawDocument};
use proptest::prelude::*;
use serde_json::Value;

fn expected() -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seed/expected.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Builds the article from the true units, so that a fault of the parser does not hide here.
fn article(expected: &Value) -> Article {
    let unit = |unit: &Value| {
        let role = format!("BLOCK_ROLE_{}", unit["role"].as_str().unwrap());
        let text = if unit["role"] == "COMMENT" { "" } else { unit["text"].as_str().unwrap() };
        Block { role: BlockRole::from_str_name(&role).unwrap().into(), text: text.into(), ..Block::default() }
    };
    let blocks: Vec<Block> = expected["units"].as_array().unwrap().iter().map(unit).collect();
    let text = |role: BlockRole| blocks.iter().find(|b| b.role() == role).map(|b| b.text.clone()).unwrap_or_default();
    Article {
        language: "ar".into(),
        headline: text(BlockRole::Headline),
        deck: text(BlockRole::Deck),
        standfirst: text(BlockRole::Standfirst),
        blocks,
        ..Article::default()
    }
}

/// Reads the seed as the line does: a plain text file through the parser.
fn extracted() -> Article {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seed/elaph.txt");
    let url = NormalUrl::parse("https://elaph.example/news/1").unwrap();
    let raw = RawDocument {
        url_hash: UrlHash::of(&url).into_string(),
        final_url: url.to_string(),
        content_type: "text/plain".into(),
        body: std::fs::read(path).unwrap().into(),
        ..RawDocument::default()
    };
    naba_extract::extract(&raw).unwrap().article
}

fn assert_as_expected(expected: &Value, article: &Article, enrichments: &Enrichments) {
    let paragraphs: Vec<u32> =
        (0..).zip(&article.blocks).filter(|(_, b)| b.role() == BlockRole::Paragraph).map(|(i, _)| i).collect();
    let found: Vec<Value> = enrichments
        .quotes
        .iter()
        .map(|quote| {
            let span = quote.span.as_ref().unwrap();
            let cue = quote.cue_span.as_ref().unwrap();
            let block = &article.blocks[span.block as usize].text;
            let cue_text = slice(&article.blocks[cue.block as usize].text, Range { start: cue.start, end: cue.end });
            assert_eq!(slice(block, Range { start: span.start, end: span.end }), Some(quote.text.as_str()));
            assert_eq!(cue_text, Some(quote.cue.as_str()));
            serde_json::json!({
                "paragraph": paragraphs.iter().position(|block| *block == span.block),
                "start": span.start, "end": span.end, "text": quote.text, "speaker_surface": quote.speaker_surface,
                "cue": quote.cue, "extent": quote.extent().as_str_name().trim_start_matches("QUOTE_EXTENT_"),
            })
        })
        .collect();
    let want: Vec<Value> = expected["quotes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|quote| {
            let mut quote = quote.clone();
            quote.as_object_mut().unwrap().remove("speaker");
            quote
        })
        .collect();
    for (i, want) in want.iter().enumerate() {
        assert_eq!(found.get(i), Some(want), "quote {i}");
    }
    assert_eq!(found.len(), want.len(), "{found:#?}");
}

#[test]
fn the_nine_quotes_of_the_seed_have_their_speakers_cues_and_spans() {
    let expected = expected();
    for article in [article(&expected), extracted()] {
        let enrichments = Pipeline::standard().unwrap().run(&article);
        assert_as_expected(&expected, &article, &enrichments);
        assert_eq!(enrichments.language.unwrap().detected, "ar");
        assert_eq!(enrichments.direction, i32::from(Direction::Rtl));
    }
}

#[test]
fn the_dateline_of_the_seed_is_resolved() {
    let article = extracted();
    let dateline = Pipeline::standard().unwrap().run(&article).dateline.unwrap();
    let span = dateline.span.unwrap();
    assert_eq!((dateline.place.as_str(), dateline.agency.as_str()), ("جنيف", ""));
    assert_eq!(article.blocks[span.block as usize].role(), BlockRole::Dateline);
    assert_eq!((span.start, span.end), (0, 4));
}

#[test]
fn the_entities_of_the_seed_have_their_ids_and_surfaces_and_none_comes_from_promos_and_comments() {
    let expected = expected();
    for article in [article(&expected), extracted()] {
        let found = Pipeline::standard().unwrap().run(&article).entities;
        for want in expected["entities"].as_array().unwrap() {
            let name = want["name"].as_str().unwrap();
            let entity =
                found.iter().find(|entity| entity.name == name).unwrap_or_else(|| panic!("{name} is not found"));
            let kind = entity.r#type().as_str_name().trim_start_matches("ENTITY_TYPE_");
            assert_eq!(Some(kind), want["type"].as_str(), "{name}");
            assert_eq!(entity.wikidata_id, want["wikidata"].as_str().unwrap_or_default(), "{name}");
            assert_eq!(entity.geonames_id, want["geonames"].as_u64().unwrap_or_default(), "{name}");
            assert_eq!(entity.iso_code, want["iso"].as_str().unwrap_or_default(), "{name}");
            let surfaces: BTreeSet<&str> = entity.mentions.iter().map(|mention| mention.surface.as_str()).collect();
            let wanted: BTreeSet<&str> =
                want["surfaces"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(surfaces, wanted, "{name}");
        }
        let foreign = |role| matches!(role, BlockRole::Promo | BlockRole::Comment | BlockRole::CommentsDisclaimer);
        let blocks = found.iter().flat_map(|entity| &entity.mentions).map(|mention| mention.span.unwrap().block);
        assert_eq!(blocks.filter(|block| foreign(article.blocks[*block as usize].role())).count(), 0);
    }
}

#[test]
fn the_topic_of_the_seed_is_the_likeliest_as_units_and_as_extracted() {
    let expected = expected();
    let wanted = expected["topics_must_include"].as_array().unwrap();
    for article in [article(&expected), extracted()] {
        let topics = Pipeline::standard().unwrap().run(&article).topics;
        assert_eq!(
            topics.first().map(|topic| Value::from(topic.medtop_id.as_str())).as_ref(),
            wanted.first(),
            "{topics:?}"
        );
        assert!(wanted.iter().all(|id| topics.iter().any(|topic| *id == topic.medtop_id.as_str())), "{topics:?}");
    }
}

const FIRST_NAMES: &[&str] = &[
    "أحمد",
    "فارس",
    "يوسف",
    "وليد",
    "هيثم",
    "إلياس",
    "بشير",
    "كمال",
    "لطفي",
    "مراد",
    "ديفيد",
    "غونتر",
    "عبدالله",
    "نزار",
    "سالم",
    "فؤاد",
    "جبريل",
    "تميم",
    "رامي",
    "ألكسندر",
];
const LAST_NAMES: &[&str] = &[
    "الحداد",
    "بيطار",
    "منصوري",
    "القاسمي",
    "حمدان",
    "بروكس",
    "لوران",
    "العطار",
    "شاهين",
    "كوفاتش",
    "باعوم",
    "الزين",
    "فيليبس",
    "ماركيز",
    "الورديغي",
    "زيدان",
    "يعقوب",
    "درويش",
    "تاكاهاشي",
    "وهبي",
];
const PLACES: &[&str] = &["مدريد", "عمان", "تونس", "طرابلس", "أوسلو", "لاهاي", "بروكسل", "الكويت", "نيروبي", "أستانا"];
/// A country, its adjective without and with the feminine ending.
const COUNTRIES: &[(&str, &str)] = &[
    ("ألمانيا", "ألماني"),
    ("تركيا", "تركي"),
    ("اليابان", "ياباني"),
    ("النرويج", "نرويجي"),
    ("البرازيل", "برازيلي"),
    ("باكستان", "باكستاني"),
    ("المغرب", "مغربي"),
    ("كندا", "كندي"),
];

/// Which names replace which; indexes into the tables.
#[derive(Debug, Clone)]
struct Swap {
    first: (usize, usize),
    last: (usize, usize),
    place: (usize, usize, usize),
    country: (usize, usize),
}

fn distinct(below: usize) -> impl Strategy<Value = (usize, usize)> {
    (0..below, 1..below).prop_map(move |(a, step)| (a, (a + step) % below))
}

fn swaps() -> impl Strategy<Value = Swap> {
    let places = (distinct(PLACES.len()), 0..PLACES.len()).prop_map(|((a, b), c)| (a, b, c));
    (distinct(FIRST_NAMES.len()), distinct(LAST_NAMES.len()), places, distinct(COUNTRIES.len()))
        .prop_map(|(first, last, place, country)| Swap { first, last, place, country })
}

impl Swap {
    fn pairs(&self) -> Vec<(&'static str, &'static str)> {
        let (us, russia) = (COUNTRIES[self.country.0], COUNTRIES[self.country.1]);
        vec![
            ("جون", FIRST_NAMES[self.first.0]),
            ("سيرغي", FIRST_NAMES[self.first.1]),
            ("كيري", LAST_NAMES[self.last.0]),
            ("لافروف", LAST_NAMES[self.last.1]),
            ("جنيف", PLACES[self.place.0]),
            ("واشنطن", PLACES[self.place.1]),
            ("موسكو", PLACES[self.place.2]),
            ("الولايات المتحدة", us.0),
            ("روسيا", russia.0),
            ("أميركي", us.1),
            ("روسي", russia.1),
        ]
    }

    /// Replaces all names at once, so that no replacement is replaced again.
    fn apply(&self, text: &str) -> String {
        let pairs = self.pairs();
        let mut out = String::new();
        let mut rest = text;
        'next: while let Some(c) = rest.chars().next() {
            for (from, to) in &pairs {
                if let Some(after) = rest.strip_prefix(from) {
                    out.push_str(to);
                    rest = after;
                    continue 'next;
                }
            }
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
        out
    }

    fn apply_to(&self, expected: &Value) -> Value {
        let mut swapped = expected.clone();
        for unit in swapped["units"].as_array_mut().unwrap() {
            unit["text"] = self.apply(unit["text"].as_str().unwrap()).into();
        }
        for (quote, original) in
            swapped["quotes"].as_array_mut().unwrap().iter_mut().zip(expected["quotes"].as_array().unwrap())
        {
            let paragraph = expected["units"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|unit| unit["role"] == "PARAGRAPH")
                .nth(usize::try_from(original["paragraph"].as_u64().unwrap()).unwrap())
                .unwrap();
            let before: String = paragraph["text"]
                .as_str()
                .unwrap()
                .chars()
                .take(usize::try_from(original["start"].as_u64().unwrap()).unwrap())
                .collect();
            let start = self.apply(&before).chars().count();
            let text = self.apply(original["text"].as_str().unwrap());
            quote["start"] = start.into();
            quote["end"] = (start + text.chars().count()).into();
            quote["text"] = text.into();
            quote["speaker_surface"] = self.apply(original["speaker_surface"].as_str().unwrap()).into();
        }
        swapped
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn with_other_names_and_places_the_same_is_found_of_them(swap in swaps()) {
        let expected = swap.apply_to(&expected());
        let article = article(&expected);
        let enrichments = Pipeline::new(&["language", "dateline", "quotes"]).unwrap().run(&article);
        assert_as_expected(&expected, &article, &enrichments);
        prop_assert_eq!(enrichments.dateline.unwrap().place, PLACES[swap.place.0]);
    }
}
