//! Numbers in digits: groups of three, decimals, fractions, powers.

use super::lex::Kind;
use super::number::Numbers;

/// Digits after which a value is no longer exact.
const MAX_DIGITS: u32 = 19;

impl Numbers<'_> {
    /// Reads a number in digits: its end, its value, and whether it is digits alone.
    pub(crate) fn digits(&self, at: usize) -> Option<(usize, f64, bool)> {
        let (end, value, plain) = self.decimal(at)?;
        if let Some((after, power)) = self.power(end, value) {
            return Some((after, power, false));
        }
        // "1 4/5", "3/4"
        if plain {
            if let Some((after, part)) = self.fraction(at) {
                return Some((after, part, false));
            }
            let spaced =
                self.tokens.get(end).is_some_and(|next| next.kind == Kind::Digits && !next.glued && next.len() < 3);
            if let Some((after, part)) = self.fraction(end).filter(|(_, part)| spaced && *part < 1.0) {
                return Some((after, value + part, false));
            }
        }
        Some((end, value, plain))
    }

    /// Returns the sign at a token when signs and digits around it are glued.
    fn tight(&self, at: usize) -> Option<char> {
        let sign = self.tokens.get(at).filter(|token| token.glued && token.kind == Kind::Sign)?;
        let next = self.tokens.get(at + 1).filter(|token| token.glued && token.kind == Kind::Digits)?;
        (next.len() > 0).then(|| sign.sign())
    }

    /// Digits with separators of groups and of decimals.
    fn decimal(&self, at: usize) -> Option<(usize, f64, bool)> {
        let first = self.tokens.get(at)?;
        let point = self.lexicon.manner.decimal.chars().next().unwrap_or('.');
        if matches!(first.sign(), '.' | ',') {
            let before = at.checked_sub(1).and_then(|before| self.tokens.get(before));
            let free = !first.glued || before.is_none_or(|before| before.kind == Kind::Sign);
            let digits = self.tokens.get(at + 1).filter(|next| {
                next.glued && next.kind == Kind::Digits && free && (first.sign() == point || first.sign() == '.')
            })?;
            return Some((at + 2, self.below(digits.start, digits.end)?, false));
        }
        if first.kind != Kind::Digits || self.count(at) > MAX_DIGITS {
            return None;
        }
        let mut seps: Vec<char> = Vec::new();
        // Within a chain that is no number, each figure stands for itself: an address, a list.
        let chained = at
            .checked_sub(2)
            .is_some_and(|before| self.tight(before + 1).is_some_and(is_separator) && self.value(before).is_some());
        if chained {
            return Some((at + 1, self.value(at)?, true));
        }
        while let Some(sep) = self.tight(at + 1 + seps.len() * 2).filter(|sep| is_separator(*sep) && seps.len() < 8) {
            seps.push(sep);
        }
        let groups = |range: std::ops::Range<usize>| {
            range.clone().all(|i| self.count(at + 2 + i * 2) == 3) && self.count(at) <= 3 && !range.is_empty()
        };
        let whole = |n: usize| {
            (0..=n).try_fold(0.0, |sum: f64, i| Some(sum * if i == 0 { 1.0 } else { 1000.0 } + self.value(at + i * 2)?))
        };
        if seps.is_empty() {
            if let Some(found) = self.spaced(at, point) {
                return Some(found);
            }
            return Some((at + 1, self.value(at)?, true));
        }
        let last = *seps.last()?;
        let same = seps.iter().all(|sep| *sep == last);
        let n = seps.len();
        let decimal_last = last == point
            || last == '٫'
            || last == '‚'
            || (n > 1 && !same)
            || (last != '\'' && last != '٬' && self.count(at + n * 2) != 3);
        let before = if decimal_last { n - 1 } else { n };
        let grouped = before == 0
            || (groups(0..before)
                && seps.iter().take(before).all(|sep| Some(sep) == seps.first() && (*sep != point || last != point)));
        // "1.234.567" has one separator many times: it groups, whatever the language's point is.
        if same && n > 1 {
            if groups(0..n) && last != '٫' {
                return Some((at + n * 2 + 1, whole(n)?, false));
            }
            return Some((at + 1, self.value(at)?, true));
        }
        if !grouped {
            return Some((at + 1, self.value(at)?, true));
        }
        if !decimal_last {
            return Some((at + n * 2 + 1, whole(n)?, false));
        }
        let digits = self.tokens.get(at + n * 2)?;
        Some((at + n * 2 + 1, whole(before)? + self.below(digits.start, digits.end)?, false))
    }

    /// "40 000", "1 234 567,89": groups parted by white space.
    fn spaced(&self, at: usize, point: char) -> Option<(usize, f64, bool)> {
        if !self.lexicon.manner.spaced || self.count(at) > 3 || self.count(at) == 0 {
            return None;
        }
        let mut value = self.value(at)?;
        let mut end = at + 1;
        let group = |end: usize| {
            self.tokens
                .get(end)
                .is_some_and(|t| t.kind == Kind::Digits && !t.glued && self.count(end) == 3 && self.near(end))
        };
        while group(end) {
            value = value * 1000.0 + self.value(end)?;
            end += 1;
        }
        if end == at + 1 {
            return None;
        }
        if self.tight(end) == Some(point) || self.tight(end) == Some('.') {
            let digits = self.tokens.get(end + 1)?;
            return Some((end + 2, value + self.below(digits.start, digits.end)?, false));
        }
        Some((end, value, false))
    }

    /// Tells whether one space parts a token from the one before.
    fn near(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.tokens.get(before));
        let gap = before.zip(self.tokens.get(at)).and_then(|(a, b)| self.text.get(a.end as usize..b.start as usize));
        gap.is_some_and(|gap| gap.chars().count() == 1)
    }

    fn value(&self, at: usize) -> Option<f64> {
        #[allow(clippy::cast_precision_loss, reason = "a number of news is far below 2^53")]
        self.tokens.get(at).filter(|token| token.kind == Kind::Digits).map(|token| token.value as f64)
    }

    /// Returns the number of digits.
    pub(crate) fn count(&self, at: usize) -> u32 {
        let Some(token) = self.tokens.get(at).filter(|token| token.kind == Kind::Digits) else { return 0 };
        let part = self.text.get(token.start as usize..token.end as usize).unwrap_or_default();
        u32::try_from(part.chars().count()).unwrap_or(u32::MAX)
    }

    /// Reads digits as decimals.
    fn below(&self, start: u32, end: u32) -> Option<f64> {
        let digits = naba_text::fold_digits(self.text.get(start as usize..end as usize)?);
        format!("0.{digits}").parse().ok()
    }

    /// "3/4"; not "3/4/2016", and not a date's "30/6".
    fn fraction(&self, at: usize) -> Option<(usize, f64)> {
        let slash = self.tokens.get(at + 1).filter(|token| token.sign() == '/' || token.sign() == '⁄')?;
        let (above, below) = (self.value(at)?, self.value(at + 2)?);
        let more = self.tokens.get(at + 3).is_some_and(|token| token.sign() == '/');
        (slash.glued && below > 0.0 && !more && self.count(at + 2) < 4).then_some((at + 3, above / below))
    }

    /// "^23", "e13", "x10^6" behind a number.
    fn power(&self, at: usize, base: f64) -> Option<(usize, f64)> {
        let exponent = |mut at: usize| {
            let mut sign = 1.0;
            if let Some(token) = self.tokens.get(at).filter(|token| matches!(token.sign(), '-' | '+')) {
                sign = if token.sign() == '-' { -1.0 } else { 1.0 };
                at += 1;
            }
            Some((at + 1, sign * self.value(at).filter(|value| *value < 300.0)?))
        };
        let glued = self.tokens.get(at).filter(|token| token.glued)?;
        let letters = self.text.get(glued.start as usize..glued.end as usize)?;
        if glued.sign() == '^' {
            let (end, power) = exponent(at + 1)?;
            return Some((end, base.powf(power)));
        }
        if matches!(letters, "e" | "E") {
            let (end, power) = exponent(at + 1)?;
            return Some((end, base * 10_f64.powf(power)));
        }
        let ten = matches!(letters, "x" | "X" | "×" | "*")
            && self.value(at + 1) == Some(10.0)
            && self.tokens.get(at + 2).is_some_and(|token| token.sign() == '^');
        let (end, power) = ten.then(|| exponent(at + 3))??;
        Some((end, base * 10_f64.powf(power)))
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | ',' | '\'' | '٬' | '٫' | '‚')
}
