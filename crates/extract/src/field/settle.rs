//! What the candidates for the time of publication say about one another: which of two readings is right, whose clock a
//! time is by, and which of two days is meant.

use naba_model::timestamp_of;
use naba_text::{ParsedInstant, TimePrecision, parse_instant};

use super::time::Times;
use crate::candidate::Candidate;

type Dated = Candidate<ParsedInstant>;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// Least confidence of a date that stands near the headline.
const NEAR_HEADLINE: f32 = 0.65;
/// Above every other candidate.
const SETTLED: f32 = 0.96;

/// Lets the candidates correct one another.
pub fn settle(times: &mut Times) {
    settle_order(&mut times.published);
    settle_doubt(&mut times.published);
    let last = times.modified.first().map(day);
    settle_zone(&mut times.published, last);
    settle_reissue(&mut times.published, last);
}

/// The day that a time names by its own clock.
fn day(candidate: &Dated) -> i64 {
    (candidate.value.millis + i64::from(candidate.value.offset_minutes) * MINUTE_MS).div_euclid(DAY_MS)
}

/// Tells whether a candidate was printed for readers, or is set beside what was.
fn is_shown(candidate: &Dated) -> bool {
    matches!(candidate.rule, "visible" | "dom:time" | "dom:line" | "url:path")
}

/// The one day that the page prints near its headline; none where it prints several.
fn printed(candidates: &[Dated]) -> Option<i64> {
    let mut days = candidates.iter().filter(|c| c.rule == "visible" && c.confidence >= NEAR_HEADLINE).map(day);
    let first = days.next()?;
    days.all(|day| day == first).then_some(first)
}

/// Day and month of a number like 11/01/2023 change places when only that agrees with another candidate.
fn settle_order(candidates: &mut [Dated]) {
    let days: Vec<i64> = candidates.iter().map(|c| c.value.millis.div_euclid(DAY_MS)).collect();
    for (at, candidate) in candidates.iter_mut().enumerate() {
        let Some(shift) = swapped(&candidate.raw) else { continue };
        let others = || days.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, day)| *day);
        let own = candidate.value.millis.div_euclid(DAY_MS);
        let other = (candidate.value.millis + shift).div_euclid(DAY_MS);
        if others().any(|day| day == other) && !others().any(|day| day == own) {
            candidate.value.millis += shift;
        }
    }
}

/// Returns how far the reading of a numeric date moves when month and day change places.
fn swapped(raw: &str) -> Option<i64> {
    let mut parts = raw.trim().splitn(3, ['/', '.', '-']);
    let (first, second) = (parts.next()?, parts.next()?);
    let year = parts.next()?.get(..4)?;
    let fits = |n: &str| n.len() <= 2 && n.parse::<u8>().is_ok_and(|n| (1..=12).contains(&n));
    if !fits(first) || !fits(second) || first == second {
        return None;
    }
    let day_first = parse_instant(&format!("{year}-{second:0>2}-{first:0>2}"))?;
    let month_first = parse_instant(&format!("{year}-{first:0>2}-{second:0>2}"))?;
    Some(month_first.millis - day_first.millis)
}

/// A meta element that stands alone against an earlier printed day names the last change: it was written by the system.
fn settle_doubt(candidates: &mut [Dated]) {
    let stated = |c: &&Dated| !is_shown(c) && c.rule != "meta:published.other";
    let mut days = candidates.iter().filter(stated).map(day);
    let (Some(only), None) = (days.next(), days.next()) else { return };
    let earlier = printed(candidates).is_some_and(|day| day < only);
    for meta in candidates.iter_mut().filter(|c| earlier && c.rule.starts_with("meta:published")) {
        meta.confidence = 0.6;
    }
}

/// A time in UTC beside a printed time without zone tells the zone of the publisher: they differ by whole half hours. Beside
/// a printed day it tells at least that the clock was in the next zone where that day is the right one. The instant stays;
/// the raw value then says it by the publisher's clock.
fn settle_zone(candidates: &mut [Dated], modified: Option<i64>) {
    let in_utc = |c: &&Dated| c.value.zone_known && c.value.offset_minutes == 0;
    let stated = candidates.iter().filter(in_utc).map(|c| c.value).find(|v| v.precision != TimePrecision::Day);
    let Some(stated) = stated else { return };
    let by_day = || printed(candidates).filter(|day| modified != Some(*day)).and_then(|day| nearest_zone(stated, day));
    let Some(offset) = candidates.iter().find_map(|c| zone_between(stated, c)).or_else(by_day) else { return };
    for candidate in candidates.iter_mut().filter(|c| in_utc(&&**c)) {
        let local = timestamp_of(candidate.value.millis + i64::from(offset) * MINUTE_MS).to_string();
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
        candidate.raw = format!("{}{sign}{hours:02}:{minutes:02}", local.trim_end_matches('Z'));
        candidate.value.offset_minutes = offset;
    }
}

/// Minutes between a time in UTC and the same time by another clock.
fn zone_between(stated: ParsedInstant, other: &Dated) -> Option<i32> {
    const HALF_HOUR_MS: i64 = 30 * MINUTE_MS;
    let minute = |millis: i64| millis.div_euclid(MINUTE_MS) * MINUTE_MS;
    let value = other.value;
    let ahead = minute(value.millis) - minute(stated.millis);
    if value.zone_known && value.offset_minutes != 0 && ahead == 0 {
        return Some(value.offset_minutes);
    }
    let printed = other.rule == "visible" && !value.zone_known && value.precision != TimePrecision::Day;
    let minutes = i32::try_from(ahead / MINUTE_MS).ok()?;
    (printed && minutes != 0 && ahead % HALF_HOUR_MS == 0 && (-12 * 60..=14 * 60).contains(&minutes)).then_some(minutes)
}

