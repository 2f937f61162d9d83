//! Subjects in Persian and Urdu: the subject opens the clause, the verb closes it.

use std::ops::Range;

use super::document::Paragraph;
use super::lexicon::{Family, Tags};
use super::names::{can_name, run};
use super::people::People;
use super::subject::{Cue, Subject, leading_name, parts, pronoun, whole_name};

const FAMILY: Family = Family::VerbLast;
/// Most words of a name that is found without a boundary before it.
const MAX_TRAILING: usize = 3;

/// Finds the subject of a cue.
pub(super) fn subject(p: &Paragraph, people: &People, cue: &Cue, clause: &Range<usize>) -> Subject {
    if cue.tags.any(Tags::ACCORD) && !cue.tags.any(Tags::VERB) {
        return after_phrase(p, people, cue.tokens.end, clause.end);
    }
    let left = clause.start..cue.tokens.start;
    if let Some(marker) = left.clone().rev().find(|at| is(p, *at, Tags::SUBJECT)) {
        return before_marker(p, marker, clause.start);
    }
    if let Some(gender) = pronoun(p, left.start)
        .or_else(|| left.end.checked_sub(1).filter(|at| left.contains(at)).and_then(|at| pronoun(p, at)))
    {
        return Subject::Pronoun(gender);
    }
    if let Some(at) = left.clone().find(|at| is(p, *at, Tags::SAME) && p.token(*at).is_some_and(|t| t.cue_length > 0)) {
        return if at == left.start { Subject::Same } else { named_in(p, people, &left) };
    }
    named_in(p, people, &left)
}

fn is(p: &Paragraph, at: usize, tags: Tags) -> bool {
    p.token(at).is_some_and(|t| t.word && !t.quoted && t.tags.any(tags))
}

/// Reads the name before a subject marker: "پشاور کے کوچ نوید خٹک نے".
fn before_marker(p: &Paragraph, marker: usize, from: usize) -> Subject {
    if let Some(gender) = marker.checked_sub(1).filter(|at| *at >= from).and_then(|at| pronoun(p, at)) {
        return Subject::Pronoun(gender);
    }
    match trailing(p, marker, from, 4) {
        Some(name) => Subject::Name { title: name.start..name.start, name },
        None => Subject::Unnamed,
    }
}

/// Reads what follows "according to".
fn after_phrase(p: &Paragraph, people: &People, start: usize, limit: usize) -> Subject {
    if let Some(gender) = pronoun(p, start).filter(|_| start < limit) {
        return Subject::Pronoun(gender);
    }
    if start < limit && is(p, start, Tags::SAME) && p.token(start).is_some_and(|t| t.cue_length > 0) {
        return Subject::Same;
    }
    let end = (start..limit).find(|at| p.is_sign(*at, &[",", "،", ":"]) || is(p, *at, Tags::THAT)).unwrap_or(limit);
    if let Some((_, at)) = people.mentioned(p, start..end) {
        return Subject::Name { name: at..at + 1, title: at..at };
    }
    match trailing(p, end, start, MAX_TRAILING) {
        Some(name) if !is(p, start, Tags::BODY) => Subject::Name { title: name.start..name.start, name },
        _ => Subject::Unnamed,
    }
}

/// Finds who opens a clause.
fn named_in(p: &Paragraph, people: &People, left: &Range<usize>) -> Subject {
    let parts = parts(p, left);
    let address =
        left.clone().find(|at| is(p, *at, Tags::ADDRESS) && p.token(at + 1).is_some_and(|t| can_name(t, FAMILY)));
    if let Some(at) = address {
        let end = run(p, at + 1, left.end, FAMILY).min(at + 4);
        return Subject::Name { name: at + 1..end, title: at..at + 1 };
    }
    // "X, a farmer from Y, says", "the director, X, announced"; a time or place before the verb is no name.
    let tail = parts.len().checked_sub(2).and_then(|i| parts.get(i));
    let candidates = parts.first().into_iter().chain(parts.last()).chain(tail);
    for part in candidates.filter(|_| parts.len() > 1) {
        if let Some(name) = whole_name(p, part, FAMILY).filter(|name| name.len() <= 4) {
            return Subject::Name { title: name.start..name.start, name };
        }
    }
    if let Some((_, at)) = people.mentioned(p, left.clone()) {
        return Subject::Name { name: at..at + 1, title: at..at };
    }
    if let Some(name) = parts.first().and_then(|part| leading_name(p, part, FAMILY)).filter(|name| name.len() <= 4) {
        return Subject::Name { title: name.start..name.start, name };
    }
    let titled = left.clone().find(|at| is(p, *at, Tags::TITLE));
    match titled.and_then(|title| trailing(p, left.end, title + 1, 2)) {
        Some(name) if name.len() == 2 => Subject::Name { title: name.start..name.start, name },
        _ if titled.is_some() || parts.first().is_some_and(|part| is(p, part.start, Tags::BODY)) => Subject::Unnamed,
        _ => Subject::Missing,
    }
}

/// Returns the words before a position that can be a name.
fn trailing(p: &Paragraph, end: usize, from: usize, most: usize) -> Option<Range<usize>> {
    let mut start = end;
    while start > from && end - start < most {
        let Some(token) = p.token(start - 1) else { break };
        let particle = token.tags.any(Tags::PARTICLE) && !token.quoted;
        if !can_name(token, FAMILY) && !particle {
            break;
        }
        start -= 1;
    }
    (start < end).then_some(start..end)
}

/// Finds names in a sentence that are introduced without speaking: "X، a retired teacher، …", "X که …", "آقای X".
pub(super) fn introduced(p: &Paragraph, sentence: &Range<usize>) -> Vec<Range<usize>> {
    let parts = parts(p, sentence);
    let Some(first) = parts.first() else { return Vec::new() };
    let apposed = parts.len() > 2 && parts.get(1).is_some_and(|part| part.clone().any(|at| is(p, at, Tags::TITLE)));
    let whole = whole_name(p, first, FAMILY).filter(|name| apposed && name.len() <= 4);
    let relative = leading_name(p, first, FAMILY).filter(|name| name.len() == 2 && is(p, name.end, Tags::RELATIVE));
    whole.into_iter().chain(relative).collect()
}
