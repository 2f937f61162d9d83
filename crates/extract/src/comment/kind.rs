//! What a line of a comment section is: number, author and date, action, or text.

use naba_text::find_instant;

use crate::cue::Cue;
use crate::line::{Hint, Line, Tag};

/// What a line of a comment section is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Begins a comment: "#1", "تعليق رقم 2: title". Holds what stands behind the number.
    Number(String),
    /// Author and date, either may be empty.
    Meta(String, String),
    /// Author first in the line, text behind: "Graciela, 20/6 11:05: El mate".
    Inline(String, String, String),
    /// Reply, report, votes.
    Action,
    /// Title or text.
    Text,
}

/// Tells what a line is.
pub fn kind(line: &Line) -> Kind {
    if line.hint == Some(Hint::Boilerplate) || line.tag == Tag::Control || is_action(line) {
        return Kind::Action;
    }
    if let Some(rest) = number(&line.text) {
        return match meta(&line.with_text(rest.clone())) {
            Some((author, date)) if !rest.is_empty() && !date.is_empty() => Kind::Meta(author, date),
            _ => Kind::Number(rest),
        };
    }
    if let Some((author, date, text)) = inline(&line.text) {
        return Kind::Inline(author, date, text);
    }
    match meta(line) {
        Some((author, date)) => Kind::Meta(author, date),
        None => Kind::Text,
    }
}

fn is_action(line: &Line) -> bool {
    let votes = line.words <= 6
        && line.text.contains(['👍', '👎', '♥', '❤'])
        && line.text.chars().filter(|c| c.is_alphabetic()).count() <= 8;
    votes || (line.weight <= 60 && line.carries(Cue::Boilerplate))
}

/// "#1", "1.", "تعليق رقم 2: title"; returns what stands behind the number.
fn number(text: &str) -> Option<String> {
    let folded = naba_text::fold_digits(text);
    let body =
        ["تعليق رقم", "Comment #", "Comentario #", "تبصره", "نظر شماره"].iter().find_map(|p| folded.strip_prefix(p));
    let hash = folded.strip_prefix('#');
    let (rest, marked) = match (body, hash) {
        (Some(rest), _) | (None, Some(rest)) => (rest.trim_start(), true),
        (None, None) => (folded.as_str(), false),
    };
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    if digits == 0 || digits > 4 {
        return None;
    }
    let tail = rest.get(digits..)?;
    let cut = tail.trim_start_matches(['.', ':', ')', '-', ' ', '\u{3000}']);
    let separated =
        tail.is_empty() || tail.starts_with(['.', ':', ')']) && tail.chars().nth(1).is_none_or(char::is_whitespace);
    // The original digits are put back: only the number was folded away.
    let keep = cut.chars().count();
    let original: String = text.chars().skip(text.chars().count().saturating_sub(keep)).collect();
    ((marked && (tail.is_empty() || !tail.starts_with(char::is_alphanumeric))) || separated).then_some(original)
}

/// "Nahuel, 20/6 10:41: text".
fn inline(text: &str) -> Option<(String, String, String)> {
    let at = text.match_indices(": ").map(|(at, _)| at).find(|at| {
        let head = text.get(..*at).unwrap_or_default();
        head.chars().count() <= 50 && loose_date(head).is_some_and(|(author, _)| !author.is_empty())
    })?;
    let (author, date) = loose_date(text.get(..at)?)?;
    let body = text.get(at + 2..)?.trim();
    (!body.is_empty()).then(|| (author, date, body.to_owned()))
}

/// Author and date of a line that holds nothing else.
fn meta(line: &Line) -> Option<(String, String)> {
    let text = line.text.trim();
    let signed = text.strip_prefix(['—', '–', '―']).or_else(|| text.strip_prefix("- "));
    let body = signed.unwrap_or(text).trim();
    for prefix in ["الكاتب:", "الكاتب :", "بواسطة:", "Posted by "] {
        if let Some(rest) = body.strip_prefix(prefix) {
            return Some(loose_date(rest).unwrap_or_else(|| (clean(rest), String::new())));
        }
    }
    if line.weight > 90 || line.words > 14 {
        return None;
    }
    if let Some(found) = loose_date(body) {
        return Some(found);
    }
    if line.carries(Cue::RelativeTime)
        && body.chars().any(|c| naba_text::digit_value(c).is_some() || c == 'س')
        && line.words <= 5
        || is_relative_word(&line.folded)
    {
        return Some((String::new(), body.to_owned()));
    }
    if let Some(author) = says(body) {
        return Some((clean(author), String::new()));
    }
    if line.hint == Some(Hint::Byline) {
        return Some((clean(body), String::new()));
    }
    if line.hint == Some(Hint::Date) {
        return Some((String::new(), body.to_owned()));
    }
    if signed.is_some() {
        return Some((clean(body), String::new()));
    }
    // "سوري -": the date after the dash was left empty.
    let dashed = body.strip_suffix(['-', '–', '—']).map(str::trim_end);
    if let Some(author) = dashed.filter(|a| !a.is_empty() && line.words <= 4) {
        return Some((clean(author), String::new()));
    }
    let named = body.strip_suffix(':').filter(|a| !a.is_empty() && line.words <= 4);
    named.map(|author| (clean(author), String::new()))
}

