//! One page under many addresses: with and without `www.`, as AMP or mobile page, with its parameters in any order.
//!
//! The first spelling that is accepted stands for the page. Beside its state lies a small record under the page's key that
//! names it, so that other spellings find it.

use naba_model::{NormalUrl, UrlHash};
use naba_proto::v1::{FrontierEntry, SeenEntry, SeenStatus};
use naba_stage::{StageError, StateView, StateWrite};

use crate::fetcher::SEEN;

/// How an address stands to what is known.
pub(crate) struct Settled {
    /// The spelling under which its page is known, where that is another one: address and hash.
    pub(crate) spelling: Option<(String, String)>,
    /// What is stored about the page under that spelling, or else this one.
    pub(crate) known: Option<SeenEntry>,
    /// For a page that is not known: what to store with it, so that its other spellings are found.
    pub(crate) alias: Option<StateWrite>,
}

/// Finds the spelling under which the page of an entry is known.
pub(crate) fn settle(entry: &FrontierEntry, state: &StateView) -> Result<Settled, StageError> {
    let known = seen(state, &entry.url_hash)?;
    let page = if known.is_none() { page_of(&entry.url) } else { None };
    let Some(page) = page else { return Ok(Settled { spelling: None, known, alias: None }) };
    let key = alias_key(&page);
    let named = match seen(state, &key)? {
        Some(named) => Some(named),
        None => seen(state, UrlHash::of(&page).as_str())?,
    };
    let named = named.and_then(|named| named.entry).filter(|named| !led_here(named, entry));
    if let Some(named) = named
        && let Some(known) = seen(state, &named.url_hash)?.filter(is_alive)
    {
        return Ok(Settled { spelling: Some((named.url, named.url_hash)), known: Some(known), alias: None });
    }
    let address =
        FrontierEntry { url: entry.url.clone(), url_hash: entry.url_hash.clone(), ..FrontierEntry::default() };
    let record = SeenEntry { entry: Some(address), ..SeenEntry::default() };
    Ok(Settled { spelling: None, known: None, alias: Some(StateWrite::put(SEEN, key, &record)) })
}

/// Returns the one spelling of an address on the web that stands for all.
fn page_of(address: &str) -> Option<NormalUrl> {
    let url = NormalUrl::parse(address).ok().filter(|url| url.as_url().scheme() != "file")?;
    NormalUrl::parse(&url.page_key()).ok()
}

/// Returns the key of the record that names the spelling under which a page is known.
fn alias_key(page: &NormalUrl) -> String {
    format!("page {}", UrlHash::of(page))
}

/// Returns the key under which state is stored that names the spelling under which the page of an address is known; `None` for
/// an address that has one spelling only.
pub fn spelling_key(address: &str) -> Option<String> {
    page_of(address).as_ref().map(alias_key)
}

/// Tells whether redirects led from the known spelling to this one: then this one is the page's own.
fn led_here(known: &FrontierEntry, entry: &FrontierEntry) -> bool {
    entry.redirects.iter().any(|redirect| redirect.url == known.url)
}

/// Tells whether a spelling gives the page. One that was given up does not speak for the others.
fn is_alive(known: &SeenEntry) -> bool {
    matches!(known.status(), SeenStatus::Pending | SeenStatus::Fetched)
}

fn seen(state: &StateView, key: &str) -> Result<Option<SeenEntry>, StageError> {
    state.get_message::<SeenEntry>(SEEN, key.as_bytes())
}
