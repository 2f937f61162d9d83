//! Meanings of parts of a span: its beginning, its middle, its end, what is left of it.

use super::calendar::add_months;
use super::classes::{EDGE, EDGE_NOW};
use super::grammar::NONTERMINAL;
use super::meaning::{Captures, Context, Value};
use super::period::unit_at;
use super::time::{Grain, Open, Time};

/// Early, in the middle of, late in a span; its end where the value is 2.
pub(crate) fn edge(_: &Context<'_>, captures: &Captures<'_>) -> Option<Value> {
    let (edge, whole) = (captures.int(EDGE)?, captures.time().filter(|time| time.open == Open::Closed)?);
    // The end of a week is its weekend, which has rules of its own.
    if whole.grain == Grain::Week && edge >= 2
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
        // The end of a year that is going on begins with its second half.
        Grain::Year if edge == 3 && !whole.anchored => add_months(first, 8),
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
    all.push((NONTERMINAL, Value::Time(unit)));
    edge(context, &Captures(&all))
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
    let (unit, dir) = (captures.unit()?, captures.dir().unwrap_or(0));
    let (whole, earlier) = (unit_at(context, unit, dir)?, captures.int(EDGE_NOW)? < 0);
    let (first, end) = (whole.first_day(), whole.last_day());
    // Of what is not now, half of it.
    let turn = if dir == 0 { context.today() } else { first + (end - first) / 2 };
    let (start, end) = if earlier { (first, turn) } else { (turn, end) };
    (start < end).then(|| Value::Time(Time::days(start, end, Grain::Day).anchored()))
}
