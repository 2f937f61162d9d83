//! Quantities: numbers with what they count, and with what is said of them.

use super::classes::{AFTER_MODIFIER, CURRENCY, DUAL, MEASURE, MODIFIER, ONCE, PERCENT, TWO, UNIT};
use super::grammar::Grammar;
use super::lex::{Kind, Token};
use super::number::{Number, Numbers, STARTS};
use super::spots::{Spots, bit};
use super::time::UNITS;

/// What a number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counted {
    /// Hundredths.
    Percent,
    /// Money; the unit is an ISO 4217 code where the currency is known.
    Money,
    /// Time.
    Time,
    /// Another unit of measure or a thing that the data knows.
    Measure,
    /// Things, named by the word that follows.
    Things,
}

/// A quantity: byte ranges of the text.
#[derive(Clone, PartialEq, Debug)]
pub struct Amount {
    /// The number, its unit and what is said of it ("more than").
    pub full: (usize, usize),
    /// The number and its unit.
    pub core: (usize, usize),
    /// The number.
    pub value: f64,
    /// The unit, singular English, an ISO 4217 code, or the noun as printed where the data lacks it.
    pub unit: String,
    /// "more than", "about", … or empty.
    pub modifier: String,
    /// What is counted.
    pub counted: Counted,
}

/// A quantity by tokens.
struct Found {
    first: usize,
    end: usize,
    value: f64,
    unit: String,
    counted: Counted,
}

/// Reads the quantities of one text.
pub(crate) struct Amounts<'a> {
    pub(crate) grammar: &'a Grammar,
    pub(crate) tokens: &'a [Token],
    pub(crate) spots: &'a Spots,
    pub(crate) text: &'a str,
    /// For each token, whether a time has it.
    pub(crate) taken: &'a [bool],
}

