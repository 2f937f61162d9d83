//! Times as values: a span of civil time with its grain, and its ISO 8601 form.

use super::calendar::{DAY, date_of, days_of, first_monday, iso_week, monday, month_length, weekday};

/// How exact a time is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Grain {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// Units of time, as the data files name them.
pub(crate) const UNITS: &[&str] = &[
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
    "weekend",
    "fortnight",
    "quarter",
    "half",
    "decade",
    "century",
    "workday",
    "night",
];

/// A unit of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    Seconds(i64),
    Days(i64),
    Months(i64),
    Weekend,
    Workday,
}

/// Returns the unit with a number in [`UNITS`].
pub(crate) fn unit(number: usize) -> Option<(Unit, Grain)> {
    Some(match UNITS.get(number).copied()? {
        "second" => (Unit::Seconds(1), Grain::Second),
        "minute" => (Unit::Seconds(60), Grain::Minute),
        "hour" => (Unit::Seconds(3600), Grain::Hour),
        "day" | "night" => (Unit::Days(1), Grain::Day),
        "workday" => (Unit::Workday, Grain::Day),
        "week" => (Unit::Days(7), Grain::Week),
        "fortnight" => (Unit::Days(14), Grain::Week),
        "weekend" => (Unit::Weekend, Grain::Week),
        "month" => (Unit::Months(1), Grain::Month),
        "quarter" => (Unit::Months(3), Grain::Month),
        "half" => (Unit::Months(6), Grain::Month),
        "year" => (Unit::Months(12), Grain::Year),
        "decade" => (Unit::Months(120), Grain::Year),
        _ => (Unit::Months(1200), Grain::Year),
    })
}

/// Whether a time has a beginning and an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Open {
    Closed,
    /// It has begun and goes on.
    From,
    /// It ends.
    Until,
}

/// Parts of a day, as the data files name them, with their hours in the cases' convention.
pub(crate) const PARTS: &[(&str, i64, i64)] = &[
    ("morning", 8 * 3600, 12 * 3600),
    ("afternoon", 12 * 3600, 16 * 3600),
    ("evening", 16 * 3600, 20 * 3600),
    ("night", 20 * 3600, DAY - 1),
    ("dawn", 4 * 3600, 8 * 3600),
    ("noon", 12 * 3600, 12 * 3600),
    ("midnight", 0, 0),
    ("daytime", 8 * 3600, 18 * 3600),
    ("lunch", 11 * 3600, 13 * 3600),
];

/// What a written date states of itself.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Fields {
    pub(crate) year: Option<i64>,
    /// Month, with its calendar as hundreds: 0 Gregorian, 100 Jalali, 200 Hijri.
    pub(crate) month: Option<i64>,
    pub(crate) day: Option<i64>,
    pub(crate) weekday: Option<i64>,
}

/// A time: half-open, in seconds of civil time since 1970-01-01T00:00.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Time {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) grain: Grain,
    pub(crate) open: Open,
    /// It depends on when the article was published.
    pub(crate) anchored: bool,
    /// A time of the day without a date.
    pub(crate) clock: bool,
    /// A clock time that may be of the morning or of the evening.
    pub(crate) twofold: bool,
    /// The part of the day, by its number in [`PARTS`].
    pub(crate) part: Option<usize>,
    /// A range of two stated times: its last part is included.
    pub(crate) range: bool,
    /// How exact the last part of a range is, where it is less exact than the first.
    pub(crate) last_grain: Option<Grain>,
    pub(crate) fields: Fields,
}

impl Time {
    /// Makes a time of some grain.
    pub(crate) fn new(start: i64, end: i64, grain: Grain) -> Self {
        Self {
            start,
            end,
            grain,
            open: Open::Closed,
            anchored: false,
            clock: false,
            twofold: false,
            part: None,
            range: false,
            last_grain: None,
            fields: Fields::default(),
        }
    }

    /// Makes a day.
    pub(crate) fn day(days: i64) -> Self {
        Self::new(days * DAY, (days + 1) * DAY, Grain::Day)
    }

    /// Makes a month.
    pub(crate) fn month(year: i64, month: i64) -> Self {
        let start = days_of(year, month, 1);
        Self::new(start * DAY, (start + month_length(year, month)) * DAY, Grain::Month)
    }

