//! Meanings of times of the day, alone and with a date.

use super::calendar::DAY;
use super::classes::{AMPM, INSTANT, PART, TONIGHT};
use super::meaning::{Captures, Context, Value};
use super::time::{Grain, Open, PARTS, Time};

/// A clock time; morning or evening are told by a part of the day or by "am" and "pm".
pub(crate) fn clock(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut figures = captures.terminals(&["h", "mm", "n", "digits"]);
    let hour = figures.next()?;
    let (hour, minute) = if hour >= 100 { (hour / 100, hour % 100) } else { (hour, figures.next().unwrap_or(0)) };
    let second = figures.next();
    let grain = if second.is_some() { Grain::Second } else { Grain::Minute };
    at(hour, minute, second.unwrap_or(0), captures, grain)
}

fn at(hour: i64, minute: i64, second: i64, captures: &Captures<'_>, grain: Grain) -> Option<Value> {
    if !(0..=24).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
        return None;
    }
    let half = captures.int(AMPM).or_else(|| part(captures).map(|part| half_of(part, hour)));
    let shifted = match half {
        Some(0) if hour == 12 => 0,
        Some(1) if hour < 12 => hour + 12,
        _ => hour,
    };
    let start = shifted * 3600 + minute * 60 + second;
    let twofold = half.is_none() && (1..=12).contains(&hour);
    Some(Value::Time(Time { clock: true, twofold, ..Time::new(start, start + 1, grain) }))
}

/// Returns 0 for the first and 1 for the second half of the day.
fn half_of(part: usize, hour: i64) -> i64 {
    let name = PARTS.get(part).map_or("", |(name, ..)| *name);
    match name {
        "morning" | "dawn" | "midnight" => 0,
        "night" if hour < 6 || hour == 12 => 0,
        "noon" if hour >= 11 => i64::from(hour == 12),
        _ => 1,
    }
}

fn part(captures: &Captures<'_>) -> Option<usize> {
    usize::try_from(captures.int(PART).or_else(|| captures.int(INSTANT))?).ok()
}

/// Half past an hour.
pub(crate) fn half_past(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    at(hour(captures)?, 30, 0, captures, Grain::Minute)
}

/// Half way to an hour, as German counts.
pub(crate) fn half_to(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    at((hour(captures)? + 11) % 12, 30, 0, captures, Grain::Minute)
}

/// A quarter past an hour.
pub(crate) fn quarter_past(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    at(hour(captures)?, 15, 0, captures, Grain::Minute)
}

/// A quarter to an hour.
pub(crate) fn quarter_to(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    at(before(hour(captures)?), 45, 0, captures, Grain::Minute)
}

/// Minutes past an hour: the minutes come first.
pub(crate) fn past(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut figures = captures.terminals(&["h", "n", "mm"]);
    let (minute, hour) = (figures.next()?, figures.next()?);
    at(hour, minute, 0, captures, Grain::Minute)
}

/// An hour and minutes: the hour comes first.
pub(crate) fn hour_minutes(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut figures = captures.terminals(&["h", "n", "mm"]);
    let (hour, minute) = (figures.next()?, figures.next()?);
    at(hour, minute, 0, captures, Grain::Minute)
}

/// Minutes to an hour: the minutes come first.
pub(crate) fn to(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut figures = captures.terminals(&["h", "n", "mm"]);
    let (minute, hour) = (figures.next()?, figures.next()?);
    at(before(hour), 60 - minute.clamp(1, 59), 0, captures, Grain::Minute)
}

/// An hour less minutes: the hour comes first.
pub(crate) fn less(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut figures = captures.terminals(&["h", "n", "mm"]);
    let (hour, minute) = (figures.next()?, figures.next()?);
    at(before(hour), 60 - minute.clamp(1, 59), 0, captures, Grain::Minute)
}

fn hour(captures: &Captures<'_>) -> Option<i64> {
    captures.terminal(&["h", "n"])
}

fn before(hour: i64) -> i64 {
    if hour <= 1 { hour + 11 } else { hour - 1 }
}

/// A part of the day alone: noon and midnight are instants.
pub(crate) fn part_alone(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let number = part(captures)?;
    let (_, start, end) = PARTS.get(number)?;
    if start == end {
        return Some(Value::Time(Time { clock: true, ..Time::new(*start, start + 1, Grain::Hour) }));
    }
    Some(Value::Time(Time { clock: true, part: Some(number), ..Time::new(*start, *end, Grain::Hour) }))
}

