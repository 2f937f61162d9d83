//! Meanings of ranges: from one time to another, and from or until one.

use super::calendar::{DAY, add_months, date_of, days_of, month_start};
use super::classes::{MONTH, WEEKDAY};
use super::meaning::{Captures, Context, Value, calendar_of, whole, year_span};
use super::numeric::date;
use super::time::{Grain, Open, Time};

/// Two times: from the one to the other.
pub(crate) fn range(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut times = captures.times();
    let (mut first, mut last) = (times.next()?, times.next()?);
    if first.clock != last.clock || first.open != Open::Closed || last.open != Open::Closed {
        return None;
    }
    // "Until now" is until today, where days are spoken of.
    let as_day = |time: Time, other: Time| {
        let now = time.grain == Grain::Second && !time.clock && other.grain >= Grain::Day;
        if now { Time::day(time.first_day()).anchored() } else { time }
    };
    (first, last) = (as_day(first, last), as_day(last, first));
    // "Dec-2018" is no range.
    if first.grain == Grain::Month
        && first.fields.year.is_none()
        && last.grain == Grain::Year
        && last.fields.year.is_some()
    {
        return None;
    }
    // "May to October 2020": the year is said once. "4 to 22 January" has rules of its own.
    if first.anchored && !last.anchored && first.fields.year.is_none() && first.fields.month.is_some() {
        let (year, ..) = date_of(last.first_day());
        first = moved_to(first, year);
        if first.start > last.start {
            first = moved_to(first, year - 1);
        }
    } else if last.anchored && last.fields.month.is_some() && last.fields.year.is_none() {
        let (year, ..) = date_of(first.first_day());
        // The leap day says its year.
        let leap_day = first.fields.month == Some(2) && first.fields.day == Some(29);
        last = moved_to(last, if first.anchored && !leap_day { date_of(last.first_day()).0.max(year) } else { year });
        if last.start < first.start {
            last = moved_to(last, date_of(last.first_day()).0 + 1);
        }
    } else if last.fields.weekday.is_some() && last.start <= first.start {
        last.start += 7 * DAY;
        last.end += 7 * DAY;
    } else if first.fields.weekday.is_some() && last.start - first.start > 7 * DAY {
        return None;
    }
    if last.end < first.start {
        return None;
    }
    let grain = first.grain.min(last.grain);
    let end = if last.grain < Grain::Day { last.start } else { last.end };
    let anchored = first.anchored || last.anchored;
    let last_grain = Some(last.grain).filter(|last| *last > grain && grain >= Grain::Day);
    let time = Time::new(first.start, end, grain);
    Some(Value::Time(Time { anchored, range: true, clock: first.clock, last_grain, ..time }))
}

/// Puts a date of which only month and day are stated into a year.
fn moved_to(time: Time, year: i64) -> Time {
    let (was, month, day) = date_of(time.first_day());
    let length = time.last_day() - time.first_day();
    if was == year {
        return time;
    }
    let start = days_of(year, month, day);
    let end = if time.grain == Grain::Month && day == 1 { add_months(start, 1) } else { start + length };
    let within = time.start.rem_euclid(DAY);
    if within > 0 {
        Time { start: start * DAY + within, end: start * DAY + within + 1, ..time }
    } else {
        Time { start: start * DAY, end: end * DAY, ..time }
    }
}

/// Two days of one month.
pub(crate) fn days_of_month(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut days = captures.terminals(&["day", "d", "ord"]);
    let (first, last) = (days.next()?, days.next()?);
    let stated = captures.time().filter(|time| time.grain == Grain::Month);
    let (start, anchored) = match (stated, captures.int(MONTH)) {
        (Some(month), _) => (month.first_day(), month.anchored),
        (None, Some(month)) => {
            let (calendar, number) = calendar_of(month);
            let by_dir = captures.dir().map(|dir| date_of(context.today()).0 + dir);
            let year = captures.year().or(by_dir).or_else(|| context.year_of(number, last))?;
            (month_start(calendar, year, number), captures.year().is_none())
        }
        (None, None) => return None,
    };
    (first < last && last <= 31)
        .then(|| Value::Time(Time { anchored, range: true, ..Time::days(start + first - 1, start + last, Grain::Day) }))
}

