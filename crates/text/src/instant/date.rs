//! The date among the tokens of a text.

use super::lex::{Kind, Token};
use super::mark;
use crate::month::{Calendar, jalali_to_gregorian, month_of_folded};

/// A Gregorian date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub year: i16,
    pub month: i8,
    pub day: i8,
}

/// Finds the first date and marks its tokens; forms that cannot be mistaken come first.
pub(super) fn read(tokens: &mut [Token]) -> Option<Date> {
    for form in [year_first, east_asian, day_first, month_word, compact, year_month] {
        for at in 0..tokens.len() {
            if let Some((date, range)) = form(tokens, at) {
                mark(tokens, range);
                return Some(date);
            }
        }
    }
    None
}

type Read = Option<(Date, std::ops::Range<usize>)>;

fn number(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    tokens.get(at)?.number()
}

fn symbol(tokens: &[Token], at: usize) -> Option<char> {
    tokens.get(at)?.symbol()
}

fn gregorian(year: u32, month: u32, day: u32) -> Option<Date> {
    let year = match year {
        // Thai Buddhist years are 543 ahead.
        2400..=2700 => year - 543,
        1800..=2200 => year,
        _ => return None,
    };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(Date { year: i16::try_from(year).ok()?, month: i8::try_from(month).ok()?, day: i8::try_from(day).ok()? })
}

