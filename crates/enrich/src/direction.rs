//! Base direction, decided over headline and body.

use naba_proto::v1::{Article, Direction as Wire, Enrichments};

use crate::pipeline::whole_text;
use crate::{EnrichError, Part, Step};

/// Decides the base direction over the whole text: one Latin name in the first line does not turn a page around.
pub(crate) struct Direction;

impl Step for Direction {
    fn name(&self) -> &'static str {
        "direction"
    }

    fn version(&self) -> u32 {
        1
    }

    fn enrich(&self, article: &Article, _so_far: &Enrichments) -> Result<Part, EnrichError> {
        let direction = match naba_text::direction_of(&whole_text(article)) {
            naba_text::Direction::Ltr => Wire::Ltr,
            naba_text::Direction::Rtl => Wire::Rtl,
            naba_text::Direction::Neutral => Wire::Unspecified,
        };
        Ok(Part::new(move |enrichments| enrichments.direction = direction.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_majority_of_the_text_decides() {
        let article = Article {
            headline: "iPhone: شركة آبل تعلن عن هاتفها الجديد".into(), ..Article::default()
        };
        let mut enrichments = Enrichments::default();
        Direction.enrich(&article, &enrichments.clone()).unwrap().add_to(&mut enrichments);
        assert_eq!(enrichments.direction(), Wire::Rtl);
    }
}
