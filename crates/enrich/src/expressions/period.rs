//! Meanings of spans longer than a day: weeks, months, years, seasons, and what is said of them.

use super::calendar::{
    Calendar, DAY, add_months, date_of, days_of, first_monday, monday, month_of_day, month_start, weekday,
};
use super::classes::{HLF, MONTH, NOW_UNIT, QTR, ROMAN, SEASON, UNIT};
use super::duration::Duration;
use super::meaning::{Captures, Context, Value, calendar_of, year_span};
use super::time::{Fields, Grain, Time, Unit, week_of_year};

/// A month, with its year or a direction.
pub(crate) fn month(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let stated = captures.int(MONTH)?;
    let (calendar, number) = calendar_of(stated);
    let (this_year, this_month) = month_of_day(calendar, context.today());
    let by_dir = captures.dir().map(|dir| match dir {
        // "Last September" is the latest one that is over, "next March" the first to come.
        -1 | -10 => this_year - i64::from(number >= this_month),
        1 | 10 => this_year + i64::from(number <= this_month),
        dir => this_year + dir,
    });
    let by_time = captures.time().and_then(|time| match calendar {
        // A year of the same calendar says its number.
        Calendar::Jalali | Calendar::Hijri if time.fields.year.is_some() => time.fields.year,
        _ => (time.grain == Grain::Year).then(|| month_of_day(calendar, time.first_day() + DAY_IN_YEAR).0),
    });
    let undated = || match calendar {
        Calendar::Gregorian => context.year_of(number, 1).unwrap_or(this_year),
        _ => match number - this_month {
            8.. => this_year - 1,
            ..=-9 => this_year + 1,
            _ => this_year,
        },
    };
    let year = captures.year().or(by_dir).or(by_time).unwrap_or_else(undated);
    let (start, end) = (month_start(calendar, year, number), month_start(calendar, year, number + 1));
    let fields = Fields { year: captures.year(), month: Some(stated), ..Fields::default() };
    let anchored = captures.year().is_none() && captures.time().is_none_or(|time| time.anchored);
    let grain = if calendar == Calendar::Gregorian { Grain::Month } else { Grain::Day };
    Some(Value::Time(Time { fields, anchored, ..Time::days(start, end, grain) }))
}

/// Days into a year at which every calendar that begins within it has begun.
const DAY_IN_YEAR: i64 = 100;

/// A year of the calendar that the language counts by.
pub(crate) fn year(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let year = captures
        .year()
        .or_else(|| captures.count().map(super::meaning::whole))
        .filter(|year| (100..3000).contains(year))?;
    let fields = Fields { year: Some(year), ..Fields::default() };
    let jalali = context.manner.years == "jalali" && (1200..1500).contains(&year);
    let time = if jalali { calendar_year(Calendar::Jalali, year) } else { year_span(year) };
    Some(Value::Time(Time { fields, ..time }))
}

/// A year that is said to be of the Hijra.
pub(crate) fn hijri_year(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let year = captures.year().filter(|year| *year < 1700)?;
    Some(Value::Time(Time {
        fields: Fields { year: Some(year), ..Fields::default() },
        ..calendar_year(Calendar::Hijri, year)
    }))
}

fn calendar_year(calendar: Calendar, year: i64) -> Time {
    Time::days(month_start(calendar, year, 1), month_start(calendar, year + 1, 1), Grain::Day)
}

/// Last, this or next week, month, year and so on.
pub(crate) fn dir_unit(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let dir = match captures.dir().unwrap_or(0) {
        10 => 1,
        -10 => -1,
        dir => dir,
    };
    unit_at(context, captures.unit()?, dir).map(Value::Time)
}

fn dir_grain(context: &Context<'_>, captures: &Captures<'_>, grain: Grain) -> Option<Value> {
    captures.unit().filter(|(_, known)| *known == grain)?;
    dir_unit(context, captures)
}

/// This year, last year, in one word.
pub(crate) fn this_year(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let by = captures.int(super::classes::THIS_YEAR)?;
    unit_at(context, (Unit::Months(12), Grain::Year), by).map(Value::Time)
}

/// Last, this or next day.
pub(crate) fn dir_day(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    dir_grain(context, captures, Grain::Day)
}

/// Last, this or next week.
pub(crate) fn dir_week(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    dir_grain(context, captures, Grain::Week)
}

/// Last, this or next month.
pub(crate) fn dir_month(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    dir_grain(context, captures, Grain::Month)
}

/// Last, this or next year.
pub(crate) fn dir_year(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    dir_grain(context, captures, Grain::Year)
}

