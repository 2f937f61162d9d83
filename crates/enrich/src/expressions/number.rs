//! Numbers in digits and in words.

use super::lex::{Kind, Token};
use super::lexicon::{Lexicon, Meaning};
use super::spots::Spots;

/// Classes of number words, in the order in which every lexicon knows them.
pub(crate) const CARDINAL: u16 = 0;
pub(crate) const SCALE: u16 = 1;
/// A number that stands for itself beside a scale: a dual ("two thousand" in one word).
pub(crate) const FIXED: u16 = 2;
pub(crate) const ORDINAL: u16 = 3;
/// A denominator.
pub(crate) const FRACTION: u16 = 4;
/// A number of things that is itself counted: a dozen.
pub(crate) const GROUP: u16 = 5;
pub(crate) const AND: u16 = 6;
pub(crate) const MINUS: u16 = 7;
pub(crate) const POINT: u16 = 8;
pub(crate) const OVER: u16 = 9;
/// The indefinite article before a fraction or a scale.
pub(crate) const ARTICLE: u16 = 10;
/// "of" between a fraction and a scale.
pub(crate) const OF: u16 = 11;
/// A letter for a scale right after digits: k, m, bn.
pub(crate) const SUFFIX: u16 = 12;

/// Classes with which a number may begin.
pub(crate) const STARTS: u128 =
    1 << CARDINAL | 1 << SCALE | 1 << FIXED | 1 << ORDINAL | 1 << FRACTION | 1 << GROUP | 1 << MINUS | 1 << ARTICLE;

/// What a number is like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// Written in digits alone, without signs.
    pub(crate) plain: bool,
    /// Written in words alone.
    pub(crate) words: bool,
    /// An ordinal.
    pub(crate) ordinal: bool,
    /// A fraction without a whole number before it.
    pub(crate) fraction: bool,
}

/// Reads numbers of a text.
#[derive(Clone, Copy)]
pub(crate) struct Numbers<'a> {
    pub(crate) tokens: &'a [Token],
    pub(crate) spots: &'a Spots,
    pub(crate) lexicon: &'a Lexicon,
    pub(crate) text: &'a str,
}

/// What has been read of a number in words.
#[derive(Clone, Copy, Default)]
struct Sum {
    total: f64,
    current: f64,
    /// The last scale, infinite before the first.
    scale: f64,
    /// The last part was a scale word.
    scaled: bool,
    /// The last part was in digits.
    digits: bool,
    empty: bool,
}

impl Sum {
    fn value(self) -> f64 {
        self.total + self.current
    }

    /// Adds a cardinal below 1000; `joined` when "and" stands before it.
    fn add(mut self, value: f64, joined: bool, lexicon: &Lexicon) -> Option<Self> {
        let tail = self.current % 100.0;
        let manner = &lexicon.manner;
        let fits = if self.empty {
            true
        } else if value < 1.0 {
            self.current.fract() == 0.0 && !self.scaled
        } else if self.digits && !self.scaled {
            false
        } else if value < 10.0 {
            tail % 10.0 == 0.0 && (tail != 10.0 || !joined) && value > 0.0
        } else if value < 100.0 {
            tail == 0.0
                || (manner.reversed && joined && tail < 10.0 && value >= 20.0)
                || (manner.vigesimal && value < 20.0 && matches!(tail, 60.0 | 80.0))
        } else {
            self.current % 1000.0 == 0.0
        };
        fits.then_some(())?;
        self.current += value;
        self.scaled = false;
        self.digits = false;
        self.empty = false;
        Some(self)
    }

    /// Multiplies by a scale: 100, 1000, a million.
    fn multiply(mut self, scale: f64, joined: bool) -> Option<Self> {
        if scale == 100.0 {
            if self.current == 0.0 || self.scaled {
                self.current += 100.0;
            } else if self.current < 100.0 && !joined {
                self.current *= 100.0;
            } else {
                return None;
            }
        } else if scale < self.scale {
            // "two thousand" behind "and" is a sum of its own; "a million and a thousand" is not.
            let times = if self.current == 0.0 { 1.0 } else { self.current };
            self.total += times * scale;
            self.current = 0.0;
            self.scale = scale;
        } else if scale > self.scale && !joined {
            self.total = (self.total + self.current) * scale;
            self.current = 0.0;
            self.scale = scale;
        } else {
            return None;
        }
        self.scaled = scale > 100.0;
        self.digits = false;
        self.empty = false;
        Some(self)
    }
}

