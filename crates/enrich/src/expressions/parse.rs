//! Matching of patterns: every way to read a place, remembered, the longest chosen.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::rc::Rc;

use super::grammar::{Element, Grammar, Item, NONTERMINAL, TERMINAL, TERMINALS, item_gate};
use super::lex::{Kind, Token};
use super::lexicon::Fnv;
use super::meaning::{Captures, Context, Tense, Value};
use super::number::{CARDINAL, Number, Numbers, SCALE};
use super::spots::Spots;

/// Ways to read one place that are kept: more would be another sentence.
const MAX_WAYS: usize = 12;
/// Rules inside rules.
const MAX_DEPTH: usize = 10;

/// What a place may mean: the token after it, and the value.
pub(crate) type Ways = Rc<Vec<(usize, Value)>>;

/// The numbers that begin at a place.
type Counts = Rc<Vec<(usize, Number)>>;

/// What is called with each way to match a pattern: the token after it, and what was captured.
type Found<'f, 'a> = dyn FnMut(usize, &[(u16, Value)], &Context<'a>) + 'f;

/// A parser of one text.
pub(crate) struct Parser<'a> {
    pub(crate) grammar: &'a Grammar,
    pub(crate) tokens: &'a [Token],
    pub(crate) spots: &'a Spots,
    pub(crate) text: &'a str,
    pub(crate) context: Context<'a>,
    known: HashMap<(u16, usize), Ways, BuildHasherDefault<Fnv>>,
    counted: HashMap<usize, Counts, BuildHasherDefault<Fnv>>,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(
        grammar: &'a Grammar,
        text: &'a str,
        tokens: &'a [Token],
        spots: &'a Spots,
        context: Context<'a>,
    ) -> Self {
        Self { grammar, tokens, spots, text, context, known: HashMap::default(), counted: HashMap::default(), depth: 0 }
    }

    /// Begins a sentence: what was remembered of the last one is forgotten.
    pub(crate) fn begin(&mut self, tense: Tense) {
        self.context.tense = tense;
        self.known.clear();
        self.counted.clear();
    }

    pub(crate) fn numbers(&self) -> Numbers<'a> {
        Numbers { tokens: self.tokens, spots: self.spots, lexicon: &self.grammar.lexicon, text: self.text }
    }

    /// Returns all numbers that begin at a token.
    fn numbers_at(&mut self, at: usize) -> Counts {
        if let Some(known) = self.counted.get(&at) {
            return Rc::clone(known);
        }
        let all = Rc::new(self.numbers().at(at));
        self.counted.insert(at, Rc::clone(&all));
        all
    }

    /// Returns the ways to read a class, a terminal or rules at a token.
    pub(crate) fn ways(&mut self, class: u16, at: usize) -> Ways {
        if let Some(known) = self.known.get(&(class, at)) {
            return Rc::clone(known);
        }
        let mut ways = Vec::new();
        if class >= NONTERMINAL {
            self.depth += 1;
            if self.depth <= MAX_DEPTH {
                let grammar = self.grammar;
                let here = self.spots.gate(at);
                let rules = grammar.rules.get(usize::from(class - NONTERMINAL)).into_iter().flatten();
                for rule in rules.filter(|rule| rule.gate.meets(here)) {
                    let mut captures = Vec::new();
                    self.elements(&rule.elements, at, &mut captures, &mut |end, captures, context| {
                        if ways.len() < MAX_WAYS
                            && !ways.iter().any(|(known, _)| *known == end)
                            && let Some(value) = (rule.means)(context, &Captures(captures))
                        {
                            ways.push((end, value));
                        }
                    });
                }
            }
            self.depth -= 1;
        } else {
            self.terminal(usize::from(class.saturating_sub(TERMINAL)), at, &mut ways);
        }
        let ways = Rc::new(ways);
        self.known.insert((class, at), Rc::clone(&ways));
        ways
    }

    fn elements(
        &mut self,
        elements: &[Element],
        at: usize,
        captures: &mut Vec<(u16, Value)>,
        found: &mut Found<'_, 'a>,
    ) {
        let Some((element, rest)) = elements.split_first() else {
            found(at, captures, &self.context);
            return;
        };
        for item in &element.items {
            match item {
                Item::Words(words) => {
                    let here = self.tokens.get(at..at + words.len());
                    if here.is_some_and(|here| here.iter().zip(words).all(|(token, word)| token.word == *word)) {
                        self.elements(rest, at + words.len(), captures, found);
                    }
                }
                Item::Class(class) if *class < TERMINAL => {
                    let spots = self.spots;
                    for (end, meaning) in spots.at(at).iter().filter(|(_, meaning)| meaning.class == *class) {
                        captures.push((*class, Value::Word(meaning.value)));
                        self.elements(rest, *end as usize, captures, found);
                        captures.pop();
                    }
                }
                Item::Class(class) => {
                    if !item_gate(item, &self.grammar.gates).meets(self.spots.gate(at)) {
                        continue;
                    }
                    for (end, value) in self.ways(*class, at).iter() {
                        captures.push((*class, *value));
                        self.elements(rest, *end, captures, found);
                        captures.pop();
                    }
                }
            }
        }
        if element.optional {
            self.elements(rest, at, captures, found);
        }
    }

    fn terminal(&mut self, terminal: usize, at: usize, ways: &mut Vec<(usize, Value)>) {
        let Some(token) = self.tokens.get(at) else { return };
        if token.kind == Kind::Word && token.word == super::lexicon::UNKNOWN {
            return;
        }
        let name = TERMINALS.get(terminal).copied().unwrap_or_default();
        match name {
            "n" => ways.extend(self.cardinals(at, 0.0, 1e15)),
            "ord" => ways.extend(self.ordinals(at)),
            "year" => self.years(at, ways),
            "day" => {
                ways.extend(self.ordinals(at).into_iter().filter(|(_, value)| in_range(*value, 1.0, 31.0)));
                ways.extend(self.cardinals(at, 1.0, 31.0));
            }
            "ndate" => {
                if let Some(found) = self.numeric_date(at) {
                    ways.push((found.0, Value::Time(found.1)));
                }
            }
            "digits" if token.kind == Kind::Digits => ways.extend(whole(at, token)),
            "d" if self.short(at, 2) => ways.extend(whole(at, token).filter(|(_, v)| in_range(*v, 1.0, 31.0))),
            "h" if self.short(at, 2) => ways.extend(whole(at, token).filter(|(_, v)| in_range(*v, 0.0, 24.0))),
            "mm" if self.numbers().count(at) == 2 => {
                ways.extend(whole(at, token).filter(|(_, v)| in_range(*v, 0.0, 59.0)));
            }
            "m2" if self.short(at, 2) => ways.extend(whole(at, token).filter(|(_, v)| in_range(*v, 1.0, 12.0))),
            "y4" if self.numbers().count(at) == 4 => {
                ways.extend(whole(at, token).filter(|(_, v)| in_range(*v, 1000.0, 2999.0)));
            }
            // Years that cannot be days.
            "yy" if self.numbers().count(at) == 2 => {
                ways.extend(whole(at, token).filter(|(_, v)| in_range(*v, 32.0, 99.0)));
            }
            "y2" if self.numbers().count(at) == 2 => ways.extend(whole(at, token)),
            _ => {}
        }
    }

    fn short(&self, at: usize, most: u32) -> bool {
        (1..=most).contains(&self.numbers().count(at))
    }

    fn cardinals(&mut self, at: usize, least: f64, most: f64) -> Vec<(usize, Value)> {
        let mut all = self.numbers_at(at).to_vec();
        all.retain(|(_, n)| !n.ordinal && n.value >= least && n.value <= most);
        all.reverse();
        all.into_iter().map(|(end, number)| (end, Value::Number(number))).collect()
    }

    fn ordinals(&mut self, at: usize) -> Vec<(usize, Value)> {
        let mut all = self.numbers_at(at).to_vec();
        // "3rd", "1er", "2."
        if let Some((_, number)) = all.iter().find(|(_, n)| n.plain).copied() {
            let class = self.grammar.ordinal_mark;
            let mark = self.tokens.get(at + 1).filter(|token| token.glued);
            if let Some((end, _)) = mark.and_then(|_| self.numbers().word(at + 1, class)) {
                all.push((end, Number { ordinal: true, plain: false, ..number }));
            }
        }
        all.retain(|(_, number)| number.ordinal);
        all.reverse();
        all.into_iter().map(|(end, number)| (end, Value::Number(number))).collect()
    }

    /// A year: four digits, or words ("nineteen ninety-nine", "two thousand and eighteen").
    fn years(&mut self, at: usize, ways: &mut Vec<(usize, Value)>) {
        let Some(token) = self.tokens.get(at) else { return };
        if token.kind == Kind::Digits {
            let next = self.tokens.get(at + 1).filter(|next| next.glued);
            let letters = next.is_some_and(|next| next.kind == Kind::Word && next.word == super::lexicon::UNKNOWN);
            if self.numbers().count(at) == 4 && !letters {
                ways.extend(whole(at, token).filter(|(_, v)| in_range(*v, 1000.0, 2999.0)));
            }
            return;
        }
        // "… two thousand and fifteen" is not read from its second word on.
        let before = at.checked_sub(1).and_then(|before| self.numbers().word(before, CARDINAL));
        if before.is_some_and(|(end, _)| end == at) && self.numbers().word(at, SCALE).is_some() {
            return;
        }
        let all = self.numbers_at(at);
        let words = |n: &Number| n.words && !n.ordinal && n.value.fract() == 0.0;
        for (end, number) in all.iter().filter(|(_, number)| words(number)) {
            if in_range(Value::Number(*number), 1000.0, 2999.0) {
                ways.push((*end, Value::Number(*number)));
            }
            if in_range(Value::Number(*number), 10.0, 99.0) {
                let mut rest = self.numbers_at(*end).to_vec();
                rest.retain(|(_, n)| words(n) && n.value < 100.0 && n.value >= 10.0);
                if let Some((end, low)) = rest.last() {
                    let value = number.value * 100.0 + low.value;
                    ways.push((*end, Value::Number(Number { value, ..*number })));
                }
            }
        }
        ways.reverse();
    }
}

fn whole(at: usize, token: &Token) -> Option<(usize, Value)> {
    #[allow(clippy::cast_precision_loss, reason = "few digits")]
    let value = token.value as f64;
    let number = Number { value, plain: true, words: false, ordinal: false, fraction: false };
    (token.kind == Kind::Digits).then_some((at + 1, Value::Number(number)))
}

fn in_range(value: Value, least: f64, most: f64) -> bool {
    value.number().is_some_and(|value| value >= least && value <= most)
}
