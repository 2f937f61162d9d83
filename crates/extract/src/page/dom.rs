//! The document tree: an arena filled by html5ever, with limits.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, ExpandedName, ParseOpts, QualName, parse_document};

use crate::error::ExtractError;
use crate::limits::{MAX_DEPTH, MAX_NODES, MAX_TAG_PARTS};

/// Index of a node in its document.
pub type NodeId = usize;

/// What a node is.
#[derive(Debug)]
pub enum Data {
    /// The document itself.
    Document,
    /// An element, its local name in lower case, and its attributes.
    Element(Rc<QualName>, Vec<Attribute>),
    /// Text.
    Text(StrTendril),
    /// Comments and instructions.
    Other,
}

/// A node of the tree.
#[derive(Debug)]
pub struct Node {
    /// The node above, none for the document and for what was taken out.
    pub parent: Option<NodeId>,
    /// The nodes below, in order.
    pub children: Vec<NodeId>,
    /// What it is.
    pub data: Data,
}

/// A parsed document.
#[derive(Debug, Default)]
pub struct Dom {
    nodes: Vec<Node>,
}

impl Dom {
    /// Parses HTML. The text is fed in pieces, so that a hostile page is given up before it costs quadratic time.
    pub fn parse(html: &str) -> Result<Self, ExtractError> {
        let mut parser = parse_document(Sink::default(), ParseOpts::default());
        let mut rest = html;
        let (mut seen, mut parts) = (0, 0);
        while !rest.is_empty() {
            let mut end = rest.len().min(16 * 1024);
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            let (piece, tail) = rest.split_at(end);
            parser.process(StrTendril::from(piece));
            rest = tail;
            let sink = &parser.tokenizer.sink.sink;
            sink.check()?;
            // html5ever compares each attribute of a tag with all before it. A tag that goes on and on says nothing.
            parts = if sink.events.get() == seen { parts + separators(piece) } else { 0 };
            seen = sink.events.get();
            if parts > MAX_TAG_PARTS {
                return Err(ExtractError::TooManyNodes(parts));
            }
        }
        let dom = parser.finish();
        let depth = dom.depth();
        if depth > MAX_DEPTH * 2 {
            return Err(ExtractError::TooDeep(depth));
        }
        Ok(dom)
    }

    /// Returns a node.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// Returns the children of a node.
    pub fn children(&self, id: NodeId) -> &[NodeId] {
        self.nodes.get(id).map_or(&[], |node| node.children.as_slice())
    }

    /// Returns the local name of an element, or an empty string.
    pub fn name(&self, id: NodeId) -> &str {
        match self.nodes.get(id).map(|node| &node.data) {
            Some(Data::Element(name, _)) => &name.local,
            _ => "",
        }
    }

    /// Returns the value of an attribute.
    pub fn attr(&self, id: NodeId, name: &str) -> Option<&str> {
        match self.nodes.get(id).map(|node| &node.data) {
            Some(Data::Element(_, attrs)) => attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value),
            _ => None,
        }
    }

    /// Returns the text of a text node.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        match self.nodes.get(id).map(|node| &node.data) {
            Some(Data::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns the node above.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id)?.parent
    }

    /// Returns the nodes above, nearest first.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.parent(id), |id| self.parent(*id))
    }

    /// Returns a node and all below it, in document order.
    pub fn subtree(&self, root: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut stack = vec![root];
        std::iter::from_fn(move || {
            let id = stack.pop()?;
            stack.extend(self.children(id).iter().rev());
            Some(id)
        })
    }

    /// Returns all elements of a name, in document order.
    pub fn elements<'a>(&'a self, name: &'a str) -> impl Iterator<Item = NodeId> + 'a {
        self.subtree(0).filter(move |id| self.name(*id) == name)
    }

    /// Returns the concatenated text below a node, collapsed to one line.
    pub fn inner_text(&self, root: NodeId) -> String {
        let mut text = String::new();
        for id in self.subtree(root) {
            match self.text(id) {
                Some(part) => text.push_str(part),
                None if matches!(self.name(id), "br" | "p" | "div" | "li") => text.push(' '),
                None => {}
            }
        }
        naba_text::collapse_line(&text)
    }

    fn depth(&self) -> usize {
        let mut deepest = 0;
        let mut stack = vec![(0, 0)];
        while let Some((id, depth)) = stack.pop() {
            deepest = deepest.max(depth);
            stack.extend(self.children(id).iter().map(|child| (*child, depth + 1)));
        }
        deepest
    }
}

/// Counts what may part attributes.
fn separators(piece: &str) -> usize {
    let count = |is: fn(&u8) -> bool| piece.bytes().filter(is).count();
    count(u8::is_ascii_whitespace) + count(|b| *b == b'/') / 3
}

/// A node as html5ever holds it: elements carry their name, so that no borrow of the arena is needed to read it.
#[derive(Clone)]
struct Handle {
    id: NodeId,
    name: Option<Rc<QualName>>,
}

struct Sink {
    dom: RefCell<Dom>,
    depths: RefCell<Vec<usize>>,
    deepest: Cell<usize>,
    /// Nodes and texts that the parser has handed over.
    events: Cell<usize>,
}

impl Default for Sink {
    fn default() -> Self {
        let document = Node { parent: None, children: Vec::new(), data: Data::Document };
        Self {
            dom: RefCell::new(Dom { nodes: vec![document] }),
            depths: RefCell::new(vec![0]),
            deepest: Cell::new(0),
            events: Cell::new(0),
        }
    }
}

