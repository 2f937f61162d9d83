//! Addresses, host names and registrable domains.

use naba_model::{NormalUrl, RegistrableDomain, UrlProfile, registrable_domain};
use serde_json::Value;
use url::Url;

use super::case::text;
use super::report::Report;

/// Judges a vector of the URL Standard: the parser beneath our addresses, and what we make of addresses of the web.
pub fn wpt(case: &Value, report: &mut Report) {
    let input = text(case, "input");
    let base = case["base"].as_str().map(Url::parse);
    let parsed = match &base {
        Some(Ok(base)) => base.join(input).ok(),
        Some(Err(_)) => None,
        None => Url::parse(input).ok(),
    };
    let expected = (case["failure"] != Value::Bool(true)).then(|| text(case, "href"));
    let is_met = parsed.as_ref().map(Url::as_str) == expected;
    let scheme = match expected {
        Some(href) => href.split(':').next().unwrap_or_default(),
        None => input
            .split(':')
            .next()
            .filter(|_| input.contains(':'))
            .unwrap_or_else(|| text(case, "base").split(':').next().unwrap_or_default()),
    };
    let is_web = matches!(scheme.trim().to_ascii_lowercase().as_str(), "http" | "https");
    let why = || format!("{input:?} on {} is {:?}, not {expected:?}", case["base"], parsed.as_ref().map(Url::as_str));
    report.check(if is_web { "http and https" } else { "other schemes" }, case, is_met, why);
    // Ours must take what the standard takes, and nothing else, save what it refuses on purpose.
    if is_web && let Some(href) = expected {
        let (ours, theirs) = (parsed.and_then(|url| NormalUrl::parse(url.as_str()).ok()), NormalUrl::parse(href).ok());
        report.check("our form of http and https", case, ours == theirs, || format!("{ours:?} is not {theirs:?}"));
    }
}

/// Judges a pair of the profiles that have a counterpart here.
pub fn normalise(case: &Value, report: &mut Report) {
    let (profile, input) = (text(case, "profile"), text(case, "input"));
    let has_options = case["options_js"].as_str().is_some_and(|options| !options.trim().is_empty());
    let ours = match profile {
        "crawler-commons-basic" => UrlProfile::CRAWLER,
        "urlcanon-semantic_precise" => UrlProfile::PRECISE,
        "urlcanon-aggressive" => UrlProfile::ARCHIVE,
        "tracking-params" => UrlProfile::TRACKING,
        "normalize-url" if !has_options => UrlProfile::SHORT,
        // Single functions and single flags of other projects.
        _ => return,
    };
    // We handle addresses of the web; profiles of archives also spell those of other worlds.
    let scheme = input.trim().split(':').next().unwrap_or_default().to_ascii_lowercase();
    let is_web = matches!(scheme.as_str(), "http" | "https") || !input.contains(':') || scheme.contains('.');
    if !is_web {
        return;
    }
    let found = match case["base_url"].as_str() {
        Some(base) => {
            let hosts =
                [Some(base), case["feed_url"].as_str()].into_iter().flatten().filter_map(|url| Url::parse(url).ok());
            let hosts: Vec<String> = hosts.filter_map(|url| url.host_str().map(str::to_owned)).collect();
            ours.normalise_from(input, &hosts.iter().map(String::as_str).collect::<Vec<_>>()).ok()
        }
        None => ours.normalise(input).ok(),
    };
    let is_met = found.as_deref() == case["output"].as_str();
    report.check(profile, case, is_met, || format!("{input:?} is {found:?}, not {}", case["output"]));
}

/// Judges the ASCII form of a host name, of which names in error may be refused or not.
pub fn idna(case: &Value, report: &mut Report) {
    let source = unescape(text(case, "source"));
    let has_error = |key: &str| !matches!(text(case, key), "" | "[]");
    let status = if case["toAsciiNStatus"].as_str().is_some_and(|status| !status.is_empty()) {
        "toAsciiNStatus"
    } else {
        "toUnicodeStatus"
    };
    let unicode =
        Some(text(case, "toUnicode")).filter(|text| !text.is_empty()).map_or_else(|| source.clone(), unescape);
    let ascii = Some(text(case, "toAsciiN")).filter(|text| !text.is_empty()).map_or(unicode, unescape);
    // The URL Standard has its own rules for lengths, numbers and forbidden characters of hosts.
    let is_plain = ascii.is_ascii()
        && !ascii.is_empty()
        && ascii.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    let ends_in_number =
        ascii.rsplit('.').find(|label| !label.is_empty()).is_none_or(|label| label.bytes().all(|b| b.is_ascii_digit()));
    if !is_plain || ends_in_number {
        return;
    }
    let found = Url::parse(&format!("http://{source}/")).ok().and_then(|url| url.host_str().map(str::to_owned));
    if has_error(status) {
        // Robustness only: browsers let some of them pass.
        return;
    }
    report.check("valid names", case, found.as_deref() == Some(ascii.as_str()), || {
        format!("{source:?} is {found:?}, not {ascii:?}")
    });
}

/// Resolves `\uXXXX` and `\x{XXXX}` written as text.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut units = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(unit) = rest.strip_prefix("\\u").and_then(|hex| u16::from_str_radix(hex.get(..4)?, 16).ok()) {
            units.push(unit);
            rest = rest.get(6..).unwrap_or_default();
            continue;
        }
        out.push_str(&String::from_utf16_lossy(&std::mem::take(&mut units)));
        let mut chars = rest.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out.push_str(&String::from_utf16_lossy(&units));
    out
}

/// Judges a registrable domain.
pub fn public_suffix(case: &Value, report: &mut Report) {
    let found = RegistrableDomain::registered(text(case, "input"));
    let is_met = found.as_ref().map(RegistrableDomain::as_str) == case["registrable_domain"].as_str();
    report.check("registrable domains", case, is_met, || format!("{} is {found:?}", case["input"]));
}

/// Judges the address of a real source: taken as it is, spelt once and for all, below a registrable domain.
pub fn sources(case: &Value, report: &mut Report) {
    let url = text(case, "url");
    let normal = NormalUrl::parse(url);
    report.check("addresses taken", case, normal.is_ok(), || format!("{normal:?}"));
    let Ok(normal) = normal else { return };
    report.check("spelt once and for all", case, NormalUrl::parse(normal.as_str()).as_ref() == Ok(&normal), || {
        normal.to_string()
    });
    let domain = registrable_domain(normal.host());
    report.check("below a registrable domain", case, normal.host().ends_with(&domain) && domain.contains('.'), || {
        domain.clone()
    });
}
