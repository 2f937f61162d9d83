//! Sitemaps, news sitemaps and sitemap indexes (sitemaps.org 0.9, Google News extension), and their plain-text form.

use naba_model::NormalUrl;

use crate::construct::{label, language};
use crate::limits::{MAX_ENTRIES, MAX_LABELS};
use crate::link::{absolute, resolve};
use crate::listing::{ChildSitemap, Diagnostic, Entry, Listing, ListingKind, Notes};
use crate::when::instant;
use crate::xml::{Element, Ns, Piece, Pieces, Scope};

/// Reads what follows the root of a sitemap.
pub(crate) fn read(is_index: bool, pieces: &mut Pieces<'_>, notes: &mut Notes) -> Listing {
    let mut listing = Listing::new(if is_index { ListingKind::SitemapIndex } else { ListingKind::Sitemap });
    while let Some(piece) = pieces.next(notes) {
        let Piece::Entry(element, scope) = piece else { continue };
        if listing.entries.len() + listing.sitemaps.len() >= MAX_ENTRIES {
            notes.add(Diagnostic::TooManyEntries);
            break;
        }
        if element.name == "sitemap" {
            child_sitemap(&element, &scope, &mut listing, notes);
        } else {
            page(&element, &scope, &mut listing, notes);
        }
    }
    listing
}

fn child_sitemap(element: &Element, scope: &Scope, listing: &mut Listing, notes: &mut Notes) {
    let Some(url) = location(element, scope, notes) else { return };
    let modified_at = element.child("lastmod").and_then(|lastmod| instant(&lastmod.text(), notes));
    listing.sitemaps.push(ChildSitemap { url, modified_at });
}

fn page(element: &Element, scope: &Scope, listing: &mut Listing, notes: &mut Notes) {
    let mut entry = Entry { url: location(element, scope, notes), ..Entry::default() };
    for child in element.elements() {
        match (child.ns, child.name.as_ref()) {
            (Ns::Core, "lastmod") => entry.updated_at = instant(&child.text(), notes),
            (Ns::News, "news") => {
                if listing.kind == ListingKind::Sitemap {
                    listing.kind = ListingKind::NewsSitemap;
                }
                news(child, &mut entry, listing, notes);
            }
            _ => {}
        }
    }
    listing.entries.push(entry);
}

fn news(element: &Element, entry: &mut Entry, listing: &mut Listing, notes: &mut Notes) {
    for child in element.elements() {
        match child.name.as_ref() {
            "title" => entry.title = label(&child.text()),
            "publication_date" => entry.published_at = instant(&child.text(), notes),
            "keywords" => {
                let keywords = child.text();
                let keywords = keywords.split([',', '،']).filter_map(label);
                entry.categories = keywords.take(MAX_LABELS).collect();
            }
            "publication" => {
                entry.language = child.child("language").and_then(|stated| language(&stated.text()));
                if listing.title.is_none() {
                    listing.title = child.child("name").and_then(|name| label(&name.text()));
                    listing.language.clone_from(&entry.language);
                }
            }
            _ => {}
        }
    }
}

fn location(element: &Element, scope: &Scope, notes: &mut Notes) -> Option<NormalUrl> {
    let location = element.elements().find(|child| child.ns == Ns::Core && child.name == "loc");
    let url = location.and_then(|location| resolve(&location.text(), scope, notes));
    if url.is_none() {
        notes.add(Diagnostic::EntryWithoutUrl);
    }
    url
}

/// Reads a plain-text sitemap, one address a line; `None` when the first lines are none.
pub(crate) fn read_plain(text: &str, notes: &mut Notes) -> Option<Listing> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = absolute(lines.next()?)?;
    let mut listing = Listing::new(ListingKind::Sitemap);
    listing.entries.push(Entry { url: Some(first), ..Entry::default() });
    for line in lines {
        if listing.entries.len() >= MAX_ENTRIES {
            notes.add(Diagnostic::TooManyEntries);
            break;
        }
        match absolute(line) {
            Some(url) => listing.entries.push(Entry { url: Some(url), ..Entry::default() }),
            None => notes.add(Diagnostic::BadUrl),
        }
    }
    Some(listing)
}
