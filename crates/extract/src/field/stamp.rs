//! Where a date may stand when the page does not mark it up as one: short lines near the headline, the head of the first
//! paragraphs, time elements, the state that scripts carry.

use naba_proto::v1::Method;
use naba_text::{Found, ParsedInstant, TimePrecision, digit_value, find_instant, fold_str, month_of, parse_instant};

use super::time::Times;
use crate::candidate::Candidate;
use crate::cue::Cue;
use crate::line::{Hint, Line, Zone};
use crate::page::Page;
use crate::page::attribute::Attr;
use crate::page::dom::NodeId;
use crate::page::flow;

/// Longest line that is mainly a date, in scalar values.
const MAX_LINE_CHARS: usize = 160;
/// How much of a paragraph is read for a date at its head, in scalar values.
const HEAD_CHARS: usize = 60;
/// How many lines around the headline are near it.
const NEAR_LINES: usize = 12;
/// Most lines that are read.
const MAX_LINES: usize = 1_500;
/// Most scripts of structured data that are searched.
const MAX_SCRIPTS: usize = 20;
/// Most script text that is searched, in bytes.
const MAX_SCRIPT_BYTES: usize = 4 * 1024 * 1024;

/// Collects dates of any place; asked only when no better place names one. `headline` is the element of the headline, 0 when
/// the page shows none.
pub fn anywhere(page: &Page, headline: NodeId, times: &mut Times) {
    // The page's own lines went into the layout; few pages need them again.
    lines(&flow::read(&page.dom).0, headline, times);
    elements(page, times);
    scripts(page, times);
}

/// Tells whether a date in a text names a day: "2021" and "May 2021" are read as the first of their period.
pub fn names_day(text: &str) -> bool {
    let mut numbers = 0;
    let mut in_number = false;
    for c in text.chars() {
        let digit = digit_value(c).is_some();
        numbers += usize::from(digit && !in_number);
        in_number = digit;
    }
    let month = || text.split(|c: char| !c.is_alphabetic()).any(|word| month_of(word).is_some());
    let compact = || text.chars().filter(|c| digit_value(*c).is_some()).count() >= 8;
    numbers >= 3 || numbers == 2 && month() || numbers == 1 && compact()
}

fn lines(lines: &[Line], headline: NodeId, times: &mut Times) {
    let shown = lines.iter().position(|l| headline != 0 && l.node == headline);
    let headline = shown.or_else(|| lines.iter().position(|l| l.top_heading)).unwrap_or(0);
    let mut paragraphs = 0;
    for (at, line) in lines.iter().enumerate().take(MAX_LINES) {
        if matches!(line.zone, Zone::Comments) || matches!(line.hint, Some(Hint::Related | Hint::Ad)) {
            continue;
        }
        let near = at + NEAR_LINES / 2 >= headline && at <= headline + NEAR_LINES;
        let chars = line.text.chars().count();
        let (text, confidence) = if chars <= MAX_LINE_CHARS {
            let confidence = match line.hint {
                Some(Hint::Date | Hint::Byline) if near => 0.6,
                Some(Hint::Date) => 0.3,
                _ if near && line.is_date() => 0.58,
                // A sentence tells what happens when, not when it was written.
                _ if near && line.ends_sentence() && line.words > 6 => 0.2,
                _ if near => 0.5,
                _ if line.is_date() => 0.25,
                _ if line.carries(Cue::Updated) => 0.2,
                _ => continue,
            };
            (line.text.as_str(), confidence)
        } else if line.is_prose() && paragraphs < 3 && at >= headline {
            paragraphs += 1;
            (crate::limits::cut(&line.text, HEAD_CHARS), 0.4)
        } else {
            continue;
        };
        let aside = matches!(line.zone, Zone::Aside | Zone::Nav | Zone::Footer);
        let confidence = if aside { confidence - 0.2 } else { confidence };
        let Some(found) = find_instant(text).filter(|_| names_day(text)) else { continue };
        // In a paragraph only a date that opens it says when it was written.
        if chars > MAX_LINE_CHARS && found.before.chars().count() > 32 {
            continue;
        }
        let value = found.instant;
        super::time::target(times, line).push(Candidate {
            value,
            method: Method::Dom,
            rule: "dom:line",
            confidence,
            raw: text.to_owned(),
        });
    }
}

/// Time elements, and the titles of abbreviated dates.
fn elements(page: &Page, times: &mut Times) {
    let dom = &page.dom;
    for id in dom.subtree(0) {
        let name = dom.name(id);
        let stamp = if name.contains("time") {
            dom.attr(id, Attr::Datetime).or_else(|| dom.attr(id, Attr::Title))
        } else if name == "abbr" {
            dom.attr(id, Attr::Title)
        } else {
            None
        };
        let Some(value) = stamp.and_then(parse_instant) else { continue };
        let inside = |names: &[&str]| dom.ancestors(id).any(|a| names.contains(&dom.name(a)));
        let confidence = match () {
            () if inside(&["aside", "nav", "footer"]) => 0.15,
            () if inside(&["h1", "header"]) => 0.45,
            () if inside(&["article", "main"]) => 0.35,
            () => 0.3,
        };
        let raw = stamp.unwrap_or_default().to_owned();
        times.published.push(Candidate { value, method: Method::Dom, rule: "dom:time", confidence, raw });
    }
}

