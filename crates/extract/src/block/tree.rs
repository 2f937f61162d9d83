//! What the place of a line in the tree says: the containers around it, and how much prose they hold.

use std::collections::HashMap;

use crate::line::{Line, Zone};
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
    sums: HashMap<NodeId, Sum>,
    around: HashMap<NodeId, Around>,
    /// Ancestors of the container by names, itself first, with their distance.
    path: HashMap<NodeId, usize>,
    dense: Option<NodeId>,
    /// How many lines each element holds itself.
    own: HashMap<NodeId, u32>,
    /// Sum of the page.
    pub all: Sum,
}

impl<'a> Places<'a> {
    /// Reads the containers around lines.
    pub fn read(dom: &'a Dom, lines: &[Line], container: Option<NodeId>) -> Self {
        let mut own: HashMap<NodeId, u32> = HashMap::new();
        for line in lines {
            *own.entry(line.node).or_default() += 1;
        }
        let mut places = Self {
            dom,
            sums: HashMap::new(),
            around: HashMap::new(),
            path: HashMap::new(),
            dense: None,
            own,
            all: Sum::default(),
        };
        for line in lines {
            places.add(line);
        }
        places.dense = places.densest();
        if let Some(container) = container {
            let up = std::iter::once(container).chain(dom.ancestors(container));
            places.path = up.enumerate().map(|(steps, id)| (id, steps)).collect();
        }
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
        for (steps, id) in std::iter::once(line.node).chain(self.dom.ancestors(line.node)).enumerate() {
            let entry = self.sums.entry(id).or_default();
            *entry = plus(*entry, sum);
            let _ = steps;
        }
        for (id, part) in std::iter::once(home).chain(self.dom.parent(home)).zip([1.0, 0.5]) {
            self.sums.entry(id).or_default().score += score * part;
        }
    }

    /// The element that a line's element stands in; an element that holds several lines itself is its own.
    pub fn home(&self, node: NodeId) -> NodeId {
        let shared = self.own.get(&node).is_some_and(|n| *n > 1);
        if shared { node } else { self.dom.parent(node).unwrap_or(node) }
    }

    fn densest(&self) -> Option<NodeId> {
        let of = |s: &Sum| s.score * (1.0 - s.link_density());
        // The lower number of equals, so that the choice does not hang on the order of the map.
        let best = self.sums.iter().max_by(|a, b| of(a.1).total_cmp(&of(b.1)).then(b.0.cmp(a.0)))?;
        (best.1.score > 0.0).then_some(*best.0)
    }

    /// Returns the sum below an element.
    pub fn sum(&self, id: NodeId) -> Sum {
        self.sums.get(&id).copied().unwrap_or_default()
    }

    /// Returns the element above one.
    pub fn parent(&self, id: NodeId) -> NodeId {
        self.dom.parent(id).unwrap_or(0)
    }

    /// Returns what stands around an element; each is read once.
    pub fn around(&mut self, id: NodeId) -> Around {
        if let Some(known) = self.around.get(&id) {
            return *known;
        }
        let mut chain = vec![id];
        chain.extend(self.dom.ancestors(id).take_while(|a| !self.around.contains_key(a)));
        let mut at = chain.last().and_then(|top| self.dom.parent(*top)).and_then(|p| self.around.get(&p)).copied();
        for id in chain.iter().rev() {
            let next = self.step(at.unwrap_or_default(), *id);
            self.around.insert(*id, next);
            at = Some(next);
        }
        at.unwrap_or_default()
    }

    fn step(&self, above: Around, id: NodeId) -> Around {
        let name = self.dom.name(id);
        let class = |id| self.dom.attr(id, "class").is_some_and(|class| names_body(&tokens(class)));
        let mut here = above;
        here.depth += 1.0;
        here.article |= name == "article";
        here.main |= name == "main" || self.dom.attr(id, "role") == Some("main");
        here.named |= self.dom.attr(id, "itemprop") == Some("articleBody") || class(id);
        here.list |= matches!(name, "ul" | "ol" | "dl");
        here.figure |= name == "figure";
        here.head_or_form |= matches!(name, "header" | "form" | "footer");
        here.table |= name == "table";
        match self.path.get(&id) {
            Some(down) => (here.up, here.down) = (0.0, f(*down)),
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
