//! Subjects where names are capitalised: beside the cue on either side, or at the head of the clause.

use std::ops::Range;

use super::document::{Document, Paragraph};
use super::lexicon::{Family, Tags};
use super::names::{can_name, count_words, run};
use super::people::People;
use super::subject::{Cue, Subject, parts, pronoun, whole_name, word_before};

const FAMILY: Family = Family::Cased;
/// Most tokens between a cue and the name behind it: "said the county's chief road engineer Dana Whitcomb".
const MAX_INVERSION: usize = 12;

/// Finds the subject of a cue.
pub(super) fn subject(
    document: &Document,
    p: &Paragraph,
    people: &People,
    cue: &Cue,
    clause: &Range<usize>,
) -> Subject {
    let capital_nouns = document.lexicon.capital_nouns;
    let (start, end) = (cue.tokens.start, cue.tokens.end);
    let next = if p.is_sign(end, &["-"]) { end + 1 } else { end };
    // "pense-t-il"
    let next = if p.token(next).is_some_and(|t| t.key == "t") && p.is_sign(next + 1, &["-"]) { next + 2 } else { next };
    if cue.tags.any(Tags::ACCORD) && !cue.tags.any(Tags::VERB) {
        return after(p, next, clause.end, cue, capital_nouns).unwrap_or(Subject::Unnamed);
    }
    if cue.tags.any(Tags::NOUN) {
        return noun(p, start, next);
    }
    if cue.depends() {
        return Subject::Missing;
    }
    let left = (1..=2).find_map(|back| {
        let at = word_before(p, start.checked_sub(back - 1)?, clause.start)?;
        let gender = pronoun(p, at)?;
        (back == 1 || p.token(at + 1).is_some_and(|t| t.word)).then_some(gender)
    });
    if let Some(gender) = left {
        return Subject::Pronoun(gender);
    }
    if let Some(name) = name_before(p, start, clause.start) {
        return Subject::Name { title: name.start..name.start, name };
    }
    let inverted =
        word_before(p, start, clause.start).is_none_or(|at| p.token(at).is_none_or(|t| t.tags.any(Tags::STOP)));
    if inverted {
        if let Some(gender) = pronoun(p, next).filter(|_| next < clause.end) {
            return Subject::Pronoun(gender);
        }
        if let Some(found) = after(p, next, clause.end, cue, capital_nouns) {
            return found;
        }
    }
    // "…, der früher Fahrpläne schrieb": a relative clause speaks of whom the sentence named before.
    let sentence = p.sentence_of(start);
    let relative = clause.start > sentence.start
        && (clause.start..start)
            .any(|at| p.is_sign(at, &[","]) && p.token(at + 1).is_some_and(|t| t.tags.any(Tags::RELATIVE)));
    if relative { Subject::Missing } else { heads(p, people, &(clause.start..start)) }
}

/// "По словам Иванова", "по её мнению".
fn noun(p: &Paragraph, start: usize, next: usize) -> Subject {
    let beside = start.checked_sub(1).and_then(|at| pronoun(p, at)).or_else(|| pronoun(p, next));
    if let Some(gender) = beside {
        return Subject::Pronoun(gender);
    }
    let end = run(p, next, p.tokens.len(), FAMILY);
    if end > next { Subject::Name { name: next..end, title: next..next } } else { Subject::Missing }
}

/// Reads the name directly before a cue.
fn name_before(p: &Paragraph, cue: usize, from: usize) -> Option<Range<usize>> {
    word_before(p, cue, from)?;
    let mut start = cue;
    while start > from {
        let Some(token) = p.token(start - 1) else { break };
        let hyphen = !token.word && token.key == "-" && start < cue;
        let particle = token.tags.any(Tags::PARTICLE) && !token.upper && start < cue;
        if token.quoted || !(hyphen || particle || (token.upper && token.word)) {
            break;
        }
        start -= 1;
    }
    let start = (start..cue).find(|at| p.token(*at).is_some_and(|t| can_name(t, FAMILY)))?;
    (run(p, start, cue, FAMILY) == cue).then_some(start..cue)
}

/// Reads the name behind an inverted cue, over its titles; one comma may part them.
fn after(p: &Paragraph, from: usize, limit: usize, cue: &Cue, capital_nouns: bool) -> Option<Subject> {
    let limit = limit.min(from + MAX_INVERSION);
    let (mut at, mut commas) = (from, 0);
    let mut single = None;
    while at < limit {
        let token = p.token(at)?;
        if token.quoted {
            break;
        }
        if !token.word && !token.number {
            let comma = token.key == "," && commas == 0 && at > from && single.is_none();
            let inner = matches!(token.key.as_str(), "-" | "'" | "’" | ".") && at > from;
            if !comma && !inner {
                break;
            }
            commas += usize::from(comma);
            at += 1;
            continue;
        }
        if pronoun(p, at).is_some() && at == from {
            return pronoun(p, at).map(Subject::Pronoun);
        }
        let relative = token.tags.any(Tags::RELATIVE) && p.is_sign(at.saturating_sub(1), &[","]);
        let that = token.tags.any(Tags::THAT) && !token.tags.any(Tags::RELATIVE);
        if relative || that || (token.tags.any(Tags::VERB) && !token.upper && at > from) {
            break;
        }
        // A preposition ends the phrase, unless a title has begun: "the head of the union, X".
        let titled = (from..at).any(|i| p.token(i).is_some_and(|t| t.tags.any(Tags::TITLE)));
        if token.tags.any(Tags::BREAK) && !token.tags.any(Tags::RELATIVE) && !titled {
            break;
        }
        let end = run(p, at, limit.max(at + 1), FAMILY);
        if end > at {
            at = after_noun(p, at, end, capital_nouns);
            let name = Subject::Name { name: at..end, title: from..at };
            let person =
                count_words(p, &(at..end)) > 1 || p.token_before(at).is_some_and(|t| t.tags.any(Tags::ADDRESS));
            if person || at == from {
                return Some(name);
            }
            let place = p.token_before(at).is_some_and(|t| t.tags.any(Tags::BREAK.or(Tags::PARTICLE)));
            single = single.or((!place && !cue.tags.any(Tags::ACCORD)).then_some(name));
            at = end;
            continue;
        }
        at += 1;
    }
    single.or_else(|| {
        let title = (from..at).any(|i| p.token(i).is_some_and(|t| t.tags.any(Tags::TITLE)));
        title.then_some(Subject::Title(from..at))
    })
}

