//! The body: where it begins and ends, and what its lines are.

use std::collections::HashSet;

use naba_proto::v1::BlockRole;

use super::headline::key;
use super::top::{captions, furniture, promo_groups};
use super::{Known, Parts, Unit};
use crate::cue::Cue;
use crate::dateline;
use crate::line::{Hint, Line, Tag, Zone};

/// Finds the first line of the body below the headline.
pub fn start(lines: &[Line], known: &Known) -> usize {
    let described = |l: &Line| known.describes(l);
    let candidate = |l: &Line| {
        !matches!(
            l.hint,
            Some(
                Hint::Deck
                    | Hint::Standfirst
                    | Hint::Caption
                    | Hint::Credit
                    | Hint::Promo
                    | Hint::Related
                    | Hint::Ad
                    | Hint::Boilerplate
                    | Hint::Byline
                    | Hint::Date
            )
        ) && furniture(l).is_none()
            && !l.is_date()
    };
    if known.markup {
        let prose = |l: &Line| {
            candidate(l) && l.in_body && (l.is_prose() || l.tag == Tag::Paragraph && l.ends_sentence() && l.words >= 3)
        };
        let first = lines.iter().position(prose);
        // A description that is the first paragraph is a standfirst only when it stands apart from the body's own.
        let apart =
            |at: usize| lines.get(at).is_some_and(|l| described(l) && (l.strong || differs_from_body(lines, at)));
        let start = match first.filter(|at| apart(*at)) {
            Some(at) => lines.iter().skip(at + 1).position(prose).map(|next| at + 1 + next).or(Some(at)),
            None => first,
        };
        if let Some(start) = start {
            let start = kin_before(lines, start, |l| candidate(l) && !described(l));
            return question_before(lines, outside_before(lines, start, described));
        }
    }
    let sentence = |l: &Line| candidate(l) && (l.is_prose() || l.ends_sentence() && l.words >= 5 && l.weight >= 30);
    let Some(first) = lines.iter().position(|l| sentence(l) && l.weight >= 60) else {
        return lines.iter().position(sentence).unwrap_or(lines.len());
    };
    // Plain text: the first prose right below the headline may be the deck.
    let is_deck = first == 0 && !known.markup && is_plain_deck(lines);
    if is_deck {
        let next = lines.iter().skip(1).position(sentence).map_or(lines.len(), |at| at + 1);
        return next;
    }
    below_clock(lines, first)
}

/// The head of a live blog's first post stands between its time and its text.
fn below_clock(lines: &[Line], first: usize) -> usize {
    let line = |back: usize| first.checked_sub(back).and_then(|at| lines.get(at));
    let head = line(1).is_some_and(|l| l.weight <= 110 && !l.is_date() && furniture(l).is_none());
    if head && line(2).is_some_and(Line::is_clock) { first - 1 } else { first }
}

/// Right below the headline and followed by a byline or a date, not by the next paragraph.
fn is_plain_deck(lines: &[Line]) -> bool {
    let Some(next) = lines.get(1) else { return false };
    let short = lines.first().is_some_and(|l| l.weight <= 320);
    short
        && (next.is_date()
            || Cue::Byline.prefix_chars(&next.folded).is_some() && next.words <= 12
            || furniture(next).is_some()
            || !next.ends_sentence() && next.words <= 6 && lines.get(2).is_some_and(|l| l.is_date()))
}

/// Paragraphs right before the container, where it was drawn too narrow: two or more, of plain prose.
fn outside_before(lines: &[Line], start: usize, described: impl Fn(&Line) -> bool) -> usize {
    let prose = |l: &Line| {
        !l.in_body
            && l.hint.is_none()
            && l.zone == Zone::Page
            && l.tag == Tag::Paragraph
            && l.is_prose()
            && !described(l)
            && furniture(l).is_none()
    };
    let found: Vec<usize> = lines.iter().enumerate().take(start).filter(|(_, l)| prose(l)).map(|(at, _)| at).collect();
    match found.first() {
        Some(first) if found.len() >= 2 => *first,
        _ => start,
    }
}

/// A sentence too short for prose right before the body is its first paragraph, where the markup sets nothing apart.
fn kin_before(lines: &[Line], start: usize, candidate: impl Fn(&Line) -> bool) -> usize {
    let Some(first) = lines.get(start).filter(|l| l.in_body) else { return start };
    let kin = |l: &Line| {
        l.in_body
            && l.signature == first.signature
            && l.tag == first.tag
            && l.strong == first.strong
            && l.ends_sentence()
            && l.words >= 4
            && l.link_ratio < 0.5
            && candidate(l)
    };
    let kins = lines.get(..start).unwrap_or_default().iter().rev().take_while(|l| kin(l)).count();
    start - kins
}

