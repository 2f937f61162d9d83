//! When a source has moved for good: permanent redirects lie, above all during maintenance.

use std::time::Duration;

use naba_model::{Millis, millis_of, timestamp_of};
use naba_proto::v1::{SourceMove, SourceState};

use crate::settings::millis;

/// Polls that must have been led to one address, and over what time.
const MIN_VISITS: u32 = 3;
const MIN_AGE: Duration = Duration::from_secs(48 * 3600);

/// Where redirects have led in a poll.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hop {
    pub(crate) url: String,
    /// How many redirects led there.
    pub(crate) count: u32,
    /// True while all of them said that they are permanent.
    pub(crate) is_permanent: bool,
}

impl Hop {
    /// Follows one more redirect.
    pub(crate) fn follow(before: Option<&Self>, status: u32, url: &str) -> Self {
        let is_permanent = matches!(status, 301 | 308) && before.is_none_or(|hop| hop.is_permanent);
        Self { url: url.to_owned(), count: before.map_or(0, |hop| hop.count) + 1, is_permanent }
    }
}

/// Takes a readable answer and where it was found. Returns the new address once that is proven: the same one on several polls,
/// also after two days, and no other answer in between.
pub(crate) fn note(state: &mut SourceState, now: Millis, hop: Option<&Hop>) -> Option<String> {
    let Some(hop) = hop.filter(|hop| hop.is_permanent) else {
        state.moving = None;
        return None;
    };
    let known = state.moving.take().filter(|known| known.url == hop.url);
    let first_at = known.as_ref().and_then(|known| known.first_at).unwrap_or_else(|| timestamp_of(now));
    let visits = known.map_or(0, |known| known.visits).saturating_add(1);
    let is_proven = visits >= MIN_VISITS && now.saturating_sub(millis_of(&first_at)) >= millis(MIN_AGE);
    state.moving = Some(SourceMove { url: hop.url.clone(), visits, first_at: Some(first_at) });
    is_proven.then(|| hop.url.clone())
}
