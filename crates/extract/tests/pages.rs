//! What pages say about themselves, and what is made of it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use naba_extract::{ExtractError, Extracted, extract};
use naba_proto::prost_types::Timestamp;
use naba_proto::v1::{ArticleKind, BlockRole, Discovery, LicenceClass, Method, RawDocument};

const PROSE: &str = "<p>The council said on Monday that the bridge would stay closed until the ice had gone from the river.</p>\
                     <p>Engineers will look at it in the spring, a spokesman said, and then decide what has to be done about it.</p>";

fn page(head: &str, body: &str) -> RawDocument {
    RawDocument {
        final_url: "https://www.paper.example/news/bridge".into(),
        content_type: "text/html".into(),
        body: format!("<html lang=en><head>{head}</head><body>{body}</body></html>").into_bytes().into(),
        fetched_at: Some(Timestamp { seconds: 1_750_000_000, nanos: 0 }),
        ..RawDocument::default()
    }
}

fn article(head: &str) -> Extracted {
    extract(&page(head, &format!("<article><h1>Bridge closed after ice jam</h1>{PROSE}</article>"))).unwrap()
}

#[test]
fn only_its_own_domain_may_be_called_canonical() {
    let own = article("<link rel=canonical href='https://paper.example/bridge?utm_source=x'>").article;
    assert_eq!(own.canonical_url, "https://paper.example/bridge");
    let foreign = article("<link rel=canonical href='https://other.example/bridge'>").article;
    assert_eq!(foreign.canonical_url, "https://www.paper.example/news/bridge");
    let home = article("<link rel=canonical href='/'>").article;
    assert_eq!(home.canonical_url, "https://www.paper.example/news/bridge");
}

#[test]
fn structured_data_decides_and_losers_are_kept() {
    let ld = r#"<script type="application/ld+json">{"@type":"OpinionNewsArticle","headline":"Bridge closed after ice jam",
        "datePublished":"2025-02-05T06:00:00+01:00","author":{"@type":"Person","name":"Ada Byron"},"isAccessibleForFree":false,
        "publisher":{"name":"The Paper"}}</script><meta property="article:published_time" content="2025-02-04T06:00:00Z">"#;
    let extracted = article(ld);
    let article = extracted.article;
    assert_eq!(article.kind(), ArticleKind::Opinion);
    assert_eq!(article.authors[0].name, "Ada Byron");
    assert!(article.rights.unwrap().paywalled);
    let published = article.published_at.unwrap();
    assert_eq!(published.value.unwrap().seconds, 1_738_731_600);
    assert_eq!(published.provenance.unwrap().method(), Method::JsonLd);
    assert!(extracted.losers.iter().any(|l| l.field_path == "published_at" && l.method() == Method::Meta));
    assert!(article.provenance.iter().any(|p| p.field_path == "headline"));
}

#[test]
fn what_a_page_reserves_bounds_what_may_be_shown() {
    let class = |head: &str| article(head).article.rights.unwrap().licence_class();
    let open = "<link rel=license href='https://creativecommons.org/licenses/by/4.0/'>";
    assert_eq!(class(open), LicenceClass::Fulltext);
    assert_eq!(class(&format!("{open}<meta name=robots content='index, NOARCHIVE'>")), LicenceClass::Snippet);
    assert_eq!(class("<meta name=robots content='max-snippet:0'>"), LicenceClass::Metadata);
    assert_eq!(class("<meta name=tdm-reservation content=1>"), LicenceClass::Metadata);
    let policy = "<meta name=tdm-reservation content=1><meta name=tdm-policy content=https://paper.example/tdm>";
    assert_eq!(article(policy).article.rights.unwrap().tdm.unwrap().policy_url, "https://paper.example/tdm");
}

#[test]
fn a_date_in_the_future_is_not_believed() {
    let future = article("<meta property='article:published_time' content='2031-02-04T06:00:00Z'>").article;
    assert!(future.published_at.is_none());
}

