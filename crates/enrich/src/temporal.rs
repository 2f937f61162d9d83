//! Dates and times of the body, resolved against the article's own time where it is known.

use naba_model::{Range, is_body, millis_of};
use naba_proto::v1::{Article, Enrichments, Span, TemporalExpression};

use crate::expressions::Reader;
use crate::language::language_of;
use crate::{EnrichError, Part, Step};

/// Finds dates and times.
pub(crate) struct Temporal;

impl Step for Temporal {
    fn name(&self) -> &'static str {
        "temporal"
    }

    fn version(&self) -> u32 {
        2
    }

    fn enrich(&self, article: &Article, so_far: &Enrichments) -> Result<Part, EnrichError> {
        let reader = Reader::of(language_of(article, so_far))?;
        let published = article.published_at.as_ref().and_then(|field| field.value.as_ref());
        let anchor = published.map(|value| millis_of(value).div_euclid(1000));
        let found = reader.map(|reader| find(&reader, article, anchor)).unwrap_or_default();
        Ok(Part::new(move |enrichments| enrichments.temporal = found))
    }
}

fn find(reader: &Reader, article: &Article, anchor: Option<i64>) -> Vec<TemporalExpression> {
    let mut out = Vec::new();
    for (index, block) in (0_u32..).zip(&article.blocks).filter(|(_, block)| is_body(block.role())) {
        for moment in reader.moments(&block.text, anchor) {
            let Some(range) = Range::of_bytes(&block.text, moment.range.0, moment.range.1) else { continue };
            out.push(TemporalExpression {
                span: Some(Span { block: index, start: range.start, end: range.end }),
                surface: block.text.get(moment.range.0..moment.range.1).unwrap_or_default().to_owned(),
                resolved: moment.resolved,
                granularity: moment.granularity.to_owned(),
                anchored: moment.anchored,
            });
        }
    }
    out
}
