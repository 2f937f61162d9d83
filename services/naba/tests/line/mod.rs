//! What the pipeline tests share: the farm, and when it is done. The books are `naba_faults::accountant`'s.
#![allow(dead_code)]

use naba_newsfarm::{FarmConfig, Fate, TruthRecord};

/// Makes a farm whose edits leave a slow machine the time to read the version before: the largest domain has some 550 pages,
/// asked one after the other.
pub fn patient_farm() -> FarmConfig {
    FarmConfig {
        min_served_ms: 45_000,
        edit_after_ms: (60_000, 80_000),
        delete_after_ms: (60_000, 90_000),
        ..FarmConfig::default()
    }
}

/// Returns when the farm last publishes something that must appear.
pub fn last_change_ms(truth: &[TruthRecord]) -> i64 {
    let expected = truth.iter().filter(|record| record.fate == Fate::MustAppear);
    expected.map(|record| record.publish_at_ms).max().unwrap_or(0)
}
