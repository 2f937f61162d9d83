//! What rules mean: from captured parts to times.

use super::calendar::{Calendar, DAY, add_months, date_of, monday, month_of_day, month_start, weekday};
use super::classes::{ADJ, DIR, MONTH, NOW_UNIT, UNIT, WEEKDAY};
use super::duration::Duration;
use super::grammar::{NONTERMINAL, TERMINAL, TERMINALS};
use super::lexicon::Manner;
use super::number::Number;
use super::numeric::century;
use super::time::{Fields, Grain, Time, Unit, unit};

/// What a matched part is worth.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// A word of the lexicon, by its value.
    Word(f64),
    Number(Number),
    Time(Time),
    Duration(Duration),
}

impl Value {
    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Self::Word(value) => Some(value),
            Self::Number(number) => Some(number.value),
            _ => None,
        }
    }
}

/// Whether the sentence is about what is to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tense {
    Past,
    Future,
}

/// What a text is read against.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Seconds of civil time: when the article was published.
    pub(crate) anchor: i64,
    pub(crate) tense: Tense,
    pub(crate) manner: &'a Manner,
}

impl Context<'_> {
    /// Returns the day of the anchor.
    pub(crate) fn today(&self) -> i64 {
        self.anchor.div_euclid(DAY)
    }

    /// Returns the year that a month without a year is most likely of: the article's, or a neighbour when that is much
    /// nearer.
    pub(crate) fn year_of(&self, month: i64, day: i64) -> Option<i64> {
        let (year, now, _) = date_of(self.today());
        let away = month - now;
        let feb_29 = month == 2 && day == 29;
        let year = match away {
            8.. if self.tense == Tense::Past => year - 1,
            ..=-9 => year + 1,
            ..=-4 if self.tense == Tense::Future => year + 1,
            _ => year,
        };
        // The leap day is of the leap year before.
        let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        Some(if feb_29 { (0..8).map(|back| year - back).find(|year| leap(*year))? } else { year })
    }
}

/// The parts that a pattern captured.
pub(crate) struct Captures<'c>(pub(crate) &'c [(u16, Value)]);

