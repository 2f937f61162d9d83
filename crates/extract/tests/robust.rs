//! Whatever a stranger sends, extraction answers with a value.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use naba_extract::{ExtractError, Extracted, extract};
use naba_model::Checked;
use naba_proto::v1::{Article, RawDocument};
use proptest::prelude::*;

fn document(content_type: &str, body: Vec<u8>) -> RawDocument {
    RawDocument {
        final_url: "https://site.news.example/2024/06/20/a".into(),
        content_type: content_type.into(),
        body: body.into(),
        ..RawDocument::default()
    }
}

fn accept(result: Result<Extracted, ExtractError>) {
    if let Ok(extracted) = result {
        Checked::<Article>::new(extracted.article).unwrap();
    }
}

/// Pieces of pages in an order that no publisher would think of.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("<article>".to_owned()),
        Just("</article><div class=comments>".to_owned()),
        Just("<h1>Headline of some length</h1>".to_owned()),
        Just(
            "<p>A sentence that is long enough to be taken for a paragraph of prose, and a bit more than that.</p>"
                .to_owned()
        ),
        Just(
            "جنيف (ا ف ب) - تبادل طرفا النزاع في إقليم ساران الجبلي الاثنين مئتي أسير في أول عملية من نوعها.\n"
                .to_owned()
        ),
        Just("التعليقات (2)\n".to_owned()),
        Just("#1 Don Chucho 21 oct 2025, 21:40\n".to_owned()),
        Just("— Maëlle, 18 novembre, 9:14\n".to_owned()),
        Just("Comments (3)<br>".to_owned()),
        Just("<b class=author>A</b> <time datetime=2024>x</time>".to_owned()),
        Just("<table><tr><td>".to_owned()),
        Just("<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"headline\":\"x".to_owned()),
        Just("</script>".to_owned()),
        Just("Follow us on WhatsApp\n\n".to_owned()),
        Just("5 Feb 2025 7.12\n".to_owned()),
        "[<>/a-zא-ت\"'=& \n]{0,30}",
        "\\PC{0,30}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..600)) {
        for content_type in ["text/html", "text/plain", ""] {
            accept(extract(&document(content_type, body.clone())));
        }
    }

    #[test]
    fn arbitrary_pages_never_panic(pieces in proptest::collection::vec(piece(), 0..40), feed_only in any::<bool>()) {
        let body = pieces.concat();
        for content_type in ["text/html", "text/plain"] {
            let raw = RawDocument { feed_only, ..document(content_type, body.clone().into_bytes()) };
            accept(extract(&raw));
        }
    }
}

#[test]
fn nesting_without_end_is_an_error_and_costs_little() {
    for open in ["<div>", "<b>", "<table><tr><td>", "<ul><li>", "<a href=x><p>"] {
        let result = extract(&document("text/html", open.repeat(100_000).into_bytes()));
        let code = result.unwrap_err().code();
        assert!(
            ["too_deep", "too_many_nodes", "too_short", "not_an_article", "no_headline"].contains(&code),
            "{open}: {code}"
        );
    }
}

#[test]
fn a_document_over_the_limit_is_too_large() {
    let body = vec![b'a'; naba_model::MAX_BODY_BYTES + 1];
    assert_eq!(extract(&document("text/plain", body)).unwrap_err().code(), "too_large");
}
