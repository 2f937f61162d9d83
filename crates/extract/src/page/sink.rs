//! The tree while it is built: html5ever's tree builder moves nodes about, so that they hang together by links.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, ExpandedName, LocalName, Namespace, QualName};

use super::attribute::Attr;
use super::dom::{Attrs, Data, Dom, Node};
use crate::error::ExtractError;
use crate::limits::{MAX_DEPTH, MAX_NODES};

/// No node.
const NONE: u32 = u32::MAX;

/// A node as html5ever holds it; it carries its name, so that no borrow of the tree is needed to read it.
#[derive(Clone)]
pub struct Handle {
    id: u32,
    namespace: Namespace,
    local: LocalName,
}

/// A node and its neighbours.
struct Link {
    parent: u32,
    first: u32,
    last: u32,
    before: u32,
    after: u32,
    depth: u32,
    data: Data,
}

/// Takes the nodes of a tree builder.
pub struct Sink {
    links: RefCell<Vec<Link>>,
    attrs: RefCell<Vec<(Attr, StrTendril)>>,
    deepest: Cell<u32>,
}

impl Default for Sink {
    fn default() -> Self {
        Self::sized(0)
    }
}

impl Sink {
    /// Makes a sink for a text of a length in bytes.
    pub fn sized(bytes: usize) -> Self {
        // Pages have a node for each 30 to 100 bytes.
        let nodes = (bytes / 40).min(MAX_NODES);
        let links = RefCell::new(Vec::with_capacity(nodes));
        let sink = Self { links, attrs: RefCell::new(Vec::with_capacity(nodes / 2)), deepest: Cell::new(0) };
        sink.add(Data::Document);
        sink
    }

    /// Tells whether the tree is still within its limits.
    pub fn check(&self) -> Result<(), ExtractError> {
        let nodes = self.links.borrow().len();
        if nodes > MAX_NODES {
            return Err(ExtractError::TooManyNodes(nodes));
        }
        match usize::try_from(self.deepest.get()).unwrap_or(usize::MAX) {
            depth if depth > MAX_DEPTH => Err(ExtractError::TooDeep(depth)),
            _ => Ok(()),
        }
    }

    /// Lays the tree out in document order; returns it with its depth.
    pub fn flat(self) -> (Dom, usize) {
        let mut links = self.links.into_inner();
        let mut nodes: Vec<Node> = Vec::with_capacity(links.len());
        let mut open: Vec<u32> = Vec::new();
        let (mut at, mut deepest) = (0, 0);
        while let Some(link) = links.get_mut(at as usize) {
            let id = u32::try_from(nodes.len()).unwrap_or(NONE);
            let data = std::mem::replace(&mut link.data, Data::Other);
            nodes.push(Node { parent: open.last().copied(), end: id + 1, data });
            open.push(id);
            deepest = deepest.max(open.len());
            let mut next = link.first;
            while next == NONE {
                let Some(closed) = open.pop() else { break };
                let end = u32::try_from(nodes.len()).unwrap_or(NONE);
                if let Some(node) = nodes.get_mut(closed as usize) {
                    node.end = end;
                }
                let Some(link) = links.get(at as usize) else { break };
                next = link.after;
                if next == NONE {
                    at = link.parent;
                }
            }
            at = next;
        }
        (Dom::of(nodes, self.attrs.into_inner()), deepest.saturating_sub(1))
    }

    fn add(&self, data: Data) -> u32 {
        let mut links = self.links.borrow_mut();
        let id = u32::try_from(links.len()).unwrap_or(NONE);
        links.push(Link { parent: NONE, first: NONE, last: NONE, before: NONE, after: NONE, depth: 0, data });
        id
    }

    /// Keeps the attributes that are read.
    fn keep(&self, attrs: impl Iterator<Item = (Attr, StrTendril)>) -> Attrs {
        let mut all = self.attrs.borrow_mut();
        let start = all.len();
        all.extend(attrs);
        Attrs::of(start, all.len())
    }

