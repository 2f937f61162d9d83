//! Which line is the headline.

use super::Known;
use crate::cue::Cue;
use crate::line::{Hint, Line, Tag, Zone, letters_and_digits};

/// Finds the line of the headline.
pub fn find(lines: &[Line], known: &Known) -> Option<usize> {
    if known.markup { in_markup(lines, known) } else { in_text(lines, known) }
}

/// Letters and digits only: headlines differ in quotation marks and spaces between meta elements and the page.
pub fn key(text: &str) -> String {
    letters_and_digits(&naba_text::fold_str(text))
}

fn is_among(line: &Line, keys: &[String]) -> bool {
    keys.iter().any(|key| key == line.key())
}

fn in_markup(lines: &[Line], known: &Known) -> Option<usize> {
    let usable = |l: &&(usize, &Line)| {
        !matches!(l.1.zone, Zone::Nav | Zone::Aside | Zone::Footer | Zone::Comments) && l.1.hint != Some(Hint::Related)
    };
    let numbered: Vec<(usize, &Line)> = lines.iter().enumerate().collect();
    let keys = known.headline_keys();
    let is_known = |l: &Line| is_among(l, keys);
    // What follows the first paragraphs is the headline of another story.
    let early = lines.iter().enumerate().filter(|(_, l)| l.in_prose()).nth(1).map_or(lines.len(), |(at, _)| at);
    let early = |at: &&(usize, &Line)| at.0 < early;
    let heading = |l: &Line| l.top_heading || l.hint == Some(Hint::Headline);
    numbered
        .iter()
        .filter(usable)
        .find(|(_, l)| heading(l) && is_known(l))
        .or_else(|| numbered.iter().filter(usable).find(|(_, l)| is_known(l) && l.link_ratio < 0.5))
        .or_else(|| numbered.iter().filter(usable).find(|(_, l)| heading(l) && close_to_known(l.key(), keys)))
        .or_else(|| {
            let near = |l: &Line| matches!(l.tag, Tag::Heading(_)) && close_to_known(l.key(), keys);
            numbered.iter().filter(usable).filter(early).find(|(_, l)| near(l))
        })
        .or_else(|| numbered.iter().filter(usable).filter(early).find(|(_, l)| heading(l) && l.words >= 2))
        .or_else(|| {
            numbered
                .iter()
                .filter(usable)
                .filter(early)
                .find(|(_, l)| matches!(l.tag, Tag::Heading(2)) && l.in_body && l.words >= 3)
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

/// Splits a heading that holds a kicker before the headline which the metadata names.
pub fn split_kicker(line: &Line, known: &Known) -> Option<(Line, Line)> {
    known.headlines.iter().find_map(|headline| {
        let before = line.text.strip_suffix(headline.trim())?;
        let kicker = before.trim().trim_end_matches([':', '-', '–', '|', '•']).trim();
        let fits = (2..=60).contains(&kicker.chars().count()) && headline.chars().count() >= 15;
        if !fits || before.trim_end().ends_with(':') && before.ends_with(": ") {
            return None;
        }
        let mut first = line.with_text(kicker.to_owned());
        first.hint = Some(Hint::Kicker);
        first.top_heading = false;
        Some((first, line.with_text(headline.trim().to_owned())))
    })
}

/// In plain text: the first line before the body that is long enough for a headline and nothing else.
fn in_text(lines: &[Line], known: &Known) -> Option<usize> {
    let keys = known.headline_keys();
    if let Some(at) = lines.iter().take(40).position(|l| is_among(l, keys)) {
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
    fn a_kicker_inside_the_heading_is_split_off() {
        let known = Known { headlines: vec!["Drusen fordern Teilhabe statt Garantien".into()], ..Known::default() };
        let line = Line::new("Minderheit in Syrien Drusen fordern Teilhabe statt Garantien".into());
        let (kicker, headline) = split_kicker(&line, &known).unwrap();
        assert_eq!(
            (kicker.text.as_str(), headline.text.as_str()),
            ("Minderheit in Syrien", "Drusen fordern Teilhabe statt Garantien")
        );
        let colon = Line::new("Nahost: Drusen fordern Teilhabe statt Garantien".into());
        assert!(split_kicker(&colon, &known).is_none(), "what a colon joins is one headline");
    }

    #[test]
    fn navigation_sections_and_slugs_are_no_headline() {
        let text = "Home\nNews\nTRENDING: Budget | Auction | Exams\nSNS-NE--Covered Bridge, 1st Ld-Writethru\nMarch 15, 2024\nIce jam shifts historic covered bridge\n\nAn ice jam on the Little Fox River pushed a 142-year-old covered bridge about 11 inches off its footings, officials said.";
        let lines = plain::lines(text);
        assert_eq!(find(&lines, &Known::default()), Some(5));
    }
}