/// A unit around now, moved by a number of them.
pub(crate) fn unit_at(context: &Context<'_>, (unit, grain): (Unit, Grain), by: i64) -> Option<Time> {
    let today = context.today();
    let (year, month, _) = date_of(today);
    let time = match unit {
        Unit::Seconds(n) => {
            let n = n * by.signum();
            let span = if n > 0 { (context.anchor, context.anchor + n) } else { (context.anchor + n, context.anchor) };
            return (by != 0).then(|| Time { range: true, ..Time::new(span.0, span.1, Grain::Second) }.anchored());
        }
        Unit::Days(1) | Unit::Workday => Time::day(today + by),
        Unit::Days(n) => {
            // Where the week begins on Sunday, Sunday is of the week that is called by its Monday.
            let ahead = i64::from(context.manner.week == 7 && weekday(today) == 7);
            let start = monday(today + ahead) + n * by;
            Time::days(start, start + n, grain)
        }
        Unit::Weekend => {
            let start = monday(today) + 7 * by + 5;
            Time::days(start, start + 2, Grain::Day)
        }
        Unit::Months(12) if context.manner.years == "jalali" => {
            let (year, _) = month_of_day(Calendar::Jalali, today);
            calendar_year(Calendar::Jalali, year + by)
        }
        Unit::Months(n) => {
            let index = year * 12 + month - 1;
            let first = index.div_euclid(n) * n + n * by;
            let at = |index: i64| days_of(index.div_euclid(12), index.rem_euclid(12) + 1, 1);
            Time::days(at(first), at(first + n), grain)
        }
    };
    Some(time.anchored())
}

/// The last three years, the next ten days: up to now, or from tomorrow on.
pub(crate) fn dir_duration(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let counted =
        || Duration::of(captures.count().filter(|count| *count > 1.0)?, usize::try_from(captures.int(UNIT)?).ok()?);
    let length = captures.durations().next().or_else(counted)?;
    let dir = captures.dir()?.signum();
    let today = context.today();
    let of = super::time::unit(length.unit).map(|(unit, _)| unit);
    if let Some(Unit::Months(n)) = of.filter(|unit| {
        matches!(unit, Unit::Months(3 | 120 | 1200)) && length.months > 121.0 || *unit == Unit::Months(3)
    }) {
        // Quarters and decades are counted whole.
        let now = unit_at(context, (Unit::Months(n), Grain::Month), 0)?;
        let months = super::meaning::whole(length.months);
        let (first, end) = (now.first_day(), now.last_day());
        let (start, end, grain) =
            if dir < 0 { (add_months(first, -months), first, n) } else { (end, add_months(end, months), n) };
        let grain = if grain == 3 { Grain::Month } else { Grain::Year };
        return Some(Value::Time(Time::days(start, end, grain).anchored()));
    }
    Some(Value::Time(span_from(context, length, dir, today)))
}

fn span_from(context: &Context<'_>, length: Duration, dir: i64, today: i64) -> Time {
    if length.grain < Grain::Day {
        let there = length.shift(context.anchor, if dir < 0 { -1.0 } else { 1.0 });
        let (start, end) = (there.min(context.anchor), there.max(context.anchor));
        return Time { range: true, ..Time::new(start, end, Grain::Second) }.anchored();
    }
    let from = if dir < 0 { today } else { today + 1 };
    let there = length.shift(from * DAY, if dir < 0 { -1.0 } else { 1.0 }).div_euclid(DAY);
    let (start, end) = (there.min(from), there.max(from));
    // Decades are said roundly.
    let grain = if length.months >= 120.0 && !length.mixed { Grain::Year } else { Grain::Day };
    if grain == Grain::Year {
        let (a, b) = (date_of(start).0, date_of(end).0);
        return Time { range: true, ..Time::days(days_of(a, 1, 1), days_of(b + 1, 1, 1), Grain::Year) }.anchored();
    }
    Time::days(start, end, grain).anchored()
}

/// Within two weeks: from now until then.
pub(crate) fn within(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let length = captures.durations().next()?;
    let from = captures.time().map_or(context.anchor, |time| time.start);
    let anchored = captures.time().is_none_or(|time| time.anchored);
    let until = length.shift(from, 1.0);
    let time = if length.grain < Grain::Day {
        Time { range: true, ..Time::new(from, until, Grain::Second) }
    } else {
        Time { range: true, ..Time::days(from.div_euclid(DAY), until.div_euclid(DAY) + 1, Grain::Day) }
    };
    Some(Value::Time(Time { anchored, ..time }))
}

