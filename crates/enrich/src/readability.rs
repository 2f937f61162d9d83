//! Readability: how long the sentences of the body are.

use naba_model::is_prose;
use naba_proto::v1::{Article, Enrichments, Readability};
use naba_text::sentences;

use crate::words::Words;
use crate::{EnrichError, Part, Step};

/// Measures the sentences.
pub(crate) struct ReadabilityStep;

impl Step for ReadabilityStep {
    fn name(&self) -> &'static str {
        "readability"
    }

    fn version(&self) -> u32 {
        1
    }

    fn enrich(&self, article: &Article, _so_far: &Enrichments) -> Result<Part, EnrichError> {
        let readability = readability(article);
        Ok(Part::new(move |enrichments| enrichments.readability = readability))
    }
}

/// Returns nothing when there is no body. Where no spaces part words, each sign counts as one.
fn readability(article: &Article) -> Option<Readability> {
    let (mut words, mut count) = (0, 0);
    for block in article.blocks.iter().filter(|block| is_prose(block.role())) {
        words += Words::of(&block.text).all().len();
        count += sentences(&block.text).len();
    }
    (count > 0).then(|| Readability { words_per_sentence: words as f32 / count as f32 })
}

#[cfg(test)]
mod tests {
    use naba_proto::v1::{Block, BlockRole};

    use super::*;

    #[test]
    fn words_are_counted_by_the_sentence_and_foreign_blocks_left_out() {
        let block = |role: BlockRole, text: &str| Block { role: role.into(), text: text.into(), ..Block::default() };
        let blocks = vec![
            block(BlockRole::Paragraph, "وصل الوفد مساء. ثم غادر!"),
            block(BlockRole::Paragraph, "One two three."),
            block(BlockRole::Comment, "Many words that nobody counts here."),
        ];
        let article = Article { blocks, ..Article::default() };
        assert_eq!(readability(&article).map(|it| it.words_per_sentence), Some(8.0 / 3.0));
        assert_eq!(readability(&Article::default()), None);
    }
}
