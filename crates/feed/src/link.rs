//! Addresses in listings: relative, padded, without scheme.

use naba_model::NormalUrl;

use crate::listing::{Diagnostic, Notes};
use crate::xml::Scope;

/// Resolves an address against its scope. Nothing written gives `None`, a bad address `None` and a note.
pub(crate) fn resolve(written: &str, scope: &Scope, notes: &mut Notes) -> Option<NormalUrl> {
    let written = written.trim();
    if written.is_empty() {
        return None;
    }
    let resolved = if starts_without_scheme(written) {
        NormalUrl::parse(&format!("http://{written}"))
    } else {
        scope.base.join(written)
    };
    let url = resolved.ok().filter(is_web);
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
