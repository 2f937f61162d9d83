//! Whatever a stranger sends, extraction answers with a value.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use naba_extract::{ExtractError, Extracted, extract};
use naba_model::Checked;
use naba_proto::v1::{Article, RawDocument};
use proptest::prelude::*;

#[path = "../examples/fuzz/mutate.rs"]
mod mutate;

use mutate::{Random, mutated};

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

#[test]
fn siblings_without_end_are_an_error_or_cut_and_cost_little() {
    let page = |one: &str, count: usize| document("text/html", one.repeat(count).into_bytes());
    assert_eq!(extract(&page("<p>x", 500_000)).unwrap_err().code(), "too_many_nodes");
    let sentence = "<p>A sentence that is long enough to be taken for a paragraph of prose, and more.</p>";
    for one in [sentence, "<li><a href=/x>A headline of five words</a>", "<br>word ", "<td>cell", "<p>Comments (3)"] {
        accept(extract(&page(one, 30_000)));
    }
}

#[test]
fn giant_attributes_and_texts_are_cut() {
    let prose = "<p>A sentence that is long enough to be taken for a paragraph of prose, and more.</p>".repeat(5);
    let name = "promo body ".repeat(100_000);
    for html in [
        format!("<h1>A headline</h1><div class='{name}' id='{name}' style='{name}'>{prose}</div>"),
        format!("<h1>A headline</h1><a href='/{name}'>x</a>{prose}"),
        format!("<title>{name}</title><meta property=og:title content='{name}'>{prose}"),
        format!("<h1>A headline</h1>{prose}<p>{name}"),
    ] {
        accept(extract(&document("text/html", html.into_bytes())));
    }
}

#[test]
fn mutations_of_real_documents_never_panic_and_keep_the_contract() {
    let gold = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/gold");
    let mut random = Random::new(0x5EED);
    for (form, content_type) in [("html", "text/html"), ("plain", "text/plain")] {
        let mut paths: Vec<_> = std::fs::read_dir(gold.join(form)).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let page = std::fs::read(path).unwrap();
            for _ in 0..12 {
                accept(extract(&document(content_type, mutated(&page, &mut random))));
            }
        }
    }
}
