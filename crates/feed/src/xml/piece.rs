//! A document as a row of pieces: its root, its fields and its entries, one small tree at a time.
//!
//! A listing of 50 MB never stands in memory as a whole tree, and whatever is wrong with one entry ends with it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::rc::Rc;

use super::attribute::{attributes, lower};
use super::element::{Element, Scope};
use super::namespace::{Declarations, Ns};
use super::scan::{Scanner, Token};
use crate::limits::{MAX_DEPTH, MAX_ELEMENTS};
use crate::listing::{Diagnostic, Notes};

/// A part of a listing.
#[derive(Debug)]
pub(crate) enum Piece<'d> {
    /// The local name of the outermost element, in lower case, and the scope inside it. Comes first.
    Root(String, Rc<Scope>),
    /// An element of the listing that is no entry.
    Field(Element<'d>, Rc<Scope>),
    /// An entry.
    Entry(Element<'d>, Rc<Scope>),
}

/// Elements whose children are pieces.
const ROOTS: &[&str] = &["rss", "rdf", "feed", "channel", "urlset", "sitemapindex"];
/// Elements whose text is an address.
const ADDRESSES: &[&str] = &["loc", "link", "guid", "id", "origlink"];
const INNER_CONTAINERS: &[&str] = &["channel", "items", "feed", "urlset"];

struct Container<'a> {
    /// Tag name as written.
    tag: &'a str,
    scope: Rc<Scope>,
}

/// Reads pieces from decoded text.
pub(crate) struct Pieces<'a> {
    scanner: Scanner<'a>,
    document: Scope,
    declarations: Declarations,
    containers: Vec<Container<'a>>,
    /// Elements of the current piece, outermost first, with their tag names as written.
    open: Vec<(&'a str, Element<'a>)>,
    /// Elements of the current piece so far.
    count: usize,
    /// Start tags left out because of a limit, whose end tags are to be left out too.
    skipped: usize,
    sitemap: bool,
    /// The first element, when it is no root.
    stranger: Option<String>,
    ready: VecDeque<Piece<'a>>,
}

impl<'a> Pieces<'a> {
    /// Starts at the beginning; `document` is the scope around the root.
    pub(crate) fn new(text: &'a str, document: Scope) -> Self {
        Self {
            scanner: Scanner::new(text),
            document,
            declarations: Declarations::default(),
            containers: Vec::new(),
            open: Vec::new(),
            count: 0,
            skipped: 0,
            sitemap: false,
            stranger: None,
            ready: VecDeque::new(),
        }
    }

