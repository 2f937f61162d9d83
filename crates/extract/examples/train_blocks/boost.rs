//! Gradient-boosted trees for a yes or no, by histograms (Newton steps on the logistic loss).

use naba_extract::Model;

/// A labelled line.
pub struct Sample {
    pub features: Vec<f32>,
    pub inside: bool,
    pub weight: f32,
    pub fold: u64,
}

/// How much to learn, and how boldly.
pub struct Settings {
    pub trees: usize,
    pub leaves: usize,
    pub rate: f32,
    /// Added to the curvature of a leaf.
    pub ridge: f32,
    /// Least curvature of a leaf.
    pub least: f32,
    /// Shares of lines and features that each tree sees.
    pub lines: f32,
    pub features: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { trees: 120, leaves: 16, rate: 0.1, ridge: 2.0, least: 2.0, lines: 0.6, features: 0.3 }
    }
}

const BINS: usize = 64;

/// A small generator, so that training gives the same model everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, share: f32) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        #[allow(clippy::cast_precision_loss, reason = "24 bits")]
        let value = (self.0 >> 40) as f32 / 16_777_216.0;
        value < share
    }
}

/// Trains a model.
pub fn train(samples: &[&Sample], settings: &Settings) -> Model {
    let width = samples.first().map_or(0, |s| s.features.len());
    let cuts: Vec<Vec<f32>> = (0..width).map(|f| cuts(samples, f)).collect();
    let bins: Vec<u8> = samples
        .iter()
        .flat_map(|s| s.features.iter().zip(&cuts).map(|(v, cuts)| cuts.partition_point(|c| c < v) as u8))
        .collect();
    let weight: f32 = samples.iter().map(|s| s.weight).sum();
    // Weights are scaled to a mean of one per thousand lines of body, so that `least` means the same for all corpora.
    let scale = 4_000.0 / weight.max(1e-9);
    let yes: f32 = samples.iter().filter(|s| s.inside).map(|s| s.weight).sum();
    let bias = (yes / (weight - yes).max(1e-9)).max(1e-9).ln();
    let mut scores = vec![bias; samples.len()];
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut trees = Vec::new();
    let mut steps = vec![(0.0_f32, 0.0_f32); samples.len()];
    for _ in 0..settings.trees {
        for ((step, sample), score) in steps.iter_mut().zip(samples).zip(&scores) {
            let chance = 1.0 / (1.0 + (-score).exp());
            let weight = sample.weight * scale;
            *step = (weight * (f32::from(u8::from(sample.inside)) - chance), weight * chance * (1.0 - chance));
        }
        let rows: Vec<u32> = (0..samples.len() as u32).filter(|_| random.below(settings.lines)).collect();
        let features: Vec<usize> = (0..width).filter(|_| random.below(settings.features)).collect();
        let tree = grow(&Grower { bins: &bins, width, steps: &steps, cuts: &cuts, settings }, rows, &features);
        for (at, score) in scores.iter_mut().enumerate() {
            *score += walk(&tree, &bins[at * width..(at + 1) * width]);
        }
        trees.push(flat(&tree, &cuts));
    }
    Model::of(bias, &trees)
}

/// Values that part the lines into about equal shares.
fn cuts(samples: &[&Sample], feature: usize) -> Vec<f32> {
    let step = (samples.len() / 40_000).max(1);
    let mut values: Vec<f32> = samples.iter().step_by(step).map(|s| s.features[feature]).collect();
    values.sort_by(f32::total_cmp);
    let mut unique = values.clone();
    unique.dedup();
    let mut cuts: Vec<f32> = if unique.len() < BINS {
        unique.windows(2).map(|w| (w[0] + w[1]) / 2.0).collect()
    } else {
        (1..BINS).map(|i| values[i * (values.len() - 1) / BINS]).collect()
    };
    cuts.iter_mut().for_each(|c| *c = (*c * 1e4).round() / 1e4);
    cuts.dedup();
    cuts
}

struct Grower<'a> {
    bins: &'a [u8],
    width: usize,
    steps: &'a [(f32, f32)],
    cuts: &'a [Vec<f32>],
    settings: &'a Settings,
}

enum Tree {
    Leaf(f32),
    Split(usize, u8, Box<Tree>, Box<Tree>),
}

struct Leaf {
    rows: Vec<u32>,
    /// Gain, feature and bin of the best split.
    best: Option<(f32, usize, u8)>,
    value: f32,
    /// Where the leaf hangs: the choices from the root, true for greater.
    path: Vec<bool>,
}

