//! Places and organisations that the gazetteer knows, and organisations by the word that begins their name.

use std::collections::HashSet;

use naba_proto::v1::{BlockRole, Dateline, EntityType};

use super::Roster;
use super::lexicon::LEXICON;
use super::reading::{Passage, Place};
use crate::gazetteer::{Entry, Found, Gazetteer, Kind};
use crate::words::{Gap, Word};

/// A place ranked below this (40,000 people) is meant only where something else speaks for it.
const SMALL: u8 = 115;
/// The same where the script has no capitals (100,000 people): any word can be the name of a town there.
const SMALL_UNCASED: u8 = 125;
/// A meaning in a country that the article names anyway weighs as much as six times more people.
const SAME_COUNTRY: u32 = 20;

/// What is known of the article before its words are read.
pub(super) struct Context<'a> {
    /// ISO 3166-1 code of the source's country; empty when unknown.
    pub(super) country: &'a str,
    /// True when the language writes every noun with a capital: a capital then says little.
    pub(super) nouns: bool,
    /// True when the article is in Arabic.
    pub(super) arabic: bool,
}

/// A name found that is not yet decided.
struct Hit<'g> {
    passage: usize,
    place: Place,
    found: Found<'g>,
}

/// Finds the places and organisations that the gazetteer knows, and organisations by their first word.
pub(super) fn known<'g>(
    passages: &mut [Passage<'_, 'g>],
    gazetteer: &'g Gazetteer,
    context: &Context<'g>,
    roster: &mut Roster,
) {
    let hits = hits(passages);
    let countries = countries(&hits, gazetteer, context.country);
    for hit in &hits {
        let Some(passage) = passages.get_mut(hit.passage) else { continue };
        if passage.is_taken(hit.place) {
            continue;
        }
        let Some((index, entry)) = meant(hit.found.entries, gazetteer, &countries) else { continue };
        if !is_plausible(passage, hit, entry, &countries, context) {
            continue;
        }
        let at = roster.linked(index, entry);
        let mention = passage.take(hit.place);
        roster.mention(at, mention);
    }
    for passage in passages {
        organisations(passage, roster);
    }
}

fn hits<'g>(passages: &[Passage<'_, 'g>]) -> Vec<Hit<'g>> {
    let mut out = Vec::new();
    for (number, passage) in passages.iter().enumerate() {
        let mut next = 0;
        for (place, found) in &passage.known {
            if place.start >= next {
                out.push(Hit { passage: number, place: *place, found: *found });
                next = place.end;
            }
        }
    }
    out
}

/// The countries that the article speaks of for certain, and its source's.
fn countries<'g>(hits: &[Hit], gazetteer: &'g Gazetteer, source: &'g str) -> HashSet<&'g str> {
    let certain = |entry: &&Entry| entry.kind == Kind::Country || (entry.kind == Kind::City && entry.rank >= 150);
    let firsts = hits.iter().filter(|hit| !hit.found.weak);
    let firsts = firsts.filter_map(|hit| gazetteer.entry(*hit.found.entries.first()?));
    let certain = firsts.filter(certain).map(|entry| entry.country.as_str());
    certain.chain([source]).filter(|country| !country.is_empty()).collect()
}

/// Chooses the likeliest entry: by rank, and by the countries that the article names anyway.
fn meant<'g>(entries: &[u32], gazetteer: &'g Gazetteer, countries: &HashSet<&str>) -> Option<(u32, &'g Entry)> {
    let score = |entry: &Entry| {
        let near = entry.kind != Kind::Country && countries.contains(entry.country.as_str());
        u32::from(entry.rank) + if near { SAME_COUNTRY } else { 0 }
    };
    let all = entries.iter().filter_map(|index| Some((*index, gazetteer.entry(*index)?)));
    // The first of equals: the list begins with the likeliest.
    all.rev().max_by_key(|(_, entry)| score(entry))
}

