//! One entry of a feed.

use naba_model::{Millis, NormalUrl};

use crate::construct::{Construct, label, language, person};
use crate::limits::{MAX_CONTENT_BYTES, MAX_LABEL_BYTES, MAX_LABELS, MAX_SUMMARY_BYTES, cut};
use crate::link::{absolute, resolve};
use crate::listing::{Diagnostic, Entry, Notes};
use crate::ranked::Ranked;
use crate::when::instant;
use crate::xml::{Element, Ns, Scope};

/// A description of this many bytes of plain text is no summary but the document: many feeds know no other element.
const LONG_DESCRIPTION_BYTES: usize = 1_500;

/// Reads an entry; whatever is wrong with it is noted and left out.
pub(crate) fn read(element: &Element, outer: &Scope, is_atom: bool, notes: &mut Notes) -> Entry {
    let scope = outer.enter(element);
    let mut draft = Draft { is_atom, ..Draft::default() };
    draft.language.offer(0, || element.filled("xml:lang").and_then(language));
    draft.attributes(element, &scope, notes);
    for child in element.elements() {
        draft.child(child, &scope.enter(child), notes);
    }
    draft.finish(notes)
}

#[derive(Default)]
struct Draft {
    is_atom: bool,
    url: Ranked<NormalUrl>,
    guid: Ranked<String>,
    title: Ranked<String>,
    summary: Ranked<String>,
    content: Ranked<String>,
    published_at: Ranked<Millis>,
    updated_at: Ranked<Millis>,
    authors: Vec<String>,
    /// Names that count when there is no author.
    credits: Vec<String>,
    categories: Vec<String>,
    language: Ranked<String>,
}

impl Draft {
    /// Takes what RDF and the Channel Definition Format write as attributes.
    fn attributes(&mut self, element: &Element, scope: &Scope, notes: &mut Notes) {
        if let Some(about) = element.filled("rdf:about") {
            self.guid.offer(2, || Some(about.to_owned()));
            self.url.offer(4, || absolute(about));
        }
        if let Some(href) = element.filled("href") {
            self.url.offer(1, || resolve(href, scope, notes));
        }
        self.updated_at.offer(1, || element.filled("lastmod").and_then(|written| instant(written, notes)));
    }

    fn child(&mut self, child: &Element, scope: &Scope, notes: &mut Notes) {
        match child.ns {
            Ns::Core | Ns::Atom => self.core(child, scope, notes),
            Ns::Dc | Ns::DcTerms => self.dublin_core(child, scope, notes),
            Ns::Media => self.media(child, scope),
            Ns::Content if child.name == "encoded" => {
                self.content.offer(0, || Construct::of(child, false, scope).html(scope))
            }
            Ns::Xhtml if matches!(child.name.as_ref(), "body" | "div") => {
                self.content.offer(1, || Some(child.inner_html(scope)).filter(|html| !html.trim().is_empty()));
            }
            Ns::FeedBurner if child.name == "origlink" => self.url.offer(0, || resolve(&child.text(), scope, notes)),
            Ns::Itunes => self.itunes(child, scope),
            // Yandex News: the whole article as plain text, required of Russian publishers.
            Ns::Other if child.name == "full-text" => {
                self.content.offer(1, || Construct::of(child, false, scope).html(scope))
            }
            _ => {}
        }
    }

    fn core(&mut self, child: &Element, scope: &Scope, notes: &mut Notes) {
        match child.name.as_ref() {
            "title" => self.title.offer(0, || Construct::of(child, self.is_atom, scope).plain()),
            "link" => self.link(child, scope, notes),
            "guid" | "id" => self.identifier(child, scope),
            "description" | "summary" | "abstract" => self.description(child, scope),
            "content" => self.content(child, scope, notes),
            "fullitem" | "body" => self.content.offer(1, || Construct::of(child, false, scope).html(scope)),
            "author" | "creator" => self.author(child),
            "category" | "keywords" => self.category(child),
            "pubdate" | "published" => self.published_at.offer(0, || instant(&child.text(), notes)),
            "issued" => self.published_at.offer(1, || instant(&child.text(), notes)),
            "created" | "date" => self.published_at.offer(2, || instant(&child.text(), notes)),
            "updated" | "modified" | "lastmod" => self.updated_at.offer(0, || instant(&child.text(), notes)),
            "language" => self.language.offer(1, || language(&child.text())),
            _ => {}
        }
    }

    /// An RSS link is text, an Atom link an attribute; either may stand in either.
    fn link(&mut self, link: &Element, scope: &Scope, notes: &mut Notes) {
        let Some(href) = link.filled("href") else {
            self.url.offer(1, || resolve(&link.text(), scope, notes));
            return;
        };
        let relation = link.filled("rel").unwrap_or("alternate");
        if !relation.eq_ignore_ascii_case("alternate") {
            return;
        }
        let is_page = link.filled("type").is_none_or(|kind| kind.to_ascii_lowercase().contains("html"));
        let rank = if is_page { 1 } else { 2 };
        self.url.offer(rank, || resolve(href, scope, notes));
    }

    fn identifier(&mut self, id: &Element, scope: &Scope) {
        let text = id.text();
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let may_be_address = id.filled("ispermalink").is_none_or(|value| !value.eq_ignore_ascii_case("false"));
        if may_be_address {
            let rank = if id.name == "guid" { 3 } else { 5 };
            self.url.offer(rank, || absolute(text));
        }
        self.guid.offer(0, || Some(cut(identity(text, id, scope), MAX_LABEL_BYTES)));
    }

