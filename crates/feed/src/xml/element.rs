//! One piece of a listing as a small tree, and what it inherits from around it.

use std::borrow::Cow;

use naba_model::NormalUrl;

use super::attribute::Attributes;
use super::namespace::Ns;
use crate::fragment::{holds_address, resolved};
use crate::limits::MAX_TEXT_BYTES;
use crate::plain::escape;

/// What an element inherits: the base of relative addresses (XML Base) and the language (`xml:lang`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scope {
    pub(crate) base: NormalUrl,
    pub(crate) language: Option<String>,
}

impl Scope {
    /// Returns the scope inside an element.
    pub(crate) fn enter(&self, element: &Element) -> Cow<'_, Self> {
        let base = element.attribute("xml:base").and_then(|base| self.base.join(base).ok());
        let language = element.attribute("xml:lang").map(str::trim);
        if base.is_none() && language.is_none() {
            return Cow::Borrowed(self);
        }
        let mut inner = self.clone();
        if let Some(base) = base {
            inner.base = base;
        }
        if let Some(language) = language {
            // An empty value undoes what is inherited (XML 1.0, section 2.12).
            inner.language = (!language.is_empty()).then(|| language.to_owned());
        }
        Cow::Owned(inner)
    }
}

/// An element with all that is in it, as far as possible as it stands in the document.
#[derive(Debug, PartialEq)]
pub(crate) struct Element<'d> {
    pub(crate) ns: Ns,
    /// Local name, lower case.
    pub(crate) name: Cow<'d, str>,
    /// Lower-case qualified names and resolved values.
    attributes: Attributes<'d>,
    children: Vec<Child<'d>>,
}

#[derive(Debug, PartialEq)]
enum Child<'d> {
    Element(Element<'d>),
    Text(Cow<'d, str>),
}

impl<'d> Element<'d> {
    pub(crate) fn new(ns: Ns, name: Cow<'d, str>, attributes: Attributes<'d>) -> Self {
        Self { ns, name, attributes, children: Vec::new() }
    }

    /// Returns an attribute by its lower-case qualified name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// Returns an attribute that says something, trimmed.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.attribute(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Iterates over the elements directly inside.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }

    /// Returns the first element directly inside with a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.name == name)
    }

    /// Tells whether there is markup inside.
    pub(crate) fn has_elements(&self) -> bool {
        self.elements().next().is_some()
    }

    /// Returns all text inside, in order.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self.children.as_slice() {
            [] => Cow::Borrowed(""),
            [Child::Text(text)] => Cow::Borrowed(text),
            _ => {
                let mut out = String::new();
                self.collect_text(&mut out);
                Cow::Owned(out)
            }
        }
    }

    fn collect_text(&self, out: &mut String) {
        for child in &self.children {
            match child {
                Child::Text(text) => out.push_str(text),
                Child::Element(element) => element.collect_text(out),
            }
        }
    }

    /// Writes what is inside as HTML with absolute addresses; `scope` is the one inside this element.
    pub(crate) fn inner_html(&self, scope: &Scope) -> String {
        let mut out = String::new();
        self.write_inner(scope, &mut out);
        out
    }

    fn write_inner(&self, scope: &Scope, out: &mut String) {
        for child in &self.children {
            match child {
                Child::Text(text) => escape(text, out),
                Child::Element(element) => element.write_outer(&scope.enter(element), out),
            }
        }
    }

    fn write_outer(&self, scope: &Scope, out: &mut String) {
        if self.name == "script" {
            return;
        }
        out.push('<');
        out.push_str(&self.name);
        let is_html = |name: &str| !name.starts_with("xmlns") && name != "xml:base";
        for (name, value) in self.attributes.iter().filter(|(name, _)| is_html(name)) {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            let absolute = holds_address(name).then(|| resolved(value, scope.base.as_url())).flatten();
            escape(absolute.as_deref().unwrap_or(value), out);
            out.push('"');
        }
        out.push('>');
        const VOID: &[&str] = &["area", "br", "col", "embed", "hr", "img", "input", "source", "track", "wbr"];
        if !VOID.contains(&self.name.as_ref()) {
            self.write_inner(scope, out);
            out.push_str("</");
            out.push_str(&self.name);
            out.push('>');
        }
    }

    /// Adds text at the end; answers false when the limit cut it.
    pub(crate) fn push_text(&mut self, text: Cow<'d, str>) -> bool {
        let Some(Child::Text(last)) = self.children.last_mut() else {
            let fits = text.len() <= MAX_TEXT_BYTES;
            if fits && !text.is_empty() {
                self.children.push(Child::Text(text));
            }
            return fits;
        };
        let fits = last.len() + text.len() <= MAX_TEXT_BYTES;
        if fits {
            last.to_mut().push_str(&text);
        }
        fits
    }

    pub(crate) fn push_element(&mut self, element: Self) {
        self.children.push(Child::Element(element));
    }
}
