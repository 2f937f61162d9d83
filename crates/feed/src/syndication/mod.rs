//! RSS in all versions and Atom: one reader, because publishers mix their vocabularies.

mod channel;
mod entry;

use std::collections::HashSet;

use crate::limits::MAX_ENTRIES;
use crate::listing::{Diagnostic, Listing, ListingKind, Notes};
use crate::xml::{Piece, Pieces, Scope};

/// Reads what follows the root of a feed.
pub(crate) fn read(kind: ListingKind, root: &Scope, pieces: &mut Pieces<'_>, notes: &mut Notes) -> Listing {
    let is_atom = kind == ListingKind::Atom;
    let mut channel = channel::Channel::new(is_atom);
    channel.inherit(root);
    let mut entries = Vec::new();
    let mut guids = HashSet::new();
    while let Some(piece) = pieces.next(notes) {
        match piece {
            Piece::Root(..) => {}
            Piece::Field(element, scope) => channel.field(&element, &scope, notes),
            Piece::Entry(..) if entries.len() >= MAX_ENTRIES => {
                notes.add(Diagnostic::TooManyEntries);
                break;
            }
            Piece::Entry(element, scope) => {
                channel.inherit(&scope);
                let entry = entry::read(&element, &scope, is_atom, notes);
                if entry.guid.as_ref().is_some_and(|guid| !guids.insert(guid.clone())) {
                    notes.add(Diagnostic::RepeatedGuid);
                }
                entries.push(entry);
            }
        }
    }
    let mut listing = channel.into_listing(kind);
    listing.entries = entries;
    listing
}
