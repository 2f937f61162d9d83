//! Direct quotes with their speakers.
//!
//! The step reads the paragraphs in order, as a reader would: it notes whom titles introduce, follows who speaks from
//! sentence to sentence, and gives each stretch between outermost quotation marks to the act of speech it belongs to.
//! It knows no person by name: names are found by their place in the sentence, so that any news has speakers.

mod cased;
mod definite;
mod document;
mod extent;
mod han;
mod lexicon;
mod marks;
mod names;
mod people;
mod reader;
mod subject;
mod token;
mod verb_last;

use std::sync::LazyLock;

use naba_model::{Range, slice};
use naba_proto::v1::{Article, Enrichments, Quote, QuoteKind, Span};

use crate::data::{CUES, STOPWORDS};
use crate::language::language_of;
use crate::{EnrichError, Part, Step};
use document::{Document, Paragraph};
use extent::Shape;
use lexicon::Family;
use marks::Stretch;
use people::Speaker;
use reader::Reader;

/// Quotes kept of one article.
const MAX_QUOTES: usize = 500;

/// Finds direct quotes, their cues and their speakers.
pub(crate) struct Quotes;

static DATA_HASH: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<&str> = CUES.iter().chain(STOPWORDS).flat_map(|(language, text)| [*language, *text]).collect();
    all.join("\n")
});

impl Step for Quotes {
    fn name(&self) -> &'static str {
        "quotes"
    }

    fn version(&self) -> u32 {
        1
    }

    fn parameters(&self) -> &str {
        &DATA_HASH
    }

    fn enrich(&self, article: &Article, so_far: &Enrichments) -> Result<Part, EnrichError> {
        let document = Document::new(article, language_of(article, so_far));
        let quotes = if document.lexicon.family == Family::Han { han_quotes(&document) } else { quotes(&document) };
        Ok(Part::new(move |enrichments| enrichments.quotes = quotes))
    }
}

fn quotes(document: &Document) -> Vec<Quote> {
    let (found, people) = Reader::read(document);
    let quote = |found: &reader::Found| {
        let p = document.paragraphs.get(found.paragraph)?;
        let cue = found.cue.as_ref();
        let cue_range = cue.and_then(|cue| Some((p.token(cue.start)?.start, p.token(cue.end.checked_sub(1)?)?.end)));
        let speaker = match found.speaker {
            Speaker::Person(id) => people.get(id).map(|person| person.name.clone()).unwrap_or_default(),
            Speaker::Unnamed | Speaker::Unstated => String::new(),
        };
        let confidence = match (speaker.is_empty(), found.carried) {
            (true, _) => 0.0,
            (false, true) => 0.6,
            (false, false) => 0.9,
        };
        build(document, p, &found.stretch, cue_range, speaker, confidence)
    };
    found.iter().filter_map(quote).take(MAX_QUOTES).collect()
}

fn han_quotes(document: &Document) -> Vec<Quote> {
    let quote = |found: han::HanQuote| {
        let p = document.paragraphs.get(found.paragraph)?;
        let shape = Shape::of(document, p, &found.stretch);
        if !shape.is_quote(document, found.cue.is_some(), true) {
            return None;
        }
        let cue = found.cue.map(|(start, end)| (token::scalar(start), token::scalar(end)));
        let confidence = if found.speaker.is_empty() { 0.0 } else { 0.7 };
        build(document, p, &found.stretch, cue, found.speaker, confidence)
    };
    han::read(document).into_iter().filter_map(quote).take(MAX_QUOTES).collect()
}

fn build(
    document: &Document,
    p: &Paragraph,
    stretch: &Stretch,
    cue: Option<(u32, u32)>,
    speaker: String,
    confidence: f32,
) -> Option<Quote> {
    let range = Range { start: token::scalar(stretch.start), end: token::scalar(stretch.end) };
    let text = slice(p.text, range)?.to_owned();
    let cue_text = cue.and_then(|(start, end)| slice(p.text, Range { start, end })).unwrap_or_default();
    Some(Quote {
        span: Some(Span { block: p.block, start: range.start, end: range.end }),
        text,
        speaker_surface: speaker,
        speaker_entity_id: String::new(),
        cue: cue_text.to_owned(),
        cue_span: cue.map(|(start, end)| Span { block: p.block, start, end }),
        kind: QuoteKind::Direct.into(),
        extent: Shape::of(document, p, stretch).extent(document).into(),
        confidence,
    })
}
