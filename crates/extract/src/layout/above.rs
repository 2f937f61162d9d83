//! The lines above the headline: section, kicker, an introduction set there, and teasers of other articles.

use naba_proto::v1::BlockRole;

use super::{Known, Parts, Unit};
use crate::cue::Cue;
use crate::line::{Hint, Line, Zone};

/// Reads what stands above the headline, and the headline.
pub fn read(parts: &mut Parts, known: &Known, units: &mut Vec<Unit>) {
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
    teasers(units.get_mut(from..).unwrap_or_default());
    labels(units.get_mut(from..).unwrap_or_default(), known);
    if let Some(line) = parts.headline.clone() {
        units.push(Unit::new(BlockRole::Headline, line, "headline", 0.9));
    }
}

/// An article has one introduction: several above the headline introduce other articles.
fn teasers(units: &mut [Unit]) {
    let introduces = |u: &Unit| u.rule == "hint:deck";
    if units.iter().filter(|u| introduces(u)).count() > 2 {
        for unit in units.iter_mut().filter(|u| introduces(u)) {
            (unit.role, unit.rule) = (BlockRole::Related, "teaser");
        }
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
    let trail = [" » ", " › ", " > "].iter().any(|s| text.contains(s)) || text.matches(" / ").count() > 1;
    trail && text.chars().count() < 120
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
