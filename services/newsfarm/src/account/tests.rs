use super::*;
use crate::config::FarmConfig;
use crate::farm::Farm;
use crate::template::Template;

fn truth() -> Vec<TruthRecord> {
    Farm::new(FarmConfig { articles: 600, edited_per_mille: 300, ..FarmConfig::default() }).truth()
}

fn delivered(record: &TruthRecord) -> Observed {
    Observed {
        article_id: record.canonical_url.clone(),
        version: record.version,
        url: record.url.clone(),
        canonical_url: record.canonical_url.clone(),
        headline: record.headline.clone(),
        body: record.body_text(),
        deck: Some(record.deck.clone()),
        published_ms: Some(Some(record.published_ms)),
        quotes: Some(record.quotes.iter().map(|quote| (quote.text.clone(), quote.speaker.clone())).collect()),
        available_at_ms: Some(record.publish_at_ms + 250),
        ..Observed::default()
    }
}

fn perfect(truth: &[TruthRecord]) -> Vec<Observed> {
    truth.iter().filter(|record| record.fate == Fate::MustAppear).map(delivered).collect()
}

#[test]
fn a_perfect_delivery_is_exact_and_right_in_every_field() {
    let truth = truth();
    let report = account(&truth, perfect(&truth));
    assert!(report.is_exact(), "{report}");
    assert!(report.leaks.is_empty(), "{report}");
    assert!(report.fields.iter().all(|score| score.right == score.compared), "{report}");
    assert_eq!(report.freshness.unwrap().p99_ms, 250);
}

#[test]
fn a_planted_loss_is_found() {
    let truth = truth();
    let mut observed = perfect(&truth);
    let lost = observed.swap_remove(17);
    let report = account(&truth, observed);
    assert!(!report.is_exact());
    assert_eq!(report.missing.len(), 1);
    assert_eq!(report.missing[0].url, lost.canonical_url);
    assert!(report.to_string().contains(&lost.canonical_url));
}

#[test]
fn a_planted_repeat_is_found_whatever_number_it_bears() {
    let truth = truth();
    let mut observed = perfect(&truth);
    let mut repeat = observed[5].clone();
    observed.push(repeat.clone());
    assert_eq!(account(&truth, observed.clone()).duplicates.len(), 1);
    observed.pop();
    repeat.version = 9;
    observed.push(repeat.clone());
    assert_eq!(account(&truth, observed.clone()).duplicates.len(), 1, "same content under another version");
    observed.pop();
    repeat.article_id = "another".into();
    observed.push(repeat);
    assert_eq!(account(&truth, observed).duplicates.len(), 1, "same content under another identifier");
}

#[test]
fn a_rerun_with_newer_code_is_no_repeat() {
    let truth = truth();
    let mut observed = perfect(&truth);
    let mut rerun = observed[5].clone();
    rerun.derivation = 1;
    observed.push(rerun);
    assert!(account(&truth, observed).is_exact());
}

#[test]
fn a_planted_forbidden_article_is_found_with_its_reason() {
    let truth = truth();
    let mut observed = perfect(&truth);
    let forbidden = truth.iter().find(|record| record.reason == crate::fate::Reason::RobotsDisallowed).unwrap();
    observed.push(delivered(forbidden));
    let report = account(&truth, observed);
    assert_eq!(report.unexpected.len(), 1);
    assert!(report.unexpected[0].what.contains("RobotsDisallowed"), "{report}");
}

#[test]
fn an_address_that_the_farm_never_had_is_unexpected() {
    let truth = truth();
    let mut observed = perfect(&truth);
    observed.push(Observed { canonical_url: "http://elsewhere.example/x".into(), ..Observed::default() });
    assert_eq!(account(&truth, observed).unexpected.len(), 1);
}

#[test]
fn garbled_text_at_a_known_address_is_unexpected() {
    let truth = truth();
    let record = truth.iter().find(|record| record.fate == Fate::MustAppear).unwrap();
    let mut garbled = delivered(record);
    garbled.headline = "Ø§Ù„Ø®Ø¨Ø±".into();
    garbled.body = "Ù†Øµ\n\nÙ†Øµ Ø¢Ø®Ø±".into();
    let report = account(std::slice::from_ref(record), [garbled]);
    assert_eq!((report.unexpected.len(), report.missing.len()), (1, 1));
}

#[test]
fn versions_are_told_apart_by_what_they_say() {
    let truth = truth();
    let second = truth.iter().find(|record| record.version == 2 && record.fate != Fate::MustNotAppear).unwrap();
    let of_article: Vec<TruthRecord> = truth.iter().filter(|one| one.article == second.article).cloned().collect();
    let mut observed = delivered(second);
    // The pipeline missed the first version and calls the second its first.
    observed.version = 1;
    let report = account(&of_article, [observed]);
    assert!(report.unexpected.is_empty() && report.duplicates.is_empty(), "{report}");
    assert!(report.missing.iter().all(|finding| finding.version != 2), "{report}");
}

#[test]
fn promotion_in_the_body_is_a_leak() {
    let truth = truth();
    let mut observed = perfect(&truth);
    let record = truth.iter().find(|record| record.fate == Fate::MustAppear).unwrap();
    observed[0].body.push_str("\n\n");
    observed[0].body.push_str(&record.must_not_contain[0]);
    let report = account(&truth, observed);
    assert_eq!(report.leaks.len(), 1);
    assert!(report.field("body").unwrap().share() < 1.0);
}

#[test]
fn a_body_that_keeps_its_dateline_is_the_same_body() {
    let truth = truth();
    let record = truth.iter().find(|one| one.dateline.is_some() && one.template != Template::LiveBlog).unwrap();
    let mut observed = delivered(record);
    observed.body = format!("{}{}", record.dateline.as_ref().unwrap().prefix, observed.body);
    let report = account(std::slice::from_ref(record), [observed]);
    assert_eq!(report.field("body").unwrap().share(), 1.0, "{report}");
}

#[test]
fn the_listing_may_stand_in_for_a_refused_page_but_not_for_a_version() {
    let truth = truth();
    let refused = truth.iter().find(|record| record.reason == crate::fate::Reason::NotFound).unwrap();
    let from_feed = Observed {
        canonical_url: refused.canonical_url.clone(),
        headline: refused.headline.clone(),
        body: "a summary".into(),
        feed_only: true,
        ..Observed::default()
    };
    let report = account(std::slice::from_ref(refused), [from_feed]);
    assert!(report.is_exact(), "{report}");
    assert_eq!(report.feed_only, 1);
}
