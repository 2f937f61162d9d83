//! Parts of a path that do not say which page is meant.

use super::query::is_session;

/// Drops `;jsessionid=…` and the cookieless sessions of ASP.NET, `/(S(…))/`.
pub(super) fn without_session(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for (at, segment) in path.split('/').enumerate() {
        if is_aspnet_session(segment) {
            continue;
        }
        if at > 0 {
            out.push('/');
        }
        let mut parts = segment.split(';');
        out.push_str(parts.next().unwrap_or_default());
        for parameter in parts.filter(|parameter| !is_session(parameter)) {
            out.push(';');
            out.push_str(parameter);
        }
    }
    out
}

/// One or more of `X(24 letters and digits)` in brackets.
fn is_aspnet_session(segment: &str) -> bool {
    let Some(mut rest) = segment.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return false };
    if rest.len() == 24 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return true;
    }
    while !rest.is_empty() {
        let session = rest.get(2..26).filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let is_whole = rest.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
            && rest.get(1..2) == Some("(")
            && session.is_some()
            && rest.get(26..27) == Some(")");
        if !is_whole {
            return false;
        }
        rest = rest.get(27..).unwrap_or_default();
    }
    segment.len() > 2
}

/// Writes several slashes in a row as one, save behind the scheme of an address inside the path.
pub(super) fn single_slashes(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c == '/' && out.ends_with('/') && !is_behind_scheme(&out) {
            continue;
        }
        out.push(c);
    }
    out
}

/// Tells whether a text ends in `/name:/`, whose second slash is part of an address.
fn is_behind_scheme(before: &str) -> bool {
    let Some(scheme) = before.strip_suffix(":/") else { return false };
    let name = scheme.rsplit('/').next().unwrap_or_default();
    (2..=50).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && scheme.len() > name.len()
}

/// Drops the name of the page that a server shows for a folder.
pub(super) fn without_index(path: &str) -> String {
    const INDEX: [&str; 6] = ["index.html", "index.htm", "index.php", "index.asp", "index.aspx", "index.jsp"];
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if INDEX.iter().any(|index| name.eq_ignore_ascii_case(index)) { format!("{folder}/") } else { path.to_owned() }
}
