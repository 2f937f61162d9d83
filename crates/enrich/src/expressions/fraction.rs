//! Fractions in words: behind whole numbers, alone, one number over another.

use super::number::{ARTICLE, CARDINAL, FIXED, FRACTION, GROUP, Number, Numbers, OF, OVER, SCALE};

impl Numbers<'_> {
    /// "and three fifths", "three fifths", "and a half" behind each number found.
    pub(crate) fn with_fractions(&self, from: usize, out: &mut Vec<(usize, Number)>) {
        let whole: Vec<(usize, Number)> = out.clone();
        let ends: Vec<(usize, f64)> =
            whole.iter().filter(|(_, n)| !n.ordinal).map(|(end, n)| (*end, n.value)).collect();
        let mut furthest: Option<(usize, f64)> = None;
        let mut consider = |end: usize, value: f64| {
            if furthest.is_none_or(|(known, _)| end >= known) {
                furthest = Some((end, value));
            }
        };
        for (end, value) in &ends {
            if let Some((next, denominator)) = self.denominator(*end) {
                consider(next, value / denominator);
            }
        }
        for (end, value) in &ends {
            let (start, joined) = self.joint(*end);
            if !joined {
                continue;
            }
            // "ciento treinta y dos quintos": the language says "and" within the number itself.
            let natural = self.lexicon.manner.and_within && value % 10.0 == 0.0 && value % 100.0 >= 20.0;
            if natural && self.word(start, CARDINAL).is_some_and(|(_, unit)| unit < 10.0) {
                continue;
            }
            if let Some((next, part, scaled)) = self.portion(start) {
                // "five billion and three quarters" are three quarters of a billion more.
                let unit = if scaled { 1.0 } else { self.last_scale(*end, *value) };
                if !(part * unit >= *value && *value > 1.0) {
                    consider(next, value + part * unit);
                }
            }
        }
        if let Some((end, value)) = furthest {
            let fraction = !out.iter().any(|(known, n)| *known < end && n.value <= value && !n.fraction) || value < 1.0;
            out.retain(|(known, _)| *known != end);
            out.push((end, Number { value, plain: false, words: false, ordinal: false, fraction }));
        }
        let _ = from;
    }

    /// The scale that a number's last word stands for, when it is a thousand or more.
    fn last_scale(&self, end: usize, value: f64) -> f64 {
        let Some(before) = end.checked_sub(1) else { return 1.0 };
        let scale = self.word(before, SCALE).map_or(1.0, |(_, scale)| scale);
        let fixed = self.word(before, FIXED).map_or(1.0, |_| {
            if value >= 1e9 {
                1e9
            } else if value >= 1e6 {
                1e6
            } else {
                1e3
            }
        });
        let unit: f64 = if scale >= 1000.0 { scale } else { fixed };
        if unit >= 1000.0 { unit } else { 1.0 }
    }

    /// A denominator: "fifths", "twenty-fifths".
    fn denominator(&self, at: usize) -> Option<(usize, f64)> {
        let at = if self.token(at).is_some_and(|token| token.sign() == '-') { at + 1 } else { at };
        let simple = self.word(at, FRACTION);
        let tens = self.word(at, CARDINAL).filter(|(_, tens)| *tens >= 20.0 && *tens < 100.0 && tens % 10.0 == 0.0);
        let composite = tens.and_then(|(end, tens)| {
            let end = if self.token(end).is_some_and(|token| token.sign() == '-') { end + 1 } else { end };
            let (end, unit) =
                self.word(end, FRACTION).filter(|(_, unit)| *unit > 2.0 && *unit < 10.0 && unit.fract() == 0.0)?;
            Some((end, tens + unit))
        });
        composite.or(simple)
    }

    /// "three fifths", "a half", "half", with "(of) a million" behind; the third value tells whether a scale followed.
    fn portion(&self, at: usize) -> Option<(usize, f64, bool)> {
        let mut best: Option<(usize, f64)> = None;
        let article = self.word(at, ARTICLE);
        let start = article.map_or(at, |(end, _)| end);
        let simple = if article.is_some() { self.denominator(start) } else { self.word(start, FRACTION) };
        if let Some((end, denominator)) = simple {
            best = Some((end, 1.0 / denominator));
        }
        let mut sums = Vec::new();
        self.sums(at, &mut sums);
        for (end, number) in sums.iter().filter(|(_, number)| !number.ordinal) {
            if let Some((next, denominator)) = self.denominator(*end).filter(|(_, d)| number.value < *d)
                && best.is_none_or(|(known, _)| next > known)
            {
                best = Some((next, number.value / denominator));
            }
        }
        let (end, value) = best?;
        let of = self.word(end, OF).map_or(end, |(end, _)| end);
        let article = self.word(of, ARTICLE).map_or(of, |(end, _)| end);
        let scale = self.word(article, SCALE).filter(|(_, scale)| *scale >= 1000.0);
        match scale.or_else(|| self.word(article, GROUP)) {
            Some((end, scale)) => Some((end, value * scale, true)),
            None => Some((end, value, false)),
        }
    }

    /// "one over three", "two out of five hundred".
    pub(crate) fn divided(&self, out: &mut Vec<(usize, Number)>) {
        let mut found = Vec::new();
        for (end, number) in out.iter().filter(|(_, number)| !number.ordinal) {
            let Some((from, any)) = self.word(*end, OVER) else { continue };
            let mut below = Vec::new();
            self.sums(from, &mut below);
            if let Some((end, below)) =
                below.last().filter(|(_, below)| below.value > number.value || any > 0.0 && below.value > 0.0)
            {
                found.push((
                    *end,
                    Number {
                        value: number.value / below.value,
                        plain: false,
                        words: false,
                        ordinal: false,
                        fraction: true,
                    },
                ));
            }
        }
        out.extend(found);
    }

    /// "a third", "half a million", "a dozen", "a hundredth": no number stands before.
    pub(crate) fn alone(&self, at: usize, out: &mut Vec<(usize, Number)>) {
        if let Some((end, value, _)) = self.portion(at).filter(|(_, value, _)| *value > 0.0) {
            let known = out.iter().any(|(known, n)| *known >= end && !n.ordinal);
            if !known {
                out.push((end, Number { value, plain: false, words: false, ordinal: false, fraction: value < 1.0 }));
            }
        }
        // "a hundred", "a dozen", "a million and a half".
        if let Some((start, _)) = self.word(at, ARTICLE).filter(|_| out.is_empty())
            && self.word(start, SCALE).or_else(|| self.word(start, GROUP)).is_some()
        {
            self.sums(start, out);
            self.with_fractions(start, out);
        }
    }
}