impl Sink {
    fn check(&self) -> Result<(), ExtractError> {
        let nodes = self.dom.borrow().nodes.len();
        if nodes > MAX_NODES {
            return Err(ExtractError::TooManyNodes(nodes));
        }
        match self.deepest.get() {
            depth if depth > MAX_DEPTH => Err(ExtractError::TooDeep(depth)),
            _ => Ok(()),
        }
    }

    fn add(&self, data: Data) -> NodeId {
        self.events.set(self.events.get() + 1);
        let mut dom = self.dom.borrow_mut();
        dom.nodes.push(Node { parent: None, children: Vec::new(), data });
        self.depths.borrow_mut().push(0);
        dom.nodes.len() - 1
    }

    fn attach(&self, parent: NodeId, at: Option<usize>, child: NodeId) {
        self.detach(child);
        let mut dom = self.dom.borrow_mut();
        if let Some(node) = dom.nodes.get_mut(child) {
            node.parent = Some(parent);
        }
        if let Some(node) = dom.nodes.get_mut(parent) {
            let at = at.unwrap_or(node.children.len()).min(node.children.len());
            node.children.insert(at, child);
        }
        let mut depths = self.depths.borrow_mut();
        let depth = depths.get(parent).copied().unwrap_or(0) + 1;
        if let Some(slot) = depths.get_mut(child) {
            *slot = depth;
        }
        self.deepest.set(self.deepest.get().max(depth));
    }

    fn detach(&self, child: NodeId) {
        let mut dom = self.dom.borrow_mut();
        let Some(parent) = dom.nodes.get_mut(child).and_then(|node| node.parent.take()) else { return };
        let Some(node) = dom.nodes.get_mut(parent) else { return };
        // The child is nearly always the last: html5ever moves what it has just read.
        if let Some(at) = node.children.iter().rposition(|id| *id == child) {
            node.children.remove(at);
        }
    }

    /// Appends text, to the text node before it when there is one.
    fn text_at(&self, parent: NodeId, at: Option<usize>, text: StrTendril) {
        self.events.set(self.events.get() + 1);
        {
            let mut dom = self.dom.borrow_mut();
            let before = dom.nodes.get(parent).and_then(|node| match at {
                Some(at) => at.checked_sub(1).and_then(|i| node.children.get(i)).copied(),
                None => node.children.last().copied(),
            });
            if let Some(Node { data: Data::Text(existing), .. }) = before.and_then(|id| dom.nodes.get_mut(id)) {
                existing.push_tendril(&text);
                return;
            }
        }
        let id = self.add(Data::Text(text));
        self.attach(parent, at, id);
    }

    fn insert(&self, parent: NodeId, at: Option<usize>, child: NodeOrText<Handle>) {
        match child {
            NodeOrText::AppendNode(handle) => self.attach(parent, at, handle.id),
            NodeOrText::AppendText(text) => self.text_at(parent, at, text),
        }
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Dom;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { id: 0, name: None }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        // html5ever asks for names of elements only; the document answers with an empty name.
        const NONE: ExpandedName<'static> = ExpandedName { ns: &html5ever::ns!(), local: &html5ever::local_name!("") };
        target.name.as_deref().map_or(NONE, QualName::expanded)
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> Handle {
        let name = Rc::new(name);
        Handle { id: self.add(Data::Element(Rc::clone(&name), attrs)), name: Some(name) }
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        Handle { id: self.add(Data::Other), name: None }
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        Handle { id: self.add(Data::Other), name: None }
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.insert(parent.id, None, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        let has_parent = self.dom.borrow().parent(element.id).is_some();
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
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
        let place = {
            let dom = self.dom.borrow();
            let parent = dom.parent(sibling.id);
            parent.and_then(|p| Some((p, dom.children(p).iter().position(|id| *id == sibling.id)?)))
        };
        if let Some((parent, at)) = place {
            self.insert(parent, Some(at), new_node);
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        let mut dom = self.dom.borrow_mut();
        if let Some(Node { data: Data::Element(_, existing), .. }) = dom.nodes.get_mut(target.id) {
            for attr in attrs {
                if !existing.iter().any(|e| e.name == attr.name) {
                    existing.push(attr);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let children = self.dom.borrow_mut().nodes.get_mut(node.id).map(|n| std::mem::take(&mut n.children));
        for child in children.unwrap_or_default() {
            if let Some(node) = self.dom.borrow_mut().nodes.get_mut(child) {
                node.parent = None;
            }
            self.attach(new_parent.id, None, child);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_markup_still_gives_a_tree() {
        let dom = Dom::parse("<p>a<b>c<p>d</b>e<table>x<tr><td>y").unwrap();
        let texts: Vec<String> = dom.elements("p").map(|p| dom.inner_text(p)).collect();
        assert_eq!(texts.first().map(String::as_str), Some("ac"));
        assert!(dom.inner_text(0).contains('y'));
    }

    #[test]
    fn a_tag_of_attributes_without_end_is_given_up_and_a_long_value_is_not() {
        let many: String = (0..200_000).map(|i| format!(" a{i}")).collect();
        assert!(matches!(Dom::parse(&format!("<p{many}>x")), Err(ExtractError::TooManyNodes(_))));
        let image = "A9/b".repeat(60_000);
        assert!(Dom::parse(&format!("<p><img src='data:image/png;base64,{image}'>x")).is_ok());
        let script = format!("<script>{}</script><p>x", "a / b ".repeat(100_000));
        assert!(Dom::parse(&script).is_ok());
    }

    #[test]
    fn a_page_that_is_nested_without_end_is_given_up() {
        let html = "<div>".repeat(200_000);
        assert!(matches!(Dom::parse(&html), Err(ExtractError::TooDeep(_))));
    }
}
