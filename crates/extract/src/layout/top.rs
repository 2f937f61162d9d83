//! The lines between the headline and the body: deck, standfirst, byline, date, lead image.

use naba_proto::v1::BlockRole;
use naba_text::fold_str;

use super::above::names_section;
use super::{Known, Parts, Unit, body};
use crate::cue::Cue;
use crate::line::{Hint, Line, Tag};

/// Reads what stands between the headline and the body; returns the index in `middle` of a standfirst that looks like a
/// paragraph, when the text itself shows that it is none.
pub fn below(parts: &mut Parts, known: &Known, units: &mut Vec<Unit>) -> Option<usize> {
    let top = parts.middle.get(..parts.body_start).unwrap_or_default();
    let mut context = Context {
        known,
        adjacent: true,
        has_deck: false,
        has_standfirst: false,
        has_byline: false,
        previous_date: false,
    };
    let from = units.len();
    for (index, line) in top.iter().enumerate() {
        let next = top.get(index + 1);
        let (role, rule, confidence) = context.role(line, next);
        context.adjacent = matches!(role, BlockRole::SectionLabel | BlockRole::Kicker) && context.adjacent;
        context.previous_date = line.is_date();
        context.has_deck |= role == BlockRole::Deck;
        context.has_standfirst |= role == BlockRole::Standfirst;
        context.has_byline |= role == BlockRole::Byline;
        units.push(Unit::new(role, line.clone(), rule, confidence));
    }
    captions(units.get_mut(from..).unwrap_or_default());
    promo_groups(units.get_mut(from..).unwrap_or_default(), known);
    if context.has_standfirst { None } else { body::lead(parts, known, context.has_deck) }
}

struct Context<'a> {
    known: &'a Known,
    /// Nothing stands between the headline and this line.
    adjacent: bool,
    has_deck: bool,
    has_standfirst: bool,
    has_byline: bool,
    previous_date: bool,
}

