//! Numbers of the body with what they count: money, measures, shares, things.

use naba_model::{Range, is_body};
use naba_proto::v1::{Article, Enrichments, Quantity, Span};

use crate::expressions::Reader;
use crate::language::language_of;
use crate::{EnrichError, Part, Step};

/// Finds quantities outside what the temporal step took.
pub(crate) struct Quantities;

impl Step for Quantities {
    fn name(&self) -> &'static str {
        "quantities"
    }

    fn version(&self) -> u32 {
        2
    }

    fn enrich(&self, article: &Article, so_far: &Enrichments) -> Result<Part, EnrichError> {
        let reader = Reader::of(language_of(article, so_far))?;
        let found = reader.map(|reader| find(&reader, article, so_far)).unwrap_or_default();
        Ok(Part::new(move |enrichments| enrichments.quantities = found))
    }
}

fn find(reader: &Reader, article: &Article, so_far: &Enrichments) -> Vec<Quantity> {
    let mut out = Vec::new();
    for (index, block) in (0_u32..).zip(&article.blocks).filter(|(_, block)| is_body(block.role())) {
        let spans = so_far.temporal.iter().filter_map(|time| time.span.as_ref()).filter(|span| span.block == index);
        let taken: Vec<(usize, usize)> = spans.filter_map(|span| bytes(&block.text, span)).collect();
        for amount in reader.amounts(&block.text, &taken) {
            let Some(range) = Range::of_bytes(&block.text, amount.full.0, amount.full.1) else { continue };
            out.push(Quantity {
                span: Some(Span { block: index, start: range.start, end: range.end }),
                surface: block.text.get(amount.full.0..amount.full.1).unwrap_or_default().to_owned(),
                value: amount.value,
                unit: amount.unit,
                modifier: amount.modifier,
            });
        }
    }
    out
}

/// Returns the byte range of a span.
fn bytes(text: &str, span: &Span) -> Option<(usize, usize)> {
    let part = naba_model::slice(text, Range { start: span.start, end: span.end })?;
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    Some((start, start + part.len()))
}
