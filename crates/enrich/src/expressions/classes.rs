//! Classes of words that the rules' meanings name: their places are the same in every language.

use super::number::{AND, ARTICLE, CARDINAL, FIXED, FRACTION, GROUP, MINUS, OF, ORDINAL, OVER, POINT, SCALE, SUFFIX};

/// Classes that every lexicon knows by their places; the first are those of numbers.
pub(crate) const CLASSES: &[&str] = &[
    "cardinal",
    "scale",
    "fixed",
    "ordinal",
    "fraction",
    "group",
    "and",
    "minus",
    "point",
    "over",
    "article",
    "of",
    "suffix", // numbers
    "month",
    "weekday",
    "unit",
    "dir",
    "relday",
    "part",
    "season",
    "holiday",
    "half",
    "edge",
    "ampm",
    "few",
    "future",
    "dual",
    "qtr",
    "hlf",
    "tonight",
    "adj",
    "now_unit",
    "this_year",
    "instant",
    "edge_now",
    "roman", // times
    "measure",
    "percent",
    "currency",
    "modifier",
    "after_modifier",
    "once",
    "two", // quantities
];

/// Returns the place of a class in [`CLASSES`].
const fn class(name: &str) -> u16 {
    let mut at = 0;
    while at < CLASSES.len() {
        if same(CLASSES[at], name) {
            #[allow(clippy::cast_possible_truncation, reason = "there are few classes")]
            return at as u16;
        }
        at += 1;
    }
    u16::MAX
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

pub(crate) const MONTH: u16 = class("month");
pub(crate) const WEEKDAY: u16 = class("weekday");
pub(crate) const UNIT: u16 = class("unit");
pub(crate) const DIR: u16 = class("dir");
pub(crate) const RELDAY: u16 = class("relday");
pub(crate) const PART: u16 = class("part");
pub(crate) const SEASON: u16 = class("season");
pub(crate) const HOLIDAY: u16 = class("holiday");
pub(crate) const HALF: u16 = class("half");
pub(crate) const EDGE: u16 = class("edge");
pub(crate) const AMPM: u16 = class("ampm");
pub(crate) const FEW: u16 = class("few");
pub(crate) const FUTURE: u16 = class("future");
pub(crate) const DUAL: u16 = class("dual");
pub(crate) const MEASURE: u16 = class("measure");
pub(crate) const PERCENT: u16 = class("percent");
pub(crate) const CURRENCY: u16 = class("currency");
pub(crate) const MODIFIER: u16 = class("modifier");
pub(crate) const AFTER_MODIFIER: u16 = class("after_modifier");
pub(crate) const ONCE: u16 = class("once");
pub(crate) const TWO: u16 = class("two");
pub(crate) const QTR: u16 = class("qtr");
pub(crate) const HLF: u16 = class("hlf");
/// A direction that stands behind its noun.
pub(crate) const ADJ: u16 = class("adj");
pub(crate) const NOW_UNIT: u16 = class("now_unit");
/// A year in one word: "this year", "last year".
pub(crate) const THIS_YEAR: u16 = class("this_year");
/// A part of the day that is an instant: noon, midnight.
pub(crate) const INSTANT: u16 = class("instant");
pub(crate) const TONIGHT: u16 = class("tonight");
/// A number in Roman figures.
pub(crate) const ROMAN: u16 = class("roman");
/// A part of what is now: earlier or later in it.
pub(crate) const EDGE_NOW: u16 = class("edge_now");

/// Classes of which one is near the beginning of every time.
pub(crate) const STRONG: &[&str] = &[
    "month",
    "weekday",
    "unit",
    "now_unit",
    "relday",
    "part",
    "season",
    "holiday",
    "dual",
    "qtr",
    "hlf",
    "tonight",
    "this_year",
    "cardinal",
    "scale",
    "fixed",
    "ordinal",
    "group",
    "decade_word",
    "now",
    "repeated",
    "instant",
    "every",
];

const _: () = assert!(
    class("cardinal") == CARDINAL
        && class("scale") == SCALE
        && class("fixed") == FIXED
        && class("ordinal") == ORDINAL
        && class("fraction") == FRACTION
        && class("group") == GROUP
        && class("and") == AND
        && class("minus") == MINUS
        && class("point") == POINT
        && class("over") == OVER
        && class("article") == ARTICLE
        && class("of") == OF
        && class("suffix") == SUFFIX
);
