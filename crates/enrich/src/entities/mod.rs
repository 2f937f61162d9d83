//! Entities: people, places and organisations with their mentions, linked where the gazetteer knows them.
//!
//! First the names that are known, the likeliest meaning by what else the article names; then the people whom the quotes
//! step found speaking; then organisations by the word that begins their name; last, what stands for somebody named
//! already: a surname, or the title that introduced them.

mod capitals;
mod lexicon;
mod people;
mod places;
mod reading;

use std::collections::HashMap;

use naba_proto::v1::{Article, BlockRole, Coordinates, Enrichments, Entity, EntityType, Mention};

use crate::gazetteer::{Entry, Gazetteer, Kind};
use crate::{EnrichError, Part, Step};

use reading::Passage;

/// Finds and links entities.
pub(crate) struct Entities;

impl Step for Entities {
    fn name(&self) -> &'static str {
        "entities"
    }

    fn version(&self) -> u32 {
        1
    }

    fn enrich(&self, article: &Article, so_far: &Enrichments) -> Result<Part, EnrichError> {
        let entities = find(article, so_far, Gazetteer::built()?);
        Ok(Part::new(move |enrichments| {
            for quote in enrichments.quotes.iter_mut().filter(|quote| !quote.speaker_surface.is_empty()) {
                let named = |entity: &&Entity| entity.mentions.iter().any(|it| it.surface == quote.speaker_surface);
                quote.speaker_entity_id =
                    entities.iter().find(named).map(|entity| entity.id.clone()).unwrap_or_default();
            }
            enrichments.entities = entities;
        }))
    }
}

fn find(article: &Article, so_far: &Enrichments, gazetteer: &Gazetteer) -> Vec<Entity> {
    let mut passages = reading::passages(article, gazetteer);
    let mut roster = Roster::default();
    people::known(&mut passages, gazetteer, &mut roster);
    people::speakers(&mut passages, &so_far.quotes, &mut roster);
    let source = article.source.as_ref().map(|source| source.country.as_str()).unwrap_or_default();
    let language = so_far.language.as_ref().map_or(article.language.as_str(), |detail| detail.detected.as_str());
    let context =
        places::Context { country: source, nouns: language.starts_with("de"), arabic: language.starts_with("ar") };
    capitals::organisations(&mut passages, &mut roster);
    places::known(&mut passages, gazetteer, &context, &mut roster);
    places::dateline(&mut passages, so_far.dateline.as_ref(), &mut roster);
    if !context.nouns {
        capitals::others(&mut passages, &mut roster);
    }
    people::later(&mut passages, &mut roster);
    roster.finish(&passages)
}

/// The entities found so far.
#[derive(Default)]
struct Roster {
    entities: Vec<Entity>,
    linked: HashMap<u32, usize>,
}

impl Roster {
    /// Returns the entity of an entry of the gazetteer.
    fn linked(&mut self, index: u32, entry: &Entry) -> usize {
        let next = self.entities.len();
        let at = *self.linked.entry(index).or_insert(next);
        if at == next {
            self.entities.push(linked(entry));
        }
        at
    }

    /// Returns the entity of a name that no gazetteer knows.
    fn named(&mut self, kind: EntityType, name: &str) -> usize {
        let same = |entity: &Entity| entity.name == name && entity.r#type() == kind;
        self.entities.iter().position(same).unwrap_or_else(|| {
            self.entities.push(Entity { r#type: kind.into(), name: name.to_owned(), ..Entity::default() });
            self.entities.len() - 1
        })
    }

    fn mention(&mut self, entity: usize, mention: Option<Mention>) {
        if let (Some(entity), Some(mention)) = (self.entities.get_mut(entity), mention) {
            entity.mentions.push(mention);
        }
    }

    /// Orders entities by their first mention, numbers them and weighs them: a headline counts three times.
    fn finish(self, passages: &[Passage]) -> Vec<Entity> {
        let position = |mention: &Mention| mention.span.as_ref().map_or((0, 0), |span| (span.block, span.start));
        let mut entities: Vec<Entity> =
            self.entities.into_iter().filter(|entity| !entity.mentions.is_empty()).collect();
        for entity in &mut entities {
            entity.mentions.sort_by_key(position);
        }
        entities.sort_by_key(|entity| entity.mentions.first().map(position));
        let headlines: Vec<u32> = passages
            .iter()
            .filter(|passage| passage.role == BlockRole::Headline)
            .map(|passage| passage.block)
            .collect();
        let weight = |entity: &Entity| -> f32 {
            let in_headline = |mention: &&Mention| mention.span.as_ref().is_some_and(|s| headlines.contains(&s.block));
            entity.mentions.len() as f32 + 2.0 * entity.mentions.iter().filter(in_headline).count() as f32
        };
        let most = entities.iter().map(weight).fold(1.0, f32::max);
        for (number, entity) in entities.iter_mut().enumerate() {
            entity.id = format!("e{number}");
            entity.salience = weight(entity) / most;
        }
        entities
    }
}

fn linked(entry: &Entry) -> Entity {
    let kind = match entry.kind {
        Kind::Person => EntityType::Person,
        Kind::Organisation => EntityType::Organisation,
        Kind::Country | Kind::Region | Kind::City | Kind::Place => EntityType::Place,
    };
    Entity {
        wikidata_id: if entry.wikidata == 0 { String::new() } else { format!("Q{}", entry.wikidata) },
        geonames_id: u64::from(entry.geonames),
        iso_code: entry.iso.clone(),
        r#type: kind.into(),
        name: entry.name.clone(),
        coordinates: entry
            .coordinates
            .map(|(latitude, longitude)| Coordinates { latitude: latitude.into(), longitude: longitude.into() }),
        ..Entity::default()
    }
}
