//! Whose words a cue attributes: the noun phrase, name or pronoun that is its subject.

use std::ops::Range;

use super::document::{Document, Paragraph};
use super::lexicon::{Family, Tags};
use super::names::{can_name, run};
use super::people::{Gender, People};
use super::{cased, definite, verb_last};

/// A word or phrase that attributes words to somebody.
#[derive(Clone, Debug)]
pub(super) struct Cue {
    /// Its tokens.
    pub(super) tokens: Range<usize>,
    /// Its classes.
    pub(super) tags: Tags,
}

impl Cue {
    /// Returns the gender that the form of the cue shows.
    pub(super) fn gender(&self) -> Gender {
        let male = self.tags.any(Tags::SAY_M.or(Tags::PARTICIPLE)) && !self.tags.any(Tags::SAY.or(Tags::SAY_F));
        let female = self.tags.any(Tags::SAY_F.or(Tags::PARTICIPLE_F)) && !self.tags.any(Tags::SAY.or(Tags::SAY_M));
        match (male, female) {
            (true, false) => Gender::Male,
            (false, true) => Gender::Female,
            _ => Gender::Unknown,
        }
    }

    /// Tells whether the cue has no subject of its own ("adding", "in his words").
    pub(super) fn depends(&self) -> bool {
        self.tags.any(Tags::PARTICIPLE.or(Tags::PARTICIPLE_F).or(Tags::NOUN))
            && !self.tags.any(Tags::VERB.or(Tags::ACCORD))
    }
}

/// What stands where the subject of a cue stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A name, perhaps with a title before it.
    Name {
        /// The name.
        name: Range<usize>,
        /// The words before it.
        title: Range<usize>,
    },
    /// A pronoun.
    Pronoun(Gender),
    /// A title without a name.
    Title(Range<usize>),
    /// "The same source".
    Same,
    /// Somebody or something without a name.
    Unnamed,
    /// Nothing.
    Missing,
}

/// Finds the subject of a cue; `clause` bounds the search inside the sentence.
pub(super) fn subject(
    document: &Document,
    p: &Paragraph,
    people: &People,
    cue: &Cue,
    clause: &Range<usize>,
) -> Subject {
    if cue.tags.any(Tags::SAY_PL) && !cue.tags.any(Tags::SAY.or(Tags::SAY_M).or(Tags::SAY_F)) {
        return Subject::Unnamed;
    }
    match document.lexicon.family {
        Family::Cased => cased::subject(document, p, people, cue, clause),
        Family::Definite => definite::subject(document, p, people, cue, clause),
        Family::VerbLast => verb_last::subject(p, people, cue, clause),
        Family::Han => Subject::Missing,
    }
}

/// Returns the gender of a pronoun, `None` when a token is none.
pub(super) fn pronoun(p: &Paragraph, at: usize) -> Option<Gender> {
    let token = p.token(at).filter(|token| token.word && !token.quoted)?;
    if token.tags.any(Tags::PRONOUN_M) {
        Some(Gender::Male)
    } else if token.tags.any(Tags::PRONOUN_F) {
        Some(Gender::Female)
    } else {
        token.tags.any(Tags::PRONOUN).then_some(Gender::Unknown)
    }
}

/// Returns the gender that an honorific before a name shows.
pub(super) fn honorific_gender(p: &Paragraph, title: &Range<usize>) -> Gender {
    for token in p.tokens.get(title.clone()).unwrap_or_default() {
        if token.tags.any(Tags::HONORIFIC_F) {
            return Gender::Female;
        }
        if token.tags.any(Tags::HONORIFIC_M) && !token.tags.any(Tags::HONORIFIC) {
            return Gender::Male;
        }
    }
    Gender::Unknown
}

/// Returns the last word before a position, signs left aside; `None` across a comma.
pub(super) fn word_before(p: &Paragraph, at: usize, from: usize) -> Option<usize> {
    let previous = at.checked_sub(1).filter(|previous| *previous >= from)?;
    let token = p.token(previous)?;
    if token.word && !token.quoted { Some(previous) } else { None }
}

/// Splits a range of tokens at commas; quotations end a part too.
pub(super) fn parts(p: &Paragraph, range: &Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = range.start;
    for at in range.clone() {
        let ends = p.is_sign(at, &[",", "،", "(", ")", ";", "؛", "–", "—"]) || p.token(at).is_some_and(|t| t.quoted);
        if ends {
            if at > start {
                out.push(start..at);
            }
            start = at + 1;
        }
    }
    if range.end > start {
        out.push(start..range.end);
    }
    out
}

/// Returns the part as a name when every word of it can be one, particles included.
pub(super) fn whole_name(p: &Paragraph, part: &Range<usize>, family: Family) -> Option<Range<usize>> {
    let start = part.clone().find(|at| !p.token(*at).is_some_and(|t| t.tags.any(Tags::ADDRESS)))?;
    let first = p.token(start)?;
    let definite =
        family == Family::Definite && first.definite && part.len() == 1 && !first.tags.any(Tags::TITLE.or(Tags::BODY));
    let end = if definite { start + 1 } else { run(p, start, part.end, family) };
    (end == part.end && end > start && end - start <= 7).then_some(start..end)
}

/// Returns the first name that a part begins with, if a name ends where `ends` says it may.
pub(super) fn leading_name(p: &Paragraph, part: &Range<usize>, family: Family) -> Option<Range<usize>> {
    let first = p.token(part.start)?;
    let start = if first.tags.any(Tags::ADDRESS) { part.start + 1 } else { part.start };
    let end = run(p, start, part.end, family);
    let next = p.token(end);
    let stops = end == part.end || next.is_some_and(|t| t.tags.any(Tags::RELATIVE.or(Tags::BREAK)));
    (end > start && stops && p.token(start).is_some_and(|t| can_name(t, family))).then_some(start..end)
}