/// Tells whether a name is meant as one here.
fn is_plausible(passage: &Passage, hit: &Hit, entry: &Entry, countries: &HashSet<&str>, context: &Context) -> bool {
    let words = passage.words.all();
    let single = hit.place.end == hit.place.start + 1;
    let Some(first) = words.get(hit.place.start) else { return false };
    let letters = first.end - first.start - hit.place.cut;
    if single && first.cased && letters <= 2 && !passage.is_capitals(hit.place.start) {
        return false;
    }
    if hit.found.weak && context.arabic && entry.kind == Kind::Country {
        return false;
    }
    if matches!(entry.kind, Kind::Organisation | Kind::Country | Kind::Place) || !single {
        return true;
    }
    let announced = passage.role == BlockRole::Dateline
        || hit
            .place
            .start
            .checked_sub(1)
            .is_some_and(|before| LEXICON.place_cues.contains(&passage.words.hash(before)));
    let near = countries.contains(entry.country.as_str());
    if hit.found.weak && !announced && (!first.cased || first.gap == Gap::Stop) {
        return false;
    }
    if first.cased && !context.nouns && entry.rank < 160 && beside_a_name(passage, hit.place) {
        return false;
    }
    let short = !first.cased && !first.sign && letters <= 3;
    if short && !announced {
        return entry.rank >= 150 || (near && hit.place.cut == 0 && entry.rank >= SMALL_UNCASED);
    }
    announced || near || entry.rank >= if first.cased { SMALL } else { SMALL_UNCASED }
}

/// Tells whether capitals stand beside the word: it is then part of a longer name, most often a person's.
fn beside_a_name(passage: &Passage, place: Place) -> bool {
    let words = passage.words.all();
    let joined = |word: &Word| matches!(word.gap, Gap::Space | Gap::Joint);
    let after = words.get(place.end).is_some_and(|word| word.upper && joined(word));
    let before = words.get(place.start).is_some_and(joined)
        && place
            .start
            .checked_sub(1)
            .and_then(|at| words.get(at))
            .is_some_and(|word| word.upper && word.gap != Gap::Stop);
    after || before
}

/// Takes the place of the dateline for a place, whether or not it is known.
pub(super) fn dateline(passages: &mut [Passage], dateline: Option<&Dateline>, roster: &mut Roster) {
    let Some(span) = dateline.and_then(|dateline| dateline.span.as_ref()) else { return };
    let Some(passage) = passages.iter_mut().find(|passage| passage.block == span.block) else { return };
    let words = passage.words.all();
    let start = words.iter().position(|word| word.start >= span.start);
    let end = words.iter().position(|word| word.start >= span.end).unwrap_or(words.len());
    let Some(place) = start.filter(|start| *start < end).map(|start| Place { start, end, cut: 0 }) else { return };
    if passage.is_taken(place) {
        return;
    }
    let Some(mention) = passage.take(place) else { return };
    let at = roster.named(EntityType::Place, &mention.surface);
    roster.mention(at, Some(mention));
}

/// Finds Arabic organisations: a word for one, then words with the article.
fn organisations(passage: &mut Passage, roster: &mut Roster) {
    for start in 0..passage.words.all().len() {
        let heads = &LEXICON.arabic_organisations;
        let head = passage.forms(start).find(|(form, _)| heads.contains(form));
        let Some((_, cut)) = head else { continue };
        let mut end = start + 1;
        while end < start + 5 && goes_on(passage, end) {
            end += 1;
        }
        let place = Place { start, end, cut };
        if end == start + 1 || passage.is_taken(Place { end: start + 2, ..place }) {
            continue;
        }
        let Some(mention) = passage.take(place) else { continue };
        let at = roster.named(EntityType::Organisation, &mention.surface);
        roster.mention(at, Some(mention));
    }
}

fn goes_on(passage: &Passage, at: usize) -> bool {
    let word = passage.words.folded(at);
    let joined = passage.words.all().get(at).is_some_and(|word| word.gap == Gap::Space);
    let definite = ["ال", "لل", "بال"].iter().any(|article| word.starts_with(article));
    joined && definite && word.chars().count() >= 5 && !LEXICON.arabic_breaks.contains(&passage.words.hash(at))
}
