//! Subjects in Arabic and Hebrew: the verb comes first, titles carry the article and names do not.

use std::ops::Range;

use super::document::{Document, Paragraph};
use super::lexicon::{Family, Tags};
use super::names::{can_name, keys, run};
use super::people::People;
use super::subject::{Cue, Subject, leading_name, parts, pronoun, whole_name, word_before};
use super::token::Token;

const FAMILY: Family = Family::Definite;
/// Most tokens of a noun phrase that are read.
const MAX_PHRASE: usize = 18;

/// A noun phrase that stands for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase {
    /// Titles and other words before the name.
    pub(super) title: Range<usize>,
    /// The name.
    pub(super) name: Option<Range<usize>>,
}

/// Finds the subject of a cue.
pub(super) fn subject(
    document: &Document,
    p: &Paragraph,
    people: &People,
    cue: &Cue,
    clause: &Range<usize>,
) -> Subject {
    if cue.depends() {
        return Subject::Missing;
    }
    let start = skip_adverbs(p, cue.tokens.end, clause.end);
    if p.token(start).is_some_and(|t| start < clause.end && t.tags.any(Tags::SAME) && t.cue_length > 0) {
        return Subject::Same;
    }
    if let Some(gender) =
        pronoun(p, start).filter(|_| start < clause.end && !p.token(start).is_some_and(|t| t.tags.any(Tags::THAT)))
    {
        return Subject::Pronoun(gender);
    }
    let quoted_before = p.token_before(cue.tokens.start).is_some_and(|t| t.quoted)
        || cue.tokens.start.checked_sub(2).and_then(|at| p.token(at)).is_some_and(|t| t.quoted);
    if document.lexicon.subject_first && !quoted_before && !cue.tags.any(Tags::ACCORD) {
        return before(p, people, cue, clause);
    }
    if let Some(found) = phrase(document, p, start, clause.end) {
        return match found.name {
            // "بحسب تقديرات المنظمات": a noun and its genitive speak as a source, not as a person.
            Some(name) if cue.tags.any(Tags::ACCORD) && found.title.is_empty() && is_genitive(p, &name) => {
                Subject::Unnamed
            }
            Some(name) => Subject::Name { name, title: found.title },
            None => unnamed(p, people, &found.title),
        };
    }
    if cue.tags.any(Tags::ACCORD) { Subject::Unnamed } else { before(p, people, cue, clause) }
}

fn is_genitive(p: &Paragraph, name: &Range<usize>) -> bool {
    name.len() == 2
        && p.token(name.start + 1).is_some_and(|t| t.definite)
        && !p.token(name.start).is_some_and(|t| t.tags.any(Tags::PARTICLE))
}

/// A phrase without a name is a title, a surname with an article, or something that does not speak.
///
/// A surname known from before stays one when an object follows it: "ووصف العطار الخطة بأنها".
fn unnamed(p: &Paragraph, people: &People, words: &Range<usize>) -> Subject {
    let Some(first) = p.token(words.start) else { return Subject::Missing };
    if first.tags.any(Tags::BODY) && !first.tags.any(Tags::TITLE) {
        Subject::Unnamed
    } else if first.definite
        && !first.tags.any(Tags::TITLE)
        && (words.len() == 1 || people.find(&keys(p, &(words.start..words.start + 1))).is_some())
    {
        Subject::Name { name: words.start..words.start + 1, title: words.start..words.start }
    } else {
        Subject::Title(words.clone())
    }
}

/// Skips what may stand between a verb and its subject: "to our correspondent", "yesterday", "in a statement".
fn skip_adverbs(p: &Paragraph, from: usize, limit: usize) -> usize {
    let adverb = |at: usize| {
        p.token(at).is_some_and(|t| {
            t.word && !t.quoted && (t.preposition || t.tags.any(Tags::BREAK)) && !t.tags.any(Tags::THAT.or(Tags::SAME))
        })
    };
    (from..limit.min(from + 5)).find(|at| !adverb(*at)).unwrap_or(from)
}

