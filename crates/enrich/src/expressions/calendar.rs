//! Days, weeks and months of three calendars, as days since 1970-01-01.

/// Calendars that news dates are written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Calendar {
    Gregorian,
    Jalali,
    Hijri,
}

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// Returns the days before a Gregorian date; a day beyond the month's end runs into the next month.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Returns year, month and day of a number of days.
pub(crate) fn date_of(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let of_cycle = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * of_cycle + of_cycle / 4 - of_cycle / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (of_cycle + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// Returns the weekday, 1 for Monday to 7 for Sunday.
pub(crate) fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// Returns the Monday of the week that a day is in.
pub(crate) fn monday(days: i64) -> i64 {
    days - weekday(days) + 1
}

/// Returns the Monday of week 1 of an ISO year.
pub(crate) fn first_monday(year: i64) -> i64 {
    monday(days_of(year, 1, 4))
}

/// Returns ISO year and week of a day.
pub(crate) fn iso_week(days: i64) -> (i64, i64) {
    let (year, _, _) = date_of(monday(days) + 3);
    (year, (days - first_monday(year)).div_euclid(7) + 1)
}

/// Returns the number of days of a Gregorian month.
pub(crate) fn month_length(year: i64, month: i64) -> i64 {
    let (year_after, after) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_of(year_after, after, 1) - days_of(year, month, 1)
}

/// Moves a day by months; a day that the month lacks becomes its last.
pub(crate) fn add_months(days: i64, months: i64) -> i64 {
    let (year, month, day) = date_of(days);
    let index = year * 12 + month - 1 + months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    days_of(year, month, day.min(month_length(year, month)))
}

/// Returns the first day of a month of a calendar.
pub(crate) fn month_start(calendar: Calendar, year: i64, month: i64) -> i64 {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    match calendar {
        Calendar::Gregorian => days_of(year, month, 1),
        Calendar::Jalali => jalali(year, month),
        Calendar::Hijri => hijri(year, month),
    }
}

/// Returns year and month of a calendar in which a day lies.
pub(crate) fn month_of_day(calendar: Calendar, days: i64) -> (i64, i64) {
    let (gregorian, month, _) = date_of(days);
    let year = match calendar {
        Calendar::Gregorian => return (gregorian, month),
        Calendar::Jalali => gregorian - 621,
        Calendar::Hijri => (gregorian - 622) * 33 / 32 + 1,
    };
    let mut index = (year + 1) * 12;
    while index > 0 && month_start(calendar, 0, index + 1) > days {
        index -= 1;
    }
    (index.div_euclid(12), index.rem_euclid(12) + 1)
}

/// Solar Hijri months by the 33-year cycle.
fn jalali(year: i64, month: i64) -> i64 {
    let shifted = year + 1595;
    let before = if month < 7 { (month - 1) * 31 } else { (month - 7) * 30 + 186 };
    let leaps = shifted.div_euclid(33) * 8 + (shifted.rem_euclid(33) + 3) / 4;
    -355_668 + 365 * shifted + leaps + 1 + before - 719_528
}

/// Lunar Hijri months by the tabular calendar, which is at most a day off what was proclaimed.
fn hijri(year: i64, month: i64) -> i64 {
    let before = (59 * (month - 1) + 1).div_euclid(2);
    // 1 Muharram of year 1 is 18 July 622 (Gregorian), counted by the moon.
    days_of(622, 7, 18) + (year - 1) * 354 + (3 + 11 * year).div_euclid(30) + before
}

/// Returns Easter Sunday of the Western churches (the anonymous Gregorian algorithm).
pub(crate) fn easter(year: i64) -> i64 {
    let (a, b, c) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    days_of(year, sum / 31, sum % 31 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_lead_back_to_each_other() {
        assert_eq!(days_of(1970, 1, 1), 0);
        for days in (-800_000..800_000).step_by(997) {
            let (year, month, day) = date_of(days);
            assert_eq!(days_of(year, month, day), days);
        }
        assert_eq!(weekday(days_of(2016, 9, 10)), 6);
        assert_eq!(iso_week(days_of(2021, 1, 3)), (2020, 53));
        assert_eq!(iso_week(days_of(2016, 11, 7)), (2016, 45));
        assert_eq!(date_of(add_months(days_of(2020, 1, 31), 1)), (2020, 2, 29));
        assert_eq!(date_of(easter(2018)), (2018, 4, 1));
    }

    #[test]
    fn months_of_other_calendars_begin_where_they_began() {
        assert_eq!(date_of(month_start(Calendar::Jalali, 1401, 4)), (2022, 6, 22));
        assert_eq!(date_of(month_start(Calendar::Jalali, 1404, 1)), (2025, 3, 21));
        assert_eq!(date_of(month_start(Calendar::Hijri, 1441, 3)), (2019, 10, 29));
        assert_eq!(month_of_day(Calendar::Hijri, days_of(2022, 5, 24)), (1443, 10));
        assert_eq!(month_of_day(Calendar::Jalali, days_of(2018, 11, 6)), (1397, 8));
    }
}
