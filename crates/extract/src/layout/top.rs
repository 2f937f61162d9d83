//! The lines around the headline: section, kicker, deck, standfirst, byline, date, lead image.

use naba_proto::v1::BlockRole;
use naba_text::fold_str;

use super::{Known, Parts, Unit, body};
use crate::cue::Cue;
use crate::line::{Hint, Line, Tag, Zone};

/// Reads what stands above the headline, and the headline.
pub fn above(parts: &mut Parts, known: &Known, units: &mut Vec<Unit>) {
    let lines = std::mem::take(&mut parts.above);
    let (from, start) = (units.len(), lines.len().saturating_sub(40));
    for line in lines.get(start..).unwrap_or_default() {
        if matches!(line.zone, Zone::Nav | Zone::Footer | Zone::Aside | Zone::Comments) && !is_section_hint(line) {
            if matches!(line.zone, Zone::Aside) {
                parts.rest.push(line.clone());
            }
            continue;
        }
        let (role, rule) = above_role(line, known);
        units.push(Unit::new(role, line.clone(), rule, 0.6));
    }
    labels(units.get_mut(from..).unwrap_or_default(), known);
    if let Some(line) = parts.headline.clone() {
        units.push(Unit::new(BlockRole::Headline, line, "headline", 0.9));
    }
}

fn is_section_hint(line: &Line) -> bool {
    matches!(line.hint, Some(Hint::Section | Hint::Kicker)) && line.words <= 6
}

fn above_role(line: &Line, known: &Known) -> (BlockRole, &'static str) {
    match line.hint {
        Some(Hint::Kicker) if line.words <= 10 => return (BlockRole::Kicker, "hint:kicker"),
        Some(Hint::Section) if line.words <= 8 => return (BlockRole::SectionLabel, "hint:section"),
        Some(Hint::Caption) => return (BlockRole::Caption, "hint:caption"),
        Some(Hint::Credit) => return (BlockRole::Credit, "hint:credit"),
        Some(Hint::Byline) => return (BlockRole::Byline, "hint:byline"),
        Some(Hint::Promo) => return (BlockRole::Promo, "hint:promo"),
        Some(Hint::Ad) if !line.cued(Cue::Promo) => return (BlockRole::Ad, "hint:ad"),
        Some(Hint::Related) => return (BlockRole::Related, "hint:related"),
        Some(Hint::Standfirst | Hint::Deck) if line.words > 4 => return (BlockRole::Deck, "hint:deck"),
        _ => {}
    }
    if known.is_section(line) {
        return (BlockRole::SectionLabel, "known:section");
    }
    if line.cued(Cue::Promo) && line.words > 3 {
        return (BlockRole::Promo, "cue:promo");
    }
    if known.markup && line.in_body && line.is_prose() {
        // A lead that stands above the headline.
        return (BlockRole::Standfirst, "above");
    }
    (BlockRole::Boilerplate, "above")
}

/// Tells the section and the kicker among the short lines right above the headline.
fn labels(units: &mut [Unit], known: &Known) {
    let named = units.iter().any(|u| u.role == BlockRole::SectionLabel);
    let kicked = units.iter().any(|u| u.role == BlockRole::Kicker);
    let count = units.len();
    let short = |u: &Unit| {
        u.role == BlockRole::Boilerplate
            && u.line.words <= 6
            && u.line.weight <= 60
            && !u.line.is_date()
            && !u.line.is_clock()
            && !u.line.cued(Cue::Boilerplate)
            && !u.line.ends_sentence()
            && u.line.zone == Zone::Page
    };
    let Some(last) = count.checked_sub(1) else { return };
    if let Some(unit) = units.get_mut(last).filter(|u| short(u)) {
        let folded = unit.line.folded.clone();
        if Cue::Kicker.is(&folded) && !kicked {
            (unit.role, unit.rule) = (BlockRole::Kicker, "cue:kicker");
        } else if !named && names_section(&folded) {
            (unit.role, unit.rule) = (BlockRole::SectionLabel, "cue:section");
        } else if !kicked && !is_trail(&unit.line.text) && (named || !known.markup) {
            (unit.role, unit.rule) = (BlockRole::Kicker, "above_headline");
        } else if !named && !known.markup && is_trail(&unit.line.text) {
            (unit.role, unit.rule) = (BlockRole::SectionLabel, "trail");
        }
    }
    let named = units.iter().any(|u| u.role == BlockRole::SectionLabel);
    // The line above a kicker is the section; and two sections may stand in a row.
    if let Some(before) = last.checked_sub(1) {
        let next_is_label =
            units.get(last).is_some_and(|u| matches!(u.role, BlockRole::Kicker | BlockRole::SectionLabel));
        if let Some(unit) = units.get_mut(before).filter(|u| short(u) && next_is_label && names_section(&u.line.folded))
        {
            let nav_like = before > 0 && named;
            if !nav_like {
                (unit.role, unit.rule) = (BlockRole::SectionLabel, "cue:section");
            }
        }
    }
    // Breadcrumbs name the section where nothing else does.
    if !units.iter().any(|u| u.role == BlockRole::SectionLabel)
        && let Some(unit) = units.iter_mut().rev().find(|u| is_trail(&u.line.text) && u.role == BlockRole::Boilerplate)
    {
        (unit.role, unit.rule) = (BlockRole::SectionLabel, "trail");
    } else if !units.iter().any(|u| u.role == BlockRole::SectionLabel)
        && let Some(unit) = units.iter_mut().rev().take(3).find(|u| short(u) && names_section(&u.line.folded))
    {
        (unit.role, unit.rule) = (BlockRole::SectionLabel, "cue:section");
    }
}

/// "Home » Cities » Mumbai".
fn is_trail(text: &str) -> bool {
    [" » ", " › ", " > "].iter().any(|s| text.contains(s)) && text.chars().count() < 120
}

/// Tells whether a folded line names a section, alone or as "news of ...".
pub fn names_section(folded: &str) -> bool {
    let folded = folded.trim();
    if Cue::Section.is(folded) {
        return true;
    }
    let news = [
        "اخبار",
        "خبريں",
        "news",
        "noticias",
        "actualites",
        "nachrichten",
        "новости",
        "haberleri",
        "חדשות",
        "ニュース",
        "新聞",
        "新闻",
    ];
    let words: Vec<&str> = folded.split_whitespace().collect();
    words.len() <= 5
        && (words.iter().any(|w| news.contains(w))
            || words.first().is_some_and(|w| Cue::Section.is(w)) && words.len() <= 3)
}

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
        if line.is_date() || line.is_clock() {
            return (BlockRole::Boilerplate, "date", 0.9);
        }
        if self.known.is_section(line) {
            return (BlockRole::SectionLabel, "known:section", 0.8);
        }
        if self.is_byline(line, next) {
            return (BlockRole::Byline, "byline", 0.75);
        }
        let described = self.known.describes(line);
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
    let credited = line.text.rsplit_once(" - ").is_some_and(|(caption, credit)| {
        caption.split_whitespace().count() >= 2
            && credit.split_whitespace().count() <= 5
            && Cue::Credit.is_in(&fold_str(credit))
    });
    if credited && line.weight <= 200 && !line.is_prose() {
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
