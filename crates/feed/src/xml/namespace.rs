//! The vocabularies that listings are written in.

use std::borrow::Cow;

use crate::limits::MAX_NAMESPACES;

/// A vocabulary, known by its namespace or, when a listing forgets to declare it, by its usual prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ns {
    /// The listing's own: RSS in all versions, sitemaps, OPML, or no namespace.
    Core,
    /// Atom 0.3 or 1.0.
    Atom,
    /// RDF syntax.
    Rdf,
    /// Dublin Core elements.
    Dc,
    /// Dublin Core terms.
    DcTerms,
    /// RSS content module.
    Content,
    /// RSS syndication module.
    Sy,
    /// Media RSS.
    Media,
    /// News sitemap.
    News,
    /// iTunes podcasting.
    Itunes,
    /// FeedBurner.
    FeedBurner,
    /// XHTML.
    Xhtml,
    /// Anything else.
    Other,
}

/// Namespace names without scheme and trailing separators, lower case; a prefix of the name is enough.
const BY_NAME: &[(&str, Ns)] = &[
    ("www.w3.org/2005/atom", Ns::Atom),
    ("purl.org/atom/ns", Ns::Atom),
    ("purl.org/rss/1.0/modules/content", Ns::Content),
    ("purl.org/rss/1.0/modules/syndication", Ns::Sy),
    ("purl.org/rss/1.0/modules", Ns::Other),
    ("purl.org/rss", Ns::Core),
    ("purl.org/net/rss1.1", Ns::Core),
    ("my.netscape.com", Ns::Core),
    ("channel.netscape.com", Ns::Core),
    ("backend.userland.com", Ns::Core),
    ("blogs.law.harvard.edu/tech/rss", Ns::Core),
    ("cyber.law.harvard.edu/rss", Ns::Core),
    ("www.rssboard.org/media-rss", Ns::Media),
    ("search.yahoo.com/mrss", Ns::Media),
    ("www.sitemaps.org/schemas/sitemap", Ns::Core),
    ("www.google.com/schemas/sitemap-news", Ns::News),
    ("www.google.com/schemas/sitemap-", Ns::Other),
    ("www.google.com/schemas/sitemap", Ns::Core),
    ("www.w3.org/1999/02/22-rdf-syntax-ns", Ns::Rdf),
    ("purl.org/dc/elements", Ns::Dc),
    ("purl.org/dc/terms", Ns::DcTerms),
    ("www.itunes.com/dtds/podcast", Ns::Itunes),
    ("rssnamespace.org/feedburner", Ns::FeedBurner),
    ("www.w3.org/1999/xhtml", Ns::Xhtml),
];

const BY_PREFIX: &[(&str, Ns)] = &[
    ("atom", Ns::Atom),
    ("atom10", Ns::Atom),
    ("a10", Ns::Atom),
    ("rss", Ns::Core),
    ("rdf", Ns::Rdf),
    ("dc", Ns::Dc),
    ("dcterms", Ns::DcTerms),
    ("content", Ns::Content),
    ("sy", Ns::Sy),
    ("media", Ns::Media),
    ("news", Ns::News),
    ("itunes", Ns::Itunes),
    ("feedburner", Ns::FeedBurner),
    ("xhtml", Ns::Xhtml),
    ("xhtm", Ns::Xhtml),
];

impl Ns {
    /// Finds the vocabulary of a namespace name; publishers vary case, scheme and trailing separators.
    pub(crate) fn of_name(name: &str) -> Self {
        let name = name.trim().to_ascii_lowercase();
        if name.is_empty() {
            return Self::Core;
        }
        let bare = name.strip_prefix("http://").or_else(|| name.strip_prefix("https://")).unwrap_or(&name);
        BY_NAME.iter().find(|(known, _)| bare.starts_with(known)).map_or(Self::Other, |(_, ns)| *ns)
    }

    fn of_prefix(prefix: &str) -> Self {
        BY_PREFIX.iter().find(|(known, _)| prefix.eq_ignore_ascii_case(known)).map_or(Self::Other, |(_, ns)| *ns)
    }
}

/// The declarations in force at one place of a document.
#[derive(Debug, Default)]
pub(crate) struct Declarations(Vec<Declaration>);

#[derive(Debug)]
struct Declaration {
    prefix: String,
    ns: Ns,
    depth: usize,
}

impl Declarations {
    /// Takes the declarations of an element that opens at a depth.
    pub(crate) fn enter(&mut self, depth: usize, attributes: &[(Cow<'_, str>, Cow<'_, str>)]) {
        for (name, value) in attributes {
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) => match rest.strip_prefix(':') {
                    Some(prefix) => prefix,
                    None => continue,
                },
                None => continue,
            };
            let mut ns = Ns::of_name(value);
            if ns == Ns::Other && prefix.is_empty() && depth == 0 {
                // Whatever the root calls its own vocabulary, a root named `rss` means RSS.
                ns = Ns::Core;
            }
            if self.0.len() < MAX_NAMESPACES {
                self.0.push(Declaration { prefix: prefix.to_owned(), ns, depth });
            }
        }
    }

    /// Forgets the declarations of elements at a depth and below.
    pub(crate) fn leave(&mut self, depth: usize) {
        while self.0.last().is_some_and(|last| last.depth >= depth) {
            self.0.pop();
        }
    }

    /// Splits a qualified name into its vocabulary and its local part.
    pub(crate) fn resolve<'n>(&self, name: &'n str) -> (Ns, &'n str) {
        let (prefix, local) = name.rsplit_once(':').unwrap_or(("", name));
        let declared = self.0.iter().rev().find(|known| known.prefix.eq_ignore_ascii_case(prefix));
        let ns = match declared {
            Some(declaration) => declaration.ns,
            None if prefix.is_empty() => Ns::Core,
            None => Ns::of_prefix(prefix),
        };
        (ns, local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_in_any_case_scheme_and_with_any_ending() {
        assert_eq!(Ns::of_name("HTTPS://www.w3.org/2005/Atom/"), Ns::Atom);
        assert_eq!(Ns::of_name("http://purl.org/rss/1.0/modules/content/"), Ns::Content);
        assert_eq!(Ns::of_name("http://www.google.com/schemas/sitemap-image/1.1"), Ns::Other);
    }

    #[test]
    fn an_undeclared_prefix_means_what_it_usually_means() {
        assert_eq!(Declarations::default().resolve("dc:creator"), (Ns::Dc, "creator"));
    }

    #[test]
    fn a_declaration_ends_with_its_element() {
        let mut declarations = Declarations::default();
        declarations.enter(2, &[("xmlns:x".into(), "http://www.w3.org/2005/Atom".into())]);
        assert_eq!(declarations.resolve("x:link").0, Ns::Atom);
        declarations.leave(2);
        assert_eq!(declarations.resolve("x:link").0, Ns::Other);
    }
}
