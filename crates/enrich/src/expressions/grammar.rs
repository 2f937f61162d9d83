//! The rules of one language: which phrases are times, and what each means.

use std::collections::HashMap;

use serde::Deserialize;

use super::classes::{
    AFTER_MODIFIER, CLASSES, CURRENCY, DUAL, INSTANT, MEASURE, MODIFIER, MONTH, NOW_UNIT, PART, STRONG, TWO, UNIT,
    WEEKDAY,
};
use super::lexicon::{self, Lexicon, Manner};
use super::meaning::Meaning;
use super::meanings::named;
use super::number::STARTS;
use super::spots::{Gate, bit};
use super::time::{PARTS, UNITS};
use crate::EnrichError;

/// Parts of rules that Rust reads, with the numbers under which captures bear them.
pub(crate) const TERMINALS: &[&str] =
    &["n", "ord", "d", "day", "y4", "y2", "year", "h", "mm", "ndate", "m2", "digits", "yy"];
/// Where the numbers of terminals begin.
pub(crate) const TERMINAL: u16 = 1000;
/// Where the numbers of rules' names begin.
pub(crate) const NONTERMINAL: u16 = 2000;

/// One part of a pattern.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// Words.
    Words(Vec<u32>),
    /// A class of the lexicon, a terminal or the name of rules.
    Class(u16),
}

/// A place in a pattern: one of some items.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) items: Vec<Item>,
    pub(crate) optional: bool,
}

/// A pattern and the name of what it means.
pub(crate) struct Rule {
    pub(crate) elements: Vec<Element>,
    pub(crate) means: Meaning,
    pub(crate) gate: Gate,
    /// The meaning's name, which orders rules.
    name: String,
}

/// A unit, a currency or the like: its name in the message.
pub(crate) type Names = Vec<String>;

/// A language's words and rules.
pub(crate) struct Grammar {
    pub(crate) lexicon: Lexicon,
    /// Rules by the number of their name.
    pub(crate) rules: Vec<Vec<Rule>>,
    names: Vec<String>,
    /// What the rules of a name may begin with.
    pub(crate) gates: Vec<Gate>,
    /// Classes without which no time is near.
    pub(crate) strong: u128,
    /// Names that measures, currencies and modifiers have as their value.
    pub(crate) labels: Names,
    /// The class of marks behind digits that make an ordinal.
    pub(crate) ordinal_mark: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    manner: Manner,
    #[serde(default)]
    words: HashMap<String, HashMap<String, String>>,
    #[serde(default)]
    rules: HashMap<String, HashMap<String, Vec<String>>>,
}

/// Returns what the elements of a rule may begin with.
fn gate_of(elements: &[Element], gates: &[Gate]) -> Gate {
    let mut gate = Gate::default();
    for element in elements {
        for item in &element.items {
            gate = gate.or(item_gate(item, gates));
        }
        if !element.optional {
            break;
        }
    }
    gate
}

/// Returns what one item may begin with.
pub(crate) fn item_gate(item: &Item, gates: &[Gate]) -> Gate {
    match item {
        Item::Words(words) => Gate::of_word(words.first().copied().unwrap_or_default()),
        Item::Class(class) if *class >= NONTERMINAL => {
            gates.get(usize::from(class - NONTERMINAL)).copied().unwrap_or_default()
        }
        Item::Class(class) if *class >= TERMINAL => match TERMINALS.get(usize::from(class - TERMINAL)).copied() {
            Some("n" | "ord" | "day" | "year") => Gate { classes: STARTS, words: 0, digits: true },
            Some("ndate") => Gate { classes: bit(MONTH), words: 0, digits: true },
            _ => Gate { digits: true, ..Gate::default() },
        },
        Item::Class(class) => Gate::of_class(*class),
    }
}

/// Names of rules at which a time may begin, the longest first where two end together.
pub(crate) const TOPS: &[&str] = &["set", "range", "date", "moment", "period", "open", "clock", "bare"];

impl Grammar {
    /// Reads a language's data, and what is common to all.
    ///
    /// # Errors
    /// [`EnrichError::Data`] names what is wrong with a file.
    pub(crate) fn read(language: &str, text: &str, common: &str, stops: &str) -> Result<Self, EnrichError> {
        let parse = |text: &str| {
            toml::from_str::<File>(text)
                .map_err(|e| EnrichError::Data { file: language.to_owned(), why: e.to_string() })
        };
        let (file, common) = (parse(text)?, parse(common)?);
        let mut lexicon = Lexicon::new(file.manner.clone(), CLASSES);
        let ordinal_mark = lexicon.class("ordinal_mark");
        let mut grammar = Self {
            lexicon,
            rules: Vec::new(),
            names: Vec::new(),
            gates: Vec::new(),
            strong: 0,
            labels: Vec::new(),
            ordinal_mark,
        };
        for name in TOPS {
            grammar.nonterminal(name);
        }
        for (class, words) in common.words.iter().chain(&file.words) {
            for (value, phrases) in words {
                grammar
                    .words(class, value, phrases)
                    .map_err(|why| EnrichError::Data { file: language.to_owned(), why })?;
            }
        }
        for (name, meanings) in file.rules.iter().chain(&common.rules) {
            for (means, patterns) in meanings {
                for pattern in patterns {
                    grammar
                        .rule(name, means, pattern)
                        .map_err(|why| EnrichError::Data { file: language.to_owned(), why })?;
                }
            }
        }
        // The order of a map is no order: rules are tried in the order of their meanings' names.
        for rules in &mut grammar.rules {
            rules.sort_by(|a, b| a.name.cmp(&b.name));
        }
        grammar.lexicon.close(stops);
        grammar.strong = STRONG.iter().map(|name| bit(grammar.lexicon.class(name))).fold(0, |all, one| all | one);
        grammar.close_gates();
        Ok(grammar)
    }