impl Numbers<'_> {
    pub(crate) fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    /// Returns the end of the longest phrase of a class at a token, with its value.
    pub(crate) fn word(&self, at: usize, class: u16) -> Option<(usize, f64)> {
        let phrases = self.spots.at(at).iter().rev();
        let mut of_class = phrases.filter(|(_, meaning)| meaning.class == class);
        of_class.next().map(|(end, meaning)| (*end as usize, meaning.value))
    }

    /// Returns every end at which a number that begins here may stop, the longest last.
    pub(crate) fn at(&self, at: usize) -> Vec<(usize, Number)> {
        let mut out = Vec::new();
        if !self.may_begin(at) {
            return out;
        }
        let (mut from, mut sign) = (at, 1.0);
        if let Some((end, _)) = self.word(at, MINUS).filter(|_| self.signs(at)) {
            (from, sign) = (end, -1.0);
        }
        self.sums(from, &mut out);
        self.with_fractions(from, &mut out);
        self.divided(&mut out);
        self.alone(from, &mut out);
        for (_, number) in &mut out {
            number.value *= sign;
        }
        out.sort_by_key(|(end, _)| *end);
        out
    }

    /// Tells whether a number may begin at a token.
    fn may_begin(&self, at: usize) -> bool {
        let gate = self.spots.gate(at);
        gate.digits
            || gate.classes & STARTS != 0
            || self.token(at).is_some_and(|token| matches!(token.sign(), '.' | ','))
    }

    /// Tells whether a minus here is a sign of its number: nothing that could be subtracted from stands before it.
    fn signs(&self, at: usize) -> bool {
        let Some(minus) = self.token(at) else { return false };
        if minus.kind == Kind::Word {
            return true;
        }
        let before = at.checked_sub(1).and_then(|before| self.token(before));
        before.is_none_or(|before| {
            before.kind == Kind::Sign && !matches!(before.sign(), ')' | '%')
                || (!minus.glued && self.token(at + 1).is_some_and(|next| next.glued && before.kind == Kind::Word))
        })
    }

    /// Whole numbers and decimals.
    pub(crate) fn sums(&self, from: usize, out: &mut Vec<(usize, Number)>) {
        self.sums_without_decimals(from, out);
        let decimals =
            out.iter().rev().find_map(|(end, number)| self.decimals(*end, *number).filter(|_| !number.ordinal));
        out.extend(decimals);
    }

    /// Whole numbers, and decimals in digits.
    fn sums_without_decimals(&self, from: usize, out: &mut Vec<(usize, Number)>) {
        let mut sum = Sum { scale: f64::INFINITY, empty: true, ..Sum::default() };
        let (mut at, mut words) = (from, true);
        loop {
            let (start, joined) = if sum.empty { (at, false) } else { self.joint(at) };
            let Some((end, next, how)) =
                self.part(start, sum, joined).or_else(|| self.part(at, sum, false).filter(|_| start != at))
            else {
                break;
            };
            words &= how == Part::Word;
            let plain = how == Part::Plain && sum.empty;
            (at, sum) = (end, next);
            let ordinal = how == Part::Ordinal;
            let number = Number { value: sum.value(), plain, words, ordinal, fraction: false };
            out.push((at, number));
            if ordinal {
                out.extend(self.ordinal_tens(at, number));
                break;
            }
        }
    }

    /// "second and twenty", where units come before tens.
    fn ordinal_tens(&self, at: usize, units: Number) -> Option<(usize, Number)> {
        let (start, joined) = self.joint(at);
        let (end, tens) = self.word(start, CARDINAL).or_else(|| self.word(start, ORDINAL)).filter(|_| joined)?;
        let fits =
            self.lexicon.manner.reversed && units.value < 10.0 && (20.0..100.0).contains(&tens) && tens % 10.0 == 0.0;
        fits.then_some((end, Number { value: units.value + tens, ..units }))
    }

    /// Steps over "and" and hyphens between the parts of a number.
    pub(crate) fn joint(&self, at: usize) -> (usize, bool) {
        let mut end = at;
        let mut joined = false;
        if self.token(end).is_some_and(|token| {
            token.sign() == '-' && (token.glued || self.token(end + 1).is_some_and(|t| t.kind == Kind::Word))
        }) {
            end += 1;
        }
        if let Some((after, _)) = self.word(end, AND) {
            (end, joined) = (after, true);
        }
        if joined && self.token(end).is_some_and(|token| token.sign() == '-') {
            end += 1;
        }
        (end, joined)
    }

    fn part(&self, at: usize, sum: Sum, joined: bool) -> Option<(usize, Sum, Part)> {
        if let Some((end, value, plain)) = self.digits(at) {
            let first = sum.empty;
            // Digits go on after a scale: 4 thousand 321; and after a hundred: 3 hundred and 21.
            let goes_on = (sum.scaled && value < sum.scale && (joined || !sum.digits))
                || (!sum.digits && sum.current >= 100.0 && sum.current % 100.0 == 0.0 && value < 100.0);
            let apart = self.token(at).is_some_and(|token| token.glued) && !first;
            if !first && (!goes_on || apart && !joined) {
                return None;
            }
            let mut next = sum;
            next.current += value;
            (next.digits, next.scaled, next.empty) = (true, false, false);
            return Some((end, next, if plain && first { Part::Plain } else { Part::Digits }));
        }
        let mut best: Option<(usize, Sum, Part)> = None;
        let mut keep = |end: usize, next: Option<Sum>, part: Part| {
            if let Some(next) = next.filter(|_| best.is_none_or(|(known, ..)| end > known)) {
                best = Some((end, next, part));
            }
        };
        for (end, Meaning { class, value }) in self.spots.at(at).iter().map(|(end, meaning)| (*end as usize, *meaning))
        {
            match class {
                CARDINAL => keep(end, sum.add(value, joined, self.lexicon), Part::Word),
                SCALE => keep(end, sum.multiply(value, joined), Part::Word),
                SUFFIX if sum.digits && self.closed(end) => keep(end, sum.multiply(value, joined), Part::Digits),
                FIXED => {
                    let fits = sum.empty || (sum.current == 0.0 && value < sum.scale);
                    let scale = [1e12, 1e9, 1e6, 1e3].into_iter().find(|scale| value >= *scale).unwrap_or(1e3);
                    let next =
                        Sum { total: sum.total + value, scale, scaled: true, digits: false, empty: false, ..sum };
                    keep(end, fits.then_some(next), Part::Word);
                }
                GROUP if !sum.empty => keep(
                    end,
                    Some(Sum { total: sum.value() * value, current: 0.0, scale: 1.0, scaled: true, ..sum }),
                    Part::Word,
                ),
                GROUP => {
                    keep(end, sum.add(value, false, self.lexicon).map(|next| Sum { scale: 1.0, ..next }), Part::Word)
                }
                ORDINAL if value < 100.0 || sum.empty => keep(end, sum.add(value, joined, self.lexicon), Part::Ordinal),
                ORDINAL => keep(end, sum.multiply(value, joined), Part::Ordinal),
                _ => {}
            }
        }
        best
    }

    /// Tells whether no letter is glued to the end.
    fn closed(&self, end: usize) -> bool {
        self.token(end).is_none_or(|token| !token.glued || token.kind == Kind::Sign)
    }

    /// "point" and what follows it.
    fn decimals(&self, at: usize, whole: Number) -> Option<(usize, Number)> {
        let (from, _) = self.word(at, POINT)?;
        let digit = |at: usize| self.word(at, CARDINAL).filter(|(_, value)| *value < 10.0);
        let (mut end, mut digits) = (from, String::from("0."));
        // "nought four" says each digit; "seventy-one" is one number.
        while let Some((next, value)) = digit(end).filter(|(next, _)| end > from || digit(*next).is_some()) {
            digits.push_str(&value.to_string());
            end = next;
        }
        if end == from {
            let mut sums = Vec::new();
            self.sums_without_decimals(from, &mut sums);
            let (next, number) = sums.into_iter().rev().find(|(_, number)| !number.ordinal)?;
            digits.push_str(&number.value.to_string());
            end = next;
        }
        let value = whole.value + digits.parse::<f64>().ok()?;
        Some((end, Number { value, plain: false, ..whole }))
    }
}

/// What a part of a number is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Word,
    Plain,
    Digits,
    Ordinal,
}
