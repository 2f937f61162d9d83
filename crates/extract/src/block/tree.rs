//! What the place of a line in the tree says: the containers around it, and how much prose they hold.

use foldhash::HashMap;

use crate::line::{Line, Zone};
use crate::page::attribute::Attr;
use crate::page::container::names_body;
use crate::page::dom::{Dom, NodeId};
use crate::page::hint::tokens;

/// Sums over the lines below an element.
#[derive(Clone, Copy, Default)]
pub struct Sum {
    pub weight: f32,
    pub prose: f32,
    pub linked: f32,
    pub lines: f32,
    /// Score by density of prose, as of its children and theirs.
    pub score: f32,
}

impl Sum {
    /// Share of the weight that stands in links.
    pub fn link_density(self) -> f32 {
        self.linked / self.weight.max(1.0)
    }
}

/// Semantic elements around a line.
#[derive(Clone, Copy, Default)]
pub struct Around {
    pub depth: f32,
    pub article: bool,
    pub main: bool,
    pub named: bool,
    pub list: bool,
    pub figure: bool,
    pub head_or_form: bool,
    pub table: bool,
    /// Steps up from here to an element that the container by names stands in or is, and from there down to it.
    pub up: f32,
    pub down: f32,
    pub dense: bool,
    pub beside_dense: bool,
}

/// The containers of a page.
pub struct Places<'a> {
    dom: &'a Dom,
    /// By node.
    sums: Vec<Sum>,
    /// By node, read when first asked for.
    around: Vec<Option<Around>>,
    /// Whether class names say that an element is the body.
    bodies: HashMap<&'a str, bool>,
    /// The container by names, with its depth.
    container: Option<(NodeId, f32)>,
    dense: Option<NodeId>,
    /// How many lines each node holds itself.
    own: Vec<u32>,
    /// Sum of the page.
    pub all: Sum,
}

impl<'a> Places<'a> {
    /// Reads the containers around lines.
    pub fn read(dom: &'a Dom, lines: &[Line], container: Option<NodeId>) -> Self {
        let mut own = vec![0; dom.len()];
        for line in lines {
            own.get_mut(line.node).into_iter().for_each(|count| *count += 1);
        }
        let mut places = Self {
            dom,
            sums: vec![Sum::default(); dom.len()],
            around: vec![None; dom.len()],
            bodies: HashMap::default(),
            container: container.map(|id| (id, f(dom.ancestors(id).count() + 1))),
            dense: None,
            own,
            all: Sum::default(),
        };
        for line in lines {
            places.add(line);
        }
        places.dense = places.densest();
        places
    }

    fn add(&mut self, line: &Line) {
        let (weight, prose) = (f(line.weight), if line.is_prose() { f(line.weight) } else { 0.0 });
        let sum = Sum { weight, prose, linked: weight * line.link_ratio, lines: 1.0, score: 0.0 };
        let readable = line.weight >= 40
            && line.link_ratio < 0.5
            && !matches!(line.zone, Zone::Nav | Zone::Footer | Zone::Comments);
        let commas = line.text.chars().filter(|c| matches!(c, ',' | '،' | '，' | '、' | '。' | '।')).count();
        let score = if readable { 1.0 + f(commas.min(20)) + (weight / 100.0).min(3.0) } else { 0.0 };
        self.all = plus(self.all, sum);
        let home = self.home(line.node);
        for id in std::iter::once(line.node).chain(self.dom.ancestors(line.node)) {
            self.sums.get_mut(id).into_iter().for_each(|entry| *entry = plus(*entry, sum));
        }
        for (id, part) in std::iter::once(home).chain(self.dom.parent(home)).zip([1.0, 0.5]) {
            self.sums.get_mut(id).into_iter().for_each(|entry| entry.score += score * part);
        }
    }

    /// The element that a line's element stands in; an element that holds several lines itself is its own.
    pub fn home(&self, node: NodeId) -> NodeId {
        let shared = self.own.get(node).is_some_and(|n| *n > 1);
        if shared { node } else { self.dom.parent(node).unwrap_or(node) }
    }

    fn densest(&self) -> Option<NodeId> {
        let of = |s: &Sum| s.score * (1.0 - s.link_density());
        // The first of equals.
        let best = self.sums.iter().enumerate().rev().max_by(|a, b| of(a.1).total_cmp(&of(b.1)))?;
        (best.1.score > 0.0).then_some(best.0)
    }

    /// Returns the sum below an element.
    pub fn sum(&self, id: NodeId) -> Sum {
        self.sums.get(id).copied().unwrap_or_default()
    }

    /// Returns the element above one.
    pub fn parent(&self, id: NodeId) -> NodeId {
        self.dom.parent(id).unwrap_or(0)
    }

    /// Returns what stands around an element; each is read once.
    pub fn around(&mut self, id: NodeId) -> Around {
        let known = |id: NodeId| self.around.get(id).copied().flatten();
        let up = std::iter::once(id).chain(self.dom.ancestors(id));
        let chain: Vec<NodeId> = up.take_while(|id| known(*id).is_none()).collect();
        let above = chain.last().map_or(Some(id), |top| self.dom.parent(*top));
        let mut at = above.and_then(known).unwrap_or_default();
        for id in chain.into_iter().rev() {
            at = self.step(at, id);
            self.around.get_mut(id).into_iter().for_each(|slot| *slot = Some(at));
        }
        at
    }

    fn step(&mut self, above: Around, id: NodeId) -> Around {
        let name = self.dom.name(id);
        let class = self.dom.attr(id, Attr::Class);
        let bodies = &mut self.bodies;
        let named = class.is_some_and(|class| *bodies.entry(class).or_insert_with(|| names_body(&tokens(class))));
        let mut here = above;
        here.depth += 1.0;
        here.article |= name == "article";
        here.main |= name == "main" || self.dom.attr(id, Attr::Role) == Some("main");
        here.named |= self.dom.attr(id, Attr::Itemprop) == Some("articleBody") || named;
        here.list |= matches!(name, "ul" | "ol" | "dl");
        here.figure |= name == "figure";
        here.head_or_form |= matches!(name, "header" | "form" | "footer");
        here.table |= name == "table";
        match self.container.filter(|(container, _)| self.dom.holds(id, *container)) {
            Some((_, depth)) => (here.up, here.down) = (0.0, depth - here.depth),
            None => here.up += 1.0,
        }
        here.dense |= self.dense == Some(id);
        here.beside_dense |= self.dense.is_some_and(|d| self.dom.parent(d) == self.dom.parent(id));
        here
    }
}

fn plus(a: Sum, b: Sum) -> Sum {
    Sum {
        weight: a.weight + b.weight,
        prose: a.prose + b.prose,
        linked: a.linked + b.linked,
        lines: a.lines + b.lines,
        score: a.score + b.score,
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of a page are far below 2^24")]
pub fn f(n: usize) -> f32 {
    n as f32
}