    /// Makes a span of whole days, or of whole weeks, months or years.
    pub(crate) fn days(start: i64, end: i64, grain: Grain) -> Self {
        Self::new(start * DAY, end * DAY, grain)
    }

    /// Marks a time as depending on the article's own.
    pub(crate) fn anchored(self) -> Self {
        Self { anchored: true, ..self }
    }

    /// Returns the day on which it starts.
    pub(crate) fn first_day(&self) -> i64 {
        self.start.div_euclid(DAY)
    }

    /// Returns the day after its last.
    pub(crate) fn last_day(&self) -> i64 {
        (self.end + DAY - 1).div_euclid(DAY)
    }

    /// Returns the ISO 8601 form: a date, a week, a clock time, or an interval of which the last part is included.
    pub(crate) fn iso(&self) -> String {
        if self.clock {
            if self.part.is_some_and(|part| PARTS.get(part).is_some_and(|(_, start, end)| start < end)) {
                return String::new();
            }
            let start = format!("T{}", clock(self.start.rem_euclid(DAY)));
            return match self.open {
                Open::From => format!("{start}/.."),
                Open::Until => format!("../{start}"),
                Open::Closed if self.range => format!("{start}/T{}", clock(self.end.rem_euclid(DAY))),
                Open::Closed => start,
            };
        }
        match self.open {
            Open::From => format!("{}/..", self.point(self.start)),
            Open::Until => format!("../{}", self.point(self.last())),
            Open::Closed => {
                let whole = Self { grain: self.last_grain.unwrap_or(self.grain), open: Open::Until, ..*self };
                let end = if self.last_grain.is_some() { &whole } else { self };
                let (first, last) = (self.point(self.start), end.point(self.last()));
                if first == last { first } else { format!("{first}/{last}") }
            }
        }
    }

    /// Returns a moment in its last part.
    fn last(&self) -> i64 {
        match self.grain {
            Grain::Second | Grain::Minute | Grain::Hour if self.range => self.end,
            Grain::Second | Grain::Minute | Grain::Hour => self.start.max(self.end - 1),
            _ => self.end - 1,
        }
    }

    /// Writes a moment as exactly as the grain says, where the span keeps to it.
    fn point(&self, moment: i64) -> String {
        let days = moment.div_euclid(DAY);
        let (year, month, day) = date_of(days);
        let date = || format!("{year:04}-{month:02}-{day:02}");
        let (first, end) = (self.first_day(), self.last_day());
        let (open_start, open_end) = (self.open == Open::Until, self.open == Open::From);
        let month_aligned = (open_start || date_of(first).2 == 1) && (open_end || date_of(end).2 == 1);
        let year_aligned = month_aligned && (open_start || date_of(first).1 == 1) && (open_end || date_of(end).1 == 1);
        match self.grain {
            Grain::Year if year_aligned => format!("{year:04}"),
            Grain::Year | Grain::Month if month_aligned => format!("{year:04}-{month:02}"),
            Grain::Week if (open_start || weekday(first) == 1) && (open_end || weekday(end) == 1) && !self.range => {
                let (year, week) = iso_week(monday(days));
                format!("{year:04}-W{week:02}")
            }
            Grain::Day | Grain::Week | Grain::Month | Grain::Year => date(),
            Grain::Second | Grain::Minute | Grain::Hour => {
                format!("{}T{}", date(), clock(moment.rem_euclid(DAY)))
            }
        }
    }

    /// Returns the word for the grain.
    pub(crate) fn granularity(&self) -> &'static str {
        if let Some((name, ..)) = self.part.and_then(|part| PARTS.get(part)) {
            return name;
        }
        match self.grain {
            Grain::Second => "second",
            Grain::Minute => "minute",
            Grain::Hour => "hour",
            Grain::Day => "day",
            Grain::Week => "week",
            Grain::Month => "month",
            Grain::Year => "year",
        }
    }
}

fn clock(seconds: i64) -> String {
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if second == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{second:02}") }
}

/// Returns ISO week `week` of a year.
pub(crate) fn week_of_year(year: i64, week: i64) -> Time {
    let start = first_monday(year) + (week - 1) * 7;
    Time::days(start, start + 7, Grain::Week)
}