/// The first week of October, the third quarter of 2020, the last month of the year.
pub(crate) fn nth_unit(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let (unit, grain) = captures.unit()?;
    let nth = captures.terminal(&["ord", "d"]).or_else(|| captures.dir().filter(|dir| *dir < 0))?;
    let now_unit = || captures.int(NOW_UNIT).and_then(|number| super::time::unit(usize::try_from(number).ok()?));
    let whole = match (captures.time(), captures.year()) {
        (Some(time), _) => time,
        (None, Some(year)) => year_span(year),
        (None, None) => unit_at(context, now_unit().unwrap_or((Unit::Months(12), Grain::Year)), 0)?,
    };
    let (first, end) = (whole.first_day(), whole.last_day());
    let span = match unit {
        Unit::Days(7) if nth > 0 => {
            let (year, ..) = date_of(first + 10);
            // A week belongs to the month or the year that most of its days are in.
            let start = if whole.grain == Grain::Year { first_monday(year) } else { monday(first + 3) };
            let week = start + (nth - 1) * 7;
            Time::days(week, week + 7, Grain::Week)
        }
        Unit::Days(7) => {
            let week = monday(end - 4);
            Time::days(week, week + 7, Grain::Week)
        }
        Unit::Days(1) if nth > 0 => Time::day(first + nth - 1),
        Unit::Days(1) => Time::day(end - 1),
        Unit::Months(n) if n < 120 => {
            let start = if nth > 0 { add_months(first, n * (nth - 1)) } else { add_months(end, -n) };
            // Months of another calendar are some days longer or shorter.
            let until = add_months(start, n);
            Time::days(start, until, if date_of(start).2 == 1 { grain.min(Grain::Month) } else { Grain::Day })
        }
        _ => return None,
    };
    (span.first_day() < end).then_some(Value::Time(Time { anchored: whole.anchored, ..span }))
}

/// A quarter or a half of a year, by its number.
pub(crate) fn nth_part(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let (nth, months) = match (captures.int(QTR), captures.int(HLF)) {
        (Some(nth), _) => (nth, 3),
        (None, nth) => (nth?, 6),
    };
    let year = captures.year().map(year_span).or_else(|| captures.time());
    let whole = year.map_or_else(|| unit_at(context, (Unit::Months(12), Grain::Year), 0), Some)?;
    let start = add_months(whole.first_day(), (nth - 1) * months);
    let anchored = whole.anchored;
    Some(Value::Time(Time { anchored, ..Time::days(start, add_months(start, months), Grain::Month) }))
}

/// Week 10, week 3 of 2027.
pub(crate) fn week_number(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let week = captures.terminal(&["d", "h", "mm", "day", "ord"]).filter(|week| (1..=53).contains(week))?;
    let year = captures.year().or_else(|| captures.time().map(|time| date_of(time.first_day()).0));
    let anchored = captures.year().is_none() && captures.time().is_none_or(|time| time.anchored);
    let time = week_of_year(year.unwrap_or_else(|| date_of(context.today()).0), week);
    Some(Value::Time(Time { anchored, ..time }))
}

/// A season, by the months that it mostly covers.
pub(crate) fn season(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let first = captures.int(SEASON)?;
    let this = date_of(context.today()).0;
    let of_time = captures.time().map(|time| date_of(time.first_day() + DAY_IN_YEAR).0);
    let by_dir = captures.dir().map(|dir| this + dir.signum());
    let year = captures.year().or(of_time).or(by_dir).unwrap_or(this);
    let start = days_of(year, first, 1);
    let anchored = captures.year().is_none() && captures.time().is_none_or(|time| time.anchored);
    // Seasons begin on the 21st or so: they reach into a fourth month.
    Some(Value::Time(Time { anchored, ..Time::days(start, add_months(start, 4), Grain::Month) }))
}

/// The nineties, the 1990s.
pub(crate) fn decade(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let word = || captures.0.iter().rev().find_map(|(_, value)| value.number()).map(super::meaning::whole);
    let stated = captures.year().or_else(|| captures.terminal(&["digits", "n"])).or_else(word)?;
    let year = match stated {
        0 => 2000,
        1..=99 => 1900 + stated,
        year => year,
    };
    (year % 10 == 0).then(|| Value::Time(Time::days(days_of(year, 1, 1), days_of(year + 10, 1, 1), Grain::Year)))
}

/// The 21st century.
pub(crate) fn century(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let nth =
        captures.terminal(&["ord", "d", "n"]).or_else(|| captures.int(ROMAN)).filter(|nth| (1..=21).contains(nth))?;
    let start = (nth - 1) * 100;
    Some(Value::Time(Time::days(days_of(start, 1, 1), days_of(start + 100, 1, 1), Grain::Year)))
}

/// The weekend, by a direction or that of this week.
pub(crate) fn weekend(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    unit_at(context, (Unit::Weekend, Grain::Week), captures.dir().unwrap_or(0)).map(Value::Time)
}

/// The week that a day is in.
pub(crate) fn week_of(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let day = captures.time().filter(|time| time.grain == Grain::Day)?;
    let start = monday(day.first_day());
    Some(Value::Time(Time { anchored: day.anchored, ..Time::days(start, start + 7, Grain::Week) }))
}

/// The weekend of a week that is told.
pub(crate) fn weekend_of(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let week = captures.time().filter(|time| time.last_day() - time.first_day() <= 7)?;
    let start = monday(week.first_day()) + 5;
    Some(Value::Time(Time { anchored: week.anchored, ..Time::days(start, start + 2, Grain::Day) }))
}

/// Units alone: "the week".
pub(crate) fn unit_now(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    unit_at(context, captures.unit()?, 0).map(Value::Time)
}
