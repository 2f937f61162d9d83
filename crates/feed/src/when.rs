//! Written times of listings.

use naba_model::Millis;

use crate::limits::MAX_INSTANT_BYTES;
use crate::listing::{Diagnostic, Notes};

/// Reads a written time; without a zone it counts as UTC, as the formats' own readers do.
pub(crate) fn instant(written: &str, notes: &mut Notes) -> Option<Millis> {
    let written = written.trim();
    if written.is_empty() {
        return None;
    }
    let fits = written.len() <= MAX_INSTANT_BYTES;
    let parsed = fits.then(|| naba_text::parse_instant(written)).flatten().map(|parsed| parsed.millis);
    if parsed.is_none() {
        notes.add(Diagnostic::BadInstant);
    }
    parsed
}
