//! The article as the quote step reads it: paragraphs in tokens and sentences, and an index of words.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use naba_proto::v1::{Article, BlockRole};

use naba_text::fold_str;

use super::lexicon::{Family, Lexicon, Tags};
use super::marks::{self, Marked};
use super::token::{Token, tokens};

/// Blocks longer than this, in bytes, are left out: no paragraph of a real article is.
const MAX_BLOCK_BYTES: usize = 64 * 1024;
/// Scalar values of a name between quotation marks, at most.
const MAX_NAME: usize = 40;
/// Blocks read at most.
const MAX_BLOCKS: usize = 2000;

/// A block in tokens.
pub(super) struct Paragraph<'a> {
    /// Index in `Article.blocks`.
    pub(super) block: u32,
    /// What it does on the page.
    pub(super) role: BlockRole,
    /// Its text.
    pub(super) text: &'a str,
    /// Its quotation marks.
    pub(super) marked: Marked,
    /// Its words and signs.
    pub(super) tokens: Vec<Token>,
    /// Its sentences, as ranges of tokens.
    pub(super) sentences: Vec<Range<usize>>,
}

/// An article in tokens.
pub(super) struct Document<'a> {
    /// What the article's language says about who speaks.
    pub(super) lexicon: &'static Lexicon,
    /// Headline, deck, standfirst, paragraphs, subheads and captions, in order.
    pub(super) paragraphs: Vec<Paragraph<'a>>,
    /// How often each short text stands between quotation marks in the paragraphs.
    quoted: HashMap<String, usize>,
    /// Where each word stands: paragraph and token.
    index: HashMap<String, Vec<(usize, usize)>>,
}

impl<'a> Document<'a> {
    /// Reads the blocks that name people.
    pub(super) fn new(article: &'a Article, language: &str) -> Self {
        let lexicon = Lexicon::of(language);
        let blocks: Vec<(usize, &naba_proto::v1::Block)> = article
            .blocks
            .iter()
            .enumerate()
            .filter(|(_, block)| is_read(block.role()) && block.text.len() <= MAX_BLOCK_BYTES)
            .take(MAX_BLOCKS)
            .collect();
        let mut paragraphs = Vec::with_capacity(blocks.len());
        for (place, (at, block)) in blocks.iter().enumerate() {
            let next = blocks.get(place + 1).filter(|(_, next)| next.role() == block.role());
            let continued = next.is_some_and(|(_, next)| marks::begins_with_mark(&next.text));
            let block_index = u32::try_from(*at).unwrap_or(u32::MAX);
            paragraphs.push(Paragraph::new(block_index, block.role(), &block.text, continued, lexicon));
        }
        let mut index: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (p, paragraph) in paragraphs.iter().enumerate() {
            for (t, token) in paragraph.tokens.iter().enumerate().filter(|(_, token)| token.word) {
                index.entry(token.key.clone()).or_default().push((p, t));
                if let Some(bare) = bare(&token.key, lexicon) {
                    index.entry(bare.to_owned()).or_default().push((p, t));
                }
            }
        }
        split_particles(&mut paragraphs, lexicon);
        let quoted = count_quoted(&paragraphs);
        Self { lexicon, paragraphs, quoted, index }
    }

    /// Tells whether a text stands between quotation marks more than once: names do, words of a speaker do not.
    pub(super) fn is_quoted_again(&self, text: &str) -> bool {
        self.quoted.get(&fold_str(text)).is_some_and(|count| *count > 1)
    }

    /// Returns where a word stands, with or without proclitics.
    pub(super) fn places(&self, key: &str) -> &[(usize, usize)] {
        self.index.get(key).map_or(&[], Vec::as_slice)
    }
}

fn count_quoted(paragraphs: &[Paragraph]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for p in paragraphs.iter().filter(|p| p.role == BlockRole::Paragraph) {
        for stretch in p.marked.stretches.iter().filter(|s| s.end - s.start <= MAX_NAME) {
            let text: String = p.text.chars().skip(stretch.start).take(stretch.end - stretch.start).collect();
            *counts.entry(fold_str(&text)).or_default() += 1;
        }
    }
    counts
}

/// Tells conjunctions and prepositions from the letters of a word: ولافروف and لكرة, because لافروف and كرة stand elsewhere.
fn split_particles(paragraphs: &mut [Paragraph], lexicon: &Lexicon) {
    if lexicon.proclitics.is_empty() {
        return;
    }
    let tokens = || paragraphs.iter().flat_map(|p| &p.tokens);
    let words: HashSet<&str> = tokens().filter(|t| t.word).map(|t| t.key.as_str()).collect();
    let known = |rest: &str| rest.chars().nth(2).is_some() && words.contains(rest);
    let split = |t: &Token| {
        let conjunction = t.key.strip_prefix(|c| lexicon.proclitics.contains(&c)).is_some_and(known);
        let after = t.key.strip_prefix(|c| lexicon.prepositions.contains(&c));
        (t.word && conjunction, t.word && after.is_some_and(|rest| rest.is_empty() || known(rest)))
    };
    let found: Vec<(bool, bool)> = tokens().map(split).collect();
    for (token, (conjunction, preposition)) in paragraphs.iter_mut().flat_map(|p| &mut p.tokens).zip(found) {
        token.proclitic = if conjunction { 1 } else { token.proclitic };
        token.preposition |= preposition;
    }
}