    /// Computes what rules may begin with, until nothing is added any more.
    fn close_gates(&mut self) {
        self.gates = vec![Gate::default(); self.rules.len()];
        loop {
            let mut changed = false;
            for at in 0..self.rules.len() {
                let mut all = Gate::default();
                for rule in self.rules.get_mut(at).into_iter().flatten() {
                    rule.gate = gate_of(&rule.elements, &self.gates);
                    all = all.or(rule.gate);
                }
                if let Some(known) = self.gates.get_mut(at).filter(|known| **known != all) {
                    *known = all;
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn words(&mut self, class: &str, value: &str, phrases: &str) -> Result<(), String> {
        let class = self.lexicon.class(class);
        let named = |names: &[&str]| names.iter().position(|name| *name == value);
        let number = match class {
            MEASURE | CURRENCY | MODIFIER | AFTER_MODIFIER | TWO => {
                let at = self.labels.iter().position(|label| label == value).unwrap_or_else(|| {
                    self.labels.push(value.to_owned());
                    self.labels.len() - 1
                });
                Some(at)
            }
            UNIT | DUAL | NOW_UNIT => named(UNITS),
            PART | INSTANT => PARTS.iter().position(|(name, ..)| *name == value),
            _ => None,
        };
        #[allow(clippy::cast_precision_loss, reason = "places of short lists")]
        let number = match number {
            Some(number) => number as f64,
            None => value.parse().map_err(|_| format!("{value:?} is no number, unit or part of the day"))?,
        };
        let phrases = || phrases.split('|').map(str::trim).filter(|phrase| !phrase.is_empty());
        for phrase in phrases() {
            self.lexicon.add(phrase, lexicon::Meaning { class, value: number });
            // The stop behind the abbreviation of a name belongs to it.
            let longer = |whole: &str| whole.len() > phrase.len() + 1 && whole.starts_with(phrase);
            if matches!(class, MONTH | WEEKDAY) && phrase.chars().count() <= 4 && phrases().any(longer) {
                self.lexicon.add(&format!("{phrase}."), lexicon::Meaning { class, value: number });
            }
        }
        Ok(())
    }

    /// Returns the number of a name of rules.
    pub(crate) fn nonterminal(&mut self, name: &str) -> u16 {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.rules.push(Vec::new());
            self.names.len() - 1
        });
        NONTERMINAL + u16::try_from(at).unwrap_or(0)
    }

    fn rule(&mut self, name: &str, means: &str, pattern: &str) -> Result<(), String> {
        let meaning = named(means).ok_or_else(|| format!("{means:?} is no meaning"))?;
        let elements = pattern.split_whitespace().map(|part| self.element(part)).collect();
        let at = usize::from(self.nonterminal(name) - NONTERMINAL);
        if let Some(rules) = self.rules.get_mut(at) {
            rules.push(Rule { elements, means: meaning, gate: Gate::default(), name: means.to_owned() });
        }
        Ok(())
    }

    fn element(&mut self, part: &str) -> Element {
        let (part, optional) = match part.strip_suffix('?').filter(|rest| !rest.is_empty()) {
            Some(rest) => (rest, true),
            None => (part, false),
        };
        let items = part
            .split('|')
            .filter(|item| !item.is_empty())
            .map(|item| match item.strip_prefix('<').and_then(|item| item.strip_suffix('>')) {
                Some(name) => Item::Class(self.reference(name)),
                None => Item::Words(self.lexicon.read(&item.replace('_', " "))),
            })
            .collect();
        Element { items, optional }
    }

    /// Returns the number of what a pattern names in angle brackets: a terminal, rules named with a capital, or a class.
    fn reference(&mut self, name: &str) -> u16 {
        if let Some(at) = TERMINALS.iter().position(|terminal| *terminal == name) {
            return TERMINAL + u16::try_from(at).unwrap_or(0);
        }
        match name.strip_prefix('@') {
            Some(rules) => self.nonterminal(rules),
            None => self.lexicon.class(name),
        }
    }

    /// Returns the number of a name of rules that exists.
    pub(crate) fn rules_named(&self, name: &str) -> Option<u16> {
        let at = self.names.iter().position(|known| known == name)?;
        Some(NONTERMINAL + u16::try_from(at).ok()?)
    }
}
