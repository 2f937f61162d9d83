//! JSON Feed 1.0 and 1.1 (jsonfeed.org), read by what is there: publishers mix the versions.

use naba_model::NormalUrl;
use serde_json::{Map, Value};

use crate::construct::{Construct, label, language};
use crate::error::FeedError;
use crate::json_salvage;
use crate::limits::{MAX_CONTENT_BYTES, MAX_ENTRIES, MAX_LABEL_BYTES, MAX_LABELS, MAX_SUMMARY_BYTES, cut};
use crate::link::{absolute, resolve};
use crate::listing::{Diagnostic, Entry, Listing, ListingKind, Notes};
use crate::when::instant;
use crate::xml::Scope;

/// Tells whether text starts like JSON.
pub(crate) fn looks_like(text: &str) -> bool {
    text.starts_with(['{', '['])
}

/// Reads a JSON Feed.
pub(crate) fn read(text: &str, scope: &Scope, notes: &mut Notes) -> Result<Listing, FeedError> {
    let Value::Object(feed) = json_salvage::parse(text, notes)? else {
        return Err(FeedError::NotAFeed { found: "json" });
    };
    let stated = string(&feed, "version").is_some_and(|version| version.contains("jsonfeed.org"));
    let items = match feed.get("items") {
        Some(Value::Array(items)) => items.as_slice(),
        _ if stated => &[],
        _ => return Err(FeedError::NotAFeed { found: "json" }),
    };
    let mut listing = Listing::new(ListingKind::JsonFeed);
    listing.title = string(&feed, "title").and_then(label);
    listing.description = string(&feed, "description").and_then(|text| Construct::Plain(text.into()).plain());
    listing.language = string(&feed, "language").and_then(language);
    listing.home_url = address(&feed, "home_page_url", scope, notes);
    listing.self_url = address(&feed, "feed_url", scope, notes);
    listing.next_url = address(&feed, "next_url", scope, notes);
    listing.authors = authors(&feed);
    if let Some(Value::Array(hubs)) = feed.get("hubs") {
        let hubs = hubs.iter().filter_map(|hub| hub.get("url").and_then(Value::as_str));
        listing.hubs = hubs.filter_map(|hub| resolve(hub, scope, notes)).take(MAX_LABELS).collect();
    }
    for item in items {
        if listing.entries.len() >= MAX_ENTRIES {
            notes.add(Diagnostic::TooManyEntries);
            break;
        }
        if let Value::Object(item) = item {
            listing.entries.push(entry(item, scope, notes));
        }
    }
    Ok(listing)
}

fn entry(item: &Map<String, Value>, scope: &Scope, notes: &mut Notes) -> Entry {
    let guid = match item.get("id") {
        Some(Value::String(id)) if !id.trim().is_empty() => Some(cut(id.trim().to_owned(), MAX_LABEL_BYTES)),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let url = address(item, "url", scope, notes)
        .or_else(|| guid.as_deref().and_then(absolute))
        .or_else(|| address(item, "external_url", scope, notes));
    if url.is_none() {
        notes.add(Diagnostic::EntryWithoutUrl);
    }
    let html = string(item, "content_html").map(|html| Construct::Html(html.into()));
    let content = html.or_else(|| string(item, "content_text").map(|text| Construct::Plain(text.into())));
    let summary = string(item, "summary").and_then(|summary| Construct::Plain(summary.into()).plain());
    let mut categories = Vec::new();
    if let Some(Value::Array(tags)) = item.get("tags") {
        categories = tags.iter().filter_map(Value::as_str).filter_map(label).take(MAX_LABELS).collect();
    }
    Entry {
        url,
        guid,
        title: string(item, "title").and_then(label),
        summary: summary.map(|summary| cut(summary, MAX_SUMMARY_BYTES)),
        content_html: content.and_then(|content| content.html(scope)).map(|html| cut(html, MAX_CONTENT_BYTES)),
        published_at: string(item, "date_published").and_then(|date| instant(date, notes)),
        updated_at: string(item, "date_modified").and_then(|date| instant(date, notes)),
        authors: authors(item),
        categories,
        language: string(item, "language").and_then(language),
    }
}

/// Version 1.1 has `authors`, version 1.0 `author`; both an object with a name.
fn authors(object: &Map<String, Value>) -> Vec<String> {
    let many = object.get("authors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let people = many.iter().chain(object.get("author"));
    let mut names: Vec<String> = Vec::new();
    for person in people.take(MAX_LABELS) {
        let name = person.get("name").and_then(Value::as_str).or_else(|| person.as_str()).and_then(label);
        names.extend(name.filter(|name| !names.contains(name)));
    }
    names
}

fn string<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

fn address(object: &Map<String, Value>, key: &str, scope: &Scope, notes: &mut Notes) -> Option<NormalUrl> {
    string(object, key).and_then(|written| resolve(written, scope, notes))
}
