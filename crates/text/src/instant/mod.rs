//! Instants as publishers write them: ISO 8601, RFC 822, and dates in words of the main news languages.

mod date;
mod lex;
mod time;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use jiff::civil;
use jiff::tz::Offset;

use lex::{Token, lex};

/// How exact a written time is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum TimePrecision {
    /// To the day.
    Day,
    /// To the minute.
    Minute,
    /// To the second.
    Second,
}

/// An instant read from text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParsedInstant {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub millis: i64,
    /// How exact it is.
    pub precision: TimePrecision,
    /// True when a zone was written; else UTC is assumed.
    pub zone_known: bool,
    /// Minutes that the written zone is ahead of UTC; 0 when none was written.
    pub offset_minutes: i32,
}

/// An instant inside a longer text, with what is left of the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The instant.
    pub instant: ParsedInstant,
    /// The text before the first and after the last part of the date, trimmed of separators.
    pub before: String,
    /// See `before`.
    pub after: String,
    /// First byte of the date in the text, weekday included.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Letters between the parts that belong to none of them.
    pub stray_letters: usize,
}

/// Longest text looked at, in bytes: longer ones are no dates.
const MAX_BYTES: usize = 400;

static ZONES: LazyLock<HashMap<&'static str, i32>> = LazyLock::new(|| {
    include_str!("../../data/zones.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(name, minutes)| Some((name, minutes.parse().ok()?)))
        .collect()
});

static WEEKDAYS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    include_str!("../../data/weekdays.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(crate::fold::fold_str)
        .collect()
});

/// Tells whether a word names a weekday, in any of the main news languages.
pub fn is_weekday(word: &str) -> bool {
    WEEKDAYS.contains(crate::fold::fold_str(word).as_str())
}

/// Reads a written time: ISO 8601 and its profiles, RFC 822/2822/850 and their common errors, numeric dates (day before
/// month unless that cannot be) and dates in words, Gregorian or Solar Hijri, with digits of any script.
///
/// Returns `None` without a day, month and year, or when the text is mostly something else.
pub fn parse_instant(text: &str) -> Option<ParsedInstant> {
    let found = find_instant(text)?;
    let rest: usize =
        [&found.before, &found.after].iter().map(|t| t.chars().filter(|c| c.is_alphabetic()).count()).sum();
    (rest + found.stray_letters <= 48).then_some(found.instant)
}

/// Finds a written time in a short text and returns what stands around it.
pub fn find_instant(text: &str) -> Option<Found> {
    if text.len() > MAX_BYTES || !text.chars().any(|c| crate::digit::digit_value(c).is_some()) {
        return None;
    }
    let mut tokens = lex(text);
    let date = date::read(&mut tokens)?;
    let time = time::read(&mut tokens);
    let zone = time.as_ref().and_then(|_| zone(&mut tokens));
    let civil_date = civil::Date::new(date.year, date.month, date.day).ok()?;
    let (clock, precision) = match time {
        Some(t) => (t, if t.with_seconds { TimePrecision::Second } else { TimePrecision::Minute }),
        None => (time::Clock::default(), TimePrecision::Day),
    };
    let midnight = Offset::UTC.to_timestamp(civil_date.at(0, 0, 0, 0)).ok()?.as_millisecond();
    let offset = zone.unwrap_or(0);
    let millis = midnight.checked_add(clock.millis)?.checked_sub(i64::from(offset) * 60_000)?;
    let instant = ParsedInstant { millis, precision, zone_known: zone.is_some(), offset_minutes: offset };
    Some(around(text, &tokens, instant))
}

fn around(text: &str, tokens: &[Token], instant: ParsedInstant) -> Found {
    let used = |t: &&Token| t.used;
    let first = tokens.iter().position(|t| t.used).unwrap_or(0);
    let start = tokens.get(with_weekday(tokens, first)).map_or(0, |t| t.start);
    let end = tokens.iter().rev().find(used).map_or(text.len(), |t| t.end);
    let stray = tokens.iter().filter(|t| !t.used && t.start > start && t.end < end).map(|t| t.letters()).sum();
    let trim = |part: Option<&str>| {
        part.unwrap_or_default()
            .trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ')' | '(' | '"' | '»'))
            .to_owned()
    };
    Found { instant, before: trim(text.get(..start)), after: trim(text.get(end..)), start, end, stray_letters: stray }
}

/// Steps back over a weekday that stands right before the date.
fn with_weekday(tokens: &[Token], first: usize) -> usize {
    let before = tokens.get(..first).unwrap_or_default();
    let weekday = before.iter().rposition(|t| !t.is_space() && !matches!(t.symbol(), Some(',' | '،' | '.' | '(')));
    match weekday.filter(|at| before.get(*at).and_then(Token::word).is_some_and(|word| WEEKDAYS.contains(word))) {
        Some(at) => at,
        None => first,
    }
}

/// Reads a zone: an offset right after the time, or an abbreviation anywhere after it.
fn zone(tokens: &mut [Token]) -> Option<i32> {
    let last_time = tokens.iter().rposition(|t| t.time)?;
    let after = last_time + 1;
    let next = tokens.get(after..)?.iter().position(|t| !t.is_space()).map(|i| i + after)?;
    let sign = match tokens.get(next).and_then(Token::symbol) {
        Some('+') => Some(1),
        Some('-' | '−' | '–') => Some(-1),
        _ => None,
    };
    if let Some(sign) = sign
        && let Some((hours, digits)) = tokens.get(next + 1).and_then(Token::number)
    {
        let colon = tokens.get(next + 2).and_then(Token::symbol) == Some(':');
        let minutes = tokens.get(next + 3).and_then(Token::number).filter(|(m, d)| colon && *d == 2 && *m < 60);
        let (value, used) = match (digits, minutes) {
            (1 | 2, Some((minutes, _))) => (hours * 60 + minutes, 4),
            (1 | 2, None) => (hours * 60, 2),
            (3 | 4, _) => (hours / 100 * 60 + hours % 100, 2),
            _ => return None,
        };
        // A hyphen before the day of a date is no sign; dates were read before, so their tokens are used.
        if value <= 15 * 60 && tokens.get(next + 1).is_some_and(|t| !t.used) {
            mark(tokens, next..next + used);
            return Some(sign * i32::try_from(value).ok()?);
        }
    }
    let named = tokens.iter().enumerate().skip(after).find_map(|(i, token)| {
        let minutes = token.word().filter(|_| !token.used).and_then(|word| ZONES.get(word))?;
        Some((i, *minutes))
    });
    let (at, minutes) = named?;
    mark(tokens, at..at + 1);
    // "GMT+3", "UTC-05:00".
    let sign = match tokens.get(at + 1).and_then(Token::symbol) {
        Some('+') => 1,
        Some('-') => -1,
        _ => return Some(minutes),
    };
    let Some((hours, digits)) = tokens.get(at + 2).and_then(Token::number) else { return Some(minutes) };
    let extra = if digits > 2 { hours / 100 * 60 + hours % 100 } else { hours * 60 };
    let extra = i32::try_from(extra).ok().filter(|extra| *extra <= 15 * 60)?;
    mark(tokens, at + 1..at + 3);
    Some(minutes + sign * extra)
}

fn mark(tokens: &mut [Token], range: std::ops::Range<usize>) {
    for token in tokens.get_mut(range).unwrap_or_default() {
        token.used = true;
    }
}

#[cfg(test)]
mod tests;