/// "der Förster Jakob Wiesner": where nouns are capitalised, the word behind an article is one.
fn after_noun(p: &Paragraph, start: usize, end: usize, capital_nouns: bool) -> usize {
    let article = start > 0 && p.token(start - 1).is_some_and(|t| t.tags.any(Tags::RELATIVE) && !t.upper);
    if capital_nouns && article && end > start + 1 { start + 1 } else { start }
}

/// Returns the titles beside a name, folded: "Prime Minister X", "X, chief executive of Y,".
pub(super) fn titles(p: &Paragraph, name: &Range<usize>) -> Vec<String> {
    let title = |at: usize| p.token(at).filter(|t| t.word && t.tags.any(Tags::TITLE)).map(|t| t.key.clone());
    let before = (name.start.saturating_sub(5)..name.start).filter_map(title);
    let apposed = p.is_sign(name.end, &[","]);
    let after = (name.end..name.end + 7).filter(|_| apposed).filter_map(title);
    before.chain(after).collect()
}

/// Finds who heads the clause before a cue.
fn heads(p: &Paragraph, people: &People, left: &Range<usize>) -> Subject {
    // "La maire de Saint-Malo, Hélène Kervran, dénonce": an apposition next to the verb is the subject's name.
    let apposed = parts(p, left).last().and_then(|part| whole_name(p, part, FAMILY));
    if let Some(name) = apposed.filter(|name| count_words(p, name) > 1) {
        return Subject::Name { title: name.start..name.start, name };
    }
    let mut at = left.start;
    let mut single = None;
    while at < left.end {
        let end = run(p, at, left.end, FAMILY);
        if end == at {
            at += 1;
            continue;
        }
        let organisation = (at..end + 1).any(|i| p.token(i).is_some_and(|t| t.tags.any(Tags::BODY)));
        let name = at..end;
        let known = people.mentioned(p, name.clone()).is_some();
        let governed = p.token_before(at).is_some_and(|t| {
            let preposition = t.tags.any(Tags::BREAK) || (t.tags.any(Tags::PARTICLE) && !t.upper);
            at > left.start && preposition && !t.tags.any(Tags::ADDRESS)
        });
        if !organisation && (known || (count_words(p, &name) > 1 && !governed)) {
            return Subject::Name { title: at..at, name };
        }
        if single.is_none() && at == left.start && !organisation {
            single = Some(name);
        }
        at = end;
    }
    if let Some(gender) = left.clone().find_map(|at| pronoun(p, at)) {
        return Subject::Pronoun(gender);
    }
    if let Some(name) = single {
        return Subject::Name { title: name.start..name.start, name };
    }
    let title = left.clone().find(|at| p.token(*at).is_some_and(|t| t.tags.any(Tags::TITLE) && !t.quoted));
    title.map_or(Subject::Missing, |at| Subject::Title(at..left.end.min(at + 4)))
}

/// Finds names that a sentence introduces without letting them speak: with a title, or with an apposition.
pub(super) fn introduced(p: &Paragraph, sentence: &Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = sentence.start;
    while at < sentence.end {
        let end = run(p, at, sentence.end, FAMILY);
        if end == at {
            at += 1;
            continue;
        }
        if is_person(p, sentence.start, at, end) {
            out.push(at..end);
        }
        at = end;
    }
    out
}

fn is_person(p: &Paragraph, sentence: usize, start: usize, end: usize) -> bool {
    let tagged = |at: usize, tags: Tags| p.token(at).is_some_and(|t| t.word && t.tags.any(tags));
    let words = count_words(p, &(start..end));
    if (start..=end).any(|at| tagged(at, Tags::BODY)) {
        return false;
    }
    let back =
        if start > 0 && p.is_sign(start - 1, &[","]) { start.saturating_sub(2) } else { start.saturating_sub(1) };
    if start > 0
        && (tagged(start - 1, Tags::ADDRESS)
            || (p.is_sign(start - 1, &["."]) && tagged(start.saturating_sub(2), Tags::ADDRESS)))
    {
        return true;
    }
    if words < 2 {
        return false;
    }
    let titled = start > sentence && tagged(back, Tags::TITLE);
    let comma = p.is_sign(end, &[","]);
    let apposed = comma && p.token(end + 1).is_some_and(|t| t.number || (t.word && !t.upper));
    let organisation =
        comma && (end + 1..end + 7).any(|at| tagged(at, Tags::BODY) && !p.token(at).is_some_and(|t| t.upper));
    let profession = comma && (end + 1..end + 7).any(|at| tagged(at, Tags::TITLE));
    let governed = start > sentence && tagged(start - 1, Tags::BREAK) && !titled;
    titled || profession || (apposed && !organisation && !governed && start == sentence)
}
