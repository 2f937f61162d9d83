//! The codes that the enricher gives, beside those of the runtime.

use naba_stage::Code;

/// The content was enriched before by the same steps.
pub const UNCHANGED: Code = "unchanged";
/// The article, or what was made of it, breaks the contract.
pub const CONTRACT: Code = "contract";

/// Every code of the enricher with what it means and what to do, for docs/dead-letters.md.
pub const ALL: &[(Code, &str, &str)] = &[
    (UNCHANGED, "the same content was enriched before by the same steps", "nothing"),
    (CONTRACT, "the article or its enrichments break the contract", "report it with the dead letter"),
];
