//! Dates in digits: 2016-11-07, 22/04/2016, 4.22, 08/12,15, 2019/sep/01.

use super::calendar::{days_of, month_length};
use super::classes::MONTH;
use super::lex::Kind;
use super::parse::Parser;
use super::time::{Fields, Time};

impl Parser<'_> {
    /// Reads a date in digits.
    pub(crate) fn numeric_date(&self, at: usize) -> Option<(usize, Time)> {
        let (a, sep_at) = (self.figure(at)?, at + 1);
        let before = at.checked_sub(1).and_then(|before| self.tokens.get(before));
        let first = self.tokens.get(at)?;
        // Not in the middle of a longer figure: a version, an address, a telephone number.
        if first.glued
            && before.is_some_and(|t| t.kind == Kind::Digits || matches!(t.sign(), '.' | '/' | ':' | '@' | '#'))
        {
            return None;
        }
        let separator = self.separator(sep_at)?;
        let b_at = sep_at + 1;
        let b = self.figure(b_at)?;
        let c_sep = b_at + 1;
        // A year may stand behind a comma; "11/20, 11/22" are two dates.
        let date_follows = self.tokens.get(c_sep + 2).is_some_and(|sign| sign.glued && sign.sign() == separator);
        let third = self
            .separator(c_sep)
            .filter(|sep| *sep == separator || (*sep == ',' && separator != ',' && !date_follows))
            .and_then(|_| Some((c_sep + 1, self.figure(c_sep + 1)?)));
        if let Some((c_at, c)) = third {
            let time = self.three(a, b, c)?;
            let next = self.tokens.get(c_at + 1).zip(self.tokens.get(c_at + 2));
            let runs_on = next.is_some_and(|(sign, next)| {
                sign.glued && next.glued && next.kind == Kind::Digits && sign.sign() == separator
            });
            return (!runs_on).then_some((c_at + 1, time));
        }
        if separator == ',' || a.named || b.named {
            return None;
        }
        self.two(a, b, separator).map(|time| (b_at + 1, time))
    }

    /// A figure of a date, or a month's name between figures.
    fn figure(&self, at: usize) -> Option<Figure> {
        let token = self.tokens.get(at)?;
        if token.kind == Kind::Digits {
            let count = self.numbers().count(at);
            let next = self.tokens.get(at + 1).filter(|next| next.glued && next.kind == Kind::Word);
            // "2019T…" and "5km" are no dates.
            if next.is_some_and(|next| next.word == super::lexicon::UNKNOWN && next.len() > 1) {
                return None;
            }
            let value = i64::try_from(token.value).ok()?;
            return (count <= 4 && count != 3).then_some(Figure { value, count, named: false });
        }
        let (end, month) = self.numbers().word(at, MONTH)?;
        #[allow(clippy::cast_possible_truncation, reason = "months are small")]
        (end == at + 1 && month < 100.0).then_some(Figure { value: month as i64, count: 2, named: true })
    }

    fn separator(&self, at: usize) -> Option<char> {
        let token = self.tokens.get(at)?;
        let sign = token.sign();
        (matches!(sign, '/' | '-' | '.' | ',') && (token.glued || sign == '/' || sign == '-')).then_some(sign)
    }

    fn three(&self, a: Figure, b: Figure, c: Figure) -> Option<Time> {
        let (year, month, day) = if a.count == 4 {
            if b.named || b.value <= 12 { (a.value, b.value, c.value) } else { (a.value, c.value, b.value) }
        } else if c.count == 4 || (c.count == 2 && !c.named) {
            let year = if c.count == 4 { c.value } else { century(c.value) };
            let day_first = self.day_first(a, b);
            // Two figures a part may begin with the year: 16/04/21 where the language counts so.
            if day_first { (year, b.value, a.value) } else { (year, a.value, b.value) }
        } else {
            return None;
        };
        date(year, month, day).map(|days| {
            let fields = Fields { year: Some(year), month: Some(month), day: Some(day), weekday: None };
            Time { fields, ..Time::day(days) }
        })
    }

    fn day_first(&self, a: Figure, b: Figure) -> bool {
        if a.named || b.value > 12 && !b.named {
            return false;
        }
        b.named || a.value > 12 || self.grammar.lexicon.manner.order != "mdy"
    }

    fn two(&self, a: Figure, b: Figure, separator: char) -> Option<Time> {
        if a.count == 4 || b.count == 4 {
            let (year, month) = if a.count == 4 { (a, b) } else { (b, a) };
            let fits = (1..=12).contains(&month.value) && month.count <= 2 && (1000..3000).contains(&year.value);
            let fields = Fields { year: Some(year.value), month: Some(month.value), ..Fields::default() };
            return fits.then(|| Time { fields, ..Time::month(year.value, month.value) });
        }
        let (month, day) = if self.day_first(a, b) { (b.value, a.value) } else { (a.value, b.value) };
        // "4.22" may be a date; "4.2" and "1-2" are hardly.
        let likely = separator == '/' || (a.count + b.count >= 3 && (a.value > 12 || b.value > 12));
        let year = self.context.year_of(month, day)?;
        let days = date(year, month, day).filter(|_| likely)?;
        let fields = Fields { month: Some(month), day: Some(day), ..Fields::default() };
        Some(Time { fields, ..Time::day(days) }.anchored())
    }
}

#[derive(Clone, Copy)]
struct Figure {
    value: i64,
    count: u32,
    named: bool,
}

/// Returns the day of a date that exists.
pub(crate) fn date(year: i64, month: i64, day: i64) -> Option<i64> {
    ((1..=12).contains(&month) && day >= 1 && day <= month_length(year, month)).then(|| days_of(year, month, day))
}

/// Completes a year of two digits.
pub(crate) fn century(year: i64) -> i64 {
    if year < 40 { year + 2000 } else { year + 1900 }
}
