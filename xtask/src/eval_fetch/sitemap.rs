//! Sitemap suites.

use std::collections::{HashMap, HashSet};

use naba_feed::{Listing, SitemapWalk, well_known_sitemaps};
use naba_frontier::Robots;
use naba_model::NormalUrl;
use serde_json::Value;

use super::case::{bytes, instant, list, text};
use super::feed::listing;
use super::feed_fields::{HOME, same_text};
use super::report::{Outcome, Report};

/// Judges that a document is read.
pub fn files(case: &Value, report: &mut Report) {
    let listing = listing(&bytes(case, "body_b64"), None, HOME);
    report.check("read", case, listing.is_some(), || "not read".to_owned());
}

/// Judges the pages that are found from a home page: all of them and no other.
pub fn tree(case: &Value, report: &mut Report) {
    if list(case, "responses").is_empty() {
        // A test of upstream's own function calls, without documents.
        return;
    }
    let answers: HashMap<&str, &Value> =
        list(case, "responses").iter().map(|answer| (text(answer, "url"), answer)).collect();
    let found = walk(text(case, "homepage"), &answers);
    let ours: HashMap<&str, &naba_feed::Entry> =
        found.iter().filter_map(|entry| Some((entry.url.as_ref()?.as_str(), entry))).collect();
    let mut theirs = HashSet::new();
    for page in list(case, "pages") {
        let Ok(url) = NormalUrl::parse(text(page, "url")) else { continue };
        let entry = ours.get(url.as_str());
        report.check("pages found", case, entry.is_some(), || url.to_string());
        if let Some(entry) = entry {
            let (title, published, modified) = facts(page);
            let same = title.is_none_or(|title| same_text(entry.title.as_deref(), title))
                && published.is_none_or(|at| entry.published_at.or(entry.updated_at) == Some(at))
                && modified.is_none_or(|at| entry.updated_at == Some(at));
            report.check("titles and times", case, same, || format!("{page} but {entry:?}"));
        }
        theirs.insert(url.to_string());
    }
    let odd: Vec<_> = ours.keys().filter(|url| !theirs.contains(**url)).collect();
    let is_broken = |answer: &&Value| {
        let body = bytes(answer, "body_b64");
        let body = String::from_utf8_lossy(&body);
        body.contains("<!ENTITY") || body.contains("<urlset") && !body.trim_end().ends_with('>')
    };
    let outcome = match odd.is_empty() {
        true => Outcome::Met,
        // What a broken document says in whole entries and without entities is taken.
        false if answers.values().any(is_broken) => {
            Outcome::Conflict("a broken sitemap, of which whole addresses are read")
        }
        false => Outcome::Missed(format!("{odd:?}")),
    };
    report.count("no other pages", case, outcome);
}

fn facts(page: &Value) -> (Option<&str>, Option<i64>, Option<i64>) {
    let story = &page["news_story"];
    let time = |value: &Value| value.as_str().and_then(|_| instant(value));
    (story["title"].as_str(), time(&story["publish_date"]), time(&page["last_modified"]))
}

/// Visits robots.txt, the usual places and what they name.
fn walk(home: &str, answers: &HashMap<&str, &Value>) -> Vec<naba_feed::Entry> {
    let Ok(home) = NormalUrl::parse(home) else { return Vec::new() };
    let body = |url: &NormalUrl| {
        let answer = *answers.get(url.as_str())?;
        (answer["status"] == 200).then(|| (bytes(answer, "body_b64"), answer))
    };
    let robots = home.join("/robots.txt").ok().and_then(|url| body(&url)).map(|(bytes, _)| Robots::parse(&bytes));
    let stated = robots.iter().flat_map(|robots| robots.sitemaps()).filter_map(|written| home.join(written).ok());
    let roots: Vec<NormalUrl> = stated.chain(well_known_sitemaps(&home)).collect();
    let mut walk = SitemapWalk::new(roots);
    let mut entries = Vec::new();
    while let Some(url) = walk.next() {
        let read: Option<Listing> = body(&url)
            .and_then(|(bytes, answer)| listing(&bytes, answer["headers"]["Content-Type"].as_str(), url.as_str()));
        let moved = answers.get(url.as_str()).and_then(|answer| answer["headers"]["Location"].as_str());
        if let Some(moved) = moved.and_then(|moved| url.join(moved).ok()) {
            walk.moved(moved);
        }
        if let Some(listing) = read {
            walk.read(&listing);
            entries.extend(listing.entries);
        }
    }
    entries
}
