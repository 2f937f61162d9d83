//! Numbers, quantities and times as they are written: one reader, a data file for each language.
//!
//! A text is cut into tokens once; each token is looked up in the language's lexicon; rules over words, classes and
//! numbers say which phrases are times ([`grammar`]), and what stands behind a number says what it counts ([`amount`]).
//! To add a language: one file under `data/expressions`, and no Rust.

mod amount;
mod calendar;
mod classes;
mod clock;
mod digits;
mod duration;
mod edge;
mod fraction;
mod grammar;
mod holiday;
mod lex;
mod lexicon;
mod meaning;
mod meanings;
mod number;
mod numeric;
mod parse;
mod period;
mod range;
mod spots;
mod time;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use amount::Amounts;
pub use amount::{Amount, Counted};
use grammar::{Grammar, NONTERMINAL, TOPS};
use lex::{Kind, Token, lex};
use meaning::{Context, Tense, Value};
use number::Numbers;
use parse::Parser;
use spots::Spots;
use time::Time;

use crate::EnrichError;
use crate::data::{EXPRESSIONS, STOPWORDS};

/// Data that all languages share.
const COMMON: &str = include_str!("../../data/expressions.toml");

/// Tokens within which every time has a word that is more than a link.
const NEAR: usize = 6;

/// A time as it is written: a byte range of the text.
#[derive(Clone, PartialEq, Debug)]
pub struct Moment {
    /// Where it stands.
    pub range: (usize, usize),
    /// ISO 8601: a date, a week, a clock time or an interval whose last part is included; empty when the article's own
    /// time would be needed and is not known.
    pub resolved: String,
    /// "day", "month", … or a part of the day.
    pub granularity: &'static str,
    /// Whether it was resolved against the article's own time.
    pub anchored: bool,
    /// Whether a clock time may be of the morning or of the evening.
    pub twofold: bool,
}

/// Reads texts of one language.
#[derive(Clone)]
pub struct Reader {
    grammar: Arc<Grammar>,
}

type Readers = HashMap<&'static str, (&'static str, OnceLock<Result<Reader, EnrichError>>)>;

static READERS: LazyLock<Readers> =
    LazyLock::new(|| EXPRESSIONS.iter().map(|(language, text)| (*language, (*text, OnceLock::new()))).collect());

impl Reader {
    /// Returns the reader of a language (BCP 47); `None` for a language without data.
    ///
    /// # Errors
    /// [`EnrichError::Data`] when the language's data file is wrong.
    pub fn of(language: &str) -> Result<Option<Self>, EnrichError> {
        let language = language.split(['-', '_']).next().unwrap_or_default();
        let Some((language, (text, cell))) = READERS.get_key_value(language) else { return Ok(None) };
        cell.get_or_init(|| Self::with_data(language, text)).clone().map(Some)
    }

    /// Makes a reader from a language's data, in the form of the files under `data/expressions`.
    ///
    /// # Errors
    /// [`EnrichError::Data`] says what is wrong with the data.
    pub fn with_data(language: &str, data: &str) -> Result<Self, EnrichError> {
        let stops = STOPWORDS.iter().find(|(of, _)| *of == language).map_or("", |(_, words)| words);
        Ok(Self { grammar: Arc::new(Grammar::read(language, data, COMMON, stops)?) })
    }

    /// Reads the times of a text; `anchor` is when the article was published, in seconds of civil time.
    pub fn moments(&self, text: &str, anchor: Option<i64>) -> Vec<Moment> {
        let tokens = lex(text, &self.grammar.lexicon);
        let times = self.times(text, &tokens, anchor.unwrap_or(0));
        times
            .iter()
            .filter_map(|(first, end, time)| moment(&tokens, *first, *end, time.as_ref()?, anchor.is_some()))
            .collect()
    }

    /// Reads the quantities of a text outside the byte ranges `taken`, which are those of its times, in order.
    pub fn amounts(&self, text: &str, taken: &[(usize, usize)]) -> Vec<Amount> {
        let tokens = lex(text, &self.grammar.lexicon);
        let mut ranges = taken.iter().peekable();
        let mask: Vec<bool> = tokens
            .iter()
            .map(|token| {
                while ranges.next_if(|(_, end)| *end <= token.start as usize).is_some() {}
                ranges.peek().is_some_and(|(start, _)| *start <= token.start as usize)
            })
            .collect();
        let spots = Spots::of(&tokens, &self.grammar.lexicon);
        Amounts { grammar: &self.grammar, tokens: &tokens, spots: &spots, text, taken: &mask }.all()
    }