fn differs_from_body(lines: &[Line], at: usize) -> bool {
    let of = lines.get(at).map(|l| l.signature);
    lines.iter().skip(at + 1).filter(|l| l.in_body && l.is_prose()).take(3).all(|l| Some(l.signature) != of)
}

/// An interview begins with its first question.
fn question_before(lines: &[Line], start: usize) -> usize {
    let before = start.checked_sub(1).and_then(|at| lines.get(at));
    let heads = before.is_some_and(|l| {
        l.in_body
            && l.words >= 2
            && l.weight < 160
            && l.hint.is_none()
            && (l.is_question() || matches!(l.tag, Tag::Heading(2..=6)))
            && furniture(l).is_none()
    });
    if heads { start - 1 } else { start }
}

/// Finds the end of the body, exclusive.
pub fn end(lines: &[Line], start: usize, known: &Known) -> usize {
    let ends = |l: &Line| {
        if known.markup {
            l.in_body
                && furniture(l).is_none()
                && !matches!(
                    l.hint,
                    Some(Hint::Promo | Hint::Related | Hint::Ad | Hint::Boilerplate | Hint::Caption | Hint::Credit)
                )
                && (l.is_prose()
                    || l.ends_sentence() && l.words >= 3
                    || l.tag == Tag::Item && l.link_ratio < 0.5 && l.ends_sentence()
                    || matches!(l.tag, Tag::Paragraph | Tag::Table | Tag::Quote) && l.link_ratio < 0.8)
        } else {
            furniture(l).is_none()
                && (l.is_prose()
                    || l.ends_sentence() && l.words >= 5 && !l.text.starts_with(['*', '(']) && l.weight >= 40)
        }
    };
    let last = lines
        .iter()
        .enumerate()
        .skip(start)
        .filter(|(_, l)| ends(l))
        .map(|(at, _)| at + 1)
        .next_back()
        .unwrap_or(start);
    if known.markup { last + trailing_subheads(lines, start, last) } else { before_signed_comments(lines, start, last) }
}

/// Counts the subheads right after the body's last paragraph, as where a paywall cuts: of the kind seen inside the body.
fn trailing_subheads(lines: &[Line], start: usize, end: usize) -> usize {
    let heading = |l: &Line| {
        matches!(l.tag, Tag::Heading(2..=6)) && l.in_body && l.hint.is_none() && l.link_ratio < 0.5 && l.words <= 14
    };
    let inside = lines.get(start..end).unwrap_or_default();
    let walled = |at: usize| lines.get(at).is_some_and(|l| l.cued(Cue::Paywall));
    let known = |l: &Line| inside.iter().any(|i| heading(i) && i.signature == l.signature);
    let tail = lines.get(end..).unwrap_or_default().iter();
    let count = tail.take_while(|l| heading(l) && furniture(l).is_none()).count();
    let kept = lines.get(end..end + count).unwrap_or_default();
    if walled(end + count) || kept.iter().all(known) { count } else { 0 }
}

/// In plain text without a heading, comments may follow the body; a line that names an author and a date ends it.
fn before_signed_comments(lines: &[Line], start: usize, end: usize) -> usize {
    let closing = lines.iter().enumerate().skip(start).take(end - start).find(|(at, l)| {
        let tags = l.weight <= 160
            && furniture(l).is_some_and(|(role, rule, _)| role == BlockRole::Boilerplate && rule == "cue:boilerplate");
        let late = lines.iter().skip(at + 1).take(end - at).filter(|l| l.is_prose() && l.weight > 140).count() == 0;
        tags && late && *at > start
    });
    closing.map_or(end, |(at, _)| at)
}

