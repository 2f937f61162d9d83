//! Why a pipeline cannot be built, or a step gave nothing.

/// Why a pipeline cannot be built, or a step gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrichError {
    /// A step with this name does not exist.
    #[error("unknown step {name:?}; known steps are {known}")]
    UnknownStep {
        /// The name asked for.
        name: String,
        /// The names that exist, separated by commas.
        known: String,
    },
    /// A step is listed twice.
    #[error("step {0:?} is listed twice; list it once")]
    RepeatedStep(String),
    /// A data file is wrong.
    #[error("the data of {file:?} cannot be read: {why}")]
    Data {
        /// The file, named after its language.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// A step has no data of a language.
    #[error("step {step} has no data of language {language:?}")]
    Unsupported {
        /// The step.
        step: &'static str,
        /// The language, as detected or stated.
        language: String,
    },
    /// The article is larger than a step reads.
    #[error("the article has {bytes} bytes of text, more than the {limit} that a step reads")]
    TooLarge {
        /// Bytes of text.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl EnrichError {
    /// Returns the bounded code under which a failed step is recorded.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownStep { .. } => "unknown_step",
            Self::RepeatedStep(_) => "repeated_step",
            Self::Data { .. } => "wrong_data",
            Self::Unsupported { .. } => "unsupported",
            Self::TooLarge { .. } => "too_large",
        }
    }
}