impl Captures<'_> {
    /// Returns the value of the first word of a class.
    pub(crate) fn word(&self, class: u16) -> Option<f64> {
        self.words(class).next()
    }

    /// Returns the values of all words of a class.
    pub(crate) fn words(&self, class: u16) -> impl Iterator<Item = f64> {
        self.0.iter().filter(move |(known, _)| *known == class).filter_map(|(_, value)| value.number())
    }

    /// Returns the first word of a class as a whole number.
    pub(crate) fn int(&self, class: u16) -> Option<i64> {
        self.word(class).map(whole)
    }

    /// Returns the first number of one of some terminals.
    pub(crate) fn terminal(&self, names: &[&str]) -> Option<i64> {
        self.terminals(names).next()
    }

    /// Returns the numbers of some terminals, in order.
    pub(crate) fn terminals(&self, names: &[&str]) -> impl Iterator<Item = i64> {
        let is = |class: u16| {
            let name = class.checked_sub(TERMINAL).and_then(|at| TERMINALS.get(usize::from(at)));
            name.is_some_and(|name| names.contains(name))
        };
        let values = self.0.iter().filter(move |(class, _)| is(*class)).filter_map(|(_, value)| value.number());
        values.filter(|value| value.fract() == 0.0).map(whole)
    }

    /// Returns the number of the terminal n.
    pub(crate) fn count(&self) -> Option<f64> {
        self.0.iter().find(|(class, _)| *class == TERMINAL).and_then(|(_, value)| value.number())
    }

    /// Returns all times.
    pub(crate) fn times(&self) -> impl Iterator<Item = Time> {
        self.0.iter().filter(|(class, _)| *class >= TERMINAL).filter_map(|(_, value)| match value {
            Value::Time(time) => Some(*time),
            _ => None,
        })
    }

    /// Returns all lengths.
    pub(crate) fn durations(&self) -> impl Iterator<Item = Duration> {
        self.0.iter().filter(|(class, _)| *class >= NONTERMINAL).filter_map(|(_, value)| match value {
            Value::Duration(duration) => Some(*duration),
            _ => None,
        })
    }

    pub(crate) fn time(&self) -> Option<Time> {
        self.times().next()
    }

    pub(crate) fn year(&self) -> Option<i64> {
        self.terminal(&["year", "y4"]).or_else(|| self.terminal(&["y2", "yy"]).map(century))
    }

    pub(crate) fn dir(&self) -> Option<i64> {
        self.int(DIR).or_else(|| self.int(ADJ))
    }

    pub(crate) fn unit(&self) -> Option<(Unit, Grain)> {
        let number = self.int(UNIT).or_else(|| self.int(NOW_UNIT))?;
        unit(usize::try_from(number).ok()?)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the values of words and terminals are small")]
pub(crate) fn whole(value: f64) -> i64 {
    value as i64
}

/// A meaning: what captured parts say together, nothing when they contradict each other.
pub(crate) type Meaning = fn(&Context<'_>, &Captures<'_>) -> Option<Value>;

/// Splits a month's value into calendar and month.
pub(crate) fn calendar_of(month: i64) -> (Calendar, i64) {
    match month / 100 {
        0 => (Calendar::Gregorian, month),
        1 => (Calendar::Jalali, month % 100),
        _ => (Calendar::Hijri, month % 100),
    }
}

/// Day, month and year, the weekday with it.
pub(crate) fn date(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let day = captures.terminal(&["day", "d", "ord"])?;
    let named = captures.int(MONTH).or_else(|| captures.terminal(&["m2"]));
    let stated = named.or_else(|| captures.time().and_then(|time| time.fields.month));
    let fields = Fields { year: captures.year(), month: stated, day: Some(day), weekday: captures.int(WEEKDAY) };
    let Some(month) = stated else { return day_of_month(context, day, captures) };
    let (calendar, number) = calendar_of(month);
    if calendar == Calendar::Gregorian {
        let relative = captures.dir().map(|dir| date_of(context.today()).0 + dir.signum());
        let stated = captures.year().or_else(|| captures.time().and_then(|time| time.fields.year));
        let year = stated.or(relative).or_else(|| context.year_of(number, day))?;
        let time = Time::day(super::numeric::date(year, number, day)?);
        return Some(Value::Time(Time { fields, anchored: stated.is_none(), ..time }));
    }
    let year = captures.year().unwrap_or_else(|| nearest_year(context, calendar, number));
    let start = month_start(calendar, year, number) + day - 1;
    Some(Value::Time(Time { fields, anchored: captures.year().is_none(), ..Time::day(start) }))
}

/// Returns the year of another calendar in which a month without a year lies.
fn nearest_year(context: &Context<'_>, calendar: Calendar, month: i64) -> i64 {
    let (year, now) = month_of_day(calendar, context.today());
    match month - now {
        8.. => year - 1,
        ..=-9 => year + 1,
        _ => year,
    }
}

/// A day of a month that is not named: of this one, or of one that is told by a direction.
fn day_of_month(context: &Context<'_>, day: i64, captures: &Captures<'_>) -> Option<Value> {
    if let Some(month) = captures.time().filter(|time| time.grain == Grain::Month) {
        let at = month.first_day() + day - 1;
        return (at < month.last_day()).then_some(Value::Time(Time { anchored: month.anchored, ..Time::day(at) }));
    }
    let (year, month, _) = date_of(context.today());
    let mut month = month_start(Calendar::Gregorian, year, month + captures.dir().unwrap_or(0));
    // A weekday settles which month is meant.
    if let Some(weekday_of) = captures.int(WEEKDAY) {
        let months = (0..12).flat_map(|by| [add_months(month, -by), add_months(month, by)]);
        let fits = |first: &i64| weekday(first + day - 1) == weekday_of && first + day - 1 < add_months(*first, 1);
        month = months.into_iter().find(fits)?;
    }
    let fields = Fields { day: Some(day), ..Fields::default() };
    let at = month + day - 1;
    (at < add_months(month, 1)).then_some(Value::Time(Time { fields, ..Time::day(at) }.anchored()))
}

/// A date in digits, or another time as it is.
pub(crate) fn same(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    captures.time().map(Value::Time)
}

/// Yesterday, today, tomorrow; a weekday with it says the same.
pub(crate) fn relday(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let day = context.today() + captures.int(super::classes::RELDAY)?;
    Some(Value::Time(Time::day(day).anchored()))
}

/// A weekday alone: the last one, or the next where the sentence is about what is to come.
pub(crate) fn a_weekday(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let of = captures.int(WEEKDAY)?;
    let back = (weekday(context.today()) - of).rem_euclid(7);
    let day = context.today() - if context.tense == Tense::Future && back > 0 { back - 7 } else { back };
    let fields = Fields { weekday: Some(of), ..Fields::default() };
    Some(Value::Time(Time { fields, ..Time::day(day) }.anchored()))
}

/// Two weekdays that follow each other: the night between them.
pub(crate) fn night_between(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let mut days = captures.words(WEEKDAY).map(whole);
    let (first, second) = (days.next()?, days.next()?);
    if first % 7 + 1 != second {
        return None;
    }
    // It is told before it comes, or the day after.
    let ahead = (first - weekday(context.today())).rem_euclid(7);
    let day = context.today() + if ahead > 3 && context.tense == Tense::Past { ahead - 7 } else { ahead };
    Some(Value::Time(Time::days(day, day + 2, Grain::Day).anchored()))
}

/// Last, this or next weekday, counted by weeks.
pub(crate) fn dir_weekday(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let (of, dir) = (captures.int(WEEKDAY)?, captures.dir()?);
    let today = context.today();
    let day = match dir {
        10 => today + (of - weekday(today) - 1).rem_euclid(7) + 1,
        -10 => today - ((weekday(today) - of - 1).rem_euclid(7) + 1),
        _ => monday(today) + 7 * dir + of - 1,
    };
    Some(Value::Time(Time::day(day).anchored()))
}

/// A weekday of a week that is told otherwise.
pub(crate) fn weekday_of_week(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let week = captures.time().filter(|time| time.grain == Grain::Week)?;
    let day = week.first_day() + captures.int(WEEKDAY)? - 1;
    Some(Value::Time(Time { anchored: week.anchored, ..Time::day(day) }))
}

/// The nth weekday of a month: the last for a negative number.
pub(crate) fn nth_weekday(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let of = captures.int(WEEKDAY)?;
    let nth = captures.terminal(&["ord"]).or_else(|| captures.dir().filter(|dir| *dir < 0))?;
    let month = match captures.time() {
        Some(time) if time.grain >= Grain::Month => time,
        Some(_) => return None,
        None => {
            let (year, month, _) = date_of(context.today());
            Time::month(year, month).anchored()
        }
    };
    let day = if nth > 0 {
        let first = month.first_day();
        first + (of - weekday(first)).rem_euclid(7) + 7 * (nth - 1)
    } else {
        let last = month.last_day() - 1;
        last - (weekday(last) - of).rem_euclid(7)
    };
    (day < month.last_day() && nth <= 5).then_some(Value::Time(Time { anchored: month.anchored, ..Time::day(day) }))
}

/// A length before now, or before another time.
pub(crate) fn ago(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    shifted(context, captures, -1.0)
}

/// A length after now, or after another time.
pub(crate) fn later(context: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    shifted(context, captures, 1.0)
}

fn shifted(context: &Context<'_>, captures: &Captures<'_>, sign: f64) -> Option<Value> {
    let length = captures.durations().next()?;
    let base = captures.time();
    let from = base.map_or(context.anchor, |time| time.start);
    let moment = length.shift(from, sign);
    let mut time = match length.grain {
        Grain::Second | Grain::Minute | Grain::Hour => Time::new(moment, moment + 1, length.grain),
        // "Three years ago" is a year, not a day of it.
        Grain::Year if !length.mixed && base.is_none() && sign < 0.0 => {
            let (year, ..) = date_of(moment.div_euclid(DAY));
            year_span(year)
        }
        _ => Time::day(moment.div_euclid(DAY)),
    };
    if length.grain < Grain::Day && base.is_none() {
        time.grain = Grain::Second;
    }
    time.anchored = base.is_none_or(|base| base.anchored);
    Some(Value::Time(time))
}

/// Returns a Gregorian year.
pub(crate) fn year_span(year: i64) -> Time {
    let start = |year: i64| month_start(Calendar::Gregorian, year, 1);
    Time::days(start(year), start(year + 1), Grain::Year)
}
