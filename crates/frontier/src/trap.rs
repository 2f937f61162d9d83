//! Addresses that a site makes without end: calendars, and links that lead deeper into themselves.

use naba_model::Millis;
use url::Url;

/// Longest address of an article; longer ones carry the state of a program.
const MAX_BYTES: usize = 2_000;
/// Deepest path.
const MAX_SEGMENTS: usize = 24;
/// Times that a part of a path may follow itself.
const MAX_REPEATS: usize = 2;
/// Longest part, in segments, that is looked at for repetition.
const MAX_PERIOD: usize = 4;
/// Months ahead of now that an address may name: embargoed pieces and events are announced, a calendar turns for ever.
const MAX_MONTHS_AHEAD: i64 = 3;

const MONTH: i64 = 2_629_746_000;

/// Tells whether an address looks like one of an endless row.
pub(crate) fn is_trap(url: &Url, now: Millis) -> bool {
    let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
    url.as_str().len() > MAX_BYTES
        || segments.len() > MAX_SEGMENTS
        || repeats(&segments)
        || is_far_ahead(&segments, now)
        || url.query_pairs().any(|(_, value)| is_far_ahead(&value.split(['/', ',']).collect::<Vec<_>>(), now))
}

/// Tells whether a part of the path follows itself too often, as `/a/b/a/b/a/b`.
fn repeats(segments: &[&str]) -> bool {
    (1..=MAX_PERIOD).any(|period| {
        let shifted = segments.get(period..).unwrap_or_default();
        let run = segments.iter().zip(shifted).fold((0, 0), |(run, longest), (one, other)| {
            let run = if one == other { run + 1 } else { 0 };
            (run, longest.max(run))
        });
        run.1 >= period * MAX_REPEATS
    })
}

/// Tells whether a month of the distant future is named: `/2031/05`, `2031-05-01`.
fn is_far_ahead(segments: &[&str], now: Millis) -> bool {
    let latest = months_since_1970(now) + MAX_MONTHS_AHEAD;
    let dashed = segments.iter().filter_map(|segment| month(segment.get(..4)?, segment.get(4..)?.strip_prefix('-')?));
    let apart = segments.windows(2).filter_map(|pair| month(pair.first()?, pair.get(1)?));
    dashed.chain(apart).any(|month| month > latest)
}

/// Reads a year of four digits and the month that follows, as months since 1970.
fn month(year: &str, behind: &str) -> Option<i64> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let month = behind.split('-').next().filter(|month| (1..=2).contains(&month.len()) && is_number(month))?;
    let year: i64 = (year.len() == 4 && is_number(year)).then(|| year.parse().ok())??;
    let month: i64 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
    (1970..=2999).contains(&year).then_some((year - 1970) * 12 + month - 1)
}

fn months_since_1970(now: Millis) -> i64 {
    now / MONTH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_trapped(address: &str) -> bool {
        const NOVEMBER_2026: Millis = 1_795_000_000_000;
        is_trap(&Url::parse(address).unwrap(), NOVEMBER_2026)
    }

    #[test]
    fn calendars_of_the_future_and_paths_that_repeat_are_traps() {
        for trap in [
            "https://a.example/events/2031/05/",
            "https://a.example/events/2027-06-01",
            "https://a.example/calendar?day=2040-01-01",
            "https://a.example/x/x/x/x",
            "https://a.example/de/shop/de/shop/de/shop/1",
            &format!("https://a.example/?state={}", "x".repeat(2_000)),
            &format!("https://a.example{}", (0..30).map(|n| format!("/{n}")).collect::<String>()),
        ] {
            assert!(is_trapped(trap), "{trap}");
        }
    }

    #[test]
    fn articles_are_none() {
        for article in [
            "https://a.example/news/2026/11/24/story-of-2031",
            "https://a.example/2026-12-01-preview",
            "https://a.example/news/news/1/1",
            "https://a.example/archive/1998/05/01/1234-5678",
            "https://a.example/article/2045/12345",
            "https://a.example/2032/olympics",
        ] {
            assert!(!is_trapped(article), "{article}");
        }
    }
}
