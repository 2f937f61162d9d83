//! OPML subscription lists. More of them are broken than not: two thirds of a public collection are not well-formed.

use naba_text::Markup;

use crate::construct::label;
use crate::limits::MAX_ENTRIES;
use crate::listing::Notes;
use crate::read::clean;
use crate::xml::{Scanner, Token, attributes};

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
pub fn read_opml(bytes: &[u8]) -> Vec<OpmlOutline> {
    let mut notes = Notes::default();
    let text = clean(naba_text::decode(bytes, None, Markup::Xml).text, &mut notes);
    let mut scanner = Scanner::new(&text);
    let mut outlines = Vec::new();
    while let Some(token) = scanner.next(&mut notes) {
        let Token::Start { name, attributes: text, .. } = token else { continue };
        if outlines.len() >= MAX_ENTRIES {
            break;
        }
        if name.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case("outline")) {
            outlines.extend(outline(&attributes(text)));
        }
    }
    outlines
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
