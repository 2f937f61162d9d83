//! A page, parsed once: tree, lines, structured data, meta elements.

pub mod attribute;
pub mod container;
pub mod dom;
pub mod flow;
pub mod hint;
pub mod ld;
pub mod meta;
mod reference;
mod run;
mod sink;
pub mod thread;
mod token;

use dom::{Dom, NodeId};
use hint::Said;
use ld::{LdArticle, Linked};
use meta::Meta;

use crate::error::ExtractError;
use crate::line::Line;

/// A parsed page.
#[derive(Debug)]
pub struct Page {
    /// The tree.
    pub dom: Dom,
    /// What the names of the elements that hold text say, by node.
    said: Vec<Option<Said>>,
    /// Its lines, those of the body marked.
    pub lines: Vec<Line>,
    /// The element that holds the body, by names and by weight.
    pub container: Option<NodeId>,
    /// Meta elements.
    pub meta: Meta,
    /// Structured data.
    pub linked: Linked,
    /// The article among the structured data that this page is about.
    pub ld: LdArticle,
    /// True when the structured data has such an article.
    pub has_ld: bool,
}

impl Page {
    /// Parses a page.
    pub fn parse(html: &str) -> Result<Self, ExtractError> {
        let dom = Dom::parse(html)?;
        let (mut lines, said) = flow::read(&dom);
        let container = container::mark(&dom, &mut lines);
        let meta = Meta::read(&dom);
        let linked = ld::read(&dom);
        let main = main_article(&linked, &meta);
        Ok(Self { lines, container, meta, said, has_ld: main.is_some(), ld: main.unwrap_or_default(), linked, dom })
    }

    /// Returns what the names of an element say.
    pub fn said(&self, id: NodeId) -> Said {
        self.said.get(id).copied().flatten().unwrap_or_else(|| hint::said(&self.dom, id))
    }
}

/// Chooses the article that the page is about: pages list others beside it.
fn main_article(linked: &Linked, meta: &Meta) -> Option<LdArticle> {
    let title = naba_text::fold_str(meta.first(&["og:title", "twitter:title"]).map_or(meta.title.as_str(), |(_, t)| t));
    let matches = |a: &&LdArticle| {
        let headline = naba_text::fold_str(&a.headline);
        !headline.is_empty() && (title.contains(&headline) || headline.contains(&title) && !title.is_empty())
    };
    let canonical = |a: &&LdArticle| !meta.canonical.is_empty() && a.url == meta.canonical;
    linked
        .articles
        .iter()
        .find(matches)
        .or_else(|| linked.articles.iter().find(canonical))
        .or(linked.articles.first())
        .cloned()
}
