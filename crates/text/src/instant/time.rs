//! The time of day among the tokens of a text.

use super::lex::Token;

/// A time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock {
    /// Milliseconds since midnight.
    pub millis: i64,
    /// True when seconds were written.
    pub with_seconds: bool,
}

/// Finds the time and marks its tokens.
pub(super) fn read(tokens: &mut [Token]) -> Option<Clock> {
    let found = find(tokens, &[':', '：'])
        .or_else(|| hour_words(tokens))
        .or_else(|| basic(tokens))
        .or_else(|| find(tokens, &['.']))?;
    let (mut hour, minute, second, milli, with_seconds, range) = found;
    let half = half_of_day(tokens, &range);
    match half {
        Some((Half::After, at)) if hour < 12 => {
            hour += 12;
            set(tokens, at);
        }
        Some((Half::Before, at)) if hour == 12 => {
            hour = 0;
            set(tokens, at);
        }
        Some((_, at)) => set(tokens, at),
        None => {}
    }
    for at in range {
        set(tokens, at);
    }
    let millis = i64::from(hour) * 3_600_000 + i64::from(minute) * 60_000 + i64::from(second) * 1000 + i64::from(milli);
    Some(Clock { millis, with_seconds })
}

fn set(tokens: &mut [Token], at: usize) {
    if let Some(token) = tokens.get_mut(at) {
        token.used = true;
        token.time = true;
    }
}

type Read = Option<(u32, u32, u32, u32, bool, std::ops::Range<usize>)>;

fn free(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    tokens.get(at).filter(|t| !t.used)?.number()
}

/// 11:47, 04:00:00.25, 6.12.
fn find(tokens: &[Token], separators: &[char]) -> Read {
    for at in 0..tokens.len() {
        let Some((hour @ 0..=24, 1..=2)) = free(tokens, at) else { continue };
        let Some(separator) = tokens.get(at + 1).and_then(Token::symbol).filter(|c| separators.contains(c)) else {
            continue;
        };
        let Some((minute @ 0..=59, 2)) = free(tokens, at + 2) else { continue };
        let seconds = tokens.get(at + 3).and_then(Token::symbol).filter(|c| *c == separator);
        let Some((second @ 0..=60, 2)) = seconds.and_then(|_| free(tokens, at + 4)) else {
            return Some((hour, minute, 0, 0, false, at..at + 3));
        };
        let point = tokens.get(at + 5).and_then(Token::symbol).filter(|c| matches!(c, '.' | ','));
        return match point.and_then(|_| free(tokens, at + 6)) {
            Some((fraction, digits)) => Some((hour, minute, second, millis(fraction, digits), true, at..at + 7)),
            None => Some((hour, minute, second, 0, true, at..at + 5)),
        };
    }
    None
}

fn millis(fraction: u32, digits: usize) -> u32 {
    let exponent = u32::try_from(digits.min(9)).unwrap_or(9);
    u32::try_from(u64::from(fraction) * 1000 / 10_u64.pow(exponent)).unwrap_or(0).min(999)
}

/// 15h40, 8 h 12 min, 14時35分, 오후 2시 35분.
fn hour_words(tokens: &[Token]) -> Read {
    for at in 0..tokens.len() {
        let Some((hour @ 0..=24, 1..=2)) = free(tokens, at) else { continue };
        let unit = skip(tokens, at + 1);
        let is_hour = tokens
            .get(unit)
            .and_then(Token::word)
            .is_some_and(|w| matches!(w, "h" | "時" | "时" | "点" | "點" | "시" | "ч"));
        if !is_hour {
            continue;
        }
        let next = skip(tokens, unit + 1);
        let Some((minute @ 0..=59, 1..=2)) = free(tokens, next) else {
            return Some((hour, 0, 0, 0, false, at..unit + 1));
        };
        let tail = skip(tokens, next + 1);
        let closed = tokens.get(tail).and_then(Token::word).is_some_and(|w| matches!(w, "min" | "分" | "분" | "мин"));
        return Some((hour, minute, 0, 0, false, at..if closed { tail + 1 } else { next + 1 }));
    }
    None
}

/// The T040000 of ISO 8601 basic form.
fn basic(tokens: &[Token]) -> Read {
    for at in 1..tokens.len() {
        let after_t = tokens.get(at - 1).and_then(Token::word) == Some("t");
        let Some((value, digits @ (4 | 6))) = free(tokens, at).filter(|_| after_t) else { continue };
        let (hour, minute, second) =
            if digits == 6 { (value / 10_000, value / 100 % 100, value % 100) } else { (value / 100, value % 100, 0) };
        if hour <= 24 && minute < 60 && second <= 60 {
            return Some((hour, minute, second, 0, digits == 6, at..at + 1));
        }
    }
    None
}

fn skip(tokens: &[Token], mut at: usize) -> usize {
    while tokens.get(at).is_some_and(Token::is_space) {
        at += 1;
    }
    at
}

enum Half {
    Before,
    After,
}

/// The half of the day, written beside the time: "9:05 p. m.", "06:30 م", "下午2:35".
fn half_of_day(tokens: &[Token], range: &std::ops::Range<usize>) -> Option<(Half, usize)> {
    let next = skip(tokens, range.end);
    if let Some(word) = tokens.get(next).and_then(Token::word) {
        match word {
            "am" | "ص" | "صباحا" | "πμ" | "صبح" => return Some((Half::Before, next)),
            "pm" | "م" | "مساء" | "μμ" | "عصر" | "ظهرا" => return Some((Half::After, next)),
            "a" | "p" => {
                let tail = tokens.get(next + 1..(next + 5).min(tokens.len()))?;
                let dotted = tail.iter().find(|t| t.word().is_some()).is_some_and(|t| t.word() == Some("m"));
                return dotted.then_some((if word == "a" { Half::Before } else { Half::After }, next));
            }
            _ => {}
        }
    }
    let before = range.start.checked_sub(1)?;
    let before = if tokens.get(before)?.is_space() { before.checked_sub(1)? } else { before };
    let pair = [tokens.get(before.checked_sub(1)?)?.word()?, tokens.get(before)?.word()?].concat();
    match pair.as_str() {
        "上午" | "凌晨" | "早上" | "午前" | "오전" => Some((Half::Before, before)),
        "下午" | "晚上" | "午後" | "오후" => Some((Half::After, before)),
        _ => None,
    }
}