    fn description(&mut self, element: &Element, scope: &Scope) {
        if !self.summary.wants(0) {
            return;
        }
        let construct = Construct::of(element, self.is_atom, scope);
        self.summary.offer(0, || construct.plain());
        if self.summary.get().is_some_and(|summary| summary.len() >= LONG_DESCRIPTION_BYTES) {
            self.content.offer(9, || construct.html(scope));
        }
    }

    fn content(&mut self, element: &Element, scope: &Scope, notes: &mut Notes) {
        if let Some(src) = element.filled("src") {
            self.url.offer(4, || resolve(src, scope, notes));
            return;
        }
        self.content.offer(0, || Construct::of(element, self.is_atom, scope).html(scope));
        self.language.offer(3, || element.filled("xml:lang").and_then(language));
    }

    fn author(&mut self, element: &Element) {
        let name = match element.child("name") {
            Some(name) => person(&name.text()),
            None => unnamed_person(element),
        };
        add(&mut self.authors, name);
    }

    fn category(&mut self, element: &Element) {
        match element.filled("label").or_else(|| element.filled("term")) {
            Some(stated) => add(&mut self.categories, label(stated)),
            None if element.name == "keywords" => self.keywords(&element.text()),
            None => add(&mut self.categories, label(&element.text())),
        }
    }

    /// A podcast's category holds its subcategory.
    fn nested_category(&mut self, element: &Element) {
        add(&mut self.categories, element.filled("text").and_then(label));
        element.elements().for_each(|inner| self.nested_category(inner));
    }

    fn keywords(&mut self, text: &str) {
        for keyword in text.split([',', '،', ';', '؛']) {
            add(&mut self.categories, label(keyword));
        }
    }

    fn dublin_core(&mut self, child: &Element, scope: &Scope, notes: &mut Notes) {
        match child.name.as_ref() {
            "title" => self.title.offer(1, || Construct::of(child, false, scope).plain()),
            "creator" | "author" => self.author(child),
            "date" | "issued" => self.published_at.offer(1, || instant(&child.text(), notes)),
            "created" => self.published_at.offer(2, || instant(&child.text(), notes)),
            "modified" => self.updated_at.offer(1, || instant(&child.text(), notes)),
            "subject" => add(&mut self.categories, label(&child.text())),
            "description" | "abstract" => self.summary.offer(1, || Construct::of(child, false, scope).plain()),
            "language" => self.language.offer(1, || language(&child.text())),
            "identifier" => {
                let text = child.text();
                self.url.offer(6, || absolute(&text));
                self.guid.offer(1, || label(&text));
            }
            _ => {}
        }
    }

    /// Media RSS. What stands inside `media:content` describes a picture, what stands in `media:group` the entry.
    fn media(&mut self, child: &Element, scope: &Scope) {
        match child.name.as_ref() {
            "group" => {
                child.elements().filter(|inner| inner.name != "group").for_each(|inner| self.media(inner, scope))
            }
            "title" => self.title.offer(2, || Construct::of(child, false, scope).plain()),
            "description" => self.summary.offer(3, || Construct::of(child, false, scope).plain()),
            "keywords" => self.keywords(&child.text()),
            "category" => self.category(child),
            "credit" if child.filled("role").is_some_and(|role| role.eq_ignore_ascii_case("author")) => {
                add(&mut self.credits, person(&child.text()));
            }
            _ => {}
        }
    }

    fn itunes(&mut self, child: &Element, scope: &Scope) {
        match child.name.as_ref() {
            "author" => add(&mut self.credits, person(&child.text())),
            "category" => self.nested_category(child),
            "keywords" => self.keywords(&child.text()),
            "title" => self.title.offer(1, || Construct::of(child, false, scope).plain()),
            "summary" => self.summary.offer(2, || Construct::of(child, false, scope).plain()),
            "subtitle" => self.summary.offer(4, || Construct::of(child, false, scope).plain()),
            _ => {}
        }
    }

    fn finish(self, notes: &mut Notes) -> Entry {
        let url = self.url.take();
        if url.is_none() {
            notes.add(Diagnostic::EntryWithoutUrl);
        }
        let content_html = self.content.take().map(|html| cut(html, MAX_CONTENT_BYTES));
        Entry {
            url,
            guid: self.guid.take(),
            title: self.title.take().map(|title| cut(title, MAX_LABEL_BYTES)),
            summary: self.summary.take().map(|summary| cut(summary, MAX_SUMMARY_BYTES)),
            content_html,
            published_at: self.published_at.take(),
            updated_at: self.updated_at.take(),
            authors: if self.authors.is_empty() { self.credits } else { self.authors },
            categories: self.categories,
            language: self.language.take(),
        }
    }
}

/// An Atom identifier is an address (RFC 4287, section 4.2.6): a relative one is meant against its base.
pub(super) fn identity(text: &str, id: &Element, scope: &Scope) -> String {
    let is_path = id.ns == Ns::Atom && text.contains('/') && !text.contains([':', ' ']);
    let absolute = is_path.then(|| scope.base.as_url().join(text).ok()).flatten();
    absolute.map_or_else(|| text.to_owned(), String::from)
}

/// Returns the text of a person without a name element. `<author><email/></author>` has no name, but markup may hold one.
pub(super) fn unnamed_person(element: &Element) -> Option<String> {
    let is_structured = element.elements().any(|part| matches!(part.name.as_ref(), "email" | "uri" | "url"));
    if is_structured { None } else { person(&element.text()) }
}

/// Adds a label once, within the limit.
pub(super) fn add(labels: &mut Vec<String>, value: Option<String>) {
    if let Some(value) = value
        && labels.len() < MAX_LABELS
        && !labels.contains(&value)
    {
        labels.push(value);
    }
}