type Decision = (BlockRole, &'static str, f32);

impl Context<'_> {
    fn role(&self, line: &Line, next: Option<&Line>) -> Decision {
        if let Some(decision) = self.hinted(line) {
            return decision;
        }
        if let Some(decision) = furniture(line) {
            return decision;
        }
        if line.is_date() || line.is_clock() || is_labelled_date(line) {
            return (BlockRole::Boilerplate, "date", 0.9);
        }
        if self.known.is_section(line) {
            return (BlockRole::SectionLabel, "known:section", 0.8);
        }
        if self.is_byline(line, next) {
            return (BlockRole::Byline, "byline", 0.75);
        }
        let described = self.known.describes(line);
        if line.link_ratio > 0.8 && line.words >= 3 && !described {
            return (BlockRole::Related, "linked_line", 0.6);
        }
        if line.words >= 3
            && (self.adjacent || described)
            && !(line.in_body && line.is_prose() && !described && self.known.markup)
        {
            return self.deck_or_standfirst(line);
        }
        if !self.has_standfirst && line.weight >= 60 && line.ends_sentence() {
            return (BlockRole::Standfirst, "below_headline", 0.6);
        }
        if names_section(&line.folded) && line.words <= 3 {
            return (BlockRole::SectionLabel, "cue:section", 0.6);
        }
        if self.adjacent && line.words >= 2 {
            return self.deck_or_standfirst(line);
        }
        (BlockRole::Boilerplate, "below_headline", 0.5)
    }

    fn hinted(&self, line: &Line) -> Option<Decision> {
        Some(match line.hint? {
            Hint::Deck => (BlockRole::Deck, "hint:deck", 0.9),
            Hint::Standfirst if line.words >= 3 => (BlockRole::Standfirst, "hint:standfirst", 0.9),
            Hint::Kicker if line.words <= 10 => (BlockRole::Kicker, "hint:kicker", 0.8),
            Hint::Section if line.words <= 6 => (BlockRole::SectionLabel, "hint:section", 0.8),
            Hint::Byline if !line.is_date() && line.words <= 25 && !line.cued(Cue::Boilerplate) => {
                (BlockRole::Byline, "hint:byline", 0.9)
            }
            Hint::Date => {
                let names = self.is_byline(line, None);
                if names { (BlockRole::Byline, "byline", 0.6) } else { (BlockRole::Boilerplate, "hint:date", 0.8) }
            }
            Hint::Credit => (BlockRole::Credit, "hint:credit", 0.9),
            Hint::Caption => (BlockRole::Caption, "hint:caption", 0.9),
            Hint::Promo => (BlockRole::Promo, "hint:promo", 0.9),
            Hint::Related => (BlockRole::Related, "hint:related", 0.9),
            Hint::Ad if !line.cued(Cue::Promo) => (BlockRole::Ad, "hint:ad", 0.8),
            Hint::Boilerplate => (BlockRole::Boilerplate, "hint:boilerplate", 0.8),
            Hint::Correction => (BlockRole::Correction, "hint:correction", 0.9),
            _ => return None,
        })
    }

    /// A deck stands right below the headline and is short; a standfirst introduces in sentences.
    fn deck_or_standfirst(&self, line: &Line) -> Decision {
        let limit = if naba_text::direction_of(&line.text) == naba_text::Direction::Rtl { 105 } else { 140 };
        let long = line.weight > limit && line.ends_sentence() || line.weight > limit + 20;
        if self.has_deck || long || !self.adjacent {
            (BlockRole::Standfirst, "below_headline", 0.7)
        } else {
            (BlockRole::Deck, "below_headline", 0.7)
        }
    }

    fn is_byline(&self, line: &Line, next: Option<&Line>) -> bool {
        let named = self.known.authors.iter().any(|a| a.chars().count() > 3 && line.folded.contains(&fold_str(a)));
        if line.words > 14 || line.weight > 110 || line.tag == Tag::Caption || self.has_byline && !named {
            return false;
        }
        if named && line.words <= 12 {
            return true;
        }
        let prefix = Cue::Byline.prefix_chars(&line.folded).is_some_and(|n| n < line.folded.chars().count());
        let ends = line.text.ends_with(['.', '!', '?', '؟']) || line.text.ends_with('»');
        if prefix && !ends && line.words <= 12 && looks_named(line) {
            return true;
        }
        if line.words <= 9 && !ends && line.carries(Cue::Desk) {
            return true;
        }
        let beside_date = self.previous_date || next.is_some_and(Line::is_date);
        let digits = line.text.chars().any(|c| naba_text::digit_value(c).is_some());
        beside_date
            && (1..=6).contains(&line.words)
            && !digits
            && !ends
            && !names_section(&line.folded)
            && looks_named(line)
            && !self.adjacent_deck(line)
    }

    /// A short line right below the headline, with a date behind it, may be a deck in scripts without case.
    fn adjacent_deck(&self, line: &Line) -> bool {
        self.adjacent && line.words > 4
    }
}

/// "Published: 2012-01-03 15:56 Last update: 2012-01-04 15:26".
fn is_labelled_date(line: &Line) -> bool {
    let Some(found) = naba_text::find_instant(&line.text).filter(|_| line.weight < 120) else { return false };
    let before = line.text.get(..found.start).unwrap_or_default().trim_end();
    let Some(label) = before.strip_suffix([':', '：']).map(|label| fold_str(label.trim_end())) else { return false };
    Cue::Published.is(&label) || Cue::Updated.is(&label)
}

/// Tells whether a line can hold a name: in scripts with case, most words begin with a capital.
fn looks_named(line: &Line) -> bool {
    let words: Vec<&str> = line.text.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).collect();
    let cased = words.iter().filter(|w| w.chars().any(|c| c.is_lowercase() || c.is_uppercase())).count();
    let capital =
        words.iter().filter(|w| w.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase)).count();
    cased == 0 || capital * 2 >= cased || line.text.contains('@')
}

