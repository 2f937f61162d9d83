//! The element that holds the body of the article.

use std::collections::HashMap;

use super::attribute::Attr;
use super::dom::{Dom, NodeId};
use super::hint::tokens;
use crate::line::{Hint, Line, Tag, Zone};

/// Weight of prose from which a page counts as an article beside its comments.
const LEAST_BESIDE_COMMENTS: usize = 250;

/// Finds the container and marks the lines inside it; hints and zones that the container itself stands in are taken off,
/// since a word in the class of the whole article says nothing about its parts.
pub fn mark(dom: &Dom, lines: &mut [Line]) -> Option<NodeId> {
    distrust(lines);
    let container = find(dom, lines, true).or_else(|| find(dom, lines, false))?;
    for line in lines.iter_mut() {
        line.in_body = dom.holds(container, line.node);
        if line.hint.is_some() && dom.holds(line.hint_node, container) {
            line.hint = None;
        }
        if line.zone != Zone::Page && dom.holds(line.zone_node, container) {
            line.zone = Zone::Page;
        }
    }
    Some(container)
}

/// Takes off what the names cannot mean: labels on prose, and a name that most of the prose of the page bears.
fn distrust(lines: &mut [Line]) {
    let label = |hint| {
        matches!(
            hint,
            Hint::Section
                | Hint::Kicker
                | Hint::Date
                | Hint::Byline
                | Hint::Headline
                | Hint::Credit
                | Hint::Boilerplate
        )
    };
    for line in lines.iter_mut() {
        if line.is_prose() && line.weight > 160 && line.hint.is_some_and(label) {
            line.hint = None;
        }
    }
    let outside = |line: &Line| matches!(line.zone, Zone::Nav | Zone::Footer);
    let prose = |line: &&mut Line| line.is_prose() && line.link_ratio < 0.3 && line.tag != Tag::Item && !outside(line);
    let total: usize = lines.iter_mut().filter(prose).map(|l| l.weight).sum();
    let (mut hints, mut zones): (HashMap<Hint, usize>, HashMap<NodeId, usize>) = (HashMap::new(), HashMap::new());
    for line in lines.iter_mut().filter(prose) {
        if let Some(hint) = line.hint {
            *hints.entry(hint).or_default() += line.weight;
        }
        if line.zone != Zone::Page {
            *zones.entry(line.zone_node).or_default() += line.weight;
        }
    }
    for line in lines.iter_mut() {
        if line.hint.is_some_and(|hint| hints.get(&hint).is_some_and(|w| w * 5 > total * 2)) && line.is_prose() {
            line.hint = None;
        }
        let most = zones.get(&line.zone_node).is_some_and(|w| w * 5 > total * 3);
        if matches!(line.zone, Zone::Aside) && most {
            line.zone = Zone::Page;
        }
    }
}

fn find(dom: &Dom, lines: &[Line], trust_names: bool) -> Option<NodeId> {
    let mut weights = vec![None; dom.len()];
    let mut total = 0;
    let (mut all, mut said) = (0, 0);
    for line in lines {
        let weight = weight(line);
        // Readers may write more than the author: where there is an article at all, comments do not outweigh it.
        let comments = line.zone == Zone::Comments;
        (all, said) = if comments { (all, said + weight) } else { (all + weight, said) };
        if trust_names && is_elsewhere(line) {
            continue;
        }
        total += weight;
        add(&mut weights, line.node, weight);
    }
    // Nodes stand in document order, so that each is complete before the one above it.
    for id in (1..weights.len()).rev() {
        if let (Some(parent), Some(weight)) = (dom.parent(id), weights.get(id).copied().flatten()) {
            add(&mut weights, parent, weight);
        }
    }
    let all = if total < LEAST_BESIDE_COMMENTS { all + said } else { all };
    if total == 0 || (trust_names && total * 4 < all) {
        return None;
    }
    let root = dom.elements("body").next().unwrap_or(0);
    let start = named(dom, &weights, total).unwrap_or(root);
    Some(descend(dom, lines, &weights, start))
}

