//! People: known ones, those who speak, and what stands for them later.

use std::collections::{HashMap, HashSet};

use naba_proto::v1::{EntityType, Quote};

use super::Roster;
use super::reading::{Passage, Place, key};
use crate::gazetteer::words::{Gap, without_proclitics};
use crate::gazetteer::{Gazetteer, Kind};

/// Most words between the head of a title and the name that it introduces.
const MAX_TITLE_WORDS: usize = 5;

/// Words that begin a title in Arabic, each with the form under which its duals go.
const TITLE_HEADS: &[(&str, &str)] = &[
    ("وزير", "وزير"),
    ("وزيره", "وزيره"),
    ("وزيرا", "وزير"),
    ("وزيري", "وزير"),
    ("رييس", "رييس"),
    ("رييسه", "رييسه"),
    ("رييسا", "رييس"),
    ("رييسي", "رييس"),
    ("الرييس", "الرييس"),
    ("الرييسه", "الرييسه"),
    ("المبعوث", "المبعوث"),
    ("المبعوثه", "المبعوثه"),
    ("مبعوث", "مبعوث"),
    ("الامين", "الامين"),
    ("امين", "امين"),
    ("مدير", "مدير"),
    ("مديره", "مديره"),
    ("الناطق", "الناطق"),
    ("المتحدث", "المتحدث"),
    ("المتحدثه", "المتحدثه"),
    ("سفير", "سفير"),
    ("السفير", "السفير"),
    ("محافظ", "محافظ"),
    ("الملك", "الملك"),
    ("المستشاره", "المستشاره"),
    ("المستشار", "المستشار"),
    ("قايد", "قايد"),
];

/// Finds the people whom the gazetteer knows by their full name.
pub(super) fn known(passages: &mut [Passage], gazetteer: &Gazetteer, roster: &mut Roster) {
    for passage in passages {
        let mut at = 0;
        while at < passage.words.all().len() {
            let person = passage.known(gazetteer, at).and_then(|(place, found)| {
                let index = *found.entries.first()?;
                let entry = gazetteer.entry(index).filter(|entry| entry.kind == Kind::Person)?;
                Some((place, index, entry))
            });
            let Some((place, index, entry)) = person else {
                at += 1;
                continue;
            };
            let entity = roster.linked(index, entry);
            let mention = passage.take(with_insertion(passage, place));
            roster.mention(entity, mention);
            at = place.end;
        }
    }
}

/// Widens a name that an editor's parenthesis cuts, "(Le président Bachar) al-Assad", to the whole insertion.
fn with_insertion(passage: &Passage, place: Place) -> Place {
    let words = passage.words.all();
    let cut = words.get(place.start + 1..place.end).unwrap_or_default().iter().any(|word| word.gap == Gap::Closed);
    let mut start = place.start;
    while cut && start > 0 && words.get(start).is_some_and(|word| word.gap == Gap::Space) {
        start -= 1;
    }
    Place { start, cut: if start == place.start { place.cut } else { 0 }, ..place }
}

/// Finds the people who speak: the quotes step knows them without a list.
pub(super) fn speakers(passages: &mut [Passage], gazetteer: &Gazetteer, quotes: &[Quote], roster: &mut Roster) {
    let mut seen = HashSet::new();
    for quote in quotes.iter().filter(|quote| seen.insert(quote.speaker_surface.as_str())) {
        let name = key(&quote.speaker_surface);
        let titled = name.first().is_none_or(|word| TITLE_HEADS.iter().any(|(head, _)| head == word));
        if titled
            || roster.entities.iter().any(|entity| entity.mentions.iter().any(|m| m.surface == quote.speaker_surface))
        {
            continue;
        }
        let mut entity = None;
        for passage in passages.iter_mut() {
            for start in 0..passage.words.all().len() {
                let Some(place) = passage.match_at(start, &name).filter(|place| !passage.is_taken(*place)) else {
                    continue;
                };
                let other =
                    passage.known(gazetteer, start).is_some_and(|(known, found)| known.end >= place.end && !found.weak);
                if other && entity.is_none() {
                    break;
                }
                let at = *entity.get_or_insert_with(|| roster.named(EntityType::Person, &quote.speaker_surface));
                let mention = passage.take(place);
                roster.mention(at, mention);
            }
        }
    }
}

/// Finds what stands for a person named in the article: the surname, and the title that introduced them.
pub(super) fn later(passages: &mut [Passage], roster: &mut Roster) {
    let mut short: HashMap<Vec<String>, Option<usize>> = HashMap::new();
    let mut note = |name: Vec<String>, entity: usize| {
        let owner = short.entry(name).or_insert(Some(entity));
        if *owner != Some(entity) {
            // Two people share it: it names neither.
            *owner = None;
        }
    };
    for (entity, person) in roster.entities.iter().enumerate() {
        if person.r#type() != EntityType::Person {
            continue;
        }
        for mention in &person.mentions {
            let name = key(&mention.surface);
            if let Some(last) = name.last().filter(|last| name.len() > 1 && last.chars().count() > 2) {
                note(vec![last.clone()], entity);
            }
            let span = mention.span.as_ref();
            let passage = passages.iter().find(|passage| span.is_some_and(|span| span.block == passage.block));
            if let Some(title) = passage.zip(span).and_then(|(passage, span)| title(passage, span.start)) {
                note(title, entity);
            }
        }
    }
    let mut names: Vec<(Vec<String>, usize)> =
        short.into_iter().filter_map(|(name, owner)| Some((name, owner?))).collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    for passage in passages {
        for (name, entity) in &names {
            stand_in(passage, name, *entity, roster);
        }
    }
}

fn stand_in(passage: &mut Passage, name: &[String], entity: usize, roster: &mut Roster) {
    for start in 0..passage.words.all().len() {
        let Some(place) = passage.match_at(start, name).filter(|place| !passage.is_taken(*place)) else { continue };
        let words = passage.words.all();
        // A title right before a name only introduces it; a surname in small letters is another word.
        let introduces = name.len() > 1
            && passage.taken.get(place.end) == Some(&true)
            && words.get(place.end).is_some_and(|word| word.gap == Gap::Space);
        let small = words.get(start).is_some_and(|word| word.cased && !word.upper);
        if introduces || (small && name.len() == 1) {
            continue;
        }
        let mention = passage.take(place);
        roster.mention(entity, mention);
    }
}

/// Returns the title right before a name as folded words, its head in the singular; at least two words.
fn title(passage: &Passage, start: u32) -> Option<Vec<String>> {
    let words = passage.words.all();
    let name = words.iter().position(|word| word.start <= start && start < word.end)?;
    let mut title = Vec::new();
    let mut at = name;
    for _ in 0..MAX_TITLE_WORDS {
        if words.get(at)?.gap != Gap::Space {
            return None;
        }
        at = at.checked_sub(1)?;
        let word = passage.words.folded(at);
        let mut head = singular(word);
        without_proclitics(word, |bare, _| head = head.or(singular(bare)));
        title.push(head.unwrap_or(word).to_owned());
        if head.is_some() {
            title.reverse();
            return (title.len() > 1).then_some(title);
        }
    }
    None
}

fn singular(word: &str) -> Option<&'static str> {
    TITLE_HEADS.iter().find(|(form, _)| *form == word).map(|(_, singular)| *singular)
}
