//! Extractive summary: the sentences that say most of what the article says, in their order.
//!
//! A sentence weighs by the words of the article's centre that it holds, and more the earlier it stands: news begins with
//! what matters (the lead is the baseline that is hard to beat).

use std::collections::HashSet;

use naba_model::Range;
use naba_proto::v1::{Article, BlockRole, Enrichments, Span};
use naba_text::sentences;

use crate::words::{ByHash, Word, Words};
use crate::{EnrichError, Part, Step};

/// Sentences of an article that are weighed: what matters comes early.
const MAX_SENTENCES: usize = 120;
/// A sentence of fewer words tells nothing on its own.
const MIN_WORDS: usize = 5;
/// A longer one is no summary.
const MAX_WORDS: usize = 90;
/// Sentences of an article for each sentence of its summary.
const SHARE: usize = 5;
/// Most sentences of a summary.
const MAX_SUMMARY: usize = 3;
/// A sentence that shares more of its words with one chosen before says it again.
const SAME: f32 = 0.5;

/// Chooses the sentences.
pub(crate) struct Summary;

impl Step for Summary {
    fn name(&self) -> &'static str {
        "summary"
    }

    fn version(&self) -> u32 {
        1
    }

    fn parameters(&self) -> &str {
        "centroid and position; 1 to 3 sentences, one in 5; 120 sentences read"
    }

    fn enrich(&self, article: &Article, _so_far: &Enrichments) -> Result<Part, EnrichError> {
        let summary = summary(article);
        Ok(Part::new(move |enrichments| enrichments.summary = summary))
    }
}

/// A sentence of the article's own text.
struct Sentence {
    span: Span,
    words: HashSet<u64>,
    /// Words in all, repeated ones too.
    length: usize,
}

fn summary(article: &Article) -> Vec<Span> {
    let read = read(article);
    let mut counts: ByHash<f32> = ByHash::default();
    read.iter().flat_map(|sentence| &sentence.words).for_each(|word| *counts.entry(*word).or_default() += 1.0);
    let all = read.len() as f32;
    // A word that stands in most sentences is a word of the language, one that stands in one tells nothing of the rest.
    let weight = |word: &u64| {
        let count = counts.get(word).copied().unwrap_or(0.0);
        if count < 2.0 || count > (all * 0.5).max(2.0) { 0.0 } else { (1.0 + count).ln() * (all / count).ln().max(0.1) }
    };
    let mut scored: Vec<(f32, usize)> = read
        .iter()
        .enumerate()
        .filter(|(_, sentence)| (MIN_WORDS..=MAX_WORDS).contains(&sentence.length))
        .map(|(at, sentence)| {
            // Sums of floats depend on their order.
            let mut weights: Vec<f32> = sentence.words.iter().map(weight).collect();
            weights.sort_by(f32::total_cmp);
            let early = 1.0 + 2.0 / (1.0 + at as f32);
            ((0.1 + weights.iter().sum::<f32>()) / (sentence.length as f32).sqrt() * early, at)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let wanted = read.len().div_ceil(SHARE).clamp(1, MAX_SUMMARY);
    let mut chosen: Vec<usize> = Vec::new();
    for (_, at) in scored {
        let Some(sentence) = read.get(at).filter(|_| chosen.len() < wanted) else { break };
        let said = chosen.iter().filter_map(|at| read.get(*at)).any(|before| says_the_same(before, sentence));
        if !said {
            chosen.push(at);
        }
    }
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|at| read.get(at)).map(|sentence| sentence.span).collect()
}

fn says_the_same(before: &Sentence, sentence: &Sentence) -> bool {
    let shared = sentence.words.intersection(&before.words).count() as f32;
    shared > SAME * sentence.words.len().min(before.words.len()) as f32
}

/// Reads the sentences of standfirst and paragraphs: never promos and comments.
fn read(article: &Article) -> Vec<Sentence> {
    let mut out = Vec::new();
    for (block, it) in (0_u32..).zip(&article.blocks) {
        if !matches!(it.role(), BlockRole::Standfirst | BlockRole::Paragraph) || out.len() >= MAX_SENTENCES {
            continue;
        }
        let words = Words::of(&it.text);
        let mut left = words.all();
        for sentence in sentences(&it.text).into_iter().take(MAX_SENTENCES) {
            left = from(left, sentence.start);
            let behind = from(left, sentence.end);
            let hashes: Vec<u64> = left.iter().take(left.len() - behind.len()).map(|word| word.hash).collect();
            left = behind;
            let Some(Range { start, end }) = Range::of_bytes(&it.text, sentence.start, sentence.end) else { continue };
            let length = hashes.len();
            out.push(Sentence { span: Span { block, start, end }, words: hashes.into_iter().collect(), length });
        }
    }
    out.truncate(MAX_SENTENCES);
    out
}

/// Returns the words from a byte of their text on.
fn from(words: &[Word], byte: usize) -> &[Word] {
    words.get(words.partition_point(|word| (word.first_byte as usize) < byte)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use naba_model::slice;
    use naba_proto::v1::Block;

    use super::*;

    fn article(blocks: &[(BlockRole, &str)]) -> Article {
        let block =
            |(role, text): &(BlockRole, &str)| Block { role: (*role).into(), text: (*text).into(), ..Block::default() };
        Article { blocks: blocks.iter().map(block).collect(), ..Article::default() }
    }

    fn texts(article: &Article) -> Vec<&str> {
        let text =
            |span: Span| slice(&article.blocks[span.block as usize].text, Range { start: span.start, end: span.end });
        summary(article).into_iter().filter_map(text).collect()
    }

    #[test]
    fn a_short_article_is_told_by_its_lead() {
        let lead = "The council approved the new tram line on Monday evening.";
        let article = article(&[
            (BlockRole::Paragraph, "The council approved the new tram line on Monday evening. Tea was served."),
            (BlockRole::Paragraph, "The tram line will cross the river twice."),
        ]);
        assert_eq!(texts(&article), [lead]);
    }

    #[test]
    fn promos_and_comments_are_never_summed_up() {
        let promo = "Follow the tram line and the council on our channel, subscribe to the tram line now.";
        let own = "Work on it begins in the spring of next year.";
        let article = article(&[(BlockRole::Promo, promo), (BlockRole::Paragraph, own), (BlockRole::Comment, promo)]);
        assert_eq!(texts(&article), [own]);
    }

    #[test]
    fn what_was_said_is_not_said_again_and_an_empty_article_has_no_summary() {
        let line = "وافق المجلس على خط الترام الجديد مساء الاثنين الماضي.";
        let article =
            article(&[(BlockRole::Standfirst, line), (BlockRole::Paragraph, line), (BlockRole::Paragraph, line)]);
        assert_eq!(texts(&article).len(), 1);
        assert_eq!(summary(&Article::default()), []);
    }
}
