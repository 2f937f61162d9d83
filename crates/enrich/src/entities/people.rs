//! People: known ones, those who speak, and what stands for them later.

use std::collections::{HashMap, HashSet};

use naba_proto::v1::{EntityType, Quote};

use super::Roster;
use super::lexicon::LEXICON;
use super::reading::{Passage, Place, key, occurrences};
use crate::gazetteer::{Gazetteer, Kind};
use crate::words::{Gap, Words};

/// Most words between the head of a title and the name that it introduces.
const MAX_TITLE_WORDS: usize = 5;

/// Finds the people whom the gazetteer knows by their full name.
pub(super) fn known(passages: &mut [Passage], gazetteer: &Gazetteer, roster: &mut Roster) {
    for passage in passages {
        let mut next = 0;
        for (place, found) in std::mem::take(&mut passage.known) {
            let person = found.entries.first().and_then(|index| {
                let entry = gazetteer.entry(*index).filter(|entry| entry.kind == Kind::Person)?;
                Some((*index, entry))
            });
            passage.known.push((place, found));
            if let Some((index, entry)) = person.filter(|_| place.start >= next) {
                let entity = roster.linked(index, entry);
                let mention = passage.take(with_insertion(passage, place));
                roster.mention(entity, mention);
                next = place.end;
            }
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
pub(super) fn speakers(passages: &mut [Passage], quotes: &[Quote], roster: &mut Roster) {
    let mut seen = HashSet::new();
    let mentioned: HashSet<&str> =
        roster.entities.iter().flat_map(|entity| &entity.mentions).map(|mention| mention.surface.as_str()).collect();
    let speakers: Vec<(&str, Vec<u64>)> = quotes
        .iter()
        .map(|quote| quote.speaker_surface.as_str())
        .filter(|surface| seen.insert(*surface) && !mentioned.contains(surface))
        .map(|surface| (surface, key(surface)))
        .filter(|(_, name)| name.first().is_some_and(|word| !LEXICON.arabic_titles.contains_key(word)))
        .collect();
    let names: Vec<Vec<u64>> = speakers.iter().map(|(_, name)| name.clone()).collect();
    let mut entities: Vec<Option<usize>> = vec![None; speakers.len()];
    for (number, at, place) in occurrences(passages, &names) {
        let (Some(passage), Some((surface, _))) = (passages.get_mut(at), speakers.get(number)) else { continue };
        let Some(entity) = entities.get_mut(number) else { continue };
        let other = passage.known_at(place.start).is_some_and(|(known, it)| known.end >= place.end && !it.weak);
        if passage.is_taken(place) || (other && entity.is_none()) {
            continue;
        }
        let entity = *entity.get_or_insert_with(|| roster.named(EntityType::Person, surface));
        let mention = passage.take(place);
        roster.mention(entity, mention);
    }
}

/// Finds what stands for a person named in the article: the surname, and the title that introduced them.
pub(super) fn later(passages: &mut [Passage], roster: &mut Roster) {
    let mut short: HashMap<Vec<u64>, Option<usize>> = HashMap::new();
    let mut note = |name: Vec<u64>, entity: usize| {
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
            let name = Words::of(&mention.surface);
            let last = name.all().last().filter(|last| name.all().len() > 1 && last.end - last.start > 2);
            last.into_iter().for_each(|last| note(vec![last.hash], entity));
            let span = mention.span.as_ref();
            let passage = passages.iter().find(|passage| span.is_some_and(|span| span.block == passage.block));
            if let Some(title) = passage.zip(span).and_then(|(passage, span)| title(passage, span.start)) {
                note(title, entity);
            }
        }
    }
    let mut owned: Vec<(Vec<u64>, usize)> =
        short.into_iter().filter_map(|(name, owner)| Some((name, owner?))).collect();
    // In full, because the map gives them in any order.
    owned.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.1.cmp(&b.1)).then_with(|| a.0.cmp(&b.0)));
    let names: Vec<Vec<u64>> = owned.iter().map(|(name, _)| name.clone()).collect();
    for (number, at, place) in occurrences(passages, &names) {
        let (Some(passage), Some((_, entity))) = (passages.get_mut(at), owned.get(number)) else { continue };
        stand_in(passage, place, *entity, roster);
    }
}

fn stand_in(passage: &mut Passage, place: Place, entity: usize, roster: &mut Roster) {
    if passage.is_taken(place) {
        return;
    }
    let words = passage.words.all();
    let single = place.end == place.start + 1;
    // A title right before a name only introduces it; a surname in small letters is another word.
    let introduces = !single
        && passage.taken.get(place.end) == Some(&true)
        && words.get(place.end).is_some_and(|word| word.gap == Gap::Space);
    let small = words.get(place.start).is_some_and(|word| word.cased && !word.upper);
    if introduces || (small && single) {
        return;
    }
    let mention = passage.take(place);
    roster.mention(entity, mention);
}

/// Returns the title right before a name as hashed words, its head in the singular; at least two words.
fn title(passage: &Passage, start: u32) -> Option<Vec<u64>> {
    let words = passage.words.all();
    let name = words.iter().position(|word| word.start <= start && start < word.end)?;
    let mut title = Vec::new();
    let mut at = name;
    for _ in 0..MAX_TITLE_WORDS {
        if words.get(at)?.gap != Gap::Space {
            return None;
        }
        at = at.checked_sub(1)?;
        let head = passage.forms(at).find_map(|(form, _)| LEXICON.arabic_titles.get(&form).copied());
        title.push(head.unwrap_or(passage.words.hash(at)));
        if head.is_some() {
            title.reverse();
            return (title.len() > 1).then_some(title);
        }
    }
    None
}
