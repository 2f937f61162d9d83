//! When an article was published and when it was changed.

use naba_model::timestamp_of;
use naba_proto::prost_types::Timestamp;
use naba_proto::v1::{BlockRole, DatedField, Discovery, Method, Precision};
use naba_text::{ParsedInstant, TimePrecision, find_instant, fold_str, parse_instant};

use super::{settle, stamp};
use crate::candidate::Candidate;
use crate::cue::Cue;
use crate::layout::Layout;
use crate::line::Line;
use crate::page::Page;

/// Candidates for both times.
#[derive(Debug, Default)]
pub struct Times {
    /// For the publication.
    pub published: Vec<Candidate<ParsedInstant>>,
    /// For the last change.
    pub modified: Vec<Candidate<ParsedInstant>>,
}

/// Latest instant that is believed, relative to the fetch: clocks differ, embargoed pages do not.
const MAX_AHEAD_MS: i64 = 48 * 3_600_000;
/// 1990-01-01: earlier dates on the web are errors.
const EARLIEST_MS: i64 = 631_152_000_000;

/// Candidates below this confidence are dates that merely stand somewhere on the page.
const GUESSED: f32 = 0.25;
/// Candidates below this confidence leave room for places that are not marked as dates.
const WEAK: f32 = 0.52;

/// Collects the candidates, in order of trust: JSON-LD, meta, microdata, time elements, visible dates, address, feed; dates of
/// other places only where these are silent.
pub fn candidates(
    page: Option<&Page>,
    layout: &Layout,
    discovery: Option<&Discovery>,
    path: &str,
    fetched_ms: Option<i64>,
) -> Times {
    let mut times = Times::default();
    if let Some(page) = page {
        from_metadata(page, &mut times);
    }
    visible(layout, page.is_some(), &mut times);
    if let Some(instant) = in_path(path) {
        times.published.push(Candidate {
            value: instant,
            method: Method::Url,
            rule: "url:path",
            confidence: 0.5,
            raw: path.to_owned(),
        });
    }
    let feed = |stamp: Option<&Timestamp>| {
        let millis = naba_model::millis_of(stamp?);
        Some(ParsedInstant { millis, precision: TimePrecision::Second, zone_known: true, offset_minutes: 0 })
    };
    if let Some(value) = feed(discovery.and_then(|d| d.published_at.as_ref())) {
        times.published.push(Candidate {
            value,
            method: Method::Feed,
            rule: "feed:published",
            confidence: 0.6,
            raw: String::new(),
        });
    }
    if let Some(value) = feed(discovery.and_then(|d| d.updated_at.as_ref())) {
        times.modified.push(Candidate {
            value,
            method: Method::Feed,
            rule: "feed:updated",
            confidence: 0.5,
            raw: String::new(),
        });
    }
    if let Some(page) = page.filter(|_| times.published.iter().all(|c| c.method != Method::JsonLd)) {
        stamp::unparsed(page, &mut times);
    }
    let weak = times.published.iter().all(|c| c.confidence < WEAK);
    if let Some(page) = page.filter(|_| weak) {
        stamp::anywhere(page, super::headline_node(layout), &mut times);
    }
    let latest = fetched_ms.map_or(i64::MAX, |ms| ms.saturating_add(MAX_AHEAD_MS));
    let believable = |c: &Candidate<ParsedInstant>| (EARLIEST_MS..=latest).contains(&c.value.millis);
    times.published.retain(believable);
    times.modified.retain(believable);
    settle::settle(&mut times);
    // Only the last change is known: the article is not younger than that.
    let guessed = times.published.iter().all(|c| c.confidence < GUESSED);
    if let Some(last) = times.modified.first().filter(|_| guessed).cloned() {
        times.published.push(Candidate { rule: "modified", confidence: GUESSED, ..last });
    }
    times
}