fn jalali(year: u32, month: u32, day: u32) -> Option<Date> {
    let date = jalali_to_gregorian(i32::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    Some(Date { year: date.0, month: date.1, day: date.2 })
}

/// Any calendar, told by the year.
fn by_year(year: u32, month: u32, day: u32) -> Option<Date> {
    gregorian(year, month, day).or_else(|| (1300..=1500).contains(&year).then(|| jalali(year, month, day)).flatten())
}

fn full_year(value: u32, digits: usize) -> Option<u32> {
    match digits {
        4 => Some(value),
        // RFC 2822 §4.3.
        2 if value < 50 => Some(2000 + value),
        2 => Some(1900 + value),
        _ => None,
    }
}

/// 2020-12-08, 2020/12/8, 2020.12.08, 2020. 6. 4.
fn year_first(tokens: &[Token], at: usize) -> Read {
    let (year, 4) = number(tokens, at)? else { return None };
    let separator = symbol(tokens, at + 1).filter(|c| matches!(c, '-' | '/' | '.' | '‑'))?;
    let month_at = if separator == '.' { skip_space(tokens, at + 2) } else { at + 2 };
    let (month, 1..=2) = number(tokens, month_at)? else { return None };
    (symbol(tokens, month_at + 1)? == separator).then_some(())?;
    let last = skip_space(tokens, month_at + 2);
    let (day, 1..=2) = number(tokens, last)? else { return None };
    Some((by_year(year, month, day)?, at..last + 1))
}

/// 2026年3月3日, 2026년 3월 3일.
fn east_asian(tokens: &[Token], at: usize) -> Read {
    let (year, 4) = number(tokens, at)? else { return None };
    let (next, month) = unit_number(tokens, at + 1, &["年", "년"])?;
    let (next, day) = unit_number(tokens, next + 1, &["月", "월"])?;
    let end = skip_space(tokens, next + 1);
    let closed = tokens.get(end).and_then(Token::word).is_some_and(|w| matches!(w, "日" | "일" | "号"));
    Some((gregorian(year, month, day)?, at..if closed { end + 1 } else { next + 1 }))
}

fn unit_number(tokens: &[Token], at: usize, units: &[&str]) -> Option<(usize, u32)> {
    let unit = skip_space(tokens, at);
    tokens.get(unit)?.word().filter(|word| units.contains(word))?;
    let next = skip_space(tokens, unit + 1);
    let (value, 1..=2) = number(tokens, next)? else { return None };
    Some((next, value))
}

fn skip_space(tokens: &[Token], mut at: usize) -> usize {
    while tokens.get(at).is_some_and(Token::is_space) {
        at += 1;
    }
    at
}

/// 24/5/2022, 20.06.24, 03-03-2026; month before day only where day before month cannot be.
fn day_first(tokens: &[Token], at: usize) -> Read {
    let (first, 1..=2) = number(tokens, at)? else { return None };
    let separator = symbol(tokens, at + 1).filter(|c| matches!(c, '-' | '/' | '.' | '‑'))?;
    let second_at = skip_space(tokens, at + 2);
    let (second, 1..=2) = number(tokens, second_at)? else { return None };
    (symbol(tokens, second_at + 1)? == separator).then_some(())?;
    let year_at = skip_space(tokens, second_at + 2);
    let (year, digits @ (2 | 4)) = number(tokens, year_at)? else { return None };
    // 10.30.15 may be a clock: two-digit years need a separator that clocks do not use, or a plausible date.
    let year = full_year(year, digits)?;
    let date = by_year(year, second, first).or_else(|| by_year(year, first, second))?;
    Some((date, at..year_at + 1))
}

/// 20. Juni 2024, March 15, 2024, 21 de octubre de 2025, ٢٤ أيار/مايو ٢٠٢٢, 10-Jun-03.
fn month_word(tokens: &[Token], at: usize) -> Read {
    let (month, after) = month_at(tokens, at)?;
    let make = |year: u32, day: u32| match month.calendar {
        Calendar::Gregorian => gregorian(year, u32::from(month.number), day),
        Calendar::Jalali => jalali(year, u32::from(month.number), day),
    };
    if let Some((start, day)) = day_before(tokens, at) {
        let (end, year) = year_after(tokens, after)?;
        return Some((make(year, day)?, start..end + 1));
    }
    // Month first: "March 15, 2024", "Mar 15th 2024", asctime "Jan  4 16:29:06 PST 2004".
    let day_at = skip_filler(tokens, after, &[]);
    let (day, 1..=2) = number(tokens, day_at)? else { return None };
    if symbol(tokens, day_at + 1) == Some(':') {
        return None;
    }
    let next = skip_filler(tokens, day_at + 1, &["st", "nd", "rd", "th"]);
    if let Some((year, 4)) = number(tokens, next) {
        return Some((make(year, day)?, at..next + 1));
    }
    let year_at =
        (next..tokens.len()).find(|i| number(tokens, *i).is_some_and(|(y, d)| d == 4 && (1900..2200).contains(&y)))?;
    let date = make(number(tokens, year_at)?.0, day)?;
    // The clock stands between day and year, so that only both ends are marked.
    let clock_between = tokens.get(day_at + 1..year_at)?.iter().any(|t| t.symbol() == Some(':'));
    clock_between.then_some((date, at..day_at + 1))
}

/// A month name at `at`: one word, two ("تشرين الأول"), or a dual name ("تموز/يوليو", "نيسان / أبريل"); returns the index after it.
fn month_at(tokens: &[Token], at: usize) -> Option<(crate::month::Month, usize)> {
    let word = tokens.get(at)?.word()?;
    let second = tokens.get(at + 1).filter(|t| t.is_space()).and_then(|_| tokens.get(at + 2)?.word());
    let two = second.and_then(|second| month_of_folded(&format!("{word} {second}")));
    let (month, mut after) = match two {
        Some(month) => (month, at + 3),
        None => (month_of_folded(word)?, at + 1),
    };
    let slash = skip_space(tokens, after);
    if symbol(tokens, slash) == Some('/')
        && let Some((_, end)) = month_at(tokens, skip_space(tokens, slash + 1))
    {
        after = end;
    }
    if symbol(tokens, after) == Some('.') {
        after += 1;
    }
    Some((month, after))
}

fn day_before(tokens: &[Token], at: usize) -> Option<(usize, u32)> {
    let mut i = at;
    let mut steps = 0;
    loop {
        i = i.checked_sub(1)?;
        steps += 1;
        match &tokens.get(i)?.kind {
            Kind::Number(day, 1..=2) if (1..=31).contains(day) => {
                // "11:47 мая" is no day.
                let clock = i.checked_sub(1).and_then(|before| symbol(tokens, before)) == Some(':');
                return (!clock).then_some((i, *day));
            }
            Kind::Space => {}
            Kind::Symbol('.' | '-' | ',' | '،' | '‑' | 'º' | '/') => {}
            Kind::Word(word) if is_filler(word) => {}
            _ => return None,
        }
        if steps > 6 {
            return None;
        }
    }
}

fn year_after(tokens: &[Token], after: usize) -> Option<(usize, u32)> {
    let at = skip_filler(tokens, after, &[]);
    let (value, digits) = number(tokens, at)?;
    // A two-digit year only where the next sign does not make it an hour.
    if digits == 2 && matches!(symbol(tokens, at + 1), Some(':' | '.')) {
        return None;
    }
    Some((at, full_year(value, digits)?))
}

fn skip_filler(tokens: &[Token], mut at: usize, more: &[&str]) -> usize {
    while let Some(token) = tokens.get(at) {
        let skip = match &token.kind {
            Kind::Space | Kind::Symbol('.' | ',' | '،' | '-' | '‑' | '\'') => true,
            Kind::Word(word) => is_filler(word) || more.contains(&word.as_str()),
            Kind::Symbol(_) | Kind::Number(..) => false,
        };
        if !skip {
            break;
        }
        at += 1;
    }
    at
}

fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "de" | "of"
            | "del"
            | "er"
            | "st"
            | "nd"
            | "rd"
            | "th"
            | "den"
            | "º"
            | "ª"
            | "o"
            | "e"
            | "the"
            | "da"
            | "ngay"
            | "thang"
            | "nam"
    )
}

/// 20030610, also as the head of 20030610T040000.
fn compact(tokens: &[Token], at: usize) -> Read {
    let (value, 8) = number(tokens, at)? else { return None };
    Some((gregorian(value / 10_000, value / 100 % 100, value % 100)?, at..at + 1))
}

/// 2003-12 (W3C profile), taken as the first day.
fn year_month(tokens: &[Token], at: usize) -> Read {
    let (year, 4) = number(tokens, at)? else { return None };
    if at != 0 {
        return None;
    }
    if tokens.len() == 1 {
        return Some((gregorian(year, 1, 1)?, 0..1));
    }
    (symbol(tokens, 1)? == '-' && tokens.len() == 3).then_some(())?;
    let (month, 2) = number(tokens, 2)? else { return None };
    Some((gregorian(year, month, 1)?, 0..3))
}