/// Finds a standfirst that looks like the first paragraph, by what follows it.
pub fn lead(parts: &Parts, known: &Known, has_deck: bool) -> Option<usize> {
    let body = parts.middle.get(parts.body_start..parts.body_end).unwrap_or_default();
    let (first, second) = (body.first()?, body.get(1)?);
    if known.markup
        || first.weight > 330
        || dateline::split(&first.text).is_some()
        || first.is_question()
        || first.text.starts_with(['"', '“', '«', '„', '—'])
    {
        return None;
    }
    let place = |l: &Line| {
        dateline::split(&l.text).is_some_and(|p| !p.agency.is_empty() || p.place.split_whitespace().count() <= 2)
    };
    let interview = second.is_question() && second.weight < 140;
    // What a standfirst says in short, the body says again at length.
    // Or it is plainly shorter than what follows, and speaks for itself.
    let quotes = first.text.contains(['"', '“', '«', '„', '「']);
    let shorter = first.weight <= 170 && first.weight * 100 < second.weight * 76 && first.ends_sentence();
    let brief = !has_deck && parts.body_start > 0 && shorter && !quotes && body.len() >= 3;
    let again = !has_deck && first.weight <= 240 && repeats(first, body.get(1..).unwrap_or_default());
    (place(second) || interview || again || brief).then_some(parts.body_start)
}

fn repeats(first: &Line, rest: &[Line]) -> bool {
    let grams = |text: &str| -> HashSet<String> {
        let words: Vec<String> = naba_text::words(text).map(|(_, w)| w.chars().take(6).collect()).collect();
        words.windows(3).map(|w| w.join(" ")).collect()
    };
    let mut later = HashSet::new();
    for line in rest.iter().take(8) {
        later.extend(grams(&line.folded));
    }
    grams(&first.folded).intersection(&later).count() >= 2
}

/// Reads the body.
pub fn read(parts: &mut Parts, known: &Known, lead: Option<usize>, units: &mut Vec<Unit>) {
    let body = parts.middle.get(parts.body_start..parts.body_end).unwrap_or_default();
    let kinds: HashSet<u64> = body
        .iter()
        .filter(|l| l.in_body && l.is_prose() && !matches!(l.tag, Tag::Heading(_)))
        .map(|l| l.signature)
        .collect();
    let all: String = body.iter().map(Line::key).collect::<Vec<_>>().join(" ");
    let from = units.len();
    for (index, line) in body.iter().enumerate() {
        if lead == Some(parts.body_start + index) {
            units.push(Unit::new(BlockRole::Standfirst, line.clone(), "lead", 0.6));
            continue;
        }
        let decision = Reader { known, kinds: &kinds, all: &all, body, index }.role(line);
        let Some((role, rule, confidence)) = decision else { continue };
        units.push(Unit::new(role, line.clone(), rule, confidence));
    }
    captions(units.get_mut(from..).unwrap_or_default());
    promo_groups(units.get_mut(from..).unwrap_or_default(), known);
}

struct Reader<'a> {
    known: &'a Known,
    /// Signatures of the body's paragraphs.
    kinds: &'a HashSet<u64>,
    /// The body's letters, to see repetition.
    all: &'a str,
    body: &'a [Line],
    index: usize,
}