fn push(list: &mut Vec<Candidate<ParsedInstant>>, raw: &str, method: Method, rule: &'static str, confidence: f32) {
    if let Some(value) = parse_instant(raw) {
        // A day alone says less than a time, from whatever layer.
        let confidence = if value.precision == TimePrecision::Day { confidence - 0.1 } else { confidence };
        list.push(Candidate { value, method, rule, confidence, raw: raw.to_owned() });
    }
}

fn from_metadata(page: &Page, times: &mut Times) {
    push(&mut times.published, &page.ld.date_published, Method::JsonLd, "ld:datePublished", 0.95);
    push(&mut times.modified, &page.ld.date_modified, Method::JsonLd, "ld:dateModified", 0.95);
    if page.ld.date_published.is_empty() {
        let work = page.linked.works.iter().find(|w| !w.date_published.is_empty());
        push(&mut times.published, work.map_or("", |w| &w.date_published), Method::JsonLd, "ld:work", 0.78);
    }
    const PUBLISHED: &[&str] = &[
        "article:published_time",
        "og:article:published_time",
        "article:published",
        "datepublished",
        "parsely-pub-date",
        "sailthru.date",
        "date.created",
        "dc.date.issued",
        "dcterms.created",
        "dc.date",
        "dcterms.date",
        "pubdate",
        "publishdate",
        "publish-date",
        "cxenseparse:recs:publishtime",
        "date",
    ];
    const MODIFIED: &[&str] = &[
        "article:modified_time",
        "og:updated_time",
        "article:modified",
        "datemodified",
        "dcterms.modified",
        "last-modified",
        "lastmod",
    ];
    if let Some((_, value)) = page.meta.first(PUBLISHED) {
        push(&mut times.published, value, Method::Meta, "meta:published", 0.9);
    }
    if let Some((_, value)) = page.meta.first(MODIFIED) {
        push(&mut times.modified, value, Method::Meta, "meta:modified", 0.85);
    }
    // Plugins put their own prefix before the name.
    let published = |key: &str| {
        [
            "published_time",
            "publish_date",
            "publishdate",
            "publication_date",
            "date_published",
            "publish-date",
            "pub_date",
        ]
        .iter()
        .any(|end| key.ends_with(end))
            || key.contains("date") && (key.contains("creat") || key.contains("issue") || key.contains("publi"))
    };
    if let Some((_, value)) = page.meta.matching(published).find(|(_, v)| parse_instant(v).is_some()) {
        push(&mut times.published, value, Method::Meta, "meta:published.other", 0.75);
    }
    if let Some(value) = page.meta.prop("datePublished") {
        push(&mut times.published, value, Method::Microdata, "microdata:datePublished", 0.85);
    }
    if let Some(value) = page.meta.prop("dateModified") {
        push(&mut times.modified, value, Method::Microdata, "microdata:dateModified", 0.85);
    }
    // "Headline | Publisher | 28.04.2023"
    let closing = page.meta.title.rsplit(['|', '–', '—']).next().filter(|last| last.len() < page.meta.title.len());
    if let Some(last) = closing.filter(|last| last.chars().count() <= 32 && stamp::names_day(last)) {
        push(&mut times.published, last, Method::Meta, "meta:title", 0.7);
    }
}

