//! The taggers of names: an averaged perceptron over whole sentences (Collins 2002).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::Result;
use naba_enrich::gazetteer::Gazetteer;
use naba_enrich::tagger::{Features, Tag, Tagger, Weights, decode, features};
use naba_enrich::words::Words;
use serde::Deserialize;

use super::rows;

/// Times all sentences are gone through.
const ROUNDS: usize = 12;
/// Neighbouring sentences are of one document: parts of the cross-validation hold runs of this many.
const RUN: usize = 50;
/// Features that stand in fewer words are noise.
const LEAST_COUNT: u32 = 2;

#[derive(Deserialize)]
struct Row {
    tokens: Vec<String>,
    tags: Vec<String>,
}

/// A sentence as the tagger reads it.
struct Sentence {
    features: Features,
    tags: Vec<usize>,
    /// For each token, its first word, if it has any.
    firsts: Vec<Option<usize>>,
    /// The tags of the tokens.
    truth: Vec<usize>,
}

/// The sentences of a file and the kinds of names in them.
struct Data {
    kinds: Vec<String>,
    sentences: Vec<Sentence>,
}

impl Data {
    fn read(data: &Path, name: &str) -> Result<Self> {
        let rows: Vec<Row> = rows::read(data, name)?;
        let gazetteer = Gazetteer::built()?;
        let mut kinds: Vec<String> =
            rows.iter().flat_map(|row| &row.tags).filter_map(|tag| Some(tag.split_once('-')?.1.to_owned())).collect();
        kinds.sort();
        kinds.dedup();
        let sentences = rows.iter().map(|row| Sentence::of(row, &kinds, gazetteer)).collect();
        Ok(Self { kinds, sentences })
    }

    fn train(&self, sentences: &[usize]) -> Perceptron {
        let mut perceptron = Perceptron::new(1 + 2 * self.kinds.len());
        let mut counts: HashMap<u64, u32> = HashMap::new();
        for at in sentences {
            for feature in self.sentences[*at].features.iter().flatten() {
                *counts.entry(*feature).or_default() += 1;
            }
        }
        counts.retain(|_, count| *count >= LEAST_COUNT);
        perceptron.weights = counts.into_keys().map(|feature| (feature, Cell::new(perceptron.tags))).collect();
        let mut order = sentences.to_vec();
        let mut seed = 3;
        for _ in 0..ROUNDS {
            rows::shuffle(&mut order, &mut seed);
            for at in &order {
                let sentence = &self.sentences[*at];
                perceptron.learn(sentence);
            }
        }
        perceptron.average();
        perceptron
    }
}

impl Sentence {
    /// Joins the tokens by spaces, so that the tagger sees what it sees in articles.
    fn of(row: &Row, kinds: &[String], gazetteer: &Gazetteer) -> Self {
        let words = Words::of(&row.tokens.join(" "));
        let mut truth: Vec<usize> = row.tags.iter().map(|tag| number(tag, kinds)).collect();
        // What is inside a name without its beginning begins one.
        for at in 0..truth.len() {
            let kind = truth[at].checked_sub(1).map(|rest| rest / 2);
            let before = at.checked_sub(1).and_then(|before| truth[before].checked_sub(1)).map(|rest| rest / 2);
            if let Some(kind) = kind.filter(|_| truth[at].is_multiple_of(2) && before != kind) {
                truth[at] = Tag::Begin(kind).number();
            }
        }
        let (mut tags, mut firsts, mut next, mut start) = (Vec::new(), Vec::new(), 0, 0_u32);
        for (token, tag) in row.tokens.iter().zip(&truth) {
            let end = start + token.chars().count() as u32;
            let first = next;
            while words.all().get(next).is_some_and(|word| word.start < end) {
                let inner = next > first && *tag > 0;
                tags.push(if inner { Tag::Inside((tag - 1) / 2).number() } else { *tag });
                next += 1;
            }
            firsts.push((next > first).then_some(first));
            start = end + 1;
        }
        Self { features: features(&words, gazetteer), tags, firsts, truth }
    }
}

fn number(tag: &str, kinds: &[String]) -> usize {
    let kind = |name: &str| kinds.iter().position(|kind| kind == name).unwrap_or(0);
    match tag.split_once('-') {
        Some(("B", name)) => Tag::Begin(kind(name)).number(),
        Some((_, name)) => Tag::Inside(kind(name)).number(),
        None => Tag::Outside.number(),
    }
}

/// Weights while they are learnt, with what averaging needs.
#[derive(Clone)]
struct Cell {
    now: Vec<f32>,
    /// Sum of the changes, each times the number of the sentence at which it was made.
    late: Vec<f32>,
}

impl Cell {
    fn new(tags: usize) -> Self {
        Self { now: vec![0.0; tags], late: vec![0.0; tags] }
    }