/// Reads the noun phrase at a token; `None` when none begins there.
pub(super) fn phrase(document: &Document, p: &Paragraph, from: usize, limit: usize) -> Option<Phrase> {
    let limit = limit.min(from + MAX_PHRASE);
    let first = p.token(from).filter(|t| from < limit && t.word && !t.quoted)?;
    if first.tags.any(Tags::THAT.or(Tags::CUE).or(Tags::RELATIVE))
        || (first.tags.any(Tags::BREAK) && !first.tags.any(Tags::TITLE))
    {
        return None;
    }
    let organisation = first.tags.any(Tags::BODY) && !first.tags.any(Tags::TITLE);
    let mut at = from;
    let (mut opens, mut commas) = (true, 0);
    let mut end_of_title = from;
    while at < limit {
        let Some(token) = p.token(at) else { break };
        if token.quoted {
            if !p.token_before(at).is_some_and(|t| t.quoted || t.tags.any(Tags::NAMING)) {
                break;
            }
            (at, opens) = (at + 1, true);
            continue;
        }
        if !token.word {
            let comma = p.is_sign(at, &[",", "،"]) && commas < 2;
            let goes_on = p
                .token(at + 1)
                .is_some_and(|t| t.definite || t.tags.any(Tags::ADDRESS.or(Tags::TITLE)) || can_name(t, FAMILY));
            if comma && goes_on {
                (at, opens, commas) = (at + 1, true, commas + 1);
                continue;
            }
            if p.is_sign(at, &["-", "־"]) && token.glued {
                at += 1;
                continue;
            }
            break;
        }
        let verbal = token.tags.any(Tags::VERB) && !token.tags.any(Tags::SAY_INITIAL.or(Tags::TITLE));
        if token.tags.any(Tags::THAT.or(Tags::RELATIVE))
            || verbal
            || token.tags.any(Tags::PARTICIPLE.or(Tags::PARTICIPLE_F).or(Tags::NOUN))
        {
            break;
        }
        if opens && !organisation {
            let end = run(p, at, limit, FAMILY);
            let short = cut(document, p, at, end);
            let taken = short < end || !is_title_after_all(p, at, end, limit);
            if end > at && taken && (commas == 0 || from == at || plausible_after_comma(p, end, limit)) {
                return Some(Phrase { title: from..end_of_title, name: Some(at..short) });
            }
        }
        opens = (token.definite && !token.tags.any(Tags::BREAK)) || token.tags.any(Tags::ADDRESS);
        at += 1;
        if commas == 0 {
            end_of_title = at;
        }
    }
    while end_of_title > from + 1 && p.token(end_of_title - 1).is_some_and(|t| t.tags.any(Tags::BREAK)) {
        end_of_title -= 1;
    }
    Some(Phrase { title: from..end_of_title, name: None })
}

/// "عضو المجلس سالم باوزير": a noun and its genitive look like a name until a name follows.
fn is_title_after_all(p: &Paragraph, at: usize, end: usize, limit: usize) -> bool {
    let closes = end > at + 1
        && p.token(end - 1).is_some_and(|t| t.definite)
        && p.token(at).is_some_and(|t| !t.tags.any(Tags::PARTICLE));
    let follows = end < limit && p.token(end).is_some_and(|t| can_name(t, FAMILY));
    closes && follows && run(p, end, limit, FAMILY) > end + 1 && end - at == 2
}

/// After a comma only a name that the clause takes up again at once is the subject's.
fn plausible_after_comma(p: &Paragraph, end: usize, limit: usize) -> bool {
    end >= limit || p.token(end).is_some_and(|t| !t.word || t.tags.any(Tags::THAT.or(Tags::CUE).or(Tags::BREAK)))
}

