//! Addresses in listings: relative, padded, without scheme.

use naba_model::NormalUrl;
use url::Url;

use crate::listing::{Diagnostic, Notes};
use crate::xml::Scope;

/// Resolves an address against its scope. Nothing written gives `None`, a bad address `None` and a note.
pub(crate) fn resolve(written: &str, scope: &Scope, notes: &mut Notes) -> Option<NormalUrl> {
    let written = written.trim();
    if written.is_empty() {
        return None;
    }
    let resolved = if starts_without_scheme(written) {
        Url::parse(&format!("http://{written}")).ok()
    } else {
        scope.base.join(written).ok()
    };
    let url = resolved.and_then(|url| NormalUrl::parse(url.as_str()).ok()).filter(is_web);
    if url.is_none() {
        notes.add(Diagnostic::BadUrl);
    }
    url
}

/// Reads an identifier that may be an address.
pub(crate) fn absolute(written: &str) -> Option<NormalUrl> {
    NormalUrl::parse(written).ok().filter(is_web)
}

/// A listing from the network must not name files of this machine.
fn is_web(url: &NormalUrl) -> bool {
    matches!(url.as_url().scheme(), "http" | "https")
}

fn starts_without_scheme(written: &str) -> bool {
    written.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."))
}
