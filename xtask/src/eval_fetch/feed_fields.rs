//! Fields of feeds and entries, and when two readings of one are the same.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use naba_feed::{Entry, Listing};
use naba_model::NormalUrl;
use serde_json::Value;

use super::case::instant;

/// Where documents without an address of their own are taken to be.
pub const HOME: &str = "http://example.com/feed";

/// Paths of an expectation to names of our fields.
type Fields = BTreeMap<String, String>;

#[derive(serde::Deserialize)]
pub struct Compared {
    pub feed: Fields,
    pub entry: Fields,
}

#[derive(serde::Deserialize)]
pub struct Suites {
    pub feedparser: Compared,
    pub gofeed: Compared,
}

/// What is compared of each suite, from fields.toml.
pub static COMPARED: LazyLock<Suites> = LazyLock::new(|| {
    // A broken list would compare nothing: better to stop.
    toml::from_str(include_str!("fields.toml")).unwrap_or_else(|error| {
        eprintln!("fields.toml: {error}");
        std::process::exit(1)
    })
});

/// Compares a field of the feed; `at` is the place in a list.
pub fn feed(field: &str, listing: &Listing, expected: &Value, at: usize) -> bool {
    let text = expected.as_str().unwrap_or_default();
    match field {
        "title" => same_text(listing.title.as_deref(), text),
        "summary" => same_text(listing.description.as_deref(), text),
        "home" => same_url(listing.home_url.as_ref(), text),
        "links" => {
            let known = [&listing.home_url, &listing.self_url, &listing.next_url].into_iter().flatten();
            known.chain(&listing.hubs).any(|url| same_url(Some(url), text))
        }
        "id" => same_id(listing.guid.as_deref(), text),
        "language" => listing.language.as_deref().unwrap_or_default().eq_ignore_ascii_case(text),
        "authors" | "author" => same_people(&listing.authors, expected, at),
        "person" => same_people(&listing.authors, expected, at),
        "tags" | "tag" => same_tags(&listing.categories, expected, at),
        "updated" => listing.updated_at == instant(expected),
        _ => false,
    }
}

/// Compares a field of an entry; `at` is the place in a list.
pub fn entry(field: &str, entry: &Entry, expected: &Value, at: usize) -> bool {
    let text = expected.as_str().unwrap_or_default();
    match field {
        "title" => same_text(entry.title.as_deref(), text),
        "link" => same_url(entry.url.as_ref(), text),
        "id" => same_id(entry.guid.as_deref(), expected.get("value").and_then(Value::as_str).unwrap_or(text)),
        // Where there is no summary, readers repeat the content, and the other way round.
        "summary" => same_text(entry.summary.as_deref().or(entry.content_html.as_deref()), text),
        "content" => {
            let text = expected.get("value").and_then(Value::as_str).unwrap_or(text);
            let ours = entry.content_html.as_deref().or(entry.summary.as_deref()).unwrap_or_default();
            same_text(Some(ours), text) && addresses(ours) == addresses(text)
        }
        "authors" | "author" | "person" => same_people(&entry.authors, expected, at),
        "tags" => same_tags(&entry.categories, expected, at),
        "published" => entry.published_at == instant(expected),
        "updated" => entry.updated_at.or(entry.published_at) == instant(expected),
        "language" => entry.language.as_deref() == Some(text),
        _ => false,
    }
}

/// Tells whether an expectation says something that a field of ours can hold: an author may be a mail address alone.
pub fn is_comparable(field: &str, expected: &Value) -> bool {
    match field {
        "person" => !expected.is_object() || expected.get("name").is_some(),
        "authors" => expected.as_array().is_none_or(|people| people.iter().all(|one| one.get("name").is_some())),
        "tags" => expected.as_array().is_none_or(|tags| tags.iter().all(|tag| tag_text(tag).is_some())),
        "content" => expected.get("type").and_then(Value::as_str) != Some("application/octet-stream"),
        _ => true,
    }
}

pub fn same_text(ours: Option<&str>, theirs: &str) -> bool {
    let ours = ours.unwrap_or_default();
    // Whether a tag parts two words is a matter of taste.
    let solid = |text: &str| plain(text).split_whitespace().collect::<String>();
    ours == theirs || solid(ours) == solid(theirs) || ours.split_whitespace().eq(plain(theirs).split_whitespace())
}

/// Addresses are normalised here.
pub fn same_url(ours: Option<&NormalUrl>, theirs: &str) -> bool {
    let theirs = NormalUrl::parse(HOME).ok().and_then(|home| home.join(theirs).ok());
    ours == theirs.as_ref()
}

fn same_id(ours: Option<&str>, theirs: &str) -> bool {
    let ours = ours.unwrap_or_default();
    // A relative identifier is kept as written: it says as much as the absolute one.
    ours == theirs
        || !ours.is_empty() && same_url(NormalUrl::parse(HOME).and_then(|home| home.join(ours)).ok().as_ref(), theirs)
}

fn same_people(ours: &[String], expected: &Value, at: usize) -> bool {
    match expected {
        Value::Array(people) => {
            let names: Vec<&str> = people.iter().filter_map(|one| one["name"].as_str()).collect();
            names == ours
        }
        // RSS packs a name and a mail into one text.
        Value::String(text) => ours.get(at).is_some_and(|name| text == name || plain(text).contains(name.as_str())),
        other => other["name"].as_str() == ours.get(at).map(String::as_str),
    }
}

fn tag_text(tag: &Value) -> Option<&str> {
    ["label", "term", "value"].iter().find_map(|key| tag[*key].as_str()).or_else(|| tag.as_str())
}

fn same_tags(ours: &[String], expected: &Value, at: usize) -> bool {
    match expected {
        Value::Array(tags) => {
            tags.len() == ours.len()
                && tags.iter().zip(ours).all(|(tag, ours)| same_text(Some(ours), tag_text(tag).unwrap_or_default()))
        }
        // Of a repeated tag the first is enough.
        tag => match ours.get(at) {
            Some(ours) if same_text(Some(ours), tag_text(tag).unwrap_or_default()) => true,
            _ => ours.iter().any(|ours| Some(ours.as_str()) == tag_text(tag)),
        },
    }
}

/// Takes markup, references and white space out.
pub fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag => out.push(c),
            _ => {}
        }
    }
    unescape(&out).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unescape(text: &str) -> String {
    let text = text.replace("&#38;", "&amp;").replace("&#x26;", "&amp;");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Returns the values of href and src in a fragment of HTML, in order.
fn addresses(html: &str) -> Vec<String> {
    let lower = html.to_ascii_lowercase();
    let mut found: Vec<(usize, String)> = Vec::new();
    for name in [" href=", " src="] {
        for (at, _) in lower.match_indices(name) {
            let rest = html.get(at + name.len()..).unwrap_or_default();
            let value = match rest.chars().next() {
                Some(quote @ ('"' | '\'')) => rest.get(1..).and_then(|rest| rest.split(quote).next()),
                _ => rest.split([' ', '>']).next(),
            };
            let value = unescape(value.unwrap_or_default());
            // Encoded or not, it is one address.
            found.push((at, url::Url::parse(&value).map_or(value, String::from)));
        }
    }
    found.sort();
    found.into_iter().map(|(_, value)| value).collect()
}