/// Two clock times, or two hours of one half of the day.
pub(crate) fn clock_range(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let times: Vec<Time> = captures.times().filter(|time| time.clock && time.open == Open::Closed).collect();
    let (mut first, mut last) = match (times.first(), times.get(1)) {
        (Some(first), Some(last)) => (*first, *last),
        (Some(last), None) => {
            let first = captures.terminal(&["h", "n"])?;
            (Time { clock: true, twofold: true, ..Time::new(first * 3600, first * 3600 + 1, Grain::Minute) }, *last)
        }
        _ => {
            let mut hours = captures.terminals(&["h", "n"]);
            let (first, last) = (hours.next()?, hours.next()?);
            let time = |hour: i64| match at(hour, 0, 0, captures, Grain::Minute) {
                Some(Value::Time(time)) => Some(time),
                _ => None,
            };
            (time(first)?, time(last)?)
        }
    };
    if first.part.is_some() || last.part.is_some() {
        return None;
    }
    // "5 to 6 pm": the half of the day is said once.
    if first.twofold && !last.twofold && last.start >= DAY / 2 && first.start + DAY / 2 < last.start {
        first.start += DAY / 2;
    }
    if last.twofold && !first.twofold && last.start < first.start {
        last.start += DAY / 2;
    }
    if last.twofold && first.twofold && last.start <= first.start && last.start < DAY / 2 {
        last.start += DAY / 2;
    }
    let twofold = first.twofold && last.twofold;
    (first.start < DAY && last.start <= DAY).then(|| {
        Value::Time(Time { clock: true, range: true, twofold, ..Time::new(first.start, last.start, Grain::Minute) })
    })
}

/// A day with a clock time, a range of them, or a part of the day.
pub(crate) fn moment(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let day = captures.times().find(|time| !time.clock).filter(|time| time.open == Open::Closed && !time.range)?;
    if day.part.is_some() && captures.times().filter(|time| !time.clock).count() > 1 {
        return None;
    }
    if !(day.grain == Grain::Day && day.last_day() - day.first_day() == 1) {
        return None;
    }
    let Some(clock) = captures.times().find(|time| time.clock) else {
        let number = part(captures)?;
        let (_, start, end) = PARTS.get(number)?;
        if start == end {
            let start = day.start + start;
            return Some(Value::Time(Time { start, end: start + 1, grain: Grain::Hour, ..day }));
        }
        return Some(Value::Time(Time { part: Some(number), ..day }));
    };
    if let Some(part) = clock.part {
        return Some(Value::Time(Time { part: Some(part), open: clock.open, ..day }));
    }
    // A day that is told with a part of it ("tonight at 9") settles the half.
    let evening = day.part.is_some_and(|part| half_of(part, clock.start / 3600) == 1);
    let shift = if clock.twofold && evening && clock.start < DAY / 2 { DAY / 2 } else { 0 };
    let start = day.start + clock.start + shift;
    let end = if clock.range { day.start + clock.end + shift } else { start + 1 };
    Some(Value::Time(Time {
        start,
        end,
        grain: clock.grain,
        range: clock.range,
        open: clock.open,
        twofold: clock.twofold && shift == 0,
        part: None,
        ..day
    }))
}

/// This morning, last night, tonight.
pub(crate) fn dir_part(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let night = PARTS.iter().position(|(name, ..)| *name == "night");
    let number = part(captures).or(night.filter(|_| captures.int(TONIGHT).is_some()))?;
    let by = captures.dir().or_else(|| captures.int(TONIGHT)).unwrap_or(0).signum();
    let day = Time::day(context.today() + by).anchored();
    let (_, start, end) = PARTS.get(number)?;
    if start == end {
        return Some(Value::Time(Time {
            start: day.start + start,
            end: day.start + start + 1,
            grain: Grain::Hour,
            ..day
        }));
    }
    Some(Value::Time(Time { part: Some(number), ..day }))
}

/// The end of a day.
pub(crate) fn end_of_day(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let today = || Time::day(context.today()).anchored();
    let day = Some(captures.time().unwrap_or_else(today))
        .filter(|time| time.grain == Grain::Day && time.last_day() - time.first_day() == 1)?;
    let start = day.start + DAY - 1;
    Some(Value::Time(Time { start, end: start + 1, grain: Grain::Second, ..day }))
}

/// Now.
pub(crate) fn now(context: &Context<'_>, _: &Captures<'_>) -> Option<Value> {
    Some(Value::Time(Time::new(context.anchor, context.anchor + 1, Grain::Second).anchored()))
}
