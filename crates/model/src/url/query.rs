//! Query parameters that do not say which page is meant.

use std::sync::LazyLock;

/// Names from a data file; those that end in `*` match by their start.
struct Names(Vec<(&'static str, bool, bool)>);

static TRACKING: LazyLock<Names> = LazyLock::new(|| Names::read(include_str!("../../data/tracking.txt")));
static SESSIONS: LazyLock<Names> = LazyLock::new(|| Names::read(include_str!("../../data/sessions.txt")));

impl Names {
    fn read(text: &'static str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let row = |line: &'static str| {
            let (name, doubtful) = line.strip_suffix(" ?").map_or((line, false), |name| (name, true));
            name.strip_suffix('*').map_or((name, false, doubtful), |start| (start, true, doubtful))
        };
        Self(lines.map(row).collect())
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, is_start, doubtful)| {
            let is_named = match name.get(..known.len()) {
                Some(start) => start.eq_ignore_ascii_case(known) && (*is_start || name.len() == known.len()),
                None => false,
            };
            is_named && (!doubtful || looks_drawn(value))
        })
    }
}

/// 24 or more letters and digits with both among them: nobody names a page so.
fn looks_drawn(value: &str) -> bool {
    value.len() >= 24
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn split(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

/// Tells whether a parameter says how a reader came.
pub(super) fn is_tracking(pair: &str) -> bool {
    let (name, value) = split(pair);
    TRACKING.has(name, value)
}

/// Tells whether a parameter, of query or path, names a visit.
pub(super) fn is_session(pair: &str) -> bool {
    let (name, value) = split(pair);
    SESSIONS.has(name, value)
}

/// Tells whether a parameter names the place where the address was found.
pub(super) fn names_host(pair: &str, hosts: &[&str]) -> bool {
    let (name, value) = split(pair);
    matches!(name, "ref" | "source" | "referrer") && hosts.iter().any(|host| host.eq_ignore_ascii_case(value))
}

pub(super) fn has_name(pair: &str) -> bool {
    !pair.starts_with('=')
}

pub(super) fn without_empty_value(pair: &str) -> &str {
    pair.strip_suffix('=').filter(|name| !name.contains('=')).unwrap_or(pair)
}

/// Returns what parameters are sorted by; of one name, those without a value come first.
pub(super) fn order(pair: &str) -> (&str, Option<&str>) {
    pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)))
}