/// "לפני שעתיים", "منذ ساعة": a relative time without digits.
fn is_relative_word(folded: &str) -> bool {
    let words: Vec<&str> = folded.split_whitespace().collect();
    let first = words.first().copied().unwrap_or_default();
    words.len() <= 4
        && matches!(first, "منذ" | "قبل" | "לפני" | "hace" | "il" | "vor" | "há")
        && Cue::RelativeTime.is_in(folded)
}

fn says(text: &str) -> Option<&str> {
    let folded = naba_text::fold_str(text);
    let mark = [
        "says:",
        "says",
        "said:",
        "wrote:",
        "a dit :",
        "a dit",
        "dice:",
        "dice",
        "dijo:",
        "escribio:",
        "disse:",
        "diz:",
        "sagt:",
        "schreibt:",
        "пишет:",
        "dedi ki:",
        "說：",
        "说：",
    ]
    .iter()
    .find(|m| folded.ends_with(**m) && folded.len() > m.len())?;
    let keep = text.chars().count().checked_sub(mark.chars().count())?;
    let end = text.char_indices().nth(keep).map_or(text.len(), |(at, _)| at);
    text.get(..end).map(str::trim)
}

/// Splits "author | 24/5/2022" or "author, 4 November" (the year may be missing) into author and date.
fn loose_date(text: &str) -> Option<(String, String)> {
    if text.chars().count() > 90 {
        return None;
    }
    if let Some(found) = find_instant(text) {
        let date = text.get(found.start..).unwrap_or_default();
        let short = found.before.split_whitespace().count() <= 6
            && found.after.chars().filter(|c| c.is_alphabetic()).count() <= 10;
        let author = text.get(..found.start).unwrap_or_default();
        return short.then(|| (clean(author), date.trim().trim_matches(['(', ')', '|', '-']).trim().to_owned()));
    }
    // Dates without a year: "18 novembre, 9:14", "20/6 10:41", "۱۶ عقرب".
    let start = yearless(text)?;
    let author = text.get(..start).unwrap_or_default();
    (author.split_whitespace().count() <= 6)
        .then(|| (clean(author), text.get(start..).unwrap_or_default().trim().to_owned()))
}

/// Finds a day and month without a year at the end of a line; returns its first byte.
fn yearless(text: &str) -> Option<usize> {
    let folded = naba_text::fold_digits(text);
    let digits_at = |at: usize| folded.get(at..).is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()));
    // Folding digits changes lengths in bytes, so positions are counted in characters.
    let starts: Vec<usize> = folded
        .char_indices()
        .filter(|(at, _)| digits_at(*at) && !folded.get(..*at).is_some_and(|b| b.ends_with(char::is_alphanumeric)))
        .map(|(at, _)| at)
        .collect();
    for at in starts {
        if folded.get(at..).is_some_and(starts_with_day_and_month) {
            let chars = folded.get(..at)?.chars().count();
            return text.char_indices().nth(chars).map(|(at, _)| at);
        }
    }
    None
}

/// Tells whether a text is a day and a month, with nothing but a time behind them.
fn starts_with_day_and_month(tail: &str) -> bool {
    let mut words = tail.split(|c: char| c.is_whitespace() || matches!(c, ',' | '،')).filter(|w| !w.is_empty());
    let Some(first) = words.next() else { return false };
    let is_number = |w: &str, max: u32| w.len() <= 2 && w.parse().is_ok_and(|n: u32| (1..=max).contains(&n));
    let is_time = |w: &str| {
        w.chars().any(|c| c.is_ascii_digit()) && w.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'h'))
    };
    if let Some((day, month)) = first.split_once('/') {
        return is_number(day, 31) && is_number(month, 12) && words.all(is_time);
    }
    is_number(first.trim_end_matches('.'), 31)
        && words.next().is_some_and(|m| naba_text::month_of(m).is_some())
        && words.all(is_time)
}

/// Strips what stands around a name.
pub fn clean(author: &str) -> String {
    let trimmed = author.trim().trim_matches(|c: char| {
        matches!(c, '|' | '-' | '–' | '—' | '·' | '•' | ',' | '،' | ':' | '(' | ')') || c.is_whitespace()
    });
    trimmed.to_owned()
}
