//! Calls of courlan that have a counterpart here.

use naba_model::{NormalUrl, RegistrableDomain, registrable_domain};
use serde_json::Value;

use super::case::{list, text};
use super::report::Report;

/// Judges a recorded call; functions without a counterpart are passed over.
pub fn courlan(case: &Value, report: &mut Report) {
    let args = list(case, "args");
    let arg = |at: usize| args.get(at).and_then(Value::as_str).unwrap_or_default();
    let expected = &case["result"];
    let found = match text(case, "fn") {
        "fix_relative_urls" => Value::from(joined(arg(0), arg(1))),
        "extract_domain" => domain(arg(0)).map_or(Value::Null, Value::from),
        "is_external" if case["kwargs"]["ignore_suffix"] != Value::Bool(true) => {
            let domain = |url: &str| NormalUrl::parse(url).map(|url| registrable_domain(url.host())).ok();
            Value::from(domain(arg(0)) != domain(arg(1)))
        }
        _ => return,
    };
    let is_met = same(&found, expected);
    report.check(text(case, "fn"), case, is_met, || format!("{args:?} is {found}, not {expected}"));
}

/// Compares addresses in our form, other values as they are.
fn same(found: &Value, expected: &Value) -> bool {
    let normal = |value: &Value| value.as_str().and_then(|url| NormalUrl::parse(url).ok());
    found == expected || normal(found).is_some() && normal(found) == normal(expected)
}

fn domain(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    match url.host()? {
        url::Host::Domain(name) => RegistrableDomain::registered(name).map(|domain| domain.to_string()),
        literal => Some(literal.to_string()),
    }
}

fn joined(base: &str, reference: &str) -> String {
    NormalUrl::parse(base)
        .and_then(|base| base.join(reference))
        .map_or_else(|_| reference.to_owned(), |url| url.to_string())
}
