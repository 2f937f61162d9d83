//! Labels of a host that do not say which site is meant.

use url::{Host, Url};

use crate::domain::registrable_domain;

/// Drops dots at the end of a host and, as told, its leading `www` or mobile label.
pub(super) fn normalise(url: &mut Url, www: bool, mobile: bool) {
    let Some(Host::Domain(written)) = url.host() else { return };
    let mut host = written.trim_end_matches('.');
    while let Some((label, rest)) = host.split_once('.') {
        let is_dropped = www && is_www(label) || mobile && MOBILE.contains(&label);
        // `www.com` and `m.co.uk` are sites of their own.
        if !is_dropped || registrable_domain(host) == host || !rest.contains('.') {
            break;
        }
        host = rest;
    }
    if host != written && !host.is_empty() {
        let host = host.to_owned();
        // A part of a valid host is valid; were it not, the host would stay as written.
        let _ = url.set_host(Some(&host));
    }
}

const MOBILE: [&str; 5] = ["m", "mobile", "touch", "wap", "amp"];

/// `www`, `www2`, `www12`.
fn is_www(label: &str) -> bool {
    label.strip_prefix("www").is_some_and(|number| number.len() < 4 && number.bytes().all(|byte| byte.is_ascii_digit()))
}