/// The zone nearest to UTC in which a time falls on another day, in minutes; none where no zone is that far.
fn nearest_zone(stated: ParsedInstant, day: i64) -> Option<i32> {
    let zone = |hours: &i32| (stated.millis + i64::from(*hours) * 60 * MINUTE_MS).div_euclid(DAY_MS) == day;
    (1..=14).find(zone).or_else(|| (-12..=-1).rev().find(zone)).map(|hours| hours * 60)
}

/// A page that prints one day only, and a later one than its structured data, was published again on that day.
fn settle_reissue(candidates: &mut [Dated], modified: Option<i64>) {
    let stated =
        candidates.iter().filter(|c| !is_shown(c)).max_by(|a, b| a.confidence.total_cmp(&b.confidence)).map(day);
    // The next day may be the same one by another clock; what is not published yet cannot have been changed.
    let again = |day: &i64| stated.is_some_and(|s| *day > s + 1) && modified.is_none_or(|last| *day <= last + 1);
    let Some(printed) = printed(candidates).filter(again) else { return };
    let best = candidates.iter_mut().filter(|c| day(c) == printed).max_by(|a, b| a.confidence.total_cmp(&b.confidence));
    if let Some(best) = best {
        best.confidence = SETTLED;
    }
}

#[cfg(test)]
mod tests {
    use naba_proto::v1::Method;

    use super::*;

    fn read(raw: &str, rule: &'static str) -> Candidate<ParsedInstant> {
        Candidate {
            value: parse_instant(raw).unwrap(),
            method: Method::Dom,
            rule,
            confidence: 0.5,
            raw: raw.to_owned(),
        }
    }

    #[test]
    fn the_zone_of_the_publisher_is_told_by_the_printed_time() {
        let mut found = [read("2023-11-09T05:30:59Z", "ld:datePublished"), read("Nov 8, 2023 11:30 pm", "visible")];
        settle_zone(&mut found, None);
        assert_eq!(found[0].raw, "2023-11-08T23:30:59-06:00");
        assert_eq!(found[0].value.millis, parse_instant("2023-11-09T05:30:59Z").unwrap().millis);
        let mut other = [read("2023-11-09T05:30:59Z", "ld:datePublished"), read("Nov 8, 2023 11:47 pm", "visible")];
        settle_zone(&mut other, None);
        assert_eq!(other[0].raw, "2023-11-09T05:30:59Z");
    }

    #[test]
    fn day_and_month_change_places_only_when_another_date_says_so() {
        let mut found = [read("11/01/2023 12:43", "meta:published"), read("1. November 2023", "visible")];
        settle_order(&mut found);
        assert_eq!(found[0].value.millis, parse_instant("2023-11-01T12:43").unwrap().millis);
        let mut alone = [read("11/01/2023", "meta:published")];
        settle_order(&mut alone);
        assert_eq!(alone[0].value.millis, parse_instant("2023-01-11").unwrap().millis);
    }

    fn near(raw: &str) -> Dated {
        Candidate { confidence: 0.66, ..read(raw, "visible") }
    }

    #[test]
    fn a_printed_day_tells_on_which_side_of_midnight_the_publisher_was() {
        let mut found = [read("2018-12-31T23:11:59Z", "meta:published"), near("1. Januar 2019")];
        settle_zone(&mut found, None);
        assert_eq!(found[0].raw, "2019-01-01T00:11:59+01:00");
        let mut far = [read("2020-09-28T23:12:35Z", "ld:datePublished"), near("27 September 2020")];
        settle_zone(&mut far, None);
        assert_eq!(far[0].raw, "2020-09-28T23:12:35Z", "no clock is a day behind");
    }

    fn winner(mut found: Vec<Dated>) -> String {
        settle_doubt(&mut found);
        settle_reissue(&mut found, None);
        found.into_iter().max_by(|a, b| a.confidence.total_cmp(&b.confidence)).map(|c| c.raw).unwrap_or_default()
    }

    fn ld(raw: &str) -> Dated {
        Candidate { confidence: 0.95, ..read(raw, "ld:datePublished") }
    }

    #[test]
    fn the_only_printed_day_wins_when_it_is_later_than_the_structured_data() {
        assert_eq!(winner(vec![ld("2019-06-17T00:00Z"), near("June 4, 2020")]), "June 4, 2020");
        assert_eq!(winner(vec![ld("2019-06-17T00:00Z"), near("June 18, 2019")]), "2019-06-17T00:00Z");
        assert_eq!(
            winner(vec![ld("2019-06-17T00:00Z"), near("June 4, 2020"), near("May 3, 2020")]),
            "2019-06-17T00:00Z"
        );
    }

    #[test]
    fn a_lone_meta_element_is_doubted_when_the_page_prints_an_earlier_day() {
        let meta = || Candidate { confidence: 0.9, ..read("2022-11-17T10:33:13Z", "meta:published") };
        assert_eq!(winner(vec![meta(), near("09.03.2022")]), "09.03.2022");
        assert_eq!(winner(vec![meta(), near("09.03.2022"), ld("2022-11-17T10:33:13Z")]), "2022-11-17T10:33:13Z");
    }
}
