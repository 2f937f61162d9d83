//! What a step is: a pure function from an article to a part of its enrichments.

use naba_proto::v1::{Article, Enrichments};

use crate::EnrichError;

/// What one step adds to the enrichments.
pub struct Part(Box<dyn FnOnce(&mut Enrichments)>);

impl Part {
    /// Wraps what is to be set; a step sets only the fields that it is named after.
    pub fn new(set: impl FnOnce(&mut Enrichments) + 'static) -> Self {
        Self(Box::new(set))
    }

    /// Adds the part to the enrichments.
    pub fn add_to(self, enrichments: &mut Enrichments) {
        (self.0)(enrichments);
    }
}

/// A step of the pipeline.
pub trait Step: Send + Sync {
    /// Names the step after what it adds; the name is used in configuration and in lineage.
    fn name(&self) -> &'static str;

    /// Returns the version, raised whenever the same article may give another part.
    fn version(&self) -> u32;

    /// Returns the parameters and data the output depends on, in a stable form; empty when there are none.
    fn parameters(&self) -> &str {
        ""
    }

    /// Computes the part; `so_far` holds what earlier steps found.
    fn enrich(&self, article: &Article, so_far: &Enrichments) -> Result<Part, EnrichError>;
}
