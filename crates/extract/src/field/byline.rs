//! Elements that name an author: `rel=author`, microdata, class names, links to an author's page.

use foldhash::HashMap;

use naba_proto::v1::Author;

use super::name::{byline, is_person};
use crate::limits::MAX_LIST;
use crate::line::{Hint, Zone};
use crate::page::Page;
use crate::page::attribute::Attr;
use crate::page::dom::{Dom, NodeId};
use crate::page::hint::tokens;

/// Longest text of an element that names authors, in scalar values.
const MAX_CHARS: usize = 220;
/// Farthest apart, in nodes, that elements of one byline stand.
const NEAR_NODES: usize = 60;
/// Farthest from the headline, in nodes, that a byline is trusted as one.
const FAR_NODES: usize = 300;
/// Most elements that are looked at.
const MAX_ELEMENTS: usize = 200;

/// Words in names of elements that hold an author.
const AUTHOR_WORDS: &[&str] = &[
    "author",
    "authors",
    "byline",
    "bylines",
    "autor",
    "autoren",
    "auteur",
    "auteurs",
    "autore",
    "autori",
    "writer",
    "writers",
    "verfasser",
    "redakteur",
    "journalist",
    "reporter",
    "columnist",
    "contributor",
    "contributors",
    "vcard",
    "byl",
    "firma",
    "signature",
    "yazar",
    "muhabir",
    "skribent",
    "kirjoittaja",
    "penulis",
    "auth",
    "creator",
];
/// Words in names of elements that stand beside the name of an author.
const BESIDE_WORDS: &[&str] = &[
    "bio",
    "biography",
    "description",
    "desc",
    "avatar",
    "image",
    "img",
    "photo",
    "picture",
    "social",
    "share",
    "comment",
    "comments",
    "related",
    "more",
    "count",
    "role",
    "job",
    "position",
    "date",
    "time",
    "published",
    "follow",
    "twitter",
    "email",
    "mail",
    "posts",
    "articles",
    "icon",
    "location",
    "title",
    "box",
    "about",
    "tags",
    "updated",
    "meta",
    "info",
];

struct Element {
    id: NodeId,
    end: NodeId,
    class: String,
    authors: Vec<Author>,
}

/// Returns the authors of the byline nearest to the headline, and whether it is near; the element of the headline is 0 when
/// the page shows none.
pub fn authors(page: &Page, headline: NodeId) -> (bool, Vec<Author>) {
    let found = elements(page);
    let headline = if headline == 0 { page.dom.elements("h1").next().unwrap_or(0) } else { headline };
    // Below the headline first, else shortly above it, else wherever there is one.
    let below = found.iter().position(|e| e.id > headline);
    let above = found.iter().rposition(|e| e.id <= headline && headline - e.id <= 2 * NEAR_NODES);
    let Some(first) =
        above.filter(|_| below.is_none_or(|b| found.get(b).is_some_and(|e| e.id - headline > 400))).or(below)
    else {
        return (false, found.into_iter().next().map(|e| e.authors).unwrap_or_default());
    };
    let near = found.get(first).is_some_and(|e| e.id.abs_diff(headline) <= FAR_NODES);
    let mut out: Vec<Author> = Vec::new();
    let mut end = None;
    let mut class = String::new();
    for element in found.into_iter().skip(first) {
        let follows = end.is_none_or(|end| element.id <= end + NEAR_NODES && element.class == class);
        if !follows || out.len() >= MAX_LIST {
            break;
        }
        (end, class) = (Some(element.end), element.class);
        out.extend(element.authors);
    }
    (near, out)
}

/// Collects the outermost elements that name somebody, in document order.
fn elements(page: &Page) -> Vec<Element> {
    let dom = &page.dom;
    let mut out = Vec::new();
    let mut looked = 0;
    let mut covered = 0;
    let mut classes = HashMap::default();
    for id in dom.subtree(0) {
        if id < covered || looked >= MAX_ELEMENTS || !names_author(dom, id, &mut classes) {
            continue;
        }
        looked += 1;
        let end = dom.end(id).saturating_sub(1);
        if dom.inner_text(id).chars().count() > MAX_CHARS || is_elsewhere(page, id) {
            continue;
        }
        covered = end;
        let authors = within(dom, id);
        if !authors.is_empty() {
            let class = dom.attr(id, Attr::Class).unwrap_or_default().to_owned();
            out.push(Element { id, end, class, authors });
        }
    }
    out
}

/// Tells by its attributes whether an element holds the name of an author; what class names say is kept in `classes`.
fn names_author<'a>(dom: &'a Dom, id: NodeId, classes: &mut HashMap<&'a str, bool>) -> bool {
    let name = dom.name(id);
    if matches!(
        name,
        "" | "html" | "body" | "main" | "article" | "script" | "style" | "meta" | "link" | "form" | "input" | "img"
    ) {
        return false;
    }
    if dom.attr(id, Attr::Rel).is_some_and(|rel| rel.split_whitespace().any(|r| r == "author"))
        || dom.attr(id, Attr::Itemprop).is_some_and(|p| p.split_whitespace().any(|p| p == "author"))
        || name == "address"
    {
        return true;
    }
    let mut values = [Attr::Class, Attr::Id, Attr::DataTestid, Attr::DataComponent, Attr::DataQa]
        .into_iter()
        .filter_map(|key| dom.attr(id, key));
    values.any(|value| *classes.entry(value).or_insert_with(|| value.split_whitespace().take(12).any(is_author_class)))
}

