//! Meanings of holidays: fixed ones, and those that move with Easter, the moon or weekdays.

use super::calendar::{Calendar, add_months, date_of, days_of, easter, month_of_day, month_start, weekday};
use super::classes::HOLIDAY;
use super::meaning::{Captures, Context, Value};
use super::numeric::date;
use super::time::{Grain, Time};

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
