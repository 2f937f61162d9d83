//! Topic models: trained on one labelled set, cross-validated on each, and beside them the shipped step.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use naba_enrich::Pipeline;
use naba_enrich::topics::{Linear, features};
use naba_proto::v1::{Article, Block, BlockRole};
use serde::Deserialize;

use super::linear::{Text, train as train_linear};
use super::rows;

/// A class of a set, and the top topics of the shipped step that stand for it.
type Class = (&'static str, &'static [u32]);
/// Which class of each set the shipped step's topics stand for; what is not listed stands for none.
const CLASSES: &[(&str, &[Class])] = &[
    (
        "bbc",
        &[
            ("business", &[4, 9]),
            ("entertainment", &[1, 10]),
            ("politics", &[2, 5, 7, 11, 14, 16]),
            ("sport", &[15]),
            ("tech", &[13]),
        ],
    ),
    (
        "hespress",
        &[("culture", &[1, 8, 12]), ("economy", &[4, 9]), ("politics", &[2, 11, 16]), ("science", &[6, 7, 13])],
    ),
];
/// A label of a language among labels of subjects: a text can have both.
const NO_SUBJECT: &str = "tamazight";

#[derive(Deserialize)]
struct Row {
    set: String,
    lang: String,
    label: String,
    text: String,
}

/// The texts of a set and their labels.
struct Set {
    rows: Vec<Row>,
    names: Vec<String>,
    labels: Vec<usize>,
    texts: Vec<Text>,
}

fn sets(data: &Path) -> Result<BTreeMap<String, Set>> {
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows::read::<Row>(data, "topics")?.into_iter().filter(|row| row.label != NO_SUBJECT) {
        rows.entry(row.set.clone()).or_default().push(row);
    }
    Ok(rows.into_iter().map(|(name, rows)| (name, Set::of(rows))).collect())
}

impl Set {
    fn of(rows: Vec<Row>) -> Self {
        let mut names: Vec<String> = rows.iter().map(|row| row.label.clone()).collect();
        names.sort();
        names.dedup();
        let labels = rows.iter().map(|row| names.iter().position(|name| *name == row.label).unwrap_or(0)).collect();
        let texts = rows.iter().map(|row| features(&row.text)).collect();
        Self { rows, names, labels, texts }
    }

    fn train(&self, rows: impl Iterator<Item = usize>) -> Linear {
        let (texts, labels): (Vec<&Text>, Vec<usize>) = rows.map(|at| (&self.texts[at], self.labels[at])).unzip();
        train_linear(&texts, &labels, &self.names)
    }

    /// Returns how many rows got their label, and of those with more than half the probability how many there are and are
    /// right, each row judged by a model that has not seen its part.
    fn cross_validate(&self, folds: usize) -> [usize; 3] {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        rows::shuffle(&mut order, &mut 7);
        let part = |fold: usize, inside: bool| {
            let order = order.iter().enumerate();
            order.filter(move |(at, _)| (at % folds == fold) == inside).map(|(_, row)| *row)
        };
        let [mut right, mut known, mut known_right] = [0; 3];
        for fold in 0..folds {
            let model = self.train(part(fold, false));
            for row in part(fold, true) {
                let likely = model.probabilities(&self.rows[row].text);
                let best = (0..likely.len()).max_by(|a, b| likely[*a].total_cmp(&likely[*b])).unwrap_or(0);
                let (hit, sure) = (best == self.labels[row], likely[best] > 0.5);
                right += usize::from(hit);
                known += usize::from(sure);
                known_right += usize::from(hit && sure);
            }
        }
        [right, known, known_right]
    }
}

/// Trains a model on a set.
pub fn train(data: &Path, set: &str) -> Result<Vec<u8>> {
    let sets = sets(data)?;
    let Some(found) = sets.get(set) else {
        bail!("topics.jsonl.gz has no set {set:?}; it has {}", sets.keys().cloned().collect::<Vec<_>>().join(", "));
    };
    Ok(found.train(0..found.rows.len()).bytes())
}

/// Prints the accuracy of models on parts of each set that they have not seen, and of the shipped step.
pub fn report(data: &Path, folds: usize) -> Result<()> {
    let pipeline = Pipeline::new(&["topics"])?;
    for (name, set) in sets(data)? {
        let [right, known, known_right] = set.cross_validate(folds);
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        println!(
            "{name}: accuracy {:.4} of {} by {folds}-fold cross-validation; knows {:.3}, and of these {:.4} right",
            share(right, set.rows.len()),
            set.rows.len(),
            share(known, set.rows.len()),
            share(known_right, known),
        );
        let Some((_, classes)) = CLASSES.iter().find(|(known, _)| *known == name) else { continue };
        let right = set.rows.iter().filter(|row| shipped(&pipeline, row, classes) == Some(row.label.as_str())).count();
        println!("{name}: accuracy {:.4} of the shipped step, its topics mapped", share(right, set.rows.len()));
    }
    Ok(())
}

/// Returns the class that the shipped step's topics stand for.
fn shipped<'c>(pipeline: &Pipeline, row: &Row, classes: &[(&'c str, &[u32])]) -> Option<&'c str> {
    let (headline, body) = row.text.split_once('\n').unwrap_or((&row.text, ""));
    let block = Block { role: BlockRole::Paragraph.into(), text: body.into(), ..Block::default() };
    let article =
        Article { language: row.lang.clone(), headline: headline.into(), blocks: vec![block], ..Article::default() };
    let topics = pipeline.run(&article).topics;
    let top = topics.first()?.medtop_id.trim_start_matches("medtop:").parse::<u32>().ok()? / 1_000_000;
    classes.iter().find(|(_, topics)| topics.contains(&top)).map(|(class, _)| *class)
}