fn is_author_class(class: &str) -> bool {
    let words = tokens(class);
    let posted = matches!(words.as_slice(), [a, b, ..] if a == "posted" && b == "by");
    (posted || words.iter().any(|w| AUTHOR_WORDS.contains(&w.as_str())))
        && !words.iter().any(|w| BESIDE_WORDS.contains(&w.as_str()))
}

/// Tells whether an element belongs to comments, to another article or to the page around.
fn is_elsewhere(page: &Page, id: NodeId) -> bool {
    let dom = &page.dom;
    dom.ancestors(id).chain([id]).take(40).any(|a| {
        let kind = dom.attr(a, Attr::Itemtype).unwrap_or_default();
        if ["Comment", "ImageObject", "Review", "VideoObject"].iter().any(|end| kind.ends_with(end)) {
            return true;
        }
        let said = page.said(a);
        said.hidden
            || matches!(said.zone, Some(Zone::Comments | Zone::Nav))
            || matches!(said.hint, Some(Hint::Related | Hint::Ad | Hint::Caption | Hint::Credit))
            || dom.name(a) == "figure"
    })
}

/// Reads the names inside an element: those that are marked or linked, else all that its text names.
fn within(dom: &Dom, root: NodeId) -> Vec<Author> {
    let mut marked: Vec<Author> = Vec::new();
    for id in dom.subtree(root) {
        if !is_name(dom, id) {
            continue;
        }
        let url = dom.attr(id, Attr::Href).filter(|h| h.starts_with("http")).unwrap_or_default();
        for mut author in byline(&dom.inner_text(id)).into_iter().filter(|a| is_person(&a.name)) {
            author.url = url.to_owned();
            if !marked.iter().any(|a| a.name == author.name) {
                marked.push(author);
            }
        }
    }
    if !marked.is_empty() {
        return marked;
    }
    let mut pieces = vec![String::new()];
    text(dom, root, root, &mut pieces);
    pieces.iter().flat_map(|piece| byline(&naba_text::collapse_line(piece))).filter(|a| is_person(&a.name)).collect()
}

fn is_name(dom: &Dom, id: NodeId) -> bool {
    if dom.attr(id, Attr::Itemprop).is_some_and(|p| p == "name")
        || dom.attr(id, Attr::Rel).is_some_and(|r| r == "author")
    {
        return true;
    }
    let href = dom.attr(id, Attr::Href).unwrap_or_default();
    const PATHS: &[&str] = &[
        "/author",
        "/autor",
        "/auteur",
        "/by/",
        "/profile",
        "/people/",
        "/person/",
        "/staff/",
        "/journalist",
        "/redakt",
        "/firma",
        "/yazar",
        "/kolumnist",
        "/team/",
        "/user",
        "/muhabir",
        "/reporter",
        "/contributor",
        "/writer",
        "/columnist",
        "/forfatter",
    ];
    if PATHS.iter().any(|path| href.contains(path)) {
        return true;
    }
    dom.attr(id, Attr::Class).is_some_and(|class| {
        class.split_whitespace().any(|class| {
            let words = tokens(class);
            let has = |w: &str| words.iter().any(|word| word == w);
            words.as_slice() == ["fn"]
                || has("name") && (has("author") || has("byline") || has("autor") || has("writer"))
        })
    })
}

/// Collects the text of an element without what stands beside a name, parted where the page parts it.
fn text(dom: &Dom, root: NodeId, id: NodeId, pieces: &mut Vec<String>) {
    if let Some(text) = dom.text(id) {
        if let Some(last) = pieces.last_mut() {
            last.push_str(text);
        }
        return;
    }
    let name = dom.name(id);
    let beside = |class: &str| tokens(class).iter().any(|w| BESIDE_WORDS.contains(&w.as_str()));
    let skip = matches!(name, "script" | "style" | "time" | "button" | "svg" | "noscript" | "img")
        || id != root && dom.attr(id, Attr::Class).is_some_and(beside);
    if skip || pieces.len() > MAX_LIST {
        return;
    }
    let parts = matches!(name, "br" | "p" | "div" | "li" | "h2" | "h3" | "h4" | "small");
    if parts {
        pieces.push(String::new());
    }
    for child in dom.children(id) {
        text(dom, root, child, pieces);
    }
    if parts {
        pieces.push(String::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(html: &str) -> Vec<String> {
        authors(&Page::parse(html).unwrap(), 0).1.into_iter().map(|a| a.name).collect()
    }

    #[test]
    fn the_byline_next_to_the_headline_names_the_authors() {
        let page = "<div class=teaser><span class=author>Somebody Else</span></div><h1>A headline of the day</h1>\
                    <div class=byline>By <a href=/author/ada>Ada Lovelace</a> and <a href=/author/alan>Alan Turing</a>\
                    <span class=job-title>Staff</span> <time>1 May 2024</time></div><p>Text</p>\
                    <div class=comment><span class=author>Reader One</span></div>";
        assert_eq!(names(page), ["Ada Lovelace", "Alan Turing"]);
    }

    #[test]
    fn elements_of_one_kind_that_follow_each_other_are_one_byline() {
        let page = "<h1>A headline of the day</h1><p><a rel=author class=a>Ada Lovelace</a>, <a rel=author class=a>Alan Turing</a></p>";
        assert_eq!(names(page), ["Ada Lovelace", "Alan Turing"]);
    }

    #[test]
    fn authors_of_comments_and_pictures_are_no_authors() {
        assert!(names("<h1>A headline</h1><ol class=comments><li class=author>Reader One</li></ol>").is_empty());
        let picture = "<h1>A headline</h1><figure itemtype='http://schema.org/ImageObject'><i itemprop=author>Agency Photo</i></figure>";
        assert!(names(picture).is_empty());
    }
}
