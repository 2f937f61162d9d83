//! Lengths of time.

use super::calendar::{DAY, add_months, weekday};
use super::classes::{DUAL, FEW, HALF, UNIT};
use super::meaning::{Captures, Context, Value};
use super::time::{Grain, Unit, unit};

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Duration {
    pub(crate) months: f64,
    pub(crate) days: f64,
    pub(crate) seconds: f64,
    pub(crate) workdays: f64,
    pub(crate) grain: Grain,
    /// The unit, by its number.
    pub(crate) unit: usize,
    /// Of several units, or of a broken number.
    pub(crate) mixed: bool,
}

impl Duration {
    /// Makes a duration of a number of units.
    pub(crate) fn of(count: f64, number: usize) -> Option<Self> {
        let (unit, grain) = unit(number)?;
        let mut out = Self {
            months: 0.0,
            days: 0.0,
            seconds: 0.0,
            workdays: 0.0,
            grain,
            unit: number,
            mixed: count.fract() != 0.0,
        };
        #[allow(clippy::cast_precision_loss, reason = "small")]
        match unit {
            Unit::Seconds(n) => out.seconds = count * n as f64,
            Unit::Days(n) => out.days = count * n as f64,
            Unit::Months(n) => out.months = count * n as f64,
            Unit::Weekend => out.days = count * 7.0,
            Unit::Workday => out.workdays = count,
        }
        (count.abs() < 1e5).then_some(out)
    }

    /// Adds another length.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            months: self.months + other.months,
            days: self.days + other.days,
            seconds: self.seconds + other.seconds,
            workdays: self.workdays + other.workdays,
            grain: self.grain.min(other.grain),
            unit: self.unit,
            mixed: true,
        }
    }

    /// Moves a moment by the length, back for a negative sign.
    pub(crate) fn shift(&self, moment: i64, sign: f64) -> i64 {
        #[allow(clippy::cast_possible_truncation, reason = "lengths are limited when made")]
        let whole = |value: f64| (value * sign).trunc() as i64;
        let (mut day, second) = (moment.div_euclid(DAY), moment.rem_euclid(DAY));
        day = add_months(day, whole(self.months));
        let extra_days = self.months.fract() * 30.0;
        day += whole(self.days + extra_days.trunc());
        let mut left = whole(self.workdays);
        while left != 0 {
            day += left.signum();
            left -= if weekday(day) < 6 { left.signum() } else { 0 };
        }
        let broken = (self.days.fract() * 86_400.0).round();
        day * DAY + second + whole(self.seconds + if self.grain < Grain::Day { broken } else { 0.0 })
    }
}

/// A number of units.
pub(crate) fn duration(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let few = captures.word(FEW);
    let count = captures.count().or(few).unwrap_or(1.0);
    let unit = captures.int(UNIT).or_else(|| captures.int(DUAL))?;
    let count = if captures.int(DUAL).is_some() { 2.0 } else { count };
    let half = captures.word(HALF).unwrap_or(0.0);
    Duration::of(count + half, usize::try_from(unit).ok()?).map(Value::Duration)
}

/// Lengths one after the other.
pub(crate) fn sum(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    captures.durations().reduce(Duration::plus).map(Value::Duration)
}