/// Two months of one year.
pub(crate) fn months_of_year(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut months = captures.words(MONTH).map(whole);
    let (first, last) = (months.next()?, months.next()?);
    let by_dir = captures.dir().map(|dir| date_of(context.today()).0 + dir);
    let of_time = captures.time().map(|time| date_of(time.first_day()).0);
    let over = i64::from(first > last);
    let first_year = match captures.year().or(of_time) {
        Some(last_year) => last_year - over,
        None => by_dir.or_else(|| months_near(context, first, last))?,
    };
    let last_year = first_year + over;
    let end = add_months(days_of(last_year, last, 1), 1);
    let anchored = captures.year().is_none();
    Some(Value::Time(Time { anchored, range: true, ..Time::days(days_of(first_year, first, 1), end, Grain::Month) }))
}

/// Returns the year of the first of two months that are told without one: the span that it is now, else the nearest.
fn months_near(context: &Context<'_>, first: i64, last: i64) -> Option<i64> {
    let (year, now, _) = date_of(context.today());
    let is_now = if first <= last { (first..=last).contains(&now) } else { now >= first };
    if is_now { Some(year) } else { context.year_of(first, 1) }
}

/// Two weekdays of a week that is told.
pub(crate) fn range_in_week(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let week = captures.time().filter(|time| time.grain == Grain::Week)?;
    let mut days = captures.words(WEEKDAY).map(whole);
    let (first, last) = (days.next()?, days.next()?);
    let monday = week.first_day();
    (first < last).then(|| {
        Value::Time(Time {
            anchored: week.anchored,
            range: true,
            ..Time::days(monday + first - 1, monday + last, Grain::Day)
        })
    })
}

/// A month, then a day of another.
pub(crate) fn month_to_date(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut months = captures.words(MONTH).map(whole);
    let (first, last) = (months.next()?, months.next()?);
    let (day, year) = (captures.terminal(&["day"])?, captures.year()?);
    let start = days_of(year - i64::from(first > last), first, 1);
    let end = date(year, last, day)? + 1;
    Some(Value::Time(Time { range: true, ..Time::days(start, end, Grain::Day) }))
}

/// A number of units from a time on.
pub(crate) fn from_on(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let (length, from) = (captures.durations().next()?, captures.time()?);
    let end = length.shift(from.start, 1.0);
    let time = if length.grain < Grain::Day {
        Time { range: true, clock: from.clock, ..Time::new(from.start, end, Grain::Minute) }
    } else {
        Time::days(from.first_day(), end.div_euclid(DAY), Grain::Day)
    };
    Some(Value::Time(Time { anchored: from.anchored, ..time }))
}

/// From a time on.
pub(crate) fn since(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let time = captures.time().or_else(|| captures.year().map(year_span)).filter(|time| time.open == Open::Closed)?;
    Some(Value::Time(Time { open: Open::From, range: false, ..time }))
}

/// From the end of a time on.
pub(crate) fn after(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let time = captures.time().filter(|time| time.open == Open::Closed)?;
    let start = if time.grain <= Grain::Day && !(time.grain == Grain::Day && time.last_day() - time.first_day() > 1) {
        time.start
    } else {
        time.end
    };
    Some(Value::Time(Time { open: Open::From, start, range: false, ..time }))
}

/// Until a time, that time with it.
pub(crate) fn until(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let time = captures.time().filter(|time| time.open == Open::Closed)?;
    Some(Value::Time(Time { open: Open::Until, range: false, ..time }))
}

/// Until a time begins.
pub(crate) fn before(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let time = captures.time().filter(|time| time.open == Open::Closed)?;
    let long = time.grain >= Grain::Week || time.last_day() - time.first_day() > 1;
    let end = if long { time.start } else { time.end };
    Some(Value::Time(Time { open: Open::Until, end, range: false, ..time }))
}

/// By a day: a weekday is then one to come.
pub(crate) fn by(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut time = captures.time().filter(|time| time.open == Open::Closed)?;
    if time.fields.weekday.is_some() && time.anchored && time.first_day() < context.today() {
        time.start += 7 * DAY;
        time.end += 7 * DAY;
    }
    Some(Value::Time(time))
}
