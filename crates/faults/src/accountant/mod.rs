//! The accountant: ground truth, every topic in both views, and the store, compared record by record.
//!
//! It knows what a line may never do, whatever dies: lose a version, publish one twice, end a record twice or not at all,
//! store something else than what is on the topic. Each finding names its first differing record.

mod books;
mod observed;
mod store;
mod verdict;
mod view;

use naba_newsfarm::{AccountReport, TruthRecord, account};
use naba_stage::Topics;
use naba_stage::log::Log;
use naba_testkit::RealPostgres;

pub use books::{Books, books, outputs_missing, raw_repeats, work};
pub use observed::{MALFORMED, enriched, observed};
pub use store::compare as compare_store;
pub use verdict::{Conviction, Figures, Verdict};
pub use view::{read_all, views};

/// Stages with the role of the topic that each reads.
pub const STAGES: [(&str, &str); 4] =
    [("fetcher", "frontier"), ("parser", "raw"), ("enricher", "articles"), ("sink", "enriched")];

/// What the accountant looks at.
pub struct Accountant<'a> {
    /// The committed view.
    pub log: &'a dyn Log,
    /// The uncommitted view.
    pub raw_log: &'a dyn Log,
    /// The topics.
    pub topics: &'a Topics,
    /// The store's server and database.
    pub store: (&'a RealPostgres, &'a str),
    /// The farm's start, milliseconds since 1970.
    pub start_ms: i64,
    /// Whether repeated records are allowed, as at-least-once delivery allows them. Lost ones never are.
    pub repeats_allowed: bool,
}

impl Accountant<'_> {
    /// Compares the enriched topic with the farm's truth.
    pub async fn articles(&self, truth: &[TruthRecord]) -> AccountReport {
        let articles = enriched(self.log, self.topics).await;
        account(truth, articles.iter().map(|one| observed(one, self.start_ms)))
    }

    /// Judges everything.
    pub async fn judge(&self, truth: &[TruthRecord]) -> Verdict {
        let mut verdict = Verdict::default();
        let articles = self.articles(truth).await;
        verdict.note_articles(&articles, self.repeats_allowed);
        for (stage, role) in STAGES {
            let books = books(self.log, self.topics, stage, role).await;
            verdict.note_books(stage, role, &books, self.repeats_allowed);
        }
        if !self.repeats_allowed {
            let (_, twice) = work(self.log, self.topics).await;
            verdict.convict("work-ended-twice", twice);
            let roles = ["enriched", "revisions"];
            let missing = outputs_missing(self.log, self.raw_log, self.topics, "enricher", &roles).await;
            verdict.convict("enricher-output-not-committed-with-its-audit", missing);
            verdict.convict("document-published-twice", raw_repeats(self.log, self.topics).await);
        }
        let (views, differences) = views(self.log, self.raw_log, self.topics).await;
        verdict.figures.committed = views.iter().map(|view| view.committed).sum();
        verdict.figures.aborted = views.iter().map(|view| view.aborted).sum();
        verdict.convict("committed-view-differs", differences);
        store::compare(self.log, self.topics, self.store, &mut verdict).await;
        verdict
    }
}
