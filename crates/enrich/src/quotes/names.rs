//! What can be a personal name, without a list of names: by capitals, or by the words that a name is not.

use std::ops::Range;

use naba_proto::v1::BlockRole;

use super::document::{Document, Paragraph};
use super::lexicon::{Family, Tags};
use super::token::Token;

/// Most words in a personal name.
const MAX_WORDS: usize = 5;
/// Places of a word that are looked at for a longer form of a name.
const MAX_PLACES: usize = 64;

/// Signs that join the parts of a name.
const HYPHENS: &[&str] = &["-", "־", "‑"];

/// Words that are no part of a name in any language family.
const NO_NAME: Tags = Tags::CUE
    .or(Tags::THAT)
    .or(Tags::ANY_PRONOUN)
    .or(Tags::SAME)
    .or(Tags::TITLE)
    .or(Tags::ADDRESS)
    .or(Tags::BODY)
    .or(Tags::NAMING)
    .or(Tags::BREAK)
    .or(Tags::RELATIVE)
    .or(Tags::SUBJECT)
    .or(Tags::STOP);

/// Tells whether a token can be a word of a name that begins or stands alone.
pub(super) fn can_name(token: &Token, family: Family) -> bool {
    if !token.word || token.quoted {
        return false;
    }
    match family {
        // A capital outweighs the word lists, apart from the words that are capitalised for another reason.
        Family::Cased => {
            let common =
                token.tags.any(Tags::ADDRESS.or(Tags::TITLE).or(Tags::BODY).or(Tags::STOP).or(Tags::ANY_PRONOUN));
            token.upper && !common && !token.tags.any(Tags::THAT.or(Tags::RELATIVE))
        }
        Family::Definite => !token.definite && !token.preposition && !token.tags.any(NO_NAME),
        Family::VerbLast => !token.tags.any(NO_NAME),
        Family::Han => false,
    }
}

/// Tells whether a token can go on a name begun before it.
pub(super) fn can_follow(token: &Token, family: Family) -> bool {
    if !token.word || token.quoted {
        return false;
    }
    match family {
        Family::Cased => token.upper && !token.tags.any(Tags::ADDRESS.or(Tags::ANY_PRONOUN)),
        Family::Definite => !token.preposition && (token.proclitic == 0) && !token.tags.any(NO_NAME),
        _ => can_name(token, family),
    }
}

fn is_particle(token: &Token) -> bool {
    token.word && !token.quoted && token.tags.any(Tags::PARTICLE)
}

/// Returns the end of the name that begins at a token, `start` itself when none does.
pub(super) fn run(paragraph: &Paragraph, start: usize, limit: usize, family: Family) -> usize {
    let token = |at: usize| paragraph.token(at).filter(|_| at < limit);
    let begins = token(start).is_some_and(|t| can_name(t, family) || (family != Family::Cased && is_particle(t)));
    if !begins {
        return start;
    }
    let (mut end, mut words) = (start + 1, 1);
    let mut definite = false;
    while words < MAX_WORDS {
        let mut next = end;
        let hyphen = paragraph.is_sign(next, HYPHENS) && token(next).is_some_and(|t| t.glued);
        let dot = family == Family::Cased && paragraph.is_sign(next, &["."]) && initial(paragraph, end - 1);
        if hyphen || dot {
            next += 1;
        }
        let mut particles = 0;
        while particles < 3 && token(next).is_some_and(|t| is_particle(t) && !(t.upper && family == Family::Cased)) {
            (next, particles) = (next + 1, particles + 1);
            if paragraph.is_sign(next, HYPHENS) && token(next).is_some_and(|t| t.glued) {
                next += 1;
            }
        }
        let after_particle =
            particles > 0 || (words == 1 && token(start).is_some_and(|t| is_particle(t) && next <= start + 2));
        // "Belediye Başkanı Selim Aksoy": a title between capitals begins another name; "Stephen King" ends with one.
        let title = family == Family::Cased && token(next).is_some_and(|t| t.tags.any(Tags::TITLE));
        if title && token(next + 1).is_some_and(|t| can_name(t, family)) {
            break;
        }
        let Some(t) =
            token(next).filter(|t| can_follow(t, family) || (after_particle && t.word && family != Family::Cased))
        else {
            break;
        };
        // A noun with an article closes a name (ناصر الكثيري); what follows it is another word.
        if definite && !after_particle {
            break;
        }
        definite |= t.definite && !after_particle;
        (end, words) = (next + 1, words + 1);
    }
    end
}

fn initial(paragraph: &Paragraph, at: usize) -> bool {
    paragraph.token(at).is_some_and(|t| t.upper && t.key.chars().count() == 1)
}

