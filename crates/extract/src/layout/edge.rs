//! Lines that hold two things, lines after the body, and lines that belong together.

use naba_proto::v1::BlockRole;
use naba_text::fold_str;

use super::top::{captions, furniture, promo_groups};
use super::{Known, Parts, Unit};
use crate::cue::Cue;
use crate::line::{Hint, Line, Tag, Zone};

/// Splits lines that hold two units: a byline with its date, a caption with its credit. Positions up to the headline stay.
pub fn split(lines: Vec<Line>, headline: Option<usize>) -> Vec<Line> {
    let mut out = Vec::with_capacity(lines.len());
    for (at, line) in lines.into_iter().enumerate() {
        let below = headline.is_none_or(|h| at > h);
        if !below || line.zone == Zone::Comments || line.tag == Tag::Table || line.weight > 400 {
            out.push(line);
        } else if let Some((a, b)) = caption_and_credit(&line).or_else(|| byline_and_date(&line)) {
            let mut second = line.with_text(b);
            second.gap_before = false;
            out.push(line.with_text(a));
            out.push(second);
        } else {
            out.push(line);
        }
    }
    out
}

fn caption_and_credit(line: &Line) -> Option<(String, String)> {
    for separator in [" | ", ". © ", "? © ", "! © ", " © "] {
        let Some((a, b)) = line.text.rsplit_once(separator) else { continue };
        let mark = if separator.contains('©') { "© " } else { "" };
        let credit = format!("{mark}{}", b.trim());
        let stop = separator.chars().next().filter(|c| matches!(c, '.' | '?' | '!'));
        let caption = format!("{}{}", a.trim(), stop.map(String::from).unwrap_or_default());
        if !a.trim().is_empty() && Cue::Credit.is_in(&fold_str(&credit)) && credit.split_whitespace().count() <= 12 {
            return Some((caption, credit));
        }
    }
    None
}

fn byline_and_date(line: &Line) -> Option<(String, String)> {
    if line.weight > 150 || line.ends_sentence() && !line.text.ends_with("m.") || line.is_date() {
        return None;
    }
    let found = line.instant()?;
    let (mut before, date, after) =
        (line.text.get(..found.start)?.to_owned(), line.text.get(found.start..)?.to_owned(), found.after.clone());
    let letters = |t: &str| t.chars().filter(|c| c.is_alphabetic()).count();
    if letters(&before) < 3 {
        // "2026/03/03 14:35 島嶼日報 記者許芷寧": the byline stands behind.
        let named =
            letters(&after) >= 3 && after.split_whitespace().count() <= 8 && !Cue::Updated.is(&fold_str(&after));
        let cut = line.text.get(..found.end)?;
        return (named && found.stray_letters <= 8).then(|| (trimmed(cut), after));
    }
    let words = before.split_whitespace().count();
    if words > 12 || letters(&after) > 16 || found.stray_letters > 12 {
        return None;
    }
    // Words that lead to the date go with it: "le 15 mars", "on Friday".
    let mut lead = String::new();
    let folded = fold_str(before.trim_end());
    let tail = folded.rsplit(' ').next().unwrap_or_default();
    if Cue::Published.is(tail) || matches!(tail, "on" | "am" | "el" | "em" | "il" | "le" | "den" | "op" | "dne") {
        let cut = before
            .trim_end()
            .rsplit_once(char::is_whitespace)
            .map(|(head, last)| (head.to_owned(), format!("{last} ")));
        if let Some((head, last)) = cut {
            (before, lead) = (head, last);
        }
    }
    let name = trimmed(&before);
    if letters(&name) < 3 || Cue::Published.is(&fold_str(&name)) || Cue::Updated.is(&fold_str(&name)) {
        return None;
    }
    Some((name, format!("{lead}{}", date.trim())))
}

fn trimmed(text: &str) -> String {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '|' | '•' | '·' | '—' | '–' | '-' | ',' | '،'))
        .to_owned()
}

/// Reads what stands after the body, and beside it.
pub fn after(parts: &Parts, known: &Known, units: &mut Vec<Unit>) {
    // Comments were put last; what stands between the body and them goes before.
    let at = units
        .iter()
        .position(|u| matches!(u.role, BlockRole::CommentsHeading | BlockRole::CommentsDisclaimer | BlockRole::Comment))
        .unwrap_or(units.len());
    let tail = parts.middle.get(parts.body_end..).unwrap_or_default();
    let mut between: Vec<Unit> = Vec::new();
    for line in tail {
        between.extend(outside(line, between.last()));
    }
    captions(&mut between);
    promo_groups(&mut between, known);
    for unit in between.into_iter().rev() {
        units.insert(at.min(units.len()), unit);
    }
    let mut beside: Vec<Unit> = Vec::new();
    for line in parts.rest.iter().take(200) {
        let unit = outside(line, beside.last());
        beside.extend(unit.filter(|u| u.role != BlockRole::Boilerplate || u.line.text.contains('©')));
    }
    units.extend(beside);
}

fn outside(line: &Line, before: Option<&Unit>) -> Option<Unit> {
    let make = |role, rule, confidence| Some(Unit::new(role, line.clone(), rule, confidence));
    match line.hint {
        Some(Hint::Promo) => return make(BlockRole::Promo, "hint:promo", 0.9),
        Some(Hint::Related) => return make(BlockRole::Related, "hint:related", 0.9),
        Some(Hint::Correction) => return make(BlockRole::Correction, "hint:correction", 0.9),
        Some(Hint::Ad) if !line.cued(Cue::Promo) => return make(BlockRole::Ad, "hint:ad", 0.8),
        Some(Hint::Caption) => return make(BlockRole::Caption, "hint:caption", 0.7),
        Some(Hint::Credit) => return make(BlockRole::Credit, "hint:credit", 0.7),
        _ => {}
    }
    if matches!(line.zone, Zone::Nav | Zone::Footer) {
        return if line.text.contains('©') { make(BlockRole::Boilerplate, "footer", 0.9) } else { None };
    }
    if line.link_ratio > 0.8 && line.words >= 3 && matches!(line.zone, Zone::Aside) {
        return make(BlockRole::Related, "linked_line", 0.7);
    }
    if let Some((role, rule, confidence)) = furniture(line) {
        return make(role, rule, confidence);
    }
    if line.carries(Cue::Disclaimer) {
        return make(BlockRole::Boilerplate, "cue:disclaimer", 0.6);
    }
    // Links below a heading such as "Previously" or "Most read".
    if line.link_ratio > 0.8 && line.words >= 3 {
        return make(BlockRole::Related, "linked_line", 0.7);
    }
    let headed =
        before.is_some_and(|u| u.role == BlockRole::Related && !u.line.text.contains([':', '：']) && u.line.words <= 4);
    if headed && line.words >= 3 && line.weight < 160 {
        return make(BlockRole::Related, "below_related", 0.6);
    }
    make(BlockRole::Boilerplate, "after", 0.5)
}

/// Joins the lines of a promo, as far as they follow one another.
pub fn merge(units: &mut Vec<Unit>, known: &Known) {
    if known.markup {
        return;
    }
    let mut merged: Vec<Unit> = Vec::with_capacity(units.len());
    for unit in units.drain(..) {
        let joins = unit.role == BlockRole::Promo && !unit.line.gap_before && unit.rule != "cue:report";
        match merged.last_mut().filter(|last| joins && last.role == BlockRole::Promo && last.rule != "cue:report") {
            Some(last) => {
                let text = format!("{}\n{}", last.line.text, unit.line.text);
                last.line = last.line.with_text(text);
            }
            None => merged.push(unit),
        }
    }
    *units = merged;
}
