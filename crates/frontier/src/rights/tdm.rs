//! The TDM Reservation Protocol (W3C community group report): who reserves text and data mining, and under which policy.

use naba_proto::v1::TdmReservation;
use serde_json::Value;
use url::Url;

use super::reservation;
use crate::robots;

/// Most rules that are kept of a file.
const MAX_RULES: usize = 1_000;
/// Largest file that is read, in bytes.
const MAX_FILE_BYTES: usize = 500 * 1024;

/// A /.well-known/tdmrep.json, ready to be asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TdmFile(Vec<TdmRule>);

#[derive(Debug, Clone, PartialEq)]
struct TdmRule {
    location: String,
    reserved: bool,
    policy: Option<String>,
}

impl TdmFile {
    /// Reads a file; rules that break the protocol are left out, and what is no such file has none.
    pub fn parse(bytes: &[u8]) -> Self {
        let fits = bytes.len() <= MAX_FILE_BYTES;
        let value = fits.then(|| serde_json::from_slice(bytes).ok()).flatten();
        let rules = match value {
            Some(Value::Array(rules)) => rules,
            // A single rule without its list is seen in the wild.
            Some(rule @ Value::Object(_)) => vec![rule],
            _ => Vec::new(),
        };
        Self(rules.iter().take(MAX_RULES).filter_map(TdmRule::read).collect())
    }

    /// Returns what the file says about an address: the rule of the longest matching location, a reservation before none.
    pub fn reservation(&self, url: &Url) -> Option<TdmReservation> {
        let path = robots::path_and_query(url);
        let matching = self.0.iter().filter(|rule| robots::matches(&rule.location, path));
        let rule = matching.max_by_key(|rule| (rule.location.len(), rule.reserved))?;
        Some(reservation(rule.reserved, rule.policy.as_deref(), url))
    }
}

impl TdmRule {
    fn read(value: &Value) -> Option<Self> {
        let reserved = match value.get("tdm-reservation")? {
            Value::Number(number) => number.as_f64()? != 0.0,
            Value::String(text) => is_reserved(text)?,
            Value::Bool(reserved) => *reserved,
            _ => return None,
        };
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self { location: text("location")?, reserved, policy: text("tdm-policy") })
    }
}

/// Reads the statement of headers or meta elements, given as names and values; the names may have any case.
pub(super) fn from_pairs<S: AsRef<str>>(pairs: &[(S, S)], base: &Url) -> Option<TdmReservation> {
    let value = |name: &str| {
        let pair = pairs.iter().find(|(known, _)| known.as_ref().eq_ignore_ascii_case(name));
        pair.map(|(_, value)| value.as_ref().trim())
    };
    Some(reservation(is_reserved(value("tdm-reservation")?)?, value("tdm-policy").filter(|it| !it.is_empty()), base))
}

/// Reads the value of a reservation; anything but 0 and 1 says nothing.
fn is_reserved(value: &str) -> Option<bool> {
    match value.trim() {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}
