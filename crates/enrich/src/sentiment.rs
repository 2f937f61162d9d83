//! Sentiment of English articles, by a lexicon of rated words; other languages are said to be unsupported.
//!
//! No openly licensed lexicon of Arabic was found, and a guess would be worse than none.

use std::sync::LazyLock;

use naba_model::is_prose;
use naba_proto::v1::{Article, Enrichments, Sentiment};

use crate::language::language_of;
use crate::words::{ByHash, Gap, Words, hash};
use crate::{EnrichError, Part, Step};

/// Words between a negation and what it turns round.
const REACH: usize = 3;
/// A negated word keeps this much of its weight, the other way (Hutto and Gilbert 2014).
const NEGATED: f32 = -0.74;
/// The sum of squares at which a sentence is half as strong as it can be (the same).
const HALF: f32 = 15.0;
/// Rated words of an article at which the polarity is trusted fully.
const ENOUGH: f32 = 20.0;
/// Words that turn round what follows.
const NEGATIONS: &[&str] = &[
    "not", "no", "never", "without", "nor", "neither", "cannot", "hardly", "don", "didn", "isn", "wasn", "won", "doesn",
];

/// The rated words, from -4 to 4.
static VALENCES: LazyLock<ByHash<f32>> = LazyLock::new(|| {
    let lines = include_str!("../data/sentiment/en.tsv").lines().filter_map(|line| line.split_once('\t'));
    lines.filter_map(|(word, valence)| Some((hash(word), valence.parse().ok()?))).collect()
});

/// Rates the words of an article.
pub(crate) struct SentimentStep;

impl Step for SentimentStep {
    fn name(&self) -> &'static str {
        "sentiment"
    }

    fn version(&self) -> u32 {
        1
    }

    fn parameters(&self) -> &str {
        "en: vaderSentiment 3.3.2; negation 3 words back; 20 words suffice"
    }

    fn enrich(&self, article: &Article, so_far: &Enrichments) -> Result<Part, EnrichError> {
        let language = language_of(article, so_far);
        if !language.starts_with("en") {
            return Err(EnrichError::Unsupported { step: "sentiment", language: language.to_owned() });
        }
        let blocks = article.blocks.iter().filter(|block| is_prose(block.role()));
        let texts = std::iter::once(article.headline.as_str()).chain(blocks.map(|block| block.text.as_str()));
        let sentiment = sentiment(texts);
        Ok(Part::new(move |enrichments| enrichments.sentiment = Some(sentiment)))
    }
}

/// Averages the polarity of the sentences that hold rated words.
fn sentiment<'a>(texts: impl Iterator<Item = &'a str>) -> Sentiment {
    let (mut polarity, mut sentences, mut rated) = (0.0, 0.0_f32, 0.0);
    for text in texts {
        let words = Words::of(text);
        let mut sum = 0.0;
        for (at, word) in words.all().iter().enumerate() {
            if word.gap == Gap::Stop && sum != 0.0 {
                (polarity, sentences) = (polarity + strength(sum), sentences + 1.0);
                sum = 0.0;
            }
            let Some(valence) = VALENCES.get(&word.hash) else { continue };
            let negated = (at.saturating_sub(REACH)..at).any(|before| NEGATIONS.contains(&words.folded(before)));
            sum += valence * if negated { NEGATED } else { 1.0 };
            rated += 1.0;
        }
        if sum != 0.0 {
            (polarity, sentences) = (polarity + strength(sum), sentences + 1.0);
        }
    }
    Sentiment { polarity: polarity / sentences.max(1.0), confidence: f32::min(rated / ENOUGH, 1.0) }
}

/// Maps a sum of valences to what lies between -1 and 1.
fn strength(sum: f32) -> f32 {
    sum / (sum * sum + HALF).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polarity(text: &str) -> f32 {
        sentiment(std::iter::once(text)).polarity
    }

    #[test]
    fn good_words_and_bad_words_pull_apart() {
        assert!(polarity("A wonderful victory brought joy.") > 0.5);
        assert!(polarity("The horrible murder caused terror.") < -0.5);
        assert_eq!(sentiment(std::iter::once("The committee met on Tuesday.")), Sentiment::default());
    }

    #[test]
    fn a_negation_turns_a_word_round() {
        assert!(polarity("The plan is not good.") < 0.0 && polarity("The plan is good.") > 0.0);
    }

    #[test]
    fn other_languages_are_said_to_be_unsupported() {
        let article = Article { language: "ar".into(), ..Article::default() };
        let error = SentimentStep.enrich(&article, &Enrichments::default()).err().map(|error| error.code());
        assert_eq!(error, Some("unsupported"));
    }
}
