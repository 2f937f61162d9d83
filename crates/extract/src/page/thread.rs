//! Which lines of a comment section belong to one comment: those of one repeated element.

use std::collections::HashMap;

use super::attribute::Attr;
use super::dom::{Dom, NodeId};
use crate::line::Line;

/// Numbers the comments of a section: lines that share an element get the same number, counted from 1.
pub fn group(dom: &Dom, lines: &mut [Line]) {
    let paths: Vec<Vec<NodeId>> = lines.iter().map(|l| path(dom, l.node)).collect();
    let members: Vec<usize> = (0..lines.len()).collect();
    let mut groups = Vec::new();
    part(dom, &paths, members, 0, &mut groups);
    for (number, group) in groups.iter().enumerate() {
        for at in group {
            if let Some(line) = lines.get_mut(*at) {
                line.group = u32::try_from(number + 1).unwrap_or(u32::MAX);
            }
        }
    }
}

/// The nodes from the document down to a line's element.
fn path(dom: &Dom, node: NodeId) -> Vec<NodeId> {
    let mut path: Vec<NodeId> = std::iter::once(node).chain(dom.ancestors(node)).collect();
    path.reverse();
    path
}

/// Parts lines at the element where they branch; a branch that itself repeats elements of one kind is parted again.
fn part(dom: &Dom, paths: &[Vec<NodeId>], members: Vec<usize>, depth: usize, out: &mut Vec<Vec<usize>>) {
    let branches = branches(paths, &members);
    if branches.len() < 2 || depth > 12 {
        out.push(members);
        return;
    }
    if depth > 0 && !repeats(dom, &branches) {
        out.push(members);
        return;
    }
    for (_, branch) in branches {
        part(dom, paths, branch, depth + 1, out);
    }
}

/// The children of the deepest common element, each with its lines, in order.
fn branches(paths: &[Vec<NodeId>], members: &[usize]) -> Vec<(NodeId, Vec<usize>)> {
    let first = members.first().and_then(|at| paths.get(*at)).map_or(&[][..], Vec::as_slice);
    let shared = |level: usize| {
        let node = first.get(level);
        node.is_some() && members.iter().all(|at| paths.get(*at).and_then(|p| p.get(level)) == node)
    };
    let mut level = 0;
    while shared(level) {
        level += 1;
    }
    let mut out: Vec<(NodeId, Vec<usize>)> = Vec::new();
    for at in members {
        let node = paths.get(*at).and_then(|p| p.get(level)).copied().unwrap_or_default();
        match out.last_mut().filter(|(last, _)| *last == node && node != 0) {
            Some((_, lines)) => lines.push(*at),
            None => out.push((node, vec![*at])),
        }
    }
    out
}

/// Tells whether at least two branches are of one kind and hold more than a line each: comments, not the parts of one.
fn repeats(dom: &Dom, branches: &[(NodeId, Vec<usize>)]) -> bool {
    let mut kinds: HashMap<(&str, &str), usize> = HashMap::new();
    for (node, lines) in branches.iter().filter(|(node, lines)| *node != 0 && lines.len() > 1) {
        let _ = lines;
        *kinds.entry((dom.name(*node), dom.attr(*node, Attr::Class).unwrap_or_default())).or_default() += 1;
    }
    kinds.values().any(|count| *count > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::flow;

    #[test]
    fn each_repeated_element_is_a_comment() {
        let html = "<div><h3>Comments</h3><ol><li><b class=author>A</b><p>one</p><p>more</p></li><li><b class=author>B</b><p>two</p></li></ol><div>Reply</div></div>";
        let dom = Dom::parse(html).unwrap();
        let mut lines = flow::read(&dom).0;
        let mut lines = lines.split_off(1);
        group(&dom, &mut lines);
        assert_eq!(lines.iter().map(|l| l.group).collect::<Vec<_>>(), [1, 1, 1, 2, 2, 3]);
    }
}