fn grow(grower: &Grower, rows: Vec<u32>, features: &[usize]) -> Tree {
    let mut leaves = vec![grower.leaf(rows, features, Vec::new())];
    let mut tree = Tree::Leaf(leaves[0].value);
    while leaves.len() < grower.settings.leaves {
        let best = leaves
            .iter()
            .enumerate()
            .filter_map(|(at, l)| l.best.map(|b| (at, b)))
            .filter(|(at, _)| leaves[*at].path.len() < 9)
            .max_by(|a, b| a.1.0.total_cmp(&b.1.0));
        let Some((at, (_, feature, bin))) = best else { break };
        let leaf = leaves.swap_remove(at);
        let (greater, less): (Vec<u32>, Vec<u32>) =
            leaf.rows.iter().partition(|r| grower.bins[**r as usize * grower.width + feature] > bin);
        let side = |greater: bool| leaf.path.iter().copied().chain([greater]).collect();
        let (low, high) = (grower.leaf(less, features, side(false)), grower.leaf(greater, features, side(true)));
        let split = Tree::Split(feature, bin, Box::new(Tree::Leaf(low.value)), Box::new(Tree::Leaf(high.value)));
        hang(&mut tree, &leaf.path, split);
        leaves.extend([low, high]);
    }
    tree
}

fn hang(tree: &mut Tree, path: &[bool], new: Tree) {
    match (tree, path.split_first()) {
        (Tree::Split(_, _, low, high), Some((greater, rest))) => {
            hang(if *greater { high } else { low }, rest, new);
        }
        (tree, _) => *tree = new,
    }
}

impl Grower<'_> {
    fn leaf(&self, rows: Vec<u32>, features: &[usize], path: Vec<bool>) -> Leaf {
        let mut sums = vec![(0.0_f32, 0.0_f32); features.len() * BINS];
        let (mut slope, mut curve) = (0.0, 0.0);
        for row in &rows {
            let (g, h) = self.steps[*row as usize];
            (slope, curve) = (slope + g, curve + h);
            let bins = &self.bins[*row as usize * self.width..(*row as usize + 1) * self.width];
            for (at, feature) in features.iter().enumerate() {
                let sum = &mut sums[at * BINS + bins[*feature] as usize];
                *sum = (sum.0 + g, sum.1 + h);
            }
        }
        let score = |g: f32, h: f32| g * g / (h + self.settings.ridge);
        let mut best: Option<(f32, usize, u8)> = None;
        for (at, feature) in features.iter().enumerate() {
            let (mut g, mut h) = (0.0, 0.0);
            for bin in 0..self.cuts[*feature].len() {
                let sum = sums[at * BINS + bin];
                (g, h) = (g + sum.0, h + sum.1);
                if h < self.settings.least || curve - h < self.settings.least {
                    continue;
                }
                let gain = score(g, h) + score(slope - g, curve - h) - score(slope, curve);
                if gain > 0.5 && best.is_none_or(|b| gain > b.0) {
                    best = Some((gain, *feature, bin as u8));
                }
            }
        }
        Leaf { rows, best, value: self.settings.rate * slope / (curve + self.settings.ridge), path }
    }
}

fn walk(tree: &Tree, bins: &[u8]) -> f32 {
    match tree {
        Tree::Leaf(value) => *value,
        Tree::Split(feature, bin, low, high) => walk(if bins[*feature] > *bin { high } else { low }, bins),
    }
}

/// Nodes in the order that the model walks: what is not greater follows its question.
fn flat(tree: &Tree, cuts: &[Vec<f32>]) -> Vec<(i16, u16, f32)> {
    let mut nodes = Vec::new();
    fn push(tree: &Tree, cuts: &[Vec<f32>], nodes: &mut Vec<(i16, u16, f32)>) {
        match tree {
            Tree::Leaf(value) => nodes.push((-1, 0, (*value * 1e5).round() / 1e5)),
            Tree::Split(feature, bin, low, high) => {
                let at = nodes.len();
                nodes.push((*feature as i16, 0, cuts[*feature][*bin as usize]));
                push(low, cuts, nodes);
                nodes[at].1 = nodes.len() as u16;
                push(high, cuts, nodes);
            }
        }
    }
    push(tree, cuts, &mut nodes);
    nodes
}
