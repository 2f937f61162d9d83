//! Which line is the headline.

use super::Known;
use crate::cue::Cue;
use crate::line::{Hint, Line, Tag, Zone};

/// Finds the line of the headline.
pub fn find(lines: &[Line], known: &Known) -> Option<usize> {
    if known.markup { in_markup(lines, known) } else { in_text(lines, known) }
}

/// Letters and digits only: headlines differ in quotation marks and spaces between meta elements and the page.
pub fn key(text: &str) -> String {
    naba_text::fold_str(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn in_markup(lines: &[Line], known: &Known) -> Option<usize> {
    let usable = |l: &&(usize, &Line)| {
        !matches!(l.1.zone, Zone::Nav | Zone::Aside | Zone::Footer | Zone::Comments) && l.1.hint != Some(Hint::Related)
    };
    let numbered: Vec<(usize, &Line)> = lines.iter().enumerate().collect();
    let keys: Vec<String> = known.headlines.iter().map(|h| key(h)).filter(|k| !k.is_empty()).collect();
    let is_known = |l: &Line| keys.contains(&key(&l.text));
    let heading = |l: &Line| l.top_heading || l.hint == Some(Hint::Headline);
    numbered
        .iter()
        .filter(usable)
        .find(|(_, l)| heading(l) && is_known(l))
        .or_else(|| numbered.iter().filter(usable).find(|(_, l)| is_known(l) && l.link_ratio < 0.5))
        .or_else(|| numbered.iter().filter(usable).find(|(_, l)| heading(l) && close_to_known(&key(&l.text), &keys)))
        .or_else(|| numbered.iter().filter(usable).find(|(_, l)| heading(l) && l.words >= 2))
        .or_else(|| {
            numbered.iter().filter(usable).find(|(_, l)| matches!(l.tag, Tag::Heading(2)) && l.in_body && l.words >= 3)
        })
        .map(|(at, _)| *at)
}

/// The page's heading may be longer or shorter than the one for search engines.
fn close_to_known(heading: &str, keys: &[String]) -> bool {
    !heading.is_empty()
        && keys.iter().any(|k| {
            k.contains(heading) && heading.len() * 2 > k.len()
                || heading.contains(k.as_str()) && k.len() * 2 > heading.len()
        })
}

/// In plain text: the first line before the body that is long enough for a headline and nothing else.
fn in_text(lines: &[Line], known: &Known) -> Option<usize> {
    let keys: Vec<String> = known.headlines.iter().map(|h| key(h)).filter(|k| !k.is_empty()).collect();
    if let Some(at) = lines.iter().take(40).position(|l| keys.contains(&key(&l.text))) {
        return Some(at);
    }
    let prose =
        lines.iter().position(|l| l.is_prose() && l.ends_sentence() && l.weight > 90).unwrap_or(lines.len().min(12));
    let head = lines.get(..prose.max(1)).unwrap_or(lines);
    let candidate = |l: &Line, words: usize, weight: usize| {
        l.words >= words && l.weight >= weight && l.weight <= 220 && !is_other(l)
    };
    head.iter()
        .position(|l| candidate(l, 4, 18) && !ends_with_stop(l))
        .or_else(|| head.iter().position(|l| candidate(l, 3, 12)))
        .or_else(|| head.iter().position(|l| candidate(l, 1, 4)))
        .or_else(|| lines.iter().position(|l| l.words >= 2))
}

fn ends_with_stop(l: &Line) -> bool {
    l.text.ends_with(['.', '۔', '。']) && !l.text.ends_with("..")
}

fn is_other(l: &Line) -> bool {
    let separators = l.text.matches(" | ").count()
        + l.text.matches(" · ").count()
        + l.text.matches(" › ").count()
        + l.text.matches(" » ").count()
        + l.text.matches(" > ").count();
    separators >= 2
        || l.is_date()
        || l.is_clock()
        || l.text.contains("--")
        || [Cue::Boilerplate, Cue::Promo, Cue::Related, Cue::Ad].iter().any(|cue| l.cued(*cue))
        || Cue::Section.is(&l.folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plain;

    #[test]
    fn navigation_sections_and_slugs_are_no_headline() {
        let text = "Home\nNews\nTRENDING: Budget | Auction | Exams\nSNS-NE--Covered Bridge, 1st Ld-Writethru\nMarch 15, 2024\nIce jam shifts historic covered bridge\n\nAn ice jam on the Little Fox River pushed a 142-year-old covered bridge about 11 inches off its footings, officials said.";
        let lines = plain::lines(text);
        assert_eq!(find(&lines, &Known::default()), Some(5));
    }
}