/// Cuts an object off a name, which nothing else parts from it: "أعلنت ندى خليفة خطة جديدة".
///
/// A third word without an article stays when the name ends there for sure, or when it stands for the person elsewhere.
fn cut(document: &Document, p: &Paragraph, start: usize, end: usize) -> usize {
    if end <= start {
        return end;
    }
    let end = cut_definite(document, p, start, end);
    let is_particle = |at: usize| p.token(at).is_some_and(|t| !t.word || t.tags.any(Tags::PARTICLE));
    let free = |at: &usize| !is_particle(*at) && (*at == start || !is_particle(at - 1));
    let words: Vec<usize> = (start..end).filter(free).collect();
    let (Some(third), Some(last)) = (words.get(2), p.token(end - 1)) else { return end };
    let closes = |t: &Token| t.quoted || t.tags.any(Tags::THAT) || matches!(t.key.as_str(), "," | "،" | ":" | "(");
    let closed = p.token(end).is_none_or(closes) && words.len() == 3;
    let alias = p.token(*third).is_some_and(|t| document.places(&t.key).len() > 1);
    if last.definite || alias || closed { end } else { *third }
}

/// Cuts a noun with an article off a name (عمر باجبير الوضع), when elsewhere the word before it closes a name.
fn cut_definite(document: &Document, p: &Paragraph, start: usize, end: usize) -> usize {
    let (Some(surname), Some(object)) = (p.token(end.saturating_sub(2)), p.token(end.saturating_sub(1))) else {
        return end;
    };
    if end < start + 2 || !object.definite || surname.tags.any(Tags::PARTICLE) || document.places(&object.key).len() > 1
    {
        return end;
    }
    let closes_name = document.places(&surname.key).iter().any(|(q, t)| {
        let Some(q) = document.paragraphs.get(*q) else { return false };
        let other = q.token(t + 1).is_none_or(|next| next.key != object.key);
        let after_name = q.token_before(*t).is_some_and(|before| can_name(before, FAMILY));
        other && (after_name || end > start + 2)
    });
    if closes_name { end - 1 } else { end }
}

/// Finds a subject before the verb: "הוא צוחק", "אזולאי דחתה", "ראש המינהל, אבנר דדון, בירך".
fn before(p: &Paragraph, people: &People, cue: &Cue, clause: &Range<usize>) -> Subject {
    let left = clause.start..cue.tokens.start;
    if let Some(gender) = word_before(p, cue.tokens.start, left.start).and_then(|at| pronoun(p, at)) {
        return Subject::Pronoun(gender);
    }
    let parts = parts(p, &left);
    for part in parts.last().into_iter().chain(parts.first()) {
        if let Some(name) = whole_name(p, part, FAMILY) {
            return Subject::Name { title: name.start..name.start, name };
        }
    }
    if let Some((_, at)) = people.mentioned(p, left.clone()) {
        return Subject::Name { name: at..at + 1, title: at..at };
    }
    let leading = parts.first().and_then(|part| leading_name(p, part, FAMILY)).filter(|name| name.len() > 1);
    leading.map_or(Subject::Missing, |name| Subject::Name { title: name.start..name.start, name })
}

/// A title and the name that it introduces.
pub(super) struct Introduced {
    /// Words of the title, folded, articles cut; several forms of one word may stand side by side.
    pub(super) title: Vec<String>,
    /// The name.
    pub(super) name: Range<usize>,
    /// The name says that she is a woman.
    pub(super) female: bool,
}

