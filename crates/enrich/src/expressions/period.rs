//! Meanings of spans longer than a day: weeks, months, years, seasons, and what is said of them.

use super::calendar::{
    Calendar, DAY, add_months, date_of, days_of, easter, first_monday, monday, month_of_day, month_start, weekday,
};
use super::grammar::{EDGE, HLF, HOLIDAY, MONTH, QTR, SEASON, UNIT};
use super::meaning::{Captures, Context, Duration, Tense, Value, calendar_of, year_span};
use super::numeric::date;
use super::time::{Fields, Grain, Open, Time, Unit, week_of_year};

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
        .filter(|year| (1..3000).contains(year))?;
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
    let by = captures.int(super::grammar::THIS_YEAR)?;
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
fn unit_at(context: &Context<'_>, (unit, grain): (Unit, Grain), by: i64) -> Option<Time> {
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
    let length = captures.durations().next()?;
    let dir = captures.dir()?;
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
    let whole = match (captures.time(), captures.year()) {
        (Some(time), _) => time,
        (None, Some(year)) => year_span(year),
        (None, None) => unit_at(context, (Unit::Months(12), Grain::Year), 0)?,
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
    let stated = captures
        .year()
        .or_else(|| captures.terminal(&["digits", "n"]))
        .or_else(|| captures.0.iter().find_map(|(_, value)| value.number()).map(super::meaning::whole))?;
    let year = match stated {
        0 => 2000,
        1..=99 => 1900 + stated,
        year => year,
    };
    (year % 10 == 0).then(|| Value::Time(Time::days(days_of(year, 1, 1), days_of(year + 10, 1, 1), Grain::Year)))
}

/// The 21st century.
pub(crate) fn century(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let nth = captures.terminal(&["ord", "d", "n"]).filter(|nth| (1..=21).contains(nth))?;
    let start = (nth - 1) * 100;
    Some(Value::Time(Time::days(days_of(start, 1, 1), days_of(start + 100, 1, 1), Grain::Year)))
}

/// Early, in the middle of, late in a span; its end where the value is 2.
pub(crate) fn edge(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let (edge, whole) = (captures.int(EDGE)?, captures.time().filter(|time| time.open == Open::Closed)?);
    // The end of a week is its weekend, which has rules of its own.
    if whole.grain == Grain::Week && edge == 2
        || whole.clock
        || whole.part.is_some()
        || whole.grain <= Grain::Day && whole.last_day() - whole.first_day() < 2
    {
        return None;
    }
    let (first, end) = (whole.first_day(), whole.last_day());
    let half = match whole.grain {
        // "The beginning of 2000" is less of it than "early 2000".
        Grain::Year if edge == -2 => add_months(first, 4),
        Grain::Year if edge == 3 => add_months(first, 8),
        Grain::Year => add_months(first, 6),
        Grain::Month => first + 15,
        _ => first + 3,
    };
    let (start, end) = match edge {
        -1 | -2 => (first, half),
        0 => match whole.grain {
            Grain::Year => (add_months(first, 4), add_months(first, 8)),
            Grain::Month => (first + 9, first + 20),
            _ => (first + 1, end - 2),
        },
        1 | 3 => (half, end),
        _ => (end - 1, end),
    };
    let grain = if whole.grain == Grain::Year && edge != 2 { Grain::Month } else { Grain::Day };
    Some(Value::Time(Time { anchored: whole.anchored, ..Time::days(start, end, grain) }))
}

/// A part of the current week, month or year.
pub(crate) fn edge_now(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let unit = unit_at(context, captures.unit()?, 0)?;
    let mut all = captures.0.to_vec();
    all.push((super::grammar::NONTERMINAL, Value::Time(unit)));
    edge(context, &Captures(&all))
}

/// The weekend, by a direction or that of this week.
pub(crate) fn weekend(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    unit_at(context, (Unit::Weekend, Grain::Week), captures.dir().unwrap_or(0)).map(Value::Time)
}

/// The rest of a span: from now to its end.
pub(crate) fn rest(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let end = unit_at(context, captures.unit()?, 0)?.last_day();
    Some(Value::Time(Time { range: true, ..Time::days(context.today(), end, Grain::Day) }.anchored()))
}

/// A span up to now.
pub(crate) fn to_date(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let start = unit_at(context, captures.unit()?, 0)?.first_day();
    Some(Value::Time(Time { range: true, ..Time::days(start, context.today() + 1, Grain::Day) }.anchored()))
}

/// Earlier or later in a span, seen from now.
pub(crate) fn part_of_now(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let unit = captures.unit()?;
    let whole = unit_at(context, unit, 0)?;
    let (start, end) = if captures.int(EDGE)? < 0 {
        (whole.first_day(), context.today())
    } else {
        (context.today() + 1, whole.last_day())
    };
    (start < end).then(|| Value::Time(Time::days(start, end, Grain::Day).anchored()))
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

/// A holiday: month and day as one number, or one of those that move.
pub(crate) fn holiday(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let code = captures.int(HOLIDAY)?;
    let this = date_of(context.today()).0;
    let of_time = captures.time().filter(|time| time.grain == Grain::Year).map(|time| date_of(time.first_day()).0);
    let stated = captures.year().or(of_time);
    let year = match (stated, captures.dir()) {
        (Some(year), _) => year,
        (None, None) => this,
        (None, Some(dir)) => {
            let passed = holiday_in(code, this)? < context.today();
            match dir {
                ..=-1 => this - i64::from(!passed),
                0 => this,
                _ => this + i64::from(passed),
            }
        }
    };
    let anchored = captures.year().is_none() && captures.time().is_none_or(|time| time.anchored);
    Some(Value::Time(Time { anchored, ..Time::day(holiday_in(code, year)?) }))
}

fn holiday_in(code: i64, year: i64) -> Option<i64> {
    // The nth weekday of a month, counted from its end for 9.
    let nth = |month: i64, of: i64, nth: i64| {
        let first = days_of(year, month, 1);
        if nth == 9 {
            let last = add_months(first, 1) - 1;
            last - (weekday(last) - of).rem_euclid(7)
        } else {
            first + (of - weekday(first)).rem_euclid(7) + 7 * (nth - 1)
        }
    };
    match code {
        101..=1231 => date(year, code / 100, code % 100),
        // 10 000 and the days from Easter, plus 500.
        10_000..=10_999 => Some(easter(year) + code - 10_500),
        // 2MMDD: a day of the Hijri calendar.
        20_101..=21_231 => {
            let (month, day) = ((code - 20_000) / 100, code % 100);
            let about = month_of_day(Calendar::Hijri, days_of(year, 1, 1)).0;
            (about..about + 3)
                .map(|hijri| month_start(Calendar::Hijri, hijri, month) + day - 1)
                .find(|day| date_of(*day).0 == year)
        }
        // 3MMWN: the nth weekday of a month; 5MMWN: the day after it.
        30_000..=39_999 => Some(nth(code / 100 % 100, code / 10 % 10, code % 10)),
        50_000..=59_999 => Some(nth(code / 100 % 100, code / 10 % 10, code % 10) + 1),
        _ => None,
    }
}

/// Two times: from the one to the other.
pub(crate) fn range(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut times = captures.times();
    let (mut first, mut last) = (times.next()?, times.next()?);
    if first.clock != last.clock || first.open != Open::Closed || last.open != Open::Closed {
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
        last = moved_to(last, if first.anchored { date_of(last.first_day()).0.max(year) } else { year });
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
    Some(Value::Time(Time { anchored, range: true, clock: first.clock, ..Time::new(first.start, end, grain) }))
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
    let mut months = captures.words(MONTH).map(super::meaning::whole);
    let (first, last) = (months.next()?, months.next()?);
    let by_dir = captures.dir().map(|dir| date_of(context.today()).0 + dir);
    let of_time = captures.time().map(|time| date_of(time.first_day()).0);
    let last_year = captures.year().or(by_dir).or(of_time).or_else(|| context.year_of(first, 1))?;
    let first_year = last_year - i64::from(first > last && (captures.year().is_some() || of_time.is_some()));
    let last_year = first_year + i64::from(first > last);
    let end = add_months(days_of(last_year, last, 1), 1);
    let anchored = captures.year().is_none();
    Some(Value::Time(Time { anchored, range: true, ..Time::days(days_of(first_year, first, 1), end, Grain::Month) }))
}

/// Two weekdays of a week that is told.
pub(crate) fn range_in_week(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let week = captures.time().filter(|time| time.grain == Grain::Week)?;
    let mut days = captures.words(super::grammar::WEEKDAY).map(super::meaning::whole);
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
    let mut months = captures.words(MONTH).map(super::meaning::whole);
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
    let end = if time.grain >= Grain::Week { time.start } else { time.end };
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

/// Around a time: the time itself.
pub(crate) fn around(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    super::meaning::same(context, captures)
}

/// Units alone: "the week".
pub(crate) fn unit_now(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let unit = captures.int(UNIT)?;
    let _ = (unit, Tense::Past);
    unit_at(context, captures.unit()?, 0).map(Value::Time)
}
