//! A linear support vector machine for each label, by dual coordinate descent (Hsieh et al. 2008), on words weighted by how
//! rare they are and by how well they tell labels apart.

use std::collections::HashMap;

use naba_enrich::topics::Linear;

use super::rows::shuffle;

/// How much an error costs.
const COST: f32 = 0.5;
/// Times all texts are gone through.
const ROUNDS: usize = 20;
/// Added to every count before the logarithm.
const SMOOTHING: f32 = 0.3;
/// The least factor for words that tell no labels apart.
const LEAST: f32 = 0.3;
/// Every tenth text is held out to fit how sharp probabilities are.
const HELD_OUT: usize = 10;

/// Features of a text, ascending, with values.
pub type Text = Vec<(u32, f32)>;

/// Trains a model on texts and the numbers of their labels.
pub fn train(texts: &[&Text], labels: &[usize], names: &[String]) -> Linear {
    let held = |at: &usize| at.is_multiple_of(HELD_OUT);
    let part = |keep: bool| -> (Vec<&Text>, Vec<usize>) {
        (0..texts.len()).filter(|at| held(at) == keep).map(|at| (texts[at], labels[at])).unzip()
    };
    let (seen, seen_labels) = part(false);
    let (unseen, unseen_labels) = part(true);
    let trial = fit(&seen, &seen_labels, names);
    Linear { sharpness: sharpness(&trial, &unseen, &unseen_labels), ..fit(texts, labels, names) }
}

fn fit(texts: &[&Text], labels: &[usize], names: &[String]) -> Linear {
    let (numbers, factors) = factors(texts, labels, names.len());
    let weighted: Vec<Vec<(usize, f32)>> = texts.iter().map(|text| weigh(text, &numbers, &factors)).collect();
    let mut features: Vec<(u32, f32, Vec<f32>)> =
        numbers.iter().map(|(number, at)| (*number, factors[*at], Vec::with_capacity(names.len()))).collect();
    features.sort_unstable_by_key(|(number, ..)| *number);
    let mut offsets = Vec::new();
    for label in 0..names.len() {
        let signs: Vec<f32> = labels.iter().map(|it| if *it == label { 1.0 } else { -1.0 }).collect();
        let (weights, offset) = machine(&weighted, &signs, factors.len());
        offsets.push(offset);
        features.iter_mut().for_each(|(number, _, all)| all.push(weights[numbers[number]]));
    }
    Linear { labels: names.to_vec(), offsets, sharpness: 1.0, features }
}

/// Numbers the features from 0 and returns each one's factor: its rarity, times the root of how far it pulls any label from
/// the others.
fn factors(texts: &[&Text], labels: &[usize], count: usize) -> (HashMap<u32, usize>, Vec<f32>) {
    let mut numbers: HashMap<u32, usize> = HashMap::new();
    let mut found: Vec<f32> = Vec::new();
    for (feature, _) in texts.iter().flat_map(|text| text.iter()) {
        let next = numbers.len();
        let at = *numbers.entry(*feature).or_insert(next);
        if at == found.len() {
            found.push(0.0);
        }
        found[at] += 1.0;
    }
    let all = texts.len() as f32;
    let rarity: Vec<f32> = found.iter().map(|found| ((1.0 + all) / found).ln()).collect();
    let mut sums = vec![vec![SMOOTHING; found.len()]; count];
    for (text, label) in texts.iter().zip(labels) {
        for (at, value) in weigh(text, &numbers, &rarity) {
            sums[*label][at] += value;
        }
    }
    let wholes: Vec<f32> = sums.iter().map(|sums| sums.iter().sum()).collect();
    let whole: f32 = wholes.iter().sum();
    let pull = |at: usize| {
        let both: f32 = sums.iter().map(|sums| sums[at]).sum();
        let one = |label: usize| {
            let (sum, total) = (sums[label][at], wholes[label]);
            ((sum / total).ln() - ((both - sum) / (whole - total)).ln()).abs()
        };
        (0..count).map(one).fold(0.0, f32::max).sqrt().max(LEAST)
    };
    let factors = rarity.iter().enumerate().map(|(at, rarity)| rarity * pull(at)).collect();
    (numbers, factors)
}

/// Multiplies values by their factors and brings the text to length 1.
fn weigh(text: &Text, numbers: &HashMap<u32, usize>, factors: &[f32]) -> Vec<(usize, f32)> {
    let known = text.iter().filter_map(|(feature, value)| Some((*numbers.get(feature)?, *value)));
    let mut out: Vec<(usize, f32)> = known.map(|(at, value)| (at, value * factors[at])).collect();
    let length = out.iter().map(|(_, value)| value * value).sum::<f32>().max(f32::MIN_POSITIVE).sqrt();
    out.iter_mut().for_each(|(_, value)| *value /= length);
    out
}

/// Returns the weights that part texts of sign 1 from those of sign -1, and the offset.
fn machine(texts: &[Vec<(usize, f32)>], signs: &[f32], size: usize) -> (Vec<f32>, f32) {
    let softness = 0.5 / COST;
    let (mut weights, mut offset) = (vec![0.0; size], 0.0);
    let mut duals = vec![0.0_f32; texts.len()];
    let mut order: Vec<usize> = (0..texts.len()).collect();
    let mut seed = 1;
    for _ in 0..ROUNDS {
        shuffle(&mut order, &mut seed);
        for &at in &order {
            let (text, sign) = (&texts[at], signs[at]);
            let score = text.iter().map(|(feature, value)| weights[*feature] * value).sum::<f32>() + offset;
            // Each text has length 1, and the offset is one more feature of value 1.
            let step = (sign * score - 1.0 + softness * duals[at]) / (2.0 + softness);
            let dual = (duals[at] - step).max(0.0);
            let change = (dual - duals[at]) * sign;
            duals[at] = dual;
            if change != 0.0 {
                text.iter().for_each(|(feature, value)| weights[*feature] += change * value);
                offset += change;
            }
        }
    }
    (weights, offset)
}

/// Returns the sharpness under which the true labels of texts held out are likeliest.
fn sharpness(model: &Linear, texts: &[&Text], labels: &[usize]) -> f32 {
    let loss = |sharpness: f32| -> f32 {
        let one = |(text, label): (&&Text, &usize)| {
            let scores = model.scores(text);
            let whole: f32 = scores.iter().map(|score| ((score - scores[*label]) * sharpness).exp()).sum();
            whole.ln()
        };
        texts.iter().zip(labels).map(one).sum()
    };
    let tried = (1..=40).map(|step| step as f32 * 0.25);
    tried.min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(1.0)
}
