//! The document tree: its nodes in document order, each with the end of what stands below it.

use html5ever::LocalName;
use html5ever::tendril::StrTendril;
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};

use super::attribute::Attr;
use super::sink::Sink;
use super::token::{Tokenizer, normalized};
use crate::error::ExtractError;
use crate::limits::MAX_DEPTH;

/// Index of a node in its document.
pub type NodeId = usize;

/// What a node is.
#[derive(Debug)]
pub enum Data {
    /// The document itself.
    Document,
    /// An element, its local name in lower case, and its attributes.
    Element(LocalName, Attrs),
    /// Text.
    Text(StrTendril),
    /// Comments and instructions.
    Other,
}

/// The place of an element's attributes among those of the document.
#[derive(Clone, Copy, Debug)]
pub struct Attrs {
    start: u32,
    end: u32,
}

impl Attrs {
    /// Names a place.
    pub fn of(start: usize, end: usize) -> Self {
        let (start, end) = (u32::try_from(start), u32::try_from(end));
        start.ok().zip(end.ok()).map_or(Self { start: 0, end: 0 }, |(start, end)| Self { start, end })
    }

    /// Returns them out of those of the document.
    pub fn of_all(self, all: &[(Attr, StrTendril)]) -> &[(Attr, StrTendril)] {
        all.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A node of the tree.
#[derive(Debug)]
pub struct Node {
    /// The node above, none for the document.
    pub parent: Option<u32>,
    /// The node behind all that stand below this one.
    pub end: u32,
    /// What it is.
    pub data: Data,
}

/// A parsed document.
#[derive(Debug, Default)]
pub struct Dom {
    nodes: Vec<Node>,
    attrs: Vec<(Attr, StrTendril)>,
}

impl Dom {
    /// Parses HTML.
    pub fn parse(html: &str) -> Result<Self, ExtractError> {
        let source = normalized(html);
        let builder = TreeBuilder::new(Sink::sized(source.len()), TreeBuilderOpts::default());
        let (dom, depth) = Tokenizer::new(&source, builder).run()?.flat();
        if depth > MAX_DEPTH * 2 {
            return Err(ExtractError::TooDeep(depth));
        }
        Ok(dom)
    }

    /// Makes a document of nodes in document order.
    pub fn of(nodes: Vec<Node>, attrs: Vec<(Attr, StrTendril)>) -> Self {
        Self { nodes, attrs }
    }

    /// Returns the number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Tells whether a node stands below another, or is it.
    pub fn holds(&self, id: NodeId, inner: NodeId) -> bool {
        id <= inner && inner < self.end(id)
    }

    /// Returns the nodes directly below a node, in order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.end(id);
        let first = Some(id + 1).filter(|first| *first < end);
        std::iter::successors(first, move |id| Some(self.end(*id)).filter(|next| *next < end))
    }

    /// Returns the node behind all that stand below one.
    pub fn end(&self, id: NodeId) -> NodeId {
        self.nodes.get(id).map_or(id, |node| node.end as usize)
    }

    /// Returns the local name of an element, or an empty string.
    pub fn name(&self, id: NodeId) -> &str {
        match self.nodes.get(id).map(|node| &node.data) {
            Some(Data::Element(name, _)) => name,
            _ => "",
        }
    }

    /// Returns the value of an attribute.
    pub fn attr(&self, id: NodeId, name: Attr) -> Option<&str> {
        match self.nodes.get(id).map(|node| &node.data) {
            Some(Data::Element(_, attrs)) => {
                attrs.of_all(&self.attrs).iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
            }
            _ => None,
        }
    }

    /// Returns the attributes of an element that are kept, in the order of the source.
    pub fn attrs(&self, id: NodeId) -> impl Iterator<Item = (Attr, &str)> {
        let attrs = match self.nodes.get(id).map(|node| &node.data) {
            Some(Data::Element(_, attrs)) => attrs.of_all(&self.attrs),
            _ => &[],
        };
        attrs.iter().map(|(name, value)| (*name, &**value))
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
        self.nodes.get(id)?.parent.map(|parent| parent as usize)
    }

    /// Returns the nodes above, nearest first.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.parent(id), |id| self.parent(*id))
    }

    /// Returns a node and all below it, in document order.
    pub fn subtree(&self, root: NodeId) -> std::ops::Range<NodeId> {
        root..self.end(root)
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
    fn a_tag_of_many_attributes_is_read_as_any_other() {
        let many: String = (0..200_000).map(|i| format!(" a{i} class=c{i}")).collect();
        for name in ["p", "b"] {
            let dom = Dom::parse(&format!("<{name}{many}>x")).unwrap();
            assert_eq!(dom.elements(name).next().and_then(|id| dom.attr(id, Attr::Class)), Some("c0"));
        }
    }

    #[test]
    fn a_page_that_is_nested_without_end_is_given_up() {
        let html = "<div>".repeat(200_000);
        assert!(matches!(Dom::parse(&html), Err(ExtractError::TooDeep(_))));
    }
}
