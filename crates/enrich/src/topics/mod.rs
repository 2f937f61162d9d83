//! Topics: IPTC media topics by cues of each language, and linear models trained on labelled texts.
//!
//! [`TopicsStep`] needs no labelled text: cue words and phrases, written for each language, speak for the top-level topics.
//! Where hardly anything speaks for a topic, it says nothing. [`Linear`] is for who has labelled texts of their own.

mod cues;
mod linear;

use naba_model::is_prose;
use naba_proto::v1::{Article, Enrichments, Topic};

pub use linear::{Linear, MAX_LABELS, features};

use crate::language::language_of;
use crate::{EnrichError, Part, Step};
use cues::{Evidence, cues_of};

/// Topics that are less likely are left out.
const LEAST_SHARE: f32 = 0.15;
/// Most topics of an article.
const MAX_TOPICS: usize = 3;
/// With less weight of cues than this behind the likeliest topic, the step doesn't know.
const LEAST_WEIGHT: f32 = 3.0;
/// The weight of cues behind a topic at which the step is as sure as its share says.
const SURE_WEIGHT: f32 = 12.0;

/// Finds the topics of an article.
pub(crate) struct TopicsStep;

impl Step for TopicsStep {
    fn name(&self) -> &'static str {
        "topics"
    }

    fn version(&self) -> u32 {
        1
    }

    fn parameters(&self) -> &str {
        "IPTC media topics 2023-10-24, top level; share 0.15, weight 3, sure from 12, 3 topics"
    }

    fn enrich(&self, article: &Article, so_far: &Enrichments) -> Result<Part, EnrichError> {
        let language = language_of(article, so_far).split(['-', '_']).next().unwrap_or_default();
        let topics = cues_of(language).map(|cues| {
            let mut evidence = Evidence::new(cues);
            evidence.read(&article.headline, true);
            evidence.read(&article.deck, false);
            evidence.read(&article.standfirst, false);
            for block in article.blocks.iter().filter(|block| is_prose(block.role())) {
                evidence.read(&block.text, false);
            }
            likeliest(&evidence.weights())
        });
        Ok(Part::new(move |enrichments| enrichments.topics = topics.unwrap_or_default()))
    }
}

/// Returns the topics that most speaks for, the likeliest first; the score is the topic's share of the squared weights, less
/// where the weight is small.
fn likeliest(weights: &[(u32, f32)]) -> Vec<Topic> {
    let all: f32 = weights.iter().map(|(_, weight)| weight * weight).sum();
    let mut shares: Vec<(f32, f32, u32)> =
        weights.iter().map(|(topic, weight)| (weight * weight / all.max(1.0), *weight, *topic)).collect();
    shares.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
    shares
        .into_iter()
        .take_while(|(share, weight, _)| *share >= LEAST_SHARE && *weight >= LEAST_WEIGHT)
        .take(MAX_TOPICS)
        .map(|(share, weight, topic)| Topic {
            medtop_id: format!("medtop:{topic:08}"),
            score: share * (weight / SURE_WEIGHT).min(1.0),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use naba_proto::v1::{Block, BlockRole};

    use super::*;

    fn topics(language: &str, headline: &str, text: &str) -> Vec<Topic> {
        let block = Block { role: BlockRole::Paragraph.into(), text: text.into(), ..Block::default() };
        let article =
            Article { language: language.into(), headline: headline.into(), blocks: vec![block], ..Article::default() };
        let mut found = Enrichments::default();
        TopicsStep.enrich(&article, &Enrichments::default()).unwrap().add_to(&mut found);
        found.topics
    }

    fn first(language: &str, headline: &str, text: &str) -> String {
        topics(language, headline, text).first().map(|topic| topic.medtop_id.clone()).unwrap_or_default()
    }

    #[test]
    fn the_likeliest_topic_comes_first_in_every_language() {
        let sport = "medtop:15000000";
        assert_eq!(
            first("en", "Late goal wins the cup", "The striker scored in the final minute of the match."),
            sport
        );
        assert_eq!(
            first("ar", "المنتخب يفوز بالكأس", "سجل اللاعب هدفين في المباراة النهائية أمام جماهير الملعب."),
            sport
        );
        assert_eq!(first("zh", "球隊奪得冠軍", "教練說，這場比賽的決賽很精彩。"), sport);
        assert_eq!(first("he", "הקבוצה זכתה בגביע", "המאמן אמר שהניצחון בגמר הליגה חשוב."), sport);
    }

    #[test]
    fn what_the_cues_do_not_speak_of_stays_open() {
        assert_eq!(topics("en", "Something", "Somebody did something somewhere."), []);
        assert_eq!(topics("xx", "Late goal wins the cup", "The striker scored."), []);
    }

    #[test]
    fn scores_are_shares() {
        let found = topics(
            "en",
            "Parliament votes on the budget",
            "The minister told parliament that banks, markets and inflation worry investors.",
        );
        assert!(found.iter().map(|topic| topic.score).sum::<f32>() <= 1.0);
        assert!(found.len() > 1, "{found:?}");
    }
}