    /// Returns the next piece.
    pub(crate) fn next(&mut self, notes: &mut Notes) -> Option<Piece<'a>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(piece);
            }
            if self.containers.is_empty() && self.stranger.as_deref() == Some("html") {
                return None;
            }
            match self.scanner.next(notes) {
                Some(Token::Start { name, attributes, empty }) => self.start(name, attributes, empty, notes),
                Some(Token::End(name)) => self.end(name, notes),
                Some(Token::Text(text)) => self.text(text, notes),
                None if self.open.is_empty() => return None,
                None => {
                    notes.add(Diagnostic::NotWellFormed);
                    // Half an address is another one.
                    self.open.pop_if(|(_, element)| ADDRESSES.contains(&element.name.as_ref()));
                    self.close_to(0);
                }
            }
        }
    }

    /// Returns the local name of the first element when no root was found.
    pub(crate) fn stranger(&self) -> Option<&str> {
        self.stranger.as_deref()
    }

    fn start(&mut self, tag: &'a str, attribute_text: &'a str, empty: bool, notes: &mut Notes) {
        let attributes = attributes(attribute_text);
        let depth = self.containers.len() + self.open.len();
        self.declarations.leave(depth);
        self.declarations.enter(depth, &attributes);
        let (ns, name) = self.declarations.resolve(tag);
        let element = Element::new(ns, lower(name), attributes);
        if self.containers.is_empty() {
            self.start_outside(tag, element, empty, notes);
            return;
        }
        if self.is_entry(&element) && !self.open.is_empty() && self.may_interrupt() {
            notes.add(Diagnostic::NotWellFormed);
            self.close_to(0);
        }
        let is_container = self.open.is_empty()
            && matches!(element.ns, Ns::Core | Ns::Atom | Ns::Rdf)
            && INNER_CONTAINERS.contains(&element.name.as_ref())
            && self.containers.len() < MAX_DEPTH;
        if is_container {
            if !empty {
                self.enter_container(tag, element);
            }
            return;
        }
        self.count += 1;
        if self.open.len() >= MAX_DEPTH || self.count > MAX_ELEMENTS {
            let too_deep = self.open.len() >= MAX_DEPTH;
            notes.add(if too_deep { Diagnostic::TooDeep } else { Diagnostic::TooLarge });
            self.skipped += usize::from(!empty);
            return;
        }
        self.open.push((tag, element));
        if empty {
            self.close_to(self.open.len() - 1);
        }
    }

    /// Takes an element in front of the root: the root itself, or rubbish such as a server's warning.
    fn start_outside(&mut self, tag: &'a str, element: Element<'a>, empty: bool, notes: &mut Notes) {
        let name = element.name.as_ref();
        let lone_entry = self.stranger.is_none() && matches!(name, "entry" | "item");
        if !lone_entry && !ROOTS.contains(&name) {
            self.stranger.get_or_insert_with(|| element.name.to_string());
            return;
        }
        if self.stranger.is_some() {
            notes.add(Diagnostic::NotWellFormed);
        }
        self.sitemap = matches!(name, "urlset" | "sitemapindex");
        let root = element.name.to_string();
        let place = self.ready.len();
        if lone_entry {
            // An Atom entry document: its own root.
            self.containers.push(Container { tag: "", scope: Rc::new(self.document.clone()) });
            self.open.push((tag, element));
        } else {
            self.enter_container(tag, element);
        }
        let scope = self.containers.last().map_or_else(|| Rc::new(self.document.clone()), |it| Rc::clone(&it.scope));
        self.ready.insert(place, Piece::Root(root, scope));
        if empty {
            self.close_to(0);
        }
    }

    fn enter_container(&mut self, tag: &'a str, element: Element<'a>) {
        let outer = self.containers.last().map_or(&self.document, |container| &container.scope);
        let scope = Rc::new(outer.enter(&element).into_owned());
        self.containers.push(Container { tag, scope: Rc::clone(&scope) });
        if element.filled("href").or(element.filled("lastmod")).is_some() {
            // The Channel Definition Format says in attributes what others say in elements.
            self.ready.push_back(Piece::Field(element, scope));
        }
    }

    fn is_entry(&self, element: &Element) -> bool {
        let name = element.name.as_ref();
        if self.sitemap {
            element.ns == Ns::Core && matches!(name, "url" | "sitemap")
        } else {
            matches!(element.ns, Ns::Core | Ns::Atom) && matches!(name, "item" | "entry")
        }
    }

    /// Tells whether a new entry means that the end tags of the current piece were forgotten. Content may hold entries.
    fn may_interrupt(&self) -> bool {
        !self.open.iter().skip(1).any(|(_, element)| matches!(element.name.as_ref(), "content" | "inline"))
    }

    fn end(&mut self, tag: &str, notes: &mut Notes) {
        if self.skipped > 0 && self.open.first().is_none_or(|(first, _)| !first.eq_ignore_ascii_case(tag)) {
            self.skipped -= 1;
            return;
        }
        if let Some(at) = self.open.iter().rposition(|(open, _)| open.eq_ignore_ascii_case(tag)) {
            if at + 1 != self.open.len() {
                notes.add(Diagnostic::NotWellFormed);
            }
            self.close_to(at);
            return;
        }
        let Some(at) = self.containers.iter().rposition(|container| container.tag.eq_ignore_ascii_case(tag)) else {
            notes.add(Diagnostic::NotWellFormed);
            return;
        };
        if !self.open.is_empty() {
            notes.add(Diagnostic::NotWellFormed);
            self.close_to(0);
        }
        // The root stays: entries behind its end are read all the same.
        self.containers.truncate(at.max(1));
    }

    /// Closes the open elements from the innermost down to the one at a place.
    fn close_to(&mut self, at: usize) {
        while self.open.len() > at {
            let Some((_, element)) = self.open.pop() else { return };
            if let Some((_, parent)) = self.open.last_mut() {
                parent.push_element(element);
                continue;
            }
            self.count = 0;
            self.skipped = 0;
            let Some(container) = self.containers.last() else { return };
            let scope = Rc::clone(&container.scope);
            let is_entry = self.is_entry(&element);
            self.ready.push_back(if is_entry { Piece::Entry(element, scope) } else { Piece::Field(element, scope) });
        }
    }

    fn text(&mut self, text: Cow<'a, str>, notes: &mut Notes) {
        if self.skipped > 0 {
            return;
        }
        if let Some((_, element)) = self.open.last_mut()
            && !element.push_text(text)
        {
            notes.add(Diagnostic::TooLarge);
        }
    }
}