/// Share lines, advertisements, promos, links, credits: the same above, inside and below the body.
pub fn furniture(line: &Line) -> Option<Decision> {
    if line.cued(Cue::Ad) && line.words <= 6 {
        return Some((BlockRole::Boilerplate, "cue:ad", 0.9));
    }
    if line.is_prose() && line.in_prose() && line.weight > 200 {
        return None;
    }
    if line.cued(Cue::Correction) {
        return Some((BlockRole::Correction, "cue:correction", 0.85));
    }
    if line.cued(Cue::Related) && line.weight <= 260 {
        return Some((BlockRole::Related, "cue:related", 0.85));
    }
    if line.cued(Cue::Boilerplate) && line.weight <= 220 {
        return Some((BlockRole::Boilerplate, "cue:boilerplate", 0.85));
    }
    if line.link_ratio > 0.8 && line.words >= 3 {
        return None;
    }
    // "Palm trees under water - Reuters", "Citizens at the bridge - Photo: ...": caption and credit in one.
    let credited = || {
        line.text.rsplit_once(" - ").is_some_and(|(caption, credit)| {
            caption.split_whitespace().count() >= 2
                && credit.split_whitespace().count() <= 5
                && Cue::Credit.is_in(&fold_str(credit))
        })
    };
    if line.weight <= 200 && !line.is_prose() && credited() {
        return Some((BlockRole::Caption, "caption_credit", 0.8));
    }
    if line.cued(Cue::Credit) && line.words <= 14 && line.weight <= 110 {
        return Some((BlockRole::Credit, "cue:credit", 0.8));
    }
    if line.cued(Cue::Report) && line.weight <= 160 {
        return Some((BlockRole::Promo, "cue:report", 0.8));
    }
    let quoted = line.text.contains(['"', '«', '“', '„', '「']);
    if line.cued(Cue::Promo)
        && line.weight <= 220
        && !(quoted && line.weight > 90)
        && !(line.in_prose() && line.weight > 140)
    {
        return Some((BlockRole::Promo, "cue:promo", 0.8));
    }
    None
}

/// A short line right before a credit is the caption.
pub fn captions(units: &mut [Unit]) {
    for at in 1..units.len() {
        let is_credit = units.get(at).is_some_and(|u| u.role == BlockRole::Credit);
        let Some(before) = units.get_mut(at - 1).filter(|_| is_credit) else { continue };
        let free = matches!(
            before.role,
            BlockRole::Boilerplate | BlockRole::Subhead | BlockRole::Deck | BlockRole::Standfirst
        ) && matches!(before.rule, "below_headline" | "subhead" | "after")
            || before.role == BlockRole::Paragraph && before.line.weight < 130 && !before.line.in_prose();
        if free && !before.line.is_date() {
            (before.role, before.rule) = (BlockRole::Caption, "before_credit");
        }
    }
}

/// Short lines that share a block of text with a promo line belong to it.
pub fn promo_groups(units: &mut [Unit], known: &Known) {
    if known.markup {
        return;
    }
    let mut start = 0;
    while start < units.len() {
        let mut end = start + 1;
        while units.get(end).is_some_and(|u| !u.line.gap_before) {
            end += 1;
        }
        let whole = units.get_mut(start..end).unwrap_or_default();
        // The group ends at the first line that is plainly something else.
        let other = |u: &Unit| {
            matches!(u.role, BlockRole::Boilerplate) && u.rule.starts_with("cue:")
                || u.role == BlockRole::CommentsHeading
        };
        let cut = whole.iter().position(other).unwrap_or(whole.len());
        let group = whole.get_mut(..cut).unwrap_or_default();
        let promo = group.iter().any(|u| u.role == BlockRole::Promo && u.rule != "cue:report");
        let bounded = group.first().is_some_and(|u| u.line.gap_before) && (2..=5).contains(&group.len());
        if promo && bounded {
            for unit in group.iter_mut().filter(|u| {
                !matches!(u.role, BlockRole::Related | BlockRole::Headline | BlockRole::Credit)
                    && u.line.weight < 200
                    && !u.line.is_date()
            }) {
                (unit.role, unit.rule) = (BlockRole::Promo, "promo_group");
            }
        }
        start = end;
    }
}

/// Tells whether the letters and digits of two texts are the same, or one begins as the other (descriptions are often cut).
pub fn same_key(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    !short.is_empty()
        && (short == long || short.len() >= 60 && long.starts_with(short) && short.len() * 10 >= long.len() * 8)
}
