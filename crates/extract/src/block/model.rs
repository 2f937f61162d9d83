//! Boosted decision trees: a file of numbers, and the walk through it.

/// A step of a tree: a question, or an answer where `feature` is negative.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Node {
    feature: i16,
    /// The node below when the value is greater; the one below otherwise follows this node.
    greater: u16,
    /// The threshold of a question, the score of an answer.
    value: f32,
}

/// An ensemble of trees that scores a row of features.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    bias: f32,
    /// The nodes of all trees, one tree after another.
    nodes: Vec<Node>,
    /// Where each tree begins.
    roots: Vec<usize>,
}

impl Model {
    /// Reads a model as [`Model::write`] writes it: the bias, then one line a tree. Nothing when it is broken.
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|l| !l.starts_with('#'));
        let bias = lines.next()?.trim().parse().ok()?;
        let trees = lines.map(tree).collect::<Option<Vec<_>>>()?;
        Some(Self::flat(bias, trees))
    }

    /// Makes a model of a bias and of trees, whose nodes are (feature or -1, index when greater, value).
    pub fn of(bias: f32, trees: &[Vec<(i16, u16, f32)>]) -> Self {
        let node = |&(feature, greater, value): &(i16, u16, f32)| Node { feature, greater, value };
        Self::flat(bias, trees.iter().map(|tree| tree.iter().map(node).collect()).collect())
    }

    fn flat(bias: f32, trees: Vec<Vec<Node>>) -> Self {
        let mut model = Self { bias, ..Self::default() };
        for tree in trees {
            model.roots.push(model.nodes.len());
            model.nodes.extend(tree);
        }
        model
    }

    /// Returns the nodes of each tree.
    fn trees(&self) -> impl Iterator<Item = &[Node]> {
        let ends = self.roots.iter().skip(1).copied().chain([self.nodes.len()]);
        self.roots.iter().zip(ends).filter_map(|(start, end)| self.nodes.get(*start..end))
    }

    /// Writes the model.
    pub fn write(&self) -> String {
        let mut out = format!("{}\n", self.bias);
        for tree in self.trees() {
            let nodes = tree.iter().map(|n| match n.feature {
                ..0 => format!("{}", n.value),
                feature => format!("{feature}:{}:{}", n.value, n.greater),
            });
            out.push_str(&nodes.collect::<Vec<_>>().join(" "));
            out.push('\n');
        }
        out
    }

    /// Returns the least number of features that a row must have for all questions to be answered.
    #[cfg(test)]
    pub fn width(&self) -> usize {
        let asked = self.nodes.iter().filter_map(|n| usize::try_from(n.feature).ok());
        asked.max().map_or(0, |last| last + 1)
    }

    /// Returns the probability, 0 to 1, that a row is of the class.
    pub fn probability(&self, row: &[f32]) -> f32 {
        let score: f32 = self.bias + self.trees().map(|tree| answer(tree, row)).sum::<f32>();
        1.0 / (1.0 + (-score).exp())
    }
}

fn tree(line: &str) -> Option<Vec<Node>> {
    let node = |(at, token): (usize, &str)| {
        let mut parts = token.split(':');
        let (first, value, greater) = (parts.next()?, parts.next(), parts.next());
        match (value, greater) {
            (Some(value), Some(greater)) => {
                let greater: u16 = greater.parse().ok()?;
                // Trees only lead downwards, so that every walk ends.
                let node = Node { feature: first.parse().ok()?, greater, value: value.parse().ok()? };
                (usize::from(greater) > at && node.feature >= 0).then_some(node)
            }
            _ => Some(Node { feature: -1, greater: 0, value: first.parse().ok()? }),
        }
    };
    line.split(' ').enumerate().map(node).collect()
}

fn answer(tree: &[Node], row: &[f32]) -> f32 {
    let mut at = 0;
    while let Some(node) = tree.get(at) {
        let Ok(feature) = usize::try_from(node.feature) else { return node.value };
        let greater = row.get(feature).copied().unwrap_or(0.0) > node.value;
        at = if greater { usize::from(node.greater) } else { at + 1 };
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_says_after_reading_what_it_said_before_writing() {
        let model = Model::of(-0.5, &[vec![(1, 2, 3.0), (-1, 0, -2.0), (0, 4, 0.5), (-1, 0, 0.25), (-1, 0, 2.0)]]);
        let again = Model::read(&model.write()).unwrap();
        assert_eq!(again, model);
        assert!(again.probability(&[1.0, 4.0]) > 0.8);
        assert!(again.probability(&[0.0, 4.0]) < 0.5);
        assert!(again.probability(&[0.0, 3.0]) < 0.1);
        assert!(Model::read("0\n0:1:0 1 2\n").is_none(), "a tree that leads to itself is refused");
    }
}
