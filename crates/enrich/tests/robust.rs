//! Whatever the blocks hold, no step panics, and every span lies inside its block and names its text.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use naba_enrich::Pipeline;
use naba_model::{ArticleId, Checked, NormalUrl, Range, content_hash, slice};
use naba_proto::v1::{Article, Block, EnrichedArticle, Span};
use proptest::prelude::*;

/// Pieces that the steps look for, so that random texts of them reach every branch.
const PIECES: &[&str] = &[
    "\"",
    "“",
    "”",
    "„",
    "«",
    "»",
    "‘",
    "’",
    "'",
    "「",
    "」",
    "—",
    "–",
    "-",
    "(",
    ")",
    ":",
    "،",
    ",",
    ".",
    "؟",
    "!",
    " ",
    " ",
    " ",
    "\n",
    "قال",
    "وأضاف",
    "وزير",
    "وزيرا",
    "الخارجية",
    "الأميركي",
    "والروسي",
    "جون",
    "كيري",
    "ولافروف",
    "إن",
    "أن",
    "قائلا",
    "بحسب",
    "أم",
    "بن",
    "عبد",
    "في",
    "אמר",
    "המנכ\"לית",
    "ב\"",
    "ליאת",
    "הוא",
    "گفت",
    "به گفتهٔ",
    "او",
    "آقای",
    "که",
    "نے",
    "کہا",
    "انھوں",
    "said",
    "She",
    "Dr",
    "Dana",
    "Whitcomb",
    "of",
    "the",
    "minister",
    "O'Brien",
    "-il",
    "dit",
    "Jean-Luc",
    "selon",
    "который",
    "сказал",
    "Анна",
    "der",
    "sagt",
    "局長",
    "陳育仁",
    "表示",
    "さん",
    "と話した",
    "高",
    "씨",
    "12",
    "٣",
    "2016",
    "الجمعة",
    "منذ",
    "شباط",
    "/",
    "ألف",
    "مليوني",
    "دولار",
    "%",
    "twenty",
    "May",
    "next",
    "weeks",
    "ago",
    "between",
    "and",
    "to",
    "last",
    "goal",
    "economy",
    "المباراة",
    "zwei",
    "hundert",
    "\u{200C}",
    "\u{200F}",
    "e\u{301}",
    "𝒳",
    "🦀",
    "Ä",
];

fn text() -> impl Strategy<Value = String> {
    let pieces =
        proptest::collection::vec((proptest::sample::select(PIECES), any::<bool>()), 0..40).prop_map(|pieces| {
            pieces.iter().map(|(piece, space)| format!("{piece}{}", if *space { " " } else { "" })).collect()
        });
    prop_oneof![3 => pieces, 1 => "\\PC{0,80}"]
}

fn article() -> impl Strategy<Value = Article> {
    let language = proptest::sample::select(vec![
        "ar", "he", "fa", "ur", "en", "de", "fr", "es", "ru", "tr", "zh", "ja", "ko", "", "xx",
    ]);
    let block = (0..24_i32, text()).prop_map(|(role, text)| Block { role, text, ..Block::default() });
    (language, proptest::collection::vec(block, 0..8), text()).prop_map(|(language, blocks, headline)| {
        let url = NormalUrl::parse("https://news.example/1").unwrap();
        let mut article = Article {
            article_id: ArticleId::of(&url).into_string(),
            canonical_url: url.to_string(),
            language: language.into(),
            headline,
            blocks,
            ..Article::default()
        };
        article.content_hash = content_hash(&article).into_string();
        article
    })
}

fn text_of<'a>(article: &'a Article, span: &Span) -> Option<&'a str> {
    slice(&article.blocks.get(span.block as usize)?.text, Range { start: span.start, end: span.end })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_article_is_enriched_within_the_contract(article in article()) {
        let enrichments = Pipeline::standard().unwrap().run(&article);
        for quote in &enrichments.quotes {
            prop_assert_eq!(text_of(&article, quote.span.as_ref().unwrap()), Some(quote.text.as_str()));
            prop_assert!(!quote.text.trim().is_empty());
            if let Some(span) = &quote.cue_span {
                prop_assert_eq!(text_of(&article, span), Some(quote.cue.as_str()));
            }
        }
        if let Some((place, span)) = enrichments.dateline.as_ref().and_then(|d| Some((&d.place, d.span.as_ref()?))) {
            prop_assert_eq!(text_of(&article, span), Some(place.as_str()));
        }
        for time in &enrichments.temporal {
            prop_assert_eq!(text_of(&article, time.span.as_ref().unwrap()), Some(time.surface.as_str()));
        }
        for quantity in &enrichments.quantities {
            prop_assert_eq!(text_of(&article, quantity.span.as_ref().unwrap()), Some(quantity.surface.as_str()));
            prop_assert!(quantity.value.is_finite());
        }
        for span in &enrichments.summary {
            prop_assert!(text_of(&article, span).is_some_and(|text| !text.trim().is_empty()));
        }
        for mention in enrichments.entities.iter().flat_map(|entity| &entity.mentions) {
            prop_assert_eq!(text_of(&article, mention.span.as_ref().unwrap()), Some(mention.surface.as_str()));
        }
        prop_assert!(enrichments.topics.iter().all(|topic| (0.0..=1.0).contains(&topic.score)));
        let failed = |failure: &naba_proto::v1::StepFailure| failure.step != "sentiment" || failure.code != "unsupported";
        prop_assert!(!enrichments.failures.iter().any(failed));
        let enriched = EnrichedArticle {
            article: Some(article),
            version: 1,
            enrichments: Some(enrichments),
            ..EnrichedArticle::default()
        };
        prop_assert!(Checked::new(enriched).is_ok());
    }
}