/// Returns a word without its first letter when that may be a proclitic.
fn bare<'k>(key: &'k str, lexicon: &Lexicon) -> Option<&'k str> {
    let rest = key.strip_prefix(|c| lexicon.proclitics.contains(&c))?;
    (rest.chars().count() >= 3).then_some(rest)
}

impl<'a> Paragraph<'a> {
    fn new(block: u32, role: BlockRole, text: &'a str, continued: bool, lexicon: &Lexicon) -> Self {
        let marked = marks::find(text, continued);
        let tokens = tokens(text, &marked, lexicon);
        let sentences = sentences(text, &tokens, &marked, lexicon);
        Self { block, role, text, marked, tokens, sentences }
    }

    /// Returns the text of a range of tokens.
    pub(super) fn surface(&self, range: &Range<usize>) -> &'a str {
        let first = self.tokens.get(range.start).map_or(0, |token| token.bytes.0);
        let last = range.end.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.bytes.1);
        self.text.get(first..last).unwrap_or_default()
    }

    /// Returns a token.
    pub(super) fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    /// Returns the token before another.
    pub(super) fn token_before(&self, at: usize) -> Option<&Token> {
        at.checked_sub(1).and_then(|at| self.tokens.get(at))
    }

    /// Tells whether a token is this sign.
    pub(super) fn is_sign(&self, at: usize, signs: &[&str]) -> bool {
        self.token(at).is_some_and(|token| !token.word && signs.contains(&token.key.as_str()))
    }

    /// Returns the sentence in which a token stands.
    pub(super) fn sentence_of(&self, at: usize) -> Range<usize> {
        self.sentences.iter().find(|sentence| sentence.contains(&at)).cloned().unwrap_or(at..at)
    }

    /// Returns the tokens of a stretch between quotation marks, marks included.
    pub(super) fn tokens_of(&self, stretch: &marks::Stretch) -> Range<usize> {
        let first = self.tokens.partition_point(|token| (token.start as usize) < stretch.open);
        let end = self.tokens.partition_point(|token| (token.start as usize) < stretch.close);
        first..end
    }
}

fn is_read(role: BlockRole) -> bool {
    matches!(
        role,
        BlockRole::Headline
            | BlockRole::Deck
            | BlockRole::Standfirst
            | BlockRole::Kicker
            | BlockRole::Paragraph
            | BlockRole::Subhead
            | BlockRole::Caption
            | BlockRole::ListItem
            | BlockRole::Quote
    )
}

/// Splits a paragraph into sentences; marks of a quotation's own sentences do not end the reporter's.
fn sentences(text: &str, tokens: &[Token], marked: &Marked, lexicon: &Lexicon) -> Vec<Range<usize>> {
    let mut cuts: Vec<usize> = Vec::new();
    for range in naba_text::sentences(text) {
        let at = tokens.partition_point(|token| token.bytes.0 < range.end);
        let inside = |at: usize| {
            tokens.get(at).is_some_and(|next| {
                marked.stretches.iter().any(|s| s.open < next.start as usize && (next.start as usize) < s.close)
            })
        };
        if at > 0 && at < tokens.len() && !inside(at) {
            cuts.push(at);
        }
    }
    for stretch in &marked.stretches {
        let at = tokens.partition_point(|token| (token.start as usize) < stretch.close);
        if closes_sentence(tokens, at, stretch, text, lexicon) {
            cuts.push(at);
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    let mut out = Vec::with_capacity(cuts.len() + 1);
    let mut start = 0;
    for cut in cuts.into_iter().chain([tokens.len()]) {
        if cut > start {
            out.push(start..cut);
            start = cut;
        }
    }
    out
}

/// Tells whether a quotation that ends with a full stop of its own ends the sentence around it.
fn closes_sentence(tokens: &[Token], at: usize, stretch: &marks::Stretch, text: &str, lexicon: &Lexicon) -> bool {
    let last = text.chars().nth(stretch.end.saturating_sub(1));
    let stops = last.is_some_and(|c| matches!(c, '.' | '!' | '?' | '…' | '؟' | '۔' | '。' | '！' | '？'));
    let Some(next) = tokens.get(at).filter(|_| stops) else { return false };
    if next.tags.any(Tags::CUE) && next.cue_length > 0 && !next.upper {
        return false;
    }
    let fresh = next.upper || (lexicon.family != Family::Cased && next.word) || marks_open(&next.key);
    // "Why?" Smith asked: a question or a cry may go on into its attribution.
    let goes_on = last != Some('.')
        && tokens.iter().skip(at).take(4).any(|token| token.cue_length > 0 && token.tags.any(Tags::VERB));
    fresh && !goes_on
}

fn marks_open(key: &str) -> bool {
    matches!(key, "\"" | "“" | "«" | "„" | "‘" | "「")
}
