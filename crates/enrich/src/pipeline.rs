//! The steps in order, and what became of each.

use naba_model::{body_text, sha256_hex};
use naba_proto::v1::{Article, Enrichments, StepFailure, StepVersion};

use crate::registry::{DEFAULT_STEPS, step};
use crate::{EnrichError, Step};

/// Text larger than this, in bytes, is not enriched: a page is at most 5 MiB, and real articles stay far below 1 MiB.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// An ordered list of steps.
pub struct Pipeline {
    steps: Vec<(Box<dyn Step>, StepVersion)>,
    fingerprint: String,
}

impl Pipeline {
    /// Builds a pipeline of the named steps, in this order.
    ///
    /// # Errors
    /// [`EnrichError::UnknownStep`] lists the names there are; [`EnrichError::RepeatedStep`] names the one listed twice.
    pub fn new<N: AsRef<str>>(names: &[N]) -> Result<Self, EnrichError> {
        let mut steps: Vec<(Box<dyn Step>, StepVersion)> = Vec::with_capacity(names.len());
        for name in names.iter().map(AsRef::as_ref) {
            let step = step(name)
                .ok_or_else(|| EnrichError::UnknownStep { name: name.to_owned(), known: DEFAULT_STEPS.join(", ") })?;
            if steps.iter().any(|(_, known)| known.name == name) {
                return Err(EnrichError::RepeatedStep(name.to_owned()));
            }
            let version = version_of(step.as_ref());
            steps.push((step, version));
        }
        let versions: Vec<String> =
            steps.iter().map(|(_, v)| format!("{}/{}/{}", v.name, v.version, v.parameters_hash)).collect();
        let fingerprint = short_hash(&versions.join("\n"));
        Ok(Self { steps, fingerprint })
    }

    /// Builds a pipeline of all steps in their default order.
    ///
    /// # Errors
    /// None in practice: the default names exist.
    pub fn standard() -> Result<Self, EnrichError> {
        Self::new(DEFAULT_STEPS)
    }

    /// Returns the hash over names, versions and parameters of the steps: the `derivation_hash` of what they make.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Returns the steps in order.
    pub fn steps(&self) -> impl Iterator<Item = &StepVersion> {
        self.steps.iter().map(|(_, version)| version)
    }

    /// Runs the steps; one that fails is recorded in `failures` and the others go on.
    pub fn run(&self, article: &Article) -> Enrichments {
        self.continue_from(article, Enrichments::default())
    }

    /// Runs the steps on top of what others found before.
    pub fn continue_from(&self, article: &Article, mut enrichments: Enrichments) -> Enrichments {
        let bytes = article.blocks.iter().map(|block| block.text.len()).sum::<usize>();
        for (step, version) in &self.steps {
            enrichments.steps.push(version.clone());
            let part = if bytes > MAX_TEXT_BYTES {
                Err(EnrichError::TooLarge { bytes, limit: MAX_TEXT_BYTES })
            } else {
                step.enrich(article, &enrichments)
            };
            match part {
                Ok(part) => part.add_to(&mut enrichments),
                Err(error) => {
                    enrichments
                        .failures
                        .push(StepFailure { step: version.name.clone(), code: error.code().to_owned() });
                }
            }
        }
        enrichments
    }
}

fn version_of(step: &dyn Step) -> StepVersion {
    let parameters = step.parameters();
    StepVersion {
        name: step.name().to_owned(),
        version: step.version(),
        parameters_hash: if parameters.is_empty() { String::new() } else { short_hash(parameters) },
    }
}

/// Hashes a text to 16 hexadecimal digits.
fn short_hash(text: &str) -> String {
    sha256_hex(text.as_bytes()).chars().take(16).collect()
}

/// Returns the text that stands for the article in the statistical steps: headline and body.
pub(crate) fn whole_text(article: &Article) -> String {
    format!("{}\n\n{}\n\n{}", article.headline, article.standfirst, body_text(article))
}

#[cfg(test)]
mod tests {
    use naba_proto::v1::{Block, BlockRole};

    use super::*;

    fn article(text: &str) -> Article {
        let block = Block { role: BlockRole::Paragraph.into(), text: text.into(), ..Block::default() };
        Article { blocks: vec![block], ..Article::default() }
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_names_there_are() {
        let error = Pipeline::new(&["language", "moods"]).err().unwrap().to_string();
        assert!(error.contains("\"moods\"") && error.contains("keyphrases"), "{error}");
        assert!(matches!(Pipeline::new(&["quotes", "quotes"]), Err(EnrichError::RepeatedStep(_))));
    }

    #[test]
    fn a_failed_step_is_recorded_and_fails_nothing_else() {
        let huge = article(&"a ".repeat(MAX_TEXT_BYTES));
        let enrichments = Pipeline::new(&["language", "quotes"]).unwrap().run(&huge);
        let failed: Vec<&str> = enrichments.failures.iter().map(|f| f.step.as_str()).collect();
        assert_eq!(failed, ["language", "quotes"]);
        assert_eq!(enrichments.failures[0].code, "too_large");
        assert_eq!(enrichments.steps.len(), 2);
    }

    #[test]
    fn the_fingerprint_follows_the_steps() {
        let all = Pipeline::standard().unwrap();
        assert_eq!(all.fingerprint(), Pipeline::standard().unwrap().fingerprint());
        assert_ne!(all.fingerprint(), Pipeline::new(&["language"]).unwrap().fingerprint());
        let reversed: Vec<&str> = DEFAULT_STEPS.iter().rev().copied().collect();
        assert_ne!(all.fingerprint(), Pipeline::new(&reversed).unwrap().fingerprint());
    }

    #[test]
    fn the_same_article_gives_the_same_enrichments() {
        let pipeline = Pipeline::standard().unwrap();
        let article = article("وقال جون كيري إن \"الخطة جاهزة للتنفيذ الآن\".");
        assert_eq!(pipeline.run(&article), pipeline.run(&article));
    }
}
