//! Meta elements, links, microdata and the language of a page.

use super::attribute::Attr;
use super::dom::{Dom, NodeId};
use crate::limits::{MAX_FIELD_CHARS, MAX_LIST, cut};

/// The meta elements of a page and what else its head says.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    entries: Vec<(String, String)>,
    /// The title element.
    pub title: String,
    /// link rel=canonical.
    pub canonical: String,
    /// The lang attribute of the html element (else of the body).
    pub lang: String,
    /// Microdata and RDFa: property and value.
    pub props: Vec<(String, String)>,
}

impl Meta {
    /// Reads them from a page.
    pub fn read(dom: &Dom) -> Self {
        let mut meta = Self::default();
        for id in dom.subtree(0) {
            match dom.name(id) {
                "meta" => meta.element(dom, id),
                "title" if meta.title.is_empty() && !in_svg(dom, id) => meta.title = short(&dom.inner_text(id)),
                "link" if meta.canonical.is_empty() && rel(dom, id, "canonical") => {
                    meta.canonical =
                        dom.attr(id, Attr::Href).map(|h| cut(h.trim(), MAX_FIELD_CHARS).to_owned()).unwrap_or_default();
                }
                "html" | "body" if meta.lang.is_empty() => {
                    let lang = dom.attr(id, Attr::Lang).or_else(|| dom.attr(id, Attr::XmlLang)).unwrap_or_default();
                    meta.lang = cut(lang.trim(), 35).to_owned();
                }
                _ => {}
            }
            if let Some(prop) = dom.attr(id, Attr::Itemprop).filter(|_| meta.props.len() < 500) {
                let value = dom.attr(id, Attr::Content).or_else(|| dom.attr(id, Attr::Datetime)).map(short);
                let value = value
                    .filter(|v| !v.is_empty())
                    .unwrap_or_else(|| if prop == "articleBody" { String::new() } else { short(&dom.inner_text(id)) });
                for name in prop.split_whitespace() {
                    meta.props.push((name.to_owned(), value.clone()));
                }
            }
        }
        meta
    }

    fn element(&mut self, dom: &Dom, id: NodeId) {
        let key =
            dom.attr(id, Attr::Property).or_else(|| dom.attr(id, Attr::Name)).or_else(|| dom.attr(id, Attr::HttpEquiv));
        // Some archives and old publishers write the value where HTML has no place for it.
        let (Some(key), Some(content)) = (key, dom.attr(id, Attr::Content).or_else(|| dom.attr(id, Attr::Value)))
        else {
            return;
        };
        let content = short(content);
        if !content.is_empty() && self.entries.len() < 1_000 {
            self.entries.push((cut(key.trim(), 100).to_ascii_lowercase(), content));
        }
    }

    /// Returns the first value under any of the keys, in order of the keys, with the key it stood under.
    pub fn first<'a>(&'a self, keys: &[&'static str]) -> Option<(&'static str, &'a str)> {
        keys.iter().find_map(|key| Some((*key, self.entries.iter().find(|(k, _)| k == key)?.1.as_str())))
    }

    /// Returns all values under a key.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.entries.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str()).take(MAX_LIST)
    }

    /// Returns keys and values of which the key passes a test.
    pub fn matching<'a>(&'a self, test: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.entries.iter().filter(move |(k, _)| test(k)).map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// Returns the first value of a microdata property.
    pub fn prop(&self, name: &str) -> Option<&str> {
        self.props.iter().find(|(k, v)| k == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }
}

fn short(text: &str) -> String {
    naba_text::collapse_line(cut(text, MAX_FIELD_CHARS))
}

fn rel(dom: &Dom, id: NodeId, value: &str) -> bool {
    dom.attr(id, Attr::Rel).is_some_and(|rel| rel.split_whitespace().any(|r| r.eq_ignore_ascii_case(value)))
}

fn in_svg(dom: &Dom, id: NodeId) -> bool {
    dom.ancestors(id).any(|a| dom.name(a) == "svg")
}