/// Finds the names that titles introduce in a sentence.
///
/// A dual title shared by two names gives each its own: "وزيرا الخارجية الأميركي جون كيري والروسي سيرغي لافروف" makes
/// the first the American, the second the Russian minister.
pub(super) fn introduced(document: &Document, p: &Paragraph, sentence: &Range<usize>) -> Vec<Introduced> {
    let mut out = Vec::new();
    let mut at = sentence.start;
    while at < sentence.end {
        let begins = p
            .token(at)
            .is_some_and(|t| !t.quoted && t.tags.any(Tags::TITLE.or(Tags::ADDRESS)) && !t.tags.any(Tags::CUE));
        let found = if begins { phrase(document, p, at, sentence.end) } else { teknonym(document, p, at, sentence) };
        let Some(Phrase { title, name: Some(name) }) = found else {
            at += 1;
            continue;
        };
        at = name.end;
        // One word after a title is as often a verb or an adjective as a name.
        let addressed = name.start.checked_sub(1).and_then(|i| p.token(i)).is_some_and(|t| t.tags.any(Tags::ADDRESS));
        if name.len() == 1 && !addressed && !p.is_sign(name.end, &[",", "،"]) {
            continue;
        }
        let words = title_words(p, &title);
        if let Some((adjective, second)) = shared(p, &name, sentence.end) {
            let own = p.token(title.end.saturating_sub(1)).map(|t| without_article(&t.key));
            let mut other: Vec<String> = words.iter().filter(|word| Some(*word) != own.as_ref()).cloned().collect();
            other.push(adjective);
            at = second.end;
            out.push(Introduced { title: with_singulars(words), name, female: false });
            out.push(Introduced { title: with_singulars(other), name: second, female: false });
        } else {
            let female = p.token(name.start).is_some_and(|t| t.tags.any(Tags::TEKNONYM));
            out.push(Introduced { title: words, name, female });
        }
    }
    out
}

/// Reads a name without a title: "أم سالم", or at the head of a sentence, set off by a comma.
fn teknonym(document: &Document, p: &Paragraph, at: usize, sentence: &Range<usize>) -> Option<Phrase> {
    let token = p.token(at).filter(|t| t.word && !t.quoted)?;
    // In a question the same word means "or".
    let question = || sentence.clone().any(|at| p.is_sign(at, &["؟", "?"]));
    let named = p.token(at + 1).is_some_and(|t| can_name(t, FAMILY) && t.key.chars().count() > 2);
    let particle = token.tags.any(Tags::TEKNONYM) && named && !question();
    let opens = document.lexicon.subject_first
        && (at == sentence.start || (p.is_sign(at - 1, &["."]) && can_name(token, FAMILY)));
    let end = if particle || opens { run(p, at, sentence.end, FAMILY) } else { at };
    let set_off = particle || p.is_sign(end, &[","]);
    (end > at + 1 && set_off).then_some(Phrase { title: at..at, name: Some(at..end) })
}

/// Reads "والروسي سيرغي لافروف" after a name.
fn shared(p: &Paragraph, name: &Range<usize>, limit: usize) -> Option<(String, Range<usize>)> {
    let adjective =
        p.token(name.end).filter(|t| name.end < limit && t.definite && t.proclitic == 1 && !t.preposition)?;
    let start = name.end + 1;
    let end = run(p, start, limit, FAMILY);
    let bare: String = adjective.key.chars().skip(1).collect();
    (end > start).then(|| (without_article(&bare), start..end))
}

/// Returns the words of a title for comparison.
pub(super) fn title_words(p: &Paragraph, title: &Range<usize>) -> Vec<String> {
    let tokens = p.tokens.get(title.clone()).unwrap_or_default();
    let telling =
        tokens.iter().filter(|t| t.word && !t.tags.any(Tags::BREAK) && !t.tags.any(Tags::ADDRESS.or(Tags::THAT)));
    telling.map(|t| without_article(&t.key.chars().skip(t.proclitic as usize).collect::<String>())).collect()
}

fn without_article(key: &str) -> String {
    let rest = key.strip_prefix("ال").or_else(|| key.strip_prefix('ה'));
    rest.filter(|rest| rest.chars().count() >= 2).unwrap_or(key).to_owned()
}

/// Adds the singular beside each word that may be a dual (وزيرا, وزيري, الرئيسان).
fn with_singulars(words: Vec<String>) -> Vec<String> {
    let mut out = Vec::with_capacity(words.len() * 2);
    for word in words {
        let singular = ["ان", "ين", "ا", "ي"].iter().find_map(|ending| word.strip_suffix(ending));
        out.extend(singular.filter(|rest| rest.chars().count() >= 3).map(str::to_owned));
        out.push(word);
    }
    out
}