    /// Reads all numbers that are no ordinals, in digits and in words, with their byte ranges.
    pub fn numbers(&self, text: &str) -> Vec<((usize, usize), f64)> {
        let tokens = lex(text, &self.grammar.lexicon);
        let spots = Spots::of(&tokens, &self.grammar.lexicon);
        let numbers = Numbers { tokens: &tokens, spots: &spots, lexicon: &self.grammar.lexicon, text };
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let before = at.checked_sub(1).and_then(|before| tokens.get(before));
            let inside = token.glued
                && before
                    .is_some_and(|before| before.kind == Kind::Word && before.len() > 2 && token.kind == Kind::Digits);
            let all = if inside { Vec::new() } else { numbers.at(at) };
            let closed = |end: usize| {
                tokens.get(end).is_none_or(|next| {
                    !next.glued || next.kind != Kind::Word || tokens.get(end - 1).is_some_and(|t| t.kind == Kind::Word)
                })
            };
            let longest = all
                .iter()
                .rev()
                .find(|(end, _)| closed(*end))
                .filter(|(end, n)| !n.ordinal && !all.iter().any(|(other, o)| o.ordinal && other >= end));
            match longest.and_then(|(end, number)| Some((*end, number.value, tokens.get(end - 1)?.end))) {
                Some((end, value, last)) => {
                    out.push(((token.start as usize, last as usize), value));
                    at = end;
                }
                None => at = all.iter().map(|(end, _)| *end).max().unwrap_or(at + 1),
            }
        }
        out
    }

    /// Finds times: at each token the longest; `None` for phrases that are no time but must not be read as one.
    fn times(&self, text: &str, tokens: &[Token], anchor: i64) -> Vec<(usize, usize, Option<Time>)> {
        let mut out = Vec::new();
        let mut at = 0;
        let mut sentence = 0;
        let context = Context { anchor, tense: Tense::Past, manner: &self.grammar.lexicon.manner };
        let spots = Spots::of(tokens, &self.grammar.lexicon);
        let mut parser = Parser::new(&self.grammar, text, tokens, &spots, context);
        let tops: Vec<u16> = TOPS.iter().filter_map(|name| self.grammar.rules_named(name)).collect();
        while let Some(token) = tokens.get(at) {
            if at >= sentence {
                sentence = end_of_clause(tokens, at);
                let future = (at..sentence).any(|at| spots.gate(at).classes & spots::bit(classes::FUTURE) != 0);
                let tense = if future { Tense::Future } else { Tense::Past };
                parser.begin(tense);
            }
            let near = (at..at + NEAR).any(|at| {
                let gate = spots.gate(at);
                gate.digits || gate.classes & self.grammar.strong != 0
            });
            if !near || !self.grammar.lexicon.may_begin(Some(token)) || inside_figure(tokens, at) {
                at += 1;
                continue;
            }
            let best = longest(&mut parser, &tops, at);
            // "le 12 janvier": what begins a little later and reaches further is meant.
            let further = best.is_some_and(|(end, _)| {
                let later = (at + 1..(at + 3).min(end))
                    .filter(|_| tokens.get(at).is_some_and(|token| token.kind == Kind::Word));
                let later = later.filter_map(|later| longest(&mut parser, &tops, later));
                later.map(|(end, _)| end).max().is_some_and(|later| later > end)
            });
            if further {
                at += 1;
                continue;
            }
            match best.filter(|(end, time)| *end > at && self.plausible(&parser.numbers(), at, *end, time.as_ref())) {
                Some((end, time)) => {
                    out.push((at, end, time));
                    at = end;
                }
                None => at += 1,
            }
        }
        out
    }

    /// Tells whether a phrase is likely a time: four digits alone are a year only where no noun follows.
    fn plausible(&self, numbers: &Numbers<'_>, at: usize, end: usize, time: Option<&Time>) -> bool {
        let tokens = numbers.tokens;
        let follows = |sign: bool| {
            let next = tokens.get(end);
            let lexicon = &self.grammar.lexicon;
            let word = next.filter(|next| next.kind == Kind::Word);
            let noun = word.is_some_and(|next| !lexicon.is_stop(next.word) && !lexicon.is_case(next.word));
            noun || sign && next.is_some_and(|next| matches!(next.sign(), '%' | '$' | '€' | '£'))
        };
        // "On Monday 21 people …" is no date.
        let day_alone = |time: &Time| time.fields.day.is_some() && time.fields.month.is_none();
        if time.is_some_and(|time| day_alone(time) && time.grain == time::Grain::Day) {
            return !follows(true);
        }
        // "May 20 people …": the number counts what follows, where dates are not written so.
        if time.is_some_and(|time| time.fields.day.is_some() && time.fields.year.is_none() && !time.range)
            && self.grammar.lexicon.manner.order != "mdy"
            && end > at + 1
            && numbers.at(end - 1).iter().any(|(stop, _)| *stop == end)
            && follows(true)
        {
            return false;
        }
        let first = tokens.get(at).filter(|_| end == at + 1);
        if let Some(token) = first.filter(|_| time.is_some_and(|time| time.fields.month.is_some())) {
            let word = numbers.text.get(token.start as usize..token.end as usize).unwrap_or_default();
            let doubtful = self.grammar.lexicon.manner.doubtful.contains(&naba_text::fold_str(word));
            return !doubtful || token.capital;
        }
        let Some(year) = time.and_then(|time| time.fields.year.filter(|_| time.fields.month.is_none())) else {
            return true;
        };
        let last = end.saturating_sub(1);
        let bare = numbers.at(at).iter().any(|(stop, _)| *stop == end);
        let digits = tokens.get(last).is_some_and(|token| token.kind == Kind::Digits && token.value < 3000);
        let alone = digits && last == at + 1;
        if !bare && !alone {
            // In words, only years of our time are told from other numbers.
            let figures = tokens.get(at..end).is_some_and(|all| all.iter().any(|token| token.kind == Kind::Digits));
            return figures || (1500..2101).contains(&year);
        }
        let cue = !bare
            || at
                .checked_sub(1)
                .and_then(|before| tokens.get(before))
                .is_some_and(|before| before.kind == Kind::Word && before.word != lexicon::UNKNOWN && before.len() > 1);
        let jalali = self.grammar.lexicon.manner.years == "jalali" && (1200..1500).contains(&year);
        let fits = (1500..2101).contains(&year) || jalali;
        let recent = (1900..2050).contains(&year);
        fits && if follows(true) { cue && digits && recent } else { cue || digits }
    }
}