    fn attach(&self, parent: u32, before: u32, child: u32) {
        self.detach(child);
        let mut links = self.links.borrow_mut();
        let depth = links.get(parent as usize).map_or(0, |link| link.depth) + 1;
        let previous = match links.get_mut(before as usize) {
            Some(sibling) => std::mem::replace(&mut sibling.before, child),
            None => links.get_mut(parent as usize).map_or(NONE, |link| std::mem::replace(&mut link.last, child)),
        };
        match links.get_mut(previous as usize) {
            Some(link) => link.after = child,
            None => {
                if let Some(link) = links.get_mut(parent as usize) {
                    link.first = child;
                }
            }
        }
        if let Some(link) = links.get_mut(child as usize) {
            (link.parent, link.before, link.after, link.depth) = (parent, previous, before, depth);
        }
        self.deepest.set(self.deepest.get().max(depth));
    }

    fn detach(&self, child: u32) {
        let mut links = self.links.borrow_mut();
        let Some(link) = links.get_mut(child as usize).filter(|link| link.parent != NONE) else { return };
        let (parent, before, after) = (link.parent, link.before, link.after);
        (link.parent, link.before, link.after) = (NONE, NONE, NONE);
        match links.get_mut(before as usize) {
            Some(link) => link.after = after,
            None => {
                if let Some(link) = links.get_mut(parent as usize) {
                    link.first = after;
                }
            }
        }
        match links.get_mut(after as usize) {
            Some(link) => link.before = before,
            None => {
                if let Some(link) = links.get_mut(parent as usize) {
                    link.last = before;
                }
            }
        }
    }

    fn parent(&self, id: u32) -> u32 {
        self.links.borrow().get(id as usize).map_or(NONE, |link| link.parent)
    }

    /// Inserts before a sibling, or last; text joins the text before it.
    fn insert(&self, parent: u32, before: u32, child: NodeOrText<Handle>) {
        let text = match child {
            NodeOrText::AppendNode(handle) => return self.attach(parent, before, handle.id),
            NodeOrText::AppendText(text) => text,
        };
        {
            let mut links = self.links.borrow_mut();
            let previous = match links.get(before as usize) {
                Some(sibling) => sibling.before,
                None => links.get(parent as usize).map_or(NONE, |link| link.last),
            };
            if let Some(Link { data: Data::Text(existing), .. }) = links.get_mut(previous as usize) {
                existing.push_tendril(&text);
                return;
            }
        }
        let id = self.add(Data::Text(text));
        self.attach(parent, before, id);
    }

    fn nameless(&self, data: Data) -> Handle {
        Handle { id: self.add(data), namespace: html5ever::ns!(), local: html5ever::local_name!("") }
    }
}

fn kept(attr: Attribute) -> Option<(Attr, StrTendril)> {
    Attr::of(&attr.name.local).map(|name| (name, attr.value))
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { id: 0, namespace: html5ever::ns!(), local: html5ever::local_name!("") }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        ExpandedName { ns: &target.namespace, local: &target.local }
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> Handle {
        let attrs = self.keep(attrs.into_iter().filter_map(kept));
        let id = self.add(Data::Element(name.local.clone(), attrs));
        Handle { id, namespace: name.ns, local: name.local }
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.nameless(Data::Other)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.nameless(Data::Other)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.insert(parent.id, NONE, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        if self.parent(element.id) == NONE {
            self.append(previous, child);
        } else {
            self.append_before_sibling(element, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        target.clone()
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.id == y.id
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, new_node: NodeOrText<Handle>) {
        let parent = self.parent(sibling.id);
        if parent != NONE {
            self.insert(parent, sibling.id, new_node);
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        let mut links = self.links.borrow_mut();
        let Some(Link { data: Data::Element(_, existing), .. }) = links.get_mut(target.id as usize) else { return };
        let mut all = existing.of_all(&self.attrs.borrow()).to_vec();
        for (name, value) in attrs.into_iter().filter_map(kept) {
            if !all.iter().any(|(known, _)| *known == name) {
                all.push((name, value));
            }
        }
        *existing = self.keep(all.into_iter());
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        loop {
            let first = self.links.borrow().get(node.id as usize).map_or(NONE, |link| link.first);
            if first == NONE {
                return;
            }
            self.attach(new_parent.id, NONE, first);
        }
    }
}
