//! One page under many addresses: with and without `www.`, as AMP or mobile page, with its parameters in any order.
//!
//! The first spelling that is accepted stands for the page. Beside its state lies a small record under the page's key that
//! names it, so that other spellings find it.

use naba_model::{NormalUrl, UrlHash};
use naba_proto::v1::{FrontierEntry, SeenEntry, SeenStatus};
use naba_stage::{StageError, StateView, StateWrite};

use crate::fetcher::SEEN;

/// Gives an entry the spelling under which its page is known. For a page that is not, returns what to store with it, so that
/// its other spellings are found.
pub(crate) fn settle(
    entry: FrontierEntry,
    state: &StateView,
) -> Result<(FrontierEntry, Option<StateWrite>), StageError> {
    let web = NormalUrl::parse(&entry.url).ok().filter(|url| url.as_url().scheme() != "file");
    let page = web.and_then(|url| NormalUrl::parse(&url.page_key()).ok());
    let Some(page) = page else { return Ok((entry, None)) };
    if seen(state, &entry.url_hash)?.is_some() {
        return Ok((entry, None));
    }
    let page = UrlHash::of(&page).into_string();
    let key = format!("page {page}");
    let named = match seen(state, &key)? {
        Some(named) => Some(named),
        None => seen(state, &page)?,
    };
    let known = named.and_then(|named| named.entry).filter(|known| !led_here(known, &entry));
    if let Some(known) = known
        && is_alive(state, &known)?
    {
        return Ok((FrontierEntry { url: known.url, url_hash: known.url_hash, ..entry }, None));
    }
    let address =
        FrontierEntry { url: entry.url.clone(), url_hash: entry.url_hash.clone(), ..FrontierEntry::default() };
    let record = SeenEntry { entry: Some(address), ..SeenEntry::default() };
    Ok((entry, Some(StateWrite::put(SEEN, key, &record))))
}

/// Tells whether redirects led from the known spelling to this one: then this one is the page's own.
fn led_here(known: &FrontierEntry, entry: &FrontierEntry) -> bool {
    entry.redirects.iter().any(|redirect| redirect.url == known.url)
}

/// Tells whether a spelling gives the page. One that was given up does not speak for the others.
fn is_alive(state: &StateView, known: &FrontierEntry) -> Result<bool, StageError> {
    let state = seen(state, &known.url_hash)?;
    Ok(state.is_some_and(|state| matches!(state.status(), SeenStatus::Pending | SeenStatus::Fetched)))
}

fn seen(state: &StateView, key: &str) -> Result<Option<SeenEntry>, StageError> {
    state.get_message::<SeenEntry>(SEEN, key.as_bytes())
}
