//! A page, parsed once: tree, lines, structured data, meta elements.

pub mod container;
pub mod dom;
pub mod flow;
pub mod hint;
pub mod ld;
pub mod meta;
pub mod thread;

use dom::{Dom, NodeId};
use ld::{LdArticle, Linked};
use meta::Meta;

use crate::error::ExtractError;
use crate::line::Line;

/// A parsed page.
#[derive(Debug)]
pub struct Page {
    /// The tree.
    pub dom: Dom,
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
        let mut lines = flow::lines(&dom);
        let container = container::mark(&dom, &mut lines);
        let meta = Meta::read(&dom);
        let linked = ld::read(&dom);
        let main = main_article(&linked, &meta);
        Ok(Self { lines, container, meta, has_ld: main.is_some(), ld: main.unwrap_or_default(), linked, dom })
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