#[test]
fn promos_links_and_captions_are_blocks_outside_the_body() {
    let body = format!(
        "<article><h1>Bridge closed after ice jam</h1>{PROSE}<figure><img src=/a.jpg><figcaption>The bridge on Monday.</figcaption></figure>\
         <div class=newsletter-signup>Get our morning letter</div><p><a href=/x>Read more: The ferry that never sails</a></p>{PROSE}</article>"
    );
    let article = extract(&page("", &body)).unwrap().article;
    let roles: Vec<BlockRole> = article.blocks.iter().map(|b| b.role()).collect();
    for role in [BlockRole::Promo, BlockRole::Related, BlockRole::Caption] {
        assert!(roles.contains(&role), "{role:?} is missing in {roles:?}");
    }
    assert_eq!(roles.iter().filter(|r| **r == BlockRole::Paragraph).count(), 4);
}

#[test]
fn a_feeds_own_content_gives_an_article() {
    let raw = RawDocument {
        feed_only: true,
        body: PROSE.as_bytes().to_vec().into(),
        discovery: Some(Discovery {
            title: "Bridge closed".into(),
            published_at: Some(Timestamp { seconds: 1_740_000_000, nanos: 0 }),
            authors: vec!["Ada Byron".into()],
            ..Discovery::default()
        }),
        ..page("", "")
    };
    let article = extract(&raw).unwrap().article;
    assert_eq!(article.headline, "Bridge closed");
    assert_eq!(article.blocks[0].role(), BlockRole::Headline);
    assert_eq!(article.published_at.unwrap().value.unwrap().seconds, 1_740_000_000);
    assert_eq!(article.authors[0].name, "Ada Byron");
    assert_eq!(article.extraction.unwrap().method, "feed:content");
}

#[test]
fn introductions_of_other_articles_above_the_headline_are_teasers() {
    let teaser = "<li><a href=/x>Another story</a><div class=anons>What another story is about, told in one whole sentence.</div></li>";
    let body = format!("<ul>{}</ul><article><h1>Bridge closed after ice jam</h1>{PROSE}</article>", teaser.repeat(4));
    let article = extract(&page("", &body)).unwrap().article;
    assert_eq!((article.deck.as_str(), article.standfirst.as_str()), ("", ""));
}

#[test]
fn comments_inside_the_element_of_the_body_begin_at_their_heading() {
    let comment = "<div>Kind Reader says:</div><div><a href=#c>3 November 2023 20:14</a></div>";
    let said =
        "<p>I think that two things are mixed up here which do not belong together, and both of them matter.</p>";
    let body = format!(
        "<div><h1>Bridge closed after ice jam</h1>{PROSE}<h2>2 Comments</h2>{comment}{said}{comment}{said}</div>"
    );
    let article = extract(&page("", &body)).unwrap();
    assert_eq!(article.comments.len(), 2);
    assert_eq!(article.article.blocks.iter().filter(|b| b.role() == BlockRole::Paragraph).count(), 2);
}

#[test]
fn walls_and_listings_are_told_apart_from_articles() {
    let wall = page("<title>Just a moment...</title>", "<div id=challenge-form>Checking your browser</div>");
    assert!(matches!(extract(&wall), Err(ExtractError::BotWall(_))));
    let links: String =
        (0..30).map(|i| format!("<div><a href=/{i}>A headline with some words number {i}</a></div>")).collect();
    assert_eq!(extract(&page("<title>Paper</title>", &links)), Err(ExtractError::NoArticle));
    let front = RawDocument { final_url: "https://www.paper.example/".into(), ..page("<title>Paper</title>", PROSE) };
    assert_eq!(extract(&front), Err(ExtractError::NoArticle));
}

#[test]
fn a_small_site_may_have_its_text_on_the_front_and_a_form_for_comments_its_proof_of_being_human() {
    let text = format!("<h1>Time to say goodbye</h1>{}", PROSE.repeat(4));
    let front = RawDocument { final_url: "https://www.paper.example/".into(), ..page("<title>Paper</title>", &text) };
    assert_eq!(extract(&front).unwrap().article.headline, "Time to say goodbye");
    let archive = "<ul>".to_owned() + &"<li><a href=/x>An older post</a></li>".repeat(200) + "</ul>";
    let form = format!(
        "<article><h1>Bridge closed</h1>{PROSE}</article><form><div class=g-recaptcha></div></form><nav>{archive}</nav>"
    );
    assert_eq!(extract(&page("", &form)).unwrap().article.headline, "Bridge closed");
}

