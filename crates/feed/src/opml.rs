//! OPML subscription lists. More of them are broken than not: two thirds of a public collection are not well-formed.

use naba_text::Markup;

use crate::construct::label;
use crate::limits::MAX_ENTRIES;
use crate::listing::Notes;
use crate::read::clean;
use crate::xml::attributes;

/// A subscription of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpmlOutline {
    /// Its title, plain text.
    pub title: Option<String>,
    /// Address of the feed as written, trimmed; not checked.
    pub feed_url: String,
    /// Address of the site as written, trimmed; not checked.
    pub html_url: Option<String>,
}

/// Reads the subscriptions of an OPML list in document order, folders flattened. What is no OPML gives none.
///
/// Tags are cut where the next one starts, not where a bracket stands: descriptions hold unescaped HTML, quotes and all.
pub fn read_opml(bytes: &[u8]) -> Vec<OpmlOutline> {
    let text = clean(naba_text::decode(bytes, None, Markup::Xml).text, &mut Notes::default());
    // Lower-casing ASCII keeps every offset.
    let lower = text.to_ascii_lowercase();
    let mut outlines = Vec::new();
    let mut from = 0;
    while let Some(start) = find(&lower, "<outline", from) {
        if let Some(comment) = find(&lower, "<!--", from).filter(|comment| *comment < start) {
            from = find(&lower, "-->", comment).unwrap_or(start);
            continue;
        }
        let inside = start + "<outline".len();
        let rest = lower.get(inside..).unwrap_or_default();
        let end = ENDS.iter().filter_map(|end| rest.find(end)).min().map_or(lower.len(), |end| inside + end);
        let tag = text.get(inside..end).unwrap_or_default().trim_end().trim_end_matches(['>', '/']);
        outlines.extend(outline(&attributes(tag)));
        from = end;
        if outlines.len() >= MAX_ENTRIES {
            break;
        }
    }
    outlines
}

/// What ends an outline's start tag at the latest.
const ENDS: &[&str] = &["<outline", "</outline", "</body", "</opml", "<!--"];

fn find(text: &str, what: &str, from: usize) -> Option<usize> {
    text.get(from..)?.find(what).map(|at| from + at)
}

fn outline(attributes: &[(String, String)]) -> Option<OpmlOutline> {
    let filled = |name: &str| {
        let value = attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    };
    let feed_url = filled("xmlurl")?.to_owned();
    let title = filled("title").or_else(|| filled("text")).and_then(label);
    Some(OpmlOutline { title, feed_url, html_url: filled("htmlurl").map(str::to_owned) })
}
