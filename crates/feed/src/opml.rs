//! OPML subscription lists. More of them are broken than not: two thirds of a public collection are not well-formed.

use naba_text::Markup;

use crate::construct::label;
use crate::limits::MAX_ENTRIES;
use crate::listing::Notes;
use crate::plain::escape;
use crate::read::clean;
use crate::xml::{Attributes, attributes};

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

/// Writes a subscription list (OPML 2.0).
pub fn write_opml<'a>(title: &str, outlines: impl IntoIterator<Item = &'a OpmlOutline>) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n<head><title>".to_owned();
    escape(title, &mut out);
    out.push_str("</title></head>\n<body>\n");
    for outline in outlines {
        let title = outline.title.as_deref().unwrap_or(&outline.feed_url);
        let site = outline.html_url.as_deref();
        out.push_str("<outline type=\"rss\"");
        for (name, value) in [("text", Some(title)), ("xmlUrl", Some(&outline.feed_url)), ("htmlUrl", site)] {
            if let Some(value) = value {
                out.push_str(&format!(" {name}=\""));
                escape(value, &mut out);
                out.push('"');
            }
        }
        out.push_str("/>\n");
    }
    out.push_str("</body>\n</opml>\n");
    out
}

/// What ends an outline's start tag at the latest.
const ENDS: &[&str] = &["<outline", "</outline", "</body", "</opml", "<!--"];

fn find(text: &str, what: &str, from: usize) -> Option<usize> {
    text.get(from..)?.find(what).map(|at| from + at)
}

fn outline(attributes: &Attributes<'_>) -> Option<OpmlOutline> {
    let filled = |name: &str| {
        let value = attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    };
    let feed_url = filled("xmlurl")?.to_owned();
    let title = filled("title").or_else(|| filled("text")).and_then(label);
    Some(OpmlOutline { title, feed_url, html_url: filled("htmlurl").map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_written_reads_as_it_was() {
        let outline = |title: &str, url: &str| OpmlOutline {
            title: Some(title.to_owned()),
            feed_url: url.to_owned(),
            html_url: Some("https://a.example/".to_owned()),
        };
        let list = [outline("خبر & \"Co\" <b>", "https://a.example/f?a=1&b=2"), outline("B", "https://b.example/f")];
        let read = read_opml(write_opml("Sources & more", &list).as_bytes());
        assert_eq!(read[0].feed_url, list[0].feed_url);
        assert_eq!(read[1], list[1]);
    }
}
