//! Names that no list knows, where the script has capitals: runs of capitalised words.

use naba_proto::v1::EntityType;

use super::Roster;
use super::reading::{Passage, Place};
use crate::gazetteer::words::Gap;

/// Most words of a name.
const MAX_WORDS: usize = 8;

/// Words of organisations, folded, as they stand in several languages.
const ORGANISATION: &[&str] = &[
    "university",
    "hospital",
    "department",
    "union",
    "bank",
    "ministry",
    "council",
    "institute",
    "association",
    "agency",
    "authority",
    "committee",
    "commission",
    "federation",
    "company",
    "corporation",
    "museum",
    "college",
    "court",
    "party",
    "universite",
    "universidad",
    "universidade",
    "universita",
    "universitat",
    "hopital",
    "ministere",
    "ministerio",
    "institut",
    "instituto",
    "opera",
    "musee",
    "museo",
    "museu",
    "federacion",
    "federation",
    "federacao",
    "asociacion",
    "association",
    "banco",
    "banque",
    "sindicato",
    "syndicat",
    "bundesamt",
    "ministerium",
    "gesellschaft",
    "verband",
    "observatoire",
    "office",
    "университет",
    "министерство",
    "союз",
    "институт",
    "банк",
    "партия",
    "компания",
    "universitesi",
    "bakanligi",
];

/// Small words inside the name of an organisation.
const JOINTS: &[&str] = &[
    "of", "the", "for", "and", "de", "du", "des", "la", "le", "del", "los", "las", "da", "do", "dos", "di", "der",
    "fur", "y", "e", "et", "und",
];

/// Words that begin a sentence and no name.
const STARTERS: &[&str] = &[
    "the", "a", "an", "in", "on", "at", "by", "for", "from", "to", "of", "and", "but", "as", "if", "it", "he", "she",
    "they", "we", "i", "le", "la", "les", "un", "une", "des", "de", "du", "en", "el", "los", "las", "una", "o", "os",
    "as", "um", "uma", "no", "na", "em", "il", "lo", "gli", "di", "per", "в", "на", "по", "из", "он", "она", "это",
    "как", "но", "а", "и", "bir", "bu", "ve", "der", "die", "das",
];

/// Finds organisations: capitalised words, one of them a word for an organisation.
pub(super) fn organisations(passages: &mut [Passage], roster: &mut Roster) {
    for passage in passages {
        for place in runs(passage, true) {
            let mut words = place.start..place.end;
            if words.any(|at| ORGANISATION.contains(&passage.words.folded(at))) && !passage.is_taken(place) {
                add(passage, place, EntityType::Organisation, roster);
            }
        }
    }
}

/// Finds what else has a name of two or more words: what it is stays open.
pub(super) fn others(passages: &mut [Passage], roster: &mut Roster) {
    for passage in passages {
        let shouted = passage.words.all().iter().filter(|word| word.upper).count() * 2 > passage.words.all().len();
        for place in runs(passage, false) {
            // A headline with capitals on every word shows no names.
            if !shouted && !passage.is_taken(place) {
                add(passage, place, EntityType::Other, roster);
            }
        }
    }
}

fn add(passage: &mut Passage, place: Place, kind: EntityType, roster: &mut Roster) {
    if let Some(mention) = passage.take(place) {
        let at = roster.named(kind, &mention.surface);
        roster.mention(at, Some(mention));
    }
}

/// Returns the runs of two or more capitalised words; with `joints`, small words may stand between them.
fn runs(passage: &Passage, joints: bool) -> Vec<Place> {
    let words = passage.words.all();
    let upper = |at: usize| words.get(at).is_some_and(|word| word.upper);
    let joined = |at: usize| words.get(at).is_some_and(|word| matches!(word.gap, Gap::Space | Gap::Joint));
    let joint = |at: usize| joints && joined(at) && JOINTS.contains(&passage.words.folded(at));
    let mut out = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let starts = upper(at) && !STARTERS.contains(&passage.words.folded(at));
        let mut end = at + 1;
        while starts && end < at + MAX_WORDS {
            let next = (end..=end + 2).find(|next| upper(*next) && joined(*next) && (end..*next).all(joint));
            let Some(next) = next else { break };
            end = next + 1;
        }
        if starts && end > at + 1 {
            out.push(Place { start: at, end, cut: 0 });
        }
        at = end;
    }
    out
}