impl Amounts<'_> {
    fn numbers(&self) -> Numbers<'_> {
        Numbers { tokens: self.tokens, spots: self.spots, lexicon: &self.grammar.lexicon, text: self.text }
    }

    fn label(&self, value: f64) -> &str {
        let at = usize::try_from(super::meaning::whole(value)).unwrap_or(usize::MAX);
        self.grammar.labels.get(at).map_or("", String::as_str)
    }

    /// Returns all quantities, in order.
    pub(crate) fn all(&self) -> Vec<Amount> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if self.taken.get(at).copied().unwrap_or(false) || !self.may_begin(at) {
                at += 1;
                continue;
            }
            match self.modified(at) {
                Some((end, amounts)) => {
                    out.extend(amounts);
                    at = end;
                }
                None => at += 1,
            }
        }
        out
    }

    fn may_begin(&self, at: usize) -> bool {
        let gate = self.spots.gate(at);
        let others = bit(MODIFIER) | bit(CURRENCY) | bit(PERCENT) | bit(DUAL) | bit(TWO) | bit(ONCE);
        gate.digits
            || gate.classes & (STARTS | others) != 0
            || self.tokens.get(at).is_some_and(|token| token.sign() == '.')
    }

    /// A quantity, with a modifier before or behind it.
    fn modified(&self, at: usize) -> Option<(usize, Vec<Amount>)> {
        let numbers = self.numbers();
        let before = numbers.word(at, MODIFIER);
        let start = before.map_or(at, |(end, _)| end);
        let found = self.one(start)?;
        let mut full = (at, found.end);
        let mut modifier = before.map(|(_, value)| self.label(value).to_owned());
        if let Some((end, value)) = numbers.word(found.end, AFTER_MODIFIER) {
            full.1 = end;
            modifier.get_or_insert_with(|| self.label(value).to_owned());
        }
        let core = self.bytes(found.first, found.end)?;
        let amount = Amount {
            full: self.bytes(full.0, full.1)?,
            core,
            value: found.value,
            unit: found.unit,
            modifier: modifier.unwrap_or_default(),
            counted: found.counted,
        };
        Some((full.1, vec![amount]))
    }

    fn bytes(&self, first: usize, end: usize) -> Option<(usize, usize)> {
        let (first, last) = (self.tokens.get(first)?, self.tokens.get(end.checked_sub(1)?)?);
        Some((first.start as usize, last.end as usize))
    }

    fn one(&self, at: usize) -> Option<Found> {
        let numbers = self.numbers();
        let single = |end, counted, value, unit: &str| Found { first: at, end, value, unit: unit.to_owned(), counted };
        if let Some((end, label)) = numbers.word(at, TWO) {
            return Some(single(end, Counted::Measure, 2.0, self.label(label)));
        }
        if let Some((end, unit)) = numbers.word(at, DUAL) {
            let name = usize::try_from(super::meaning::whole(unit)).ok().and_then(|unit| UNITS.get(unit));
            return Some(single(end, Counted::Time, 2.0, name.copied().unwrap_or_default()));
        }
        if let Some((end, times)) = numbers.word(at, ONCE) {
            return Some(single(end, Counted::Measure, times, "time"));
        }
        // "$ 5 million", "USD 200"
        if let Some((end, currency)) = numbers.word(at, CURRENCY)
            && let Some((end, number)) = self.number(end, true)
        {
            return Some(Found {
                first: at,
                end,
                value: number.value,
                unit: self.label(currency).to_owned(),
                counted: Counted::Money,
            });
        }
        // "% 5"
        if let Some((end, _)) = numbers.word(at, PERCENT) {
            let (end, number) = self.number(end, true)?;
            return Some(Found {
                first: at,
                end,
                value: number.value,
                unit: "percent".into(),
                counted: Counted::Percent,
            });
        }
        let (end, number) = self.number(at, false)?;
        self.counted(at, end, number)
    }

    /// Returns the longest number at a token.
    fn number(&self, at: usize, marked: bool) -> Option<(usize, Number)> {
        let token = self.tokens.get(at)?;
        let before = at.checked_sub(1).and_then(|before| self.tokens.get(before));
        let inside = token.glued
            && before.is_some_and(|t| t.kind == Kind::Word || matches!(t.sign(), '/' | ':' | '@' | '#' | '.' | '_'));
        if inside && !marked && !is_proclitic(before, self.text) {
            return None;
        }
        let numbers = self.numbers();
        let mut all = numbers.at(at);
        all.retain(|(_, number)| !number.ordinal && !number.fraction);
        let (end, number) = all.pop()?;
        // "12 cents" in French are coins, not hundreds, behind digits.
        let coins = |(shorter, number): &(usize, Number)| {
            !number.words && numbers.word(*shorter, CURRENCY).is_some_and(|(after, _)| after == end)
        };
        Some(all.into_iter().find(coins).unwrap_or((end, number)))
    }

    /// What stands behind a number: a unit, a currency, "percent" or a noun.
    fn counted(&self, first: usize, end: usize, number: Number) -> Option<Found> {
        let numbers = self.numbers();
        let value = number.value;
        let mut after = end;
        // "90-minute", "٣٠٠ من الدولارات"
        if self.tokens.get(after).is_some_and(|token| token.sign() == '-' && token.glued) {
            after += 1;
        }
        if let Some((end, _)) = numbers.word(after, super::number::OF)
            && numbers
                .word(end, MEASURE)
                .or_else(|| numbers.word(end, CURRENCY))
                .or_else(|| numbers.word(end, UNIT))
                .is_some()
        {
            after = end;
        }
        let found = |end, value, unit: &str, counted| Some(Found { first, end, value, unit: unit.to_owned(), counted });
        if let Some((end, _)) = numbers.word(after, PERCENT) {
            return found(end, value, "percent", Counted::Percent);
        }
        if let Some((end, currency)) = numbers.word(after, CURRENCY) {
            let (end, value) = self.with_hundredths(end, value);
            return found(end, value, self.label(currency), Counted::Money);
        }
        let measure = numbers.word(after, MEASURE);
        let unit = numbers.word(after, UNIT);
        if let Some((end, measure)) = measure.filter(|(end, _)| unit.is_none_or(|(other, _)| *end > other)) {
            return found(end, value, self.label(measure), Counted::Measure);
        }
        if let Some((end, unit)) = unit {
            return self.lengths(first, end, value, unit);
        }
        if number.fraction || after != end || (value - 1.0).abs() < f64::EPSILON && number.words {
            return None;
        }
        self.noun(first, end, value)
    }

    /// "17 dollars 25", "13 euros and 45 cents": hundredths behind a sum of money.
    fn with_hundredths(&self, end: usize, value: f64) -> (usize, f64) {
        let numbers = self.numbers();
        let joint = numbers.word(end, super::number::AND).or_else(|| numbers.word(end, super::number::POINT));
        let start = joint.map_or(end, |(end, _)| end);
        let small = self
            .number(start, false)
            .filter(|(_, n)| n.value < 100.0 && n.value.fract() == 0.0 && value.fract() == 0.0);
        let Some((after, number)) = small else { return (end, value) };
        let cents = numbers.word(after, CURRENCY).filter(|(_, unit)| matches!(self.label(*unit), "cent" | "pence"));
        if let Some((after, _)) = cents {
            return (after, value + number.value / 100.0);
        }
        let next = self.tokens.get(after);
        let counts = next.is_some_and(|next| next.kind == Kind::Word && !self.grammar.lexicon.is_stop(next.word))
            || numbers.word(after, CURRENCY).or_else(|| numbers.word(after, PERCENT)).is_some();
        if counts || numbers.count(start) != 2 { (end, value) } else { (after, value + number.value / 100.0) }
    }

    /// "4 hours and 2 minutes": in the smallest unit.
    fn lengths(&self, first: usize, end: usize, value: f64, unit: f64) -> Option<Found> {
        let numbers = self.numbers();
        let name = |unit: f64| UNITS.get(usize::try_from(super::meaning::whole(unit)).ok()?).copied();
        let seconds = |name: &str| match name {
            "second" => Some(1.0),
            "minute" => Some(60.0),
            "hour" => Some(3600.0),
            "day" => Some(86_400.0),
            "week" => Some(604_800.0),
            _ => None,
        };
        let joint = numbers.word(end, super::number::AND).map_or(end, |(end, _)| end);
        let next = self.number(joint, false).and_then(|(after, number)| Some((number, numbers.word(after, UNIT)?)));
        if let Some((number, (after, smaller))) = next {
            let parts = name(unit).and_then(seconds).zip(name(smaller).and_then(seconds));
            if let Some((large, small)) = parts.filter(|(large, small)| large > small) {
                let value = value * large / small + number.value;
                return Some(Found {
                    first,
                    end: after,
                    value,
                    unit: name(smaller)?.to_owned(),
                    counted: Counted::Time,
                });
            }
        }
        Some(Found { first, end, value, unit: name(unit)?.to_owned(), counted: Counted::Time })
    }

    /// A noun that the data does not know: the next word, when it may be one.
    fn noun(&self, first: usize, end: usize, value: f64) -> Option<Found> {
        let next = self.tokens.get(end).filter(|next| next.kind == Kind::Word)?;
        let number = self.tokens.get(end.checked_sub(1)?)?;
        let stop = self.grammar.lexicon.is_stop(next.word);
        let gap = self.text.get(number.end as usize..next.start as usize)?;
        let capital = next.capital && !self.grammar.lexicon.manner.nouns_capital;
        if next.glued || stop || capital || gap.contains('\n') || self.taken.get(end).copied().unwrap_or(false) {
            return None;
        }
        let noun = self.text.get(next.start as usize..next.end as usize)?;
        (noun.chars().nth(1).is_some() || self.grammar.lexicon.manner.letters_are_words).then(|| Found {
            first,
            end: end + 1,
            value,
            unit: noun.to_owned(),
            counted: Counted::Things,
        })
    }
}

/// Tells whether a token is a proclitic that is written together with the next.
fn is_proclitic(token: Option<&Token>, text: &str) -> bool {
    let word = token.filter(|token| token.kind == Kind::Word);
    let letters = word.and_then(|token| text.get(token.start as usize..token.end as usize));
    letters.is_some_and(|word| word.chars().count() == 1)
}