    fn change(&mut self, at: usize, by: f32, when: f32) {
        self.now[at] += by;
        self.late[at] += by * when;
    }

    fn average(&mut self, when: f32) {
        self.now.iter_mut().zip(&self.late).for_each(|(now, late)| *now -= late / when);
    }
}

struct Perceptron {
    tags: usize,
    weights: HashMap<u64, Cell>,
    transitions: Cell,
    when: f32,
}

impl Weights for Perceptron {
    fn tags(&self) -> usize {
        self.tags
    }

    fn add(&self, feature: u64, scores: &mut [f32]) {
        if let Some(cell) = self.weights.get(&feature) {
            scores.iter_mut().zip(&cell.now).for_each(|(score, weight)| *score += weight);
        }
    }

    fn transition(&self, from: usize, to: usize) -> f32 {
        self.transitions.now[from * self.tags + to]
    }
}

impl Perceptron {
    fn new(tags: usize) -> Self {
        Self { tags, weights: HashMap::new(), transitions: Cell::new(tags * tags), when: 1.0 }
    }

    /// Moves the weights from the tags that they give to the true ones.
    fn learn(&mut self, sentence: &Sentence) {
        let guess = decode(self, &sentence.features);
        self.when += 1.0;
        if guess == sentence.tags {
            return;
        }
        for (at, word) in sentence.features.iter().enumerate() {
            let (want, got) = (sentence.tags[at], guess[at]);
            if want != got {
                for feature in word {
                    if let Some(cell) = self.weights.get_mut(feature) {
                        cell.change(want, 1.0, self.when);
                        cell.change(got, -1.0, self.when);
                    }
                }
            }
            let before = |tags: &[usize]| at.checked_sub(1).map_or(0, |before| tags[before]);
            let (true_step, step) = ((before(&sentence.tags), want), (before(&guess), got));
            if true_step != step {
                self.transitions.change(true_step.0 * self.tags + true_step.1, 1.0, self.when);
                self.transitions.change(step.0 * self.tags + step.1, -1.0, self.when);
            }
        }
    }

    fn average(&mut self) {
        let when = self.when + 1.0;
        self.weights.values_mut().chain([&mut self.transitions]).for_each(|cell| cell.average(when));
    }
}

/// Trains on all sentences of a file.
pub fn train(data: &Path, name: &str) -> Result<Vec<u8>> {
    let data = Data::read(data, name)?;
    let perceptron = data.train(&(0..data.sentences.len()).collect::<Vec<_>>());
    let features: Vec<(u64, Vec<f32>)> =
        perceptron.weights.into_iter().map(|(feature, cell)| (feature, cell.now)).collect();
    Ok(Tagger::write(&data.kinds, &perceptron.transitions.now, &features))
}

/// Prints precision, recall and F1 of exact names by cross-validation, as the written weights give them.
pub fn report(data: &Path, name: &str, folds: usize) -> Result<()> {
    let data = Data::read(data, name)?;
    let fold = |at: usize| at / RUN % folds;
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for part in 0..folds {
        let (unseen, seen): (Vec<usize>, Vec<usize>) = (0..data.sentences.len()).partition(|at| fold(*at) == part);
        let perceptron = data.train(&seen);
        for at in unseen {
            let sentence = &data.sentences[at];
            let tags = decode(&perceptron, &sentence.features);
            let guess: Vec<usize> = sentence.firsts.iter().map(|first| first.map_or(0, |first| tags[first])).collect();
            let (want, got) = (names(&sentence.truth), names(&guess));
            for name in &want {
                counts.entry(&data.kinds[name.0]).or_default()[0] += 1;
                counts.entry(&data.kinds[name.0]).or_default()[2] += usize::from(got.contains(name));
            }
            got.iter().for_each(|name| counts.entry(&data.kinds[name.0]).or_default()[1] += 1);
        }
    }
    let sum = counts.values().fold([0; 3], |sum, one| [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]]);
    counts.insert("all", sum);
    for (kind, [want, got, hit]) in counts {
        let share = |whole: usize| hit as f64 / whole.max(1) as f64;
        let f1 = 2.0 * hit as f64 / (want + got).max(1) as f64;
        println!("{name} {kind}: precision {:.3} recall {:.3} F1 {f1:.3} of {want} names", share(got), share(want));
    }
    Ok(())
}

/// Returns the names in a sequence of tags: kind, first and one past the last token.
fn names(tags: &[usize]) -> Vec<(usize, usize, usize)> {
    let mut out: Vec<(usize, usize, usize)> = Vec::new();
    for (at, tag) in tags.iter().enumerate().filter(|(_, tag)| **tag > 0) {
        let kind = (tag - 1) / 2;
        match out.last_mut() {
            Some(last) if tag % 2 == 0 && last.0 == kind && last.2 == at => last.2 = at + 1,
            _ => out.push((kind, at, at + 1)),
        }
    }
    out
}
