//! The steps there are, one line each, in their default order.

use crate::Step;
use crate::{dateline, direction, entities, fingerprint, keyphrases, language, quantities, quotes, readability};
use crate::{sentiment, summary, temporal, topics};

/// Names of all steps in their default order. Language comes first: the later steps choose their data by it.
pub const DEFAULT_STEPS: &[&str] = &[
    "language",
    "direction",
    "dateline",
    "quotes",
    "entities",
    "temporal",
    "quantities",
    "topics",
    "keyphrases",
    "sentiment",
    "summary",
    "readability",
    "fingerprint",
];

/// Returns the step with a name.
pub(crate) fn step(name: &str) -> Option<Box<dyn Step>> {
    Some(match name {
        "language" => Box::new(language::Language),
        "direction" => Box::new(direction::Direction),
        "dateline" => Box::new(dateline::DatelineStep),
        "quotes" => Box::new(quotes::Quotes),
        "entities" => Box::new(entities::Entities),
        "temporal" => Box::new(temporal::Temporal),
        "quantities" => Box::new(quantities::Quantities),
        "topics" => Box::new(topics::TopicsStep),
        "keyphrases" => Box::new(keyphrases::Keyphrases),
        "sentiment" => Box::new(sentiment::SentimentStep),
        "summary" => Box::new(summary::Summary),
        "readability" => Box::new(readability::ReadabilityStep),
        "fingerprint" => Box::new(fingerprint::FingerprintStep),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_step_exists_under_its_own_name() {
        for name in DEFAULT_STEPS {
            assert_eq!(step(name).map(|step| step.name()), Some(*name));
        }
    }
}