/// Tells whether the word before a date labels it as the day of something else: "Registered: 18.09.2008".
pub fn is_of_something_else(text: &str, found: &Found) -> bool {
    let before = text.get(..found.start).unwrap_or_default().trim_end();
    let Some(label) = before.strip_suffix([':', '：']) else { return false };
    let word = fold_str(label.rsplit([' ', '|', '·', '•']).next().unwrap_or_default());
    !Cue::Published.is(&word) && !Cue::Updated.is(&word)
}

/// Structured data that no parser takes may still say its date.
pub fn unparsed(page: &Page, times: &mut Times) {
    let is_ld = |id: &NodeId| page.dom.attr(*id, Attr::Type).is_some_and(|t| t.contains("ld+json"));
    for (key, list) in [("datePublished", &mut times.published), ("dateModified", &mut times.modified)] {
        let texts = page.dom.elements("script").filter(is_ld).filter_map(|id| page.dom.children(id).next());
        let found = texts.filter_map(|id| page.dom.text(id)).take(MAX_SCRIPTS).find_map(|text| keyed(text, key));
        if let Some((value, raw)) = found {
            list.push(Candidate { value, method: Method::JsonLd, rule: "ld:unparsed", confidence: 0.85, raw });
        }
    }
}

/// What the state of a page's script says under the names that publishing systems use.
fn scripts(page: &Page, times: &mut Times) {
    const PUBLISHED: &[&str] = &[
        "datePublished",
        "publishedDate",
        "publishedAt",
        "published_at",
        "publishDate",
        "publish_date",
        "publicationDate",
        "date_published",
        "published_time",
        "publishedTime",
        "firstPublished",
        "firstPublishedAt",
        "pubDate",
        "pub_date",
        "post_date",
        "datePosted",
        "uploadDate",
        "createdAt",
        "created_at",
        "dateCreated",
    ];
    let mut read = 0;
    let mut best: Option<(usize, ParsedInstant, String)> = None;
    for id in page.dom.elements("script") {
        for child in page.dom.children(id) {
            let Some(text) = page.dom.text(child) else { continue };
            read += text.len();
            if read > MAX_SCRIPT_BYTES {
                return;
            }
            for (rank, key) in PUBLISHED.iter().enumerate() {
                if best.as_ref().is_some_and(|(found, ..)| *found <= rank) {
                    break;
                }
                if let Some((value, raw)) = keyed(text, key) {
                    best = Some((rank, value, raw));
                }
            }
        }
    }
    if let Some((_, value, raw)) = best {
        times.published.push(Candidate { value, method: Method::Dom, rule: "script:published", confidence: 0.35, raw });
    }
}

/// Reads `"key": "2022-01-10T22:06:08Z"`, also inside a string of JSON (`\"key\":\"…\"`).
fn keyed(text: &str, key: &str) -> Option<(ParsedInstant, String)> {
    text.match_indices(key).take(50).find_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back()?;
        let rest = text.get(at + key.len()..)?;
        let rest = rest.trim_start_matches('\\').strip_prefix(before).filter(|_| matches!(before, '"' | '\''))?;
        let rest = rest.trim_start().strip_prefix([':', '='])?.trim_start().trim_start_matches('\\');
        let value = rest.strip_prefix(['"', '\''])?;
        let value = value.get(..value.find(['"', '\'', '\\']).filter(|end| *end <= 40)?)?;
        let instant = parse_instant(value).filter(|i| i.precision >= TimePrecision::Day && names_day(value))?;
        Some((instant, value.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(html: &str) -> Vec<(&'static str, i64)> {
        let mut times = Times::default();
        anywhere(&Page::parse(html).unwrap(), 0, &mut times);
        times.published.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        times.published.iter().map(|c| (c.rule, c.value.millis / 86_400_000)).collect()
    }

    #[test]
    fn a_date_needs_a_day() {
        assert!(
            names_day("1. Februar 2022")
                && names_day("2022-02-01")
                && names_day("20220201")
                && names_day("2022年2月1日")
        );
        assert!(!names_day("2021") && !names_day("November 2021"));
    }

    #[test]
    fn dates_are_found_near_the_headline_at_the_head_of_a_paragraph_and_in_scripts() {
        assert_eq!(
            published("<h1>A headline of the day</h1><p>Stars (1/1) 06.11.2023 13:30 von Olga</p>"),
            [("dom:line", 19_667)]
        );
        let long = "sentence goes on and on, as first paragraphs do, until it is long enough to be prose. ".repeat(3);
        assert_eq!(published(&format!("<h1>Head of it</h1><p>29.11.2022 – The {long}</p>")), [("dom:line", 19_325)]);
        assert_eq!(published(&format!("<h1>Head of it</h1><p>The {long} 29.11.2022</p>")), []);
        let script = r#"<script>a = {\"post_date\":\"2024-12-17T13:00:00.000Z\"}</script>"#;
        assert_eq!(published(script), [("script:published", 20_074)]);
    }
}