impl Reader<'_> {
    fn role(&self, line: &Line) -> Option<(BlockRole, &'static str, f32)> {
        if self.known.is_headline(line) && !line.in_prose() {
            return Some((BlockRole::Boilerplate, "headline_again", 0.8));
        }
        if let Some(decision) = self.hinted(line) {
            return Some(decision);
        }
        if let Some(decision) = furniture(line) {
            return Some(decision);
        }
        if line.is_clock() || line.is_date() && line.words <= 8 {
            return Some((BlockRole::Boilerplate, "date", 0.8));
        }
        match line.tag {
            Tag::Table if line.link_ratio > 0.5 => return Some((BlockRole::Boilerplate, "linked_table", 0.7)),
            Tag::Table => return Some((BlockRole::Table, "tag:table", 0.9)),
            Tag::Caption => return Some((BlockRole::Caption, "tag:figcaption", 0.9)),
            Tag::Control => return Some((BlockRole::Boilerplate, "tag:control", 0.9)),
            Tag::Quote => return Some((BlockRole::Quote, "tag:blockquote", 0.8)),
            Tag::Item => {
                let linked = line.link_ratio > 0.8;
                return Some(if linked {
                    (BlockRole::Related, "linked_item", 0.7)
                } else {
                    (BlockRole::ListItem, "tag:li", 0.8)
                });
            }
            Tag::Heading(_) if line.link_ratio > 0.8 => return Some((BlockRole::Related, "linked_heading", 0.6)),
            Tag::Heading(_) => return Some((BlockRole::Subhead, "tag:heading", 0.9)),
            Tag::None | Tag::Paragraph => {}
        }
        if self.known.markup && !line.in_body && !line.is_prose() {
            return Some((BlockRole::Boilerplate, "outside", 0.6));
        }
        if line.link_ratio > 0.9 && !line.ends_sentence() && line.words >= 3 {
            return Some((BlockRole::Related, "linked_line", 0.7));
        }
        if self.is_pull_quote(line) {
            return Some((BlockRole::Quote, "repeated_quote", 0.7));
        }
        if self.is_subhead(line) {
            return Some((BlockRole::Subhead, "subhead", 0.7));
        }
        if let Some(item) = ["• ", "· ", "- ", "– ", "* ", "■ ", "▪ "]
            .iter()
            .find(|m| line.text.starts_with(**m))
            .filter(|_| !self.known.markup)
        {
            let spoken = *item == "– " || *item == "- ";
            if !spoken {
                return Some((BlockRole::ListItem, "bullet", 0.7));
            }
        }
        Some((BlockRole::Paragraph, "paragraph", if line.is_prose() { 0.9 } else { 0.7 }))
    }

    fn hinted(&self, line: &Line) -> Option<(BlockRole, &'static str, f32)> {
        Some(match line.hint? {
            Hint::Promo => (BlockRole::Promo, "hint:promo", 0.9),
            Hint::Related => (BlockRole::Related, "hint:related", 0.9),
            Hint::Ad if line.cued(Cue::Promo) => (BlockRole::Promo, "cue:promo", 0.7),
            Hint::Ad => (BlockRole::Ad, "hint:ad", 0.8),
            Hint::Caption if line.cued(Cue::Credit) && line.words <= 8 => (BlockRole::Credit, "cue:credit", 0.8),
            Hint::Caption => (BlockRole::Caption, "hint:caption", 0.9),
            Hint::Credit if line.words <= 30 => (BlockRole::Credit, "hint:credit", 0.9),
            Hint::Correction => (BlockRole::Correction, "hint:correction", 0.9),
            Hint::PullQuote => (BlockRole::Quote, "hint:pullquote", 0.9),
            Hint::Embed => (BlockRole::Embed, "hint:embed", 0.7),
            Hint::Boilerplate if line.weight < 200 => (BlockRole::Boilerplate, "hint:boilerplate", 0.8),
            Hint::Byline if line.words <= 20 && !line.is_prose() => (BlockRole::Byline, "hint:byline", 0.7),
            Hint::Date if line.words <= 12 => (BlockRole::Boilerplate, "hint:date", 0.8),
            Hint::Kicker | Hint::Section if line.words <= 8 => (BlockRole::Boilerplate, "hint:label", 0.6),
            _ => return None,
        })
    }

    /// A quoted line that the body says elsewhere, or whole sentences in quotation marks without a full stop.
    fn is_pull_quote(&self, line: &Line) -> bool {
        if !line.is_quoted() || line.words > 30 || self.kinds.contains(&line.signature) && self.known.markup {
            return false;
        }
        let inner = line.text.trim_matches(|c: char| crate::line::is_quote_mark(c) || c.is_whitespace());
        let stopped = inner.ends_with(['.', '!', '…']) || line.ends_sentence();
        let two = naba_text::sentences(inner).len() > 1;
        let repeated = self.all.matches(key(inner).as_str()).count() > 1;
        stopped && repeated || two && !stopped
    }

    /// A short line without a full stop between paragraphs.
    fn is_subhead(&self, line: &Line) -> bool {
        if line.words > 14
            || line.weight > 110
            || line.text.ends_with(['.', '۔', '。', '،', ',', ';', '؛', ':']) && !line.is_quoted()
        {
            return false;
        }
        if self.known.markup {
            let unlike = !self.kinds.contains(&line.signature);
            let bold = line.strong && !line.ends_sentence();
            return (unlike || bold) && (!line.ends_sentence() || line.is_question()) && self.prose_follows();
        }
        // The questions of an interview are part of its text.
        if line.is_question() {
            return false;
        }
        let quoted_sentence = line.is_quoted() && line.ends_sentence();
        !line.ends_sentence() && !quoted_sentence && self.prose_follows()
    }

    fn prose_follows(&self) -> bool {
        let mut following = self.body.iter().skip(self.index + 1).filter(|l| furniture(l).is_none());
        following.next().is_some_and(|l| l.ends_sentence() || l.is_prose() || l.tag == Tag::Item)
    }
}