/// Returns the longest phrase that begins at a token, and its time, if it is one.
fn longest(parser: &mut Parser<'_>, tops: &[u16], at: usize) -> Option<(usize, Option<Time>)> {
    let here = parser.spots.gate(at);
    let mut best: Option<(usize, Option<Time>)> = None;
    for (order, top) in tops.iter().enumerate() {
        if !parser.grammar.gates.get(usize::from(*top - NONTERMINAL)).is_some_and(|gate| gate.meets(here)) {
            continue;
        }
        for (end, value) in parser.ways(*top, at).iter() {
            if best.is_none_or(|(known, _)| *end > known) && whole_words(parser, *end) {
                let time = match value {
                    Value::Time(time) if order > 0 => Some(*time),
                    _ => None,
                };
                best = Some((*end, time));
            }
        }
    }
    best
}

/// Tells whether a token goes on a figure that began before it: an address, a version.
fn inside_figure(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at).filter(|token| token.glued) else { return false };
    let Some(before) = at.checked_sub(1).and_then(|before| tokens.get(before)) else { return false };
    let figure = token.kind == Kind::Digits && matches!(before.sign(), '.' | ',' | '/' | ':' | '@' | '#' | '_');
    let digits_before = at.checked_sub(2).and_then(|before| tokens.get(before)).is_some_and(|t| t.kind == Kind::Digits);
    (figure && digits_before && before.glued) || (figure && matches!(before.sign(), '@' | '#' | '_'))
}

/// Tells whether a phrase that ends here ends with a whole word.
fn whole_words(parser: &Parser<'_>, end: usize) -> bool {
    let tokens = parser.tokens;
    let Some(next) = tokens.get(end).filter(|next| next.glued) else { return true };
    let digits = end.checked_sub(1).and_then(|last| tokens.get(last)).is_some_and(|last| last.kind == Kind::Digits);
    match next.kind {
        Kind::Word => parser.grammar.lexicon.is_case(next.word),
        Kind::Digits => !digits,
        Kind::Sign => true,
    }
}

/// Returns the token after the clause in which a token stands: what is said after a comma may be of another time.
fn end_of_clause(tokens: &[Token], at: usize) -> usize {
    let rest = tokens.get(at..).unwrap_or_default();
    let ends = |index: usize, token: &Token| {
        let next = rest.get(index + 1);
        matches!(token.sign(), '\n' | '!' | '?' | '؟' | '۔' | '。')
            || (token.sign() == ',' && next.is_none_or(|next| !next.glued))
            || (token.sign() == '.' && next.is_none_or(|next| !next.glued && (next.capital || index > 24)))
    };
    rest.iter().enumerate().find(|(index, token)| ends(*index, token)).map_or(tokens.len(), |(index, _)| at + index + 1)
}

fn moment(tokens: &[Token], first: usize, end: usize, time: &Time, known: bool) -> Option<Moment> {
    let (first, last) = (tokens.get(first)?, tokens.get(end.checked_sub(1)?)?);
    let unresolved = time.anchored && !known;
    Some(Moment {
        range: (first.start as usize, last.end as usize),
        resolved: if unresolved { String::new() } else { time.iso() },
        granularity: time.granularity(),
        anchored: time.anchored && known,
        twofold: time.twofold,
    })
}