/// Dates that the reader sees near the headline, and below the body.
fn visible(layout: &Layout, markup: bool, times: &mut Times) {
    let method = if markup { Method::Dom } else { Method::Text };
    let first_paragraph =
        layout.units.iter().position(|u| u.role == BlockRole::Paragraph).unwrap_or(layout.units.len());
    let comments = layout
        .units
        .iter()
        .position(|u| matches!(u.role, BlockRole::Comment | BlockRole::CommentsHeading))
        .unwrap_or(layout.units.len());
    for (at, unit) in layout.units.iter().enumerate().take(comments) {
        let early = at < first_paragraph;
        let fits = matches!(unit.role, BlockRole::Boilerplate | BlockRole::Byline) || unit.role == BlockRole::Dateline;
        if !fits || unit.role == BlockRole::Dateline && !early {
            continue;
        }
        if let Some(datetime) = unit.line.datetime.as_deref().filter(|_| early) {
            push(target(times, &unit.line), datetime, method, "dom:time", 0.8);
        }
        let short = unit.line.weight < 160 && stamp::names_day(&unit.line.text);
        let Some(found) = find_instant(&unit.line.text).filter(|_| short) else { continue };
        let confidence = match (early, found.instant.precision) {
            (true, _) if stamp::is_of_something_else(&unit.line.text, &found) => 0.4,
            (true, TimePrecision::Day) => 0.66,
            (true, _) => 0.72,
            (false, _) if unit.line.is_date() => 0.55,
            (false, _) => 0.3,
        };
        let candidate =
            Candidate { value: found.instant, method, rule: "visible", confidence, raw: unit.line.text.clone() };
        target(times, &unit.line).push(candidate);
    }
}

/// Returns the list that a line's date belongs to, by the word before it.
pub fn target<'a>(times: &'a mut Times, line: &Line) -> &'a mut Vec<Candidate<ParsedInstant>> {
    let before = find_instant(&line.text).map(|f| fold_str(&f.before)).unwrap_or_default();
    let last = before.rsplit(['|', '-', '،']).next().unwrap_or_default().trim().trim_end_matches(':').trim().to_owned();
    let before = before.trim_end_matches(':').trim();
    if Cue::Updated.is(&last) || Cue::Updated.is(before) || Cue::Updated.prefix_chars(before).is_some() {
        &mut times.modified
    } else {
        &mut times.published
    }
}

/// "/2024/06/20/", "/2024-06-20-title", "/20240620-title", "/20-06-2024".
fn in_path(path: &str) -> Option<ParsedInstant> {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let number = |p: &str, len: std::ops::RangeInclusive<usize>| {
        (len.contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit())).then_some(())
    };
    for window in parts.windows(3) {
        if let [y, m, d] = window
            && number(y, 4..=4).and(number(m, 1..=2)).and(number(d, 1..=2)).is_some()
        {
            return parse_instant(&format!("{y}-{m:0>2}-{d:0>2}"));
        }
    }
    parts.iter().find_map(|part| {
        let numbers: Vec<&str> = part.splitn(4, ['-', '_', '.']).collect();
        match numbers.as_slice() {
            [y, m, d, ..] if number(y, 4..=4).and(number(m, 2..=2)).and(number(d, 2..=2)).is_some() => {
                parse_instant(&format!("{y}-{m}-{d}"))
            }
            [d, m, y, ..] if number(y, 4..=4).and(number(m, 2..=2)).and(number(d, 2..=2)).is_some() => {
                parse_instant(&format!("{y}-{m}-{d}"))
            }
            [ymd, ..] if number(ymd, 8..=8).is_some() && ymd.starts_with("20") => {
                parse_instant(&format!("{}-{}-{}", ymd.get(..4)?, ymd.get(4..6)?, ymd.get(6..)?))
            }
            _ => None,
        }
    })
}

/// Returns the wire form of a time.
pub fn dated(candidate: &Candidate<ParsedInstant>, field: &str) -> DatedField {
    let precision = match candidate.value.precision {
        TimePrecision::Day => Precision::Day,
        TimePrecision::Minute => Precision::Minute,
        TimePrecision::Second => Precision::Second,
    };
    DatedField {
        value: Some(timestamp_of(candidate.value.millis)),
        precision: precision.into(),
        zone_known: candidate.value.zone_known,
        provenance: Some(candidate.provenance(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_addresses_are_read() {
        for path in ["/news/2024/06/20/title", "/a/2024-06-20-title", "/a/20240620-title.html", "/20-06-2024"] {
            assert_eq!(in_path(path).map(|i| i.millis), Some(1_718_841_600_000), "{path}");
        }
        assert_eq!(in_path("/2024/title"), None);
    }
}