/// Weight of the lines below each element; nothing where no line stands.
type Weights = [Option<usize>];

fn add(weights: &mut Weights, id: NodeId, weight: usize) {
    if let Some(slot) = weights.get_mut(id) {
        *slot = Some(slot.unwrap_or(0) + weight);
    }
}

fn of(weights: &Weights, id: NodeId) -> Option<usize> {
    weights.get(id).copied().flatten()
}

/// The part of a line's weight that counts as prose.
fn weight(line: &Line) -> usize {
    if line.link_ratio >= 0.5 || line.weight < 40 {
        return 0;
    }
    if line.is_prose() { line.weight.min(2_000) } else { line.weight / 4 }
}

fn is_elsewhere(line: &Line) -> bool {
    matches!(line.zone, Zone::Nav | Zone::Footer | Zone::Comments | Zone::Aside)
        || matches!(
            line.hint,
            Some(Hint::Promo | Hint::Related | Hint::Ad | Hint::Boilerplate | Hint::Caption | Hint::Credit)
        )
}

/// An element that says it is the body and holds a good part of the prose; the deepest wins.
fn named(dom: &Dom, weights: &Weights, total: usize) -> Option<NodeId> {
    dom.subtree(0).rfind(|id| {
        of(weights, *id).is_some_and(|w| w * 5 >= total * 2)
            && (dom.attr(*id, Attr::Itemprop) == Some("articleBody")
                || dom.attr(*id, Attr::Class).is_some_and(|class| names_body(&tokens(class))))
    })
}

/// Tells whether class names say that an element is the body.
pub fn names_body(tokens: &[String]) -> bool {
    tokens.windows(2).any(|w| {
        let [a, b] = w else { return false };
        matches!(a.as_str(), "article" | "entry" | "story" | "post" | "news" | "single")
            && matches!(b.as_str(), "body" | "content" | "text")
    }) || tokens.iter().any(|t| matches!(t.as_str(), "articlebody" | "storybody" | "articletext" | "entrycontent"))
}

/// Goes down as long as one child holds nearly all of the prose.
fn descend(dom: &Dom, lines: &[Line], weights: &Weights, start: NodeId) -> NodeId {
    let of_all = |id| of(weights, id).unwrap_or(0);
    let mut at = start;
    loop {
        let Some(best) = dom.children(at).max_by_key(|id| of_all(*id)) else { return at };
        let semantic = dom.name(best) == "article" || dom.attr(best, Attr::Role) == Some("article");
        let enough = if semantic { 0.5 } else { 0.75 };
        #[allow(clippy::cast_precision_loss, reason = "weights of a page are far below 2^52")]
        let share = of_all(best) as f64 / of_all(at).max(1) as f64;
        let is_line = lines.iter().any(|line| line.node == best);
        let blocks_below = dom.subtree(best).skip(1).filter(|id| of(weights, *id).is_some()).take(2).count();
        if share < enough || (is_line && blocks_below < 2) {
            return at;
        }
        at = best;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::flow;

    #[test]
    fn the_prose_is_found_between_menus_and_comments() {
        let prose =
            "<p>Ein Satz, der lang genug ist, um als Absatz eines Artikels zu gelten, und noch etwas länger wird.</p>"
                .repeat(4);
        let html = format!(
            "<div class=menu><a href=/>Heim</a></div><div><div id=x>{prose}</div><div class=comments>{prose}</div></div>"
        );
        let dom = Dom::parse(&html).unwrap();
        let mut lines = flow::read(&dom).0;
        let container = mark(&dom, &mut lines).unwrap();
        assert_eq!(dom.attr(container, Attr::Id), Some("x"));
        assert_eq!(lines.iter().filter(|l| l.in_body).count(), 4);
    }
}