/// Returns the words of a name, folded, proclitics cut.
pub(super) fn keys(paragraph: &Paragraph, name: &Range<usize>) -> Vec<String> {
    let tokens = paragraph.tokens.get(name.clone()).unwrap_or_default();
    tokens
        .iter()
        .filter(|token| token.word)
        .map(|token| token.key.chars().skip(token.proclitic as usize).collect())
        .collect()
}

/// Returns a name as printed, proclitics cut.
pub(super) fn surface(paragraph: &Paragraph, name: &Range<usize>) -> String {
    let cut = paragraph.token(name.start).map_or(0, |token| token.proclitic as usize);
    paragraph.surface(name).chars().skip(cut).collect()
}

/// Tells whether two folded words are the same name: in languages with cases, up to a short ending.
pub(super) fn same_word(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let cyrillic = |s: &str| s.starts_with(|c: char| ('\u{400}'..='\u{4FF}').contains(&c));
    let stem = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let ending = a.chars().count().max(b.chars().count()) - stem;
    cyrillic(a) && stem >= 4 && ending <= 3
}

/// Finds the longest name in the document that contains these words as a run.
pub(super) fn longest(document: &Document, keys: &[String]) -> Option<(Vec<String>, String)> {
    let family = document.lexicon.family;
    let first = keys.first()?;
    let mut best: Option<(Vec<String>, String)> = None;
    for (p, t) in document.places(first).iter().take(MAX_PLACES) {
        let Some(paragraph) = document.paragraphs.get(*p) else { continue };
        let matched = matched(paragraph, *t, keys);
        let Some(end) = matched else { continue };
        let start = extended_left(document, paragraph, *t, keys.len());
        let end =
            if family == Family::Cased { end.max(run(paragraph, start, paragraph.tokens.len(), family)) } else { end };
        let range = start..end;
        let found = self::keys(paragraph, &range);
        if found.len() > best.as_ref().map_or(keys.len(), |(best, _)| best.len()) {
            best = Some((found, surface(paragraph, &range)));
        }
    }
    best
}

/// Returns the end of the words when they stand at a place, signs between them left aside.
fn matched(paragraph: &Paragraph, start: usize, keys: &[String]) -> Option<usize> {
    if paragraph.token(start)?.quoted {
        return None;
    }
    let mut at = start;
    for (i, key) in keys.iter().enumerate() {
        while i > 0 && paragraph.token(at).is_some_and(|t| !t.word && !t.number && t.glued) {
            at += 1;
        }
        let token = paragraph.token(at)?;
        let bare: String = token.key.chars().skip(1).collect();
        if token.key != *key && !(i == 0 && bare == *key) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// Returns where the name begins to which the word at `at` belongs.
fn extended_left(document: &Document, paragraph: &Paragraph, at: usize, words: usize) -> usize {
    let family = document.lexicon.family;
    let mut start = at;
    for _ in 0..MAX_WORDS - 1 {
        // "و" before the word makes it another name: كيري ولافروف.
        let joined = paragraph.token(start).is_some_and(|t| t.proclitic == 0 && !t.tags.any(Tags::TEKNONYM));
        let mut left = start;
        if left > 0 && paragraph.is_sign(left - 1, HYPHENS) {
            left -= 1;
        }
        let Some(previous) = paragraph.token_before(left).filter(|_| joined) else { break };
        // "der Förster Jakob Wiesner": behind an article stands a noun, capital or not.
        let article = left.checked_sub(2).and_then(|i| paragraph.token(i)).is_some_and(|t| t.tags.any(Tags::RELATIVE));
        if document.lexicon.capital_nouns && article && (start < at || words > 1) {
            break;
        }
        let inner = previous.word && !previous.quoted && paragraph.token(start).is_some();
        let particle = is_particle(previous) && !(family == Family::Cased && previous.upper);
        let opens_sentence =
            paragraph.sentences.iter().any(|s| s.start + 1 == left) && paragraph.role != BlockRole::Headline;
        let verbal = family == Family::Definite && opens_sentence;
        // "عبد الإله": an article in the middle of a name, behind a particle.
        let behind_particle = left.checked_sub(2).and_then(|i| paragraph.token(i)).is_some_and(is_particle);
        let name = can_name(previous, family) || (family == Family::Definite && previous.definite && behind_particle);
        if !inner || !(particle || (name && !verbal)) || (family == Family::Definite && previous.proclitic > 0) {
            break;
        }
        start = left - 1;
    }
    // A name does not begin with a lower-case particle that belongs to the words before it.
    while start < at && family == Family::Cased && paragraph.token(start).is_some_and(|t| !t.upper) {
        start += 1;
    }
    start
}

/// Counts the words of a name, those joined by a hyphen as one.
pub(super) fn count_words(paragraph: &Paragraph, name: &Range<usize>) -> usize {
    let joined = |at: usize| at > name.start && paragraph.is_sign(at - 1, HYPHENS);
    name.clone().filter(|at| paragraph.token(*at).is_some_and(|t| t.word) && !joined(*at)).count()
}