#[test]
fn broken_structured_data_and_a_closing_title_still_say_the_date() {
    let broken = r#"<script type="application/ld+json">{"headline":"The "new" bridge","datePublished":"2020-10-26T18:10:00Z"}</script>"#;
    assert_eq!(published(broken, ""), 1_603_735_800);
    assert_eq!(published("<title>Bridge closed | The Paper | 28.04.2023</title>", ""), 1_682_640_000);
}

#[test]
fn what_a_date_is_of_is_told_by_its_label() {
    let body = "<p class=meta>Registered: 18.09.2008</p><p class=meta>Posted: 21.01.2009</p>";
    assert_eq!(published("", body), 1_232_496_000);
}

fn published(head: &str, below_headline: &str) -> i64 {
    let body = format!("<article><h1>Bridge closed after ice jam</h1>{below_headline}{PROSE}</article>");
    let article = extract(&page(head, &body)).unwrap().article;
    article.published_at.and_then(|d| d.value).map_or(0, |v| v.seconds)
}

#[test]
fn the_body_of_structured_data_stands_in_where_the_page_shows_none() {
    let sentence = "The council said on Monday that the bridge would stay closed until the ice had gone. ";
    let body = [sentence.repeat(3), sentence.repeat(3)].join("\\n");
    let ld = format!(
        r#"<script type="application/ld+json">{{"@type":"NewsArticle","headline":"Bridge closed after ice jam","articleBody":"{body}"}}</script>"#
    );
    let article = extract(&page(&ld, "<h1>Bridge closed after ice jam</h1><div id=app></div>")).unwrap().article;
    assert_eq!(article.extraction.unwrap().method, "ld:articleBody");
    assert!(article.blocks.iter().filter(|b| b.role() == BlockRole::Paragraph).count() >= 2);
}

#[test]
fn a_short_first_paragraph_that_nothing_sets_apart_is_of_the_body() {
    let body = "<div class=b1><h1>Bridge closed after ice jam</h1><div class=x2>Winter shuts the northern crossing again</div>\
        <div class=promo>Subscribe to our newsletter for more.</div><div class=w><div class=p5>The ferry will run on Monday.</div>\
        <div class=p5>The council said on Monday that the bridge would stay closed until the ice had gone from the river.</div>\
        <div class=p5>Engineers will look at it in the spring, a spokesman said, and then decide what has to be done about it.</div>\
        <div class=p5>Until then the ferry takes people across four times a day, and on Sundays it takes them twice only.</div></div></div>";
    let article = extract(&page("", body)).unwrap().article;
    assert_eq!(article.standfirst, "");
    assert_eq!(article.blocks.iter().filter(|b| b.role() == BlockRole::Paragraph).count(), 4);
}

#[test]
fn a_subhead_at_which_a_paywall_cuts_is_kept() {
    let body = format!(
        "<article><h1>Bridge closed after ice jam</h1><div class=teaser>{PROSE}{PROSE}<h3>What comes next</h3></div>\
         <div class='premium paywall'><p>This article is for subscribers only.</p><a href=/subscribe>Subscribe</a></div></article>"
    );
    let article = extract(&page("", &body)).unwrap().article;
    let subheads: Vec<&str> =
        article.blocks.iter().filter(|b| b.role() == BlockRole::Subhead).map(|b| b.text.as_str()).collect();
    assert_eq!(subheads, ["What comes next"]);
}

#[test]
fn the_word_before_a_linked_author_is_no_author() {
    let body = format!(
        "<article><h1>Bridge closed after ice jam</h1><address>By <a rel=author href=/a>Ada Byron</a> and \
         <a rel=author href=/b>Tom Farrow</a></address>{PROSE}</article>"
    );
    let article = extract(&page("", &body)).unwrap().article;
    let names: Vec<&str> = article.authors.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["Ada Byron", "Tom Farrow"]);
}
