//! Names that no list knows, where the script has capitals: runs of capitalised words.

use naba_proto::v1::EntityType;

use super::Roster;
use super::lexicon::LEXICON;
use super::reading::{Passage, Place};
use crate::words::Gap;

/// Most words of a name.
const MAX_WORDS: usize = 8;

/// Finds organisations: capitalised words, one of them a word for an organisation.
pub(super) fn organisations(passages: &mut [Passage], roster: &mut Roster) {
    for passage in passages {
        for place in runs(passage, true) {
            let mut words = place.start..place.end;
            if words.any(|at| LEXICON.organisations.contains(&passage.words.hash(at))) && !passage.is_taken(place) {
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
    let joint = |at: usize| joints && joined(at) && LEXICON.joints.contains(&passage.words.hash(at));
    let mut out = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let starts = upper(at) && !LEXICON.starters.contains(&passage.words.hash(at));
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
