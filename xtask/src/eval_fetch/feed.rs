//! Feed suites.

use naba_feed::{Input, Listing, read, read_opml};
use naba_model::NormalUrl;
use naba_text::{Markup, MimeType, decode, decode_as};
use serde_json::Value;

use super::case::{bytes, instant, list, text};
use super::feed_fields::{self as fields, COMPARED, Compared, HOME, same_text, same_url};
use super::report::Report;

/// Reads a document at an address.
pub fn listing(bytes: &[u8], content_type: Option<&str>, url: &str) -> Option<Listing> {
    let url = NormalUrl::parse(url).ok()?;
    read(&Input { bytes, content_type, url: &url }).ok()
}

/// Judges a case of Python's feedparser: a list of conditions on its result.
pub fn feedparser(case: &Value, report: &mut Report) {
    let group = match text(case, "group").split_once('/').unwrap_or((text(case, "group"), "")) {
        ("wellformed", "sanitize") => "sanitising",
        ("wellformed", _) => "well-formed",
        ("encoding", _) => "encodings",
        ("entities", _) => "entities",
        _ => "ill-formed",
    };
    let headers = case["headers"].as_object();
    let header = |name: &str| {
        headers
            .and_then(|all| all.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)))
            .and_then(|(_, value)| value.as_str())
    };
    // The upstream tests are served from a local address, which some expectations name.
    let own = if text(case, "expect_source").contains("127.0.0.1:8097") { "http://127.0.0.1:8097/" } else { HOME };
    let body = bytes(case, "body_b64");
    if !body.contains(&b'<') {
        // Upstream reads nothing out of nothing; there is nothing to compare.
        return;
    }
    let url = NormalUrl::parse(own).and_then(|own| own.join(header("content-location").unwrap_or_default()));
    let listing = listing(&body, header("content-type"), url.as_ref().map_or(own, NormalUrl::as_str));
    report.check(&format!("{group}, read"), case, listing.is_some(), || "not read".to_owned());
    let Some(listing) = listing else { return };
    for check in list(case, "checks") {
        if group == "encodings" && check["path"] == serde_json::json!(["encoding"]) && text(check, "op") == "==" {
            let charset = header("content-type").and_then(MimeType::parse).and_then(|mime| mime.encoding());
            let found = decode(&body, charset, Markup::Xml);
            // By what it decodes to: pure ASCII is in all of them.
            if let Some(expected) = decode_as(&body, text(check, "value")) {
                report.check("encodings, decoded", case, expected == found.text, || found.encoding.to_owned());
            }
        } else if let Some(is_met) = condition(check, &listing) {
            let why = || {
                format!(
                    "{check} but {:?} {:?}",
                    (&listing.title, &listing.description, &listing.authors),
                    listing.entries.first()
                )
            };
            report.check(&format!("{group}, expectations"), case, is_met, why);
        }
    }
}

/// Judges one condition, or answers `None` when it has no counterpart here.
fn condition(check: &Value, listing: &Listing) -> Option<bool> {
    if text(check, "op") != "==" {
        return None;
    }
    let Compared { feed, entry } = &COMPARED.feedparser;
    let path = list(check, "path");
    let expected = &check["value"];
    let mut steps = path.iter().filter_map(Value::as_str);
    let root = steps.next()?;
    let name = steps.collect::<Vec<_>>().join(".");
    let place = |skip: usize| path.iter().skip(skip).find_map(Value::as_u64).and_then(|at| usize::try_from(at).ok());
    match (root, path.last().and_then(|last| last["fn"].as_str())) {
        // The first character says all: these documents hold one.
        ("entries", Some("ord")) => {
            let first =
                listing.entries.get(place(1)?)?.summary.as_deref()?.chars().next().map(|c| u64::from(u32::from(c)));
            Some(first == expected.as_u64())
        }
        (_, Some(_)) => None,
        ("feed", None) => {
            let field = feed.get(&name)?;
            (expected.is_string() || field == "updated")
                .then(|| fields::feed(field, listing, expected, place(1).unwrap_or(0)))
        }
        ("entries", None) => {
            let field = entry.get(&name)?;
            let found = listing.entries.get(place(1)?)?;
            Some(fields::entry(field, found, expected, place(2).unwrap_or(0)))
        }
        _ => None,
    }
}

/// Judges a case of gofeed: the whole expected result.
pub fn gofeed(case: &Value, report: &mut Report) {
    let listing = listing(&bytes(case, "body_b64"), None, HOME);
    report.check("read", case, listing.is_some(), || "not read".to_owned());
    let Some(listing) = listing else { return };
    let expected = &case["expected"];
    let Compared { feed, entry } = &COMPARED.gofeed;
    for (key, field) in feed {
        if let Some(value) = expected.get(key).filter(|value| fields::is_comparable(field, value)) {
            let is_met = fields::feed(field, &listing, value, 0);
            report.check("expectations", case, is_met, || format!("feed {key} {value} but {listing:?}"));
        }
    }
    let entries = if expected.get("items").is_some() { list(expected, "items") } else { list(expected, "entries") };
    let is_met = listing.entries.len() == entries.len();
    report.check("number of entries", case, is_met, || format!("{} of {}", listing.entries.len(), entries.len()));
    for (ours, theirs) in listing.entries.iter().zip(entries) {
        for (key, field) in entry {
            if let Some(value) = theirs.get(key).filter(|value| fields::is_comparable(field, value)) {
                let is_met = fields::entry(field, ours, value, 0);
                report.check("expectations", case, is_met, || format!("{key} {value} but {ours:?}"));
            }
        }
        if let Some(href) = alternate(theirs) {
            report.check("expectations", case, same_url(ours.url.as_ref(), href), || {
                format!("link {href} but {:?}", ours.url)
            });
        }
    }
}

/// The address of the page in a list of Atom links.
fn alternate(entry: &Value) -> Option<&str> {
    let link =
        list(entry, "links").iter().find(|link| matches!(text(link, "rel"), "" | "alternate") && link.is_object())?;
    Some(text(link, "href")).filter(|href| !href.is_empty())
}

/// Judges a real feed against a second opinion.
pub fn real(case: &Value, report: &mut Report) {
    let listing = listing(&bytes(case, "body_b64"), None, HOME);
    let reference = &case["reference"];
    let theirs = list(reference, "entries");
    if theirs.is_empty() {
        return;
    }
    report.check("read", case, listing.is_some(), || "not read".to_owned());
    let Some(listing) = listing else { return };
    let same_count = listing.entries.len() == theirs.len();
    report
        .check("same number of entries", case, same_count, || format!("{} of {}", listing.entries.len(), theirs.len()));
    type Same = fn(&naba_feed::Entry, &Value) -> bool;
    let rows: [(&str, Same); 3] = [
        ("same links", |ours, theirs| {
            text(theirs, "link").is_empty() || same_url(ours.url.as_ref(), text(theirs, "link"))
        }),
        ("same titles", |ours, theirs| same_text(ours.title.as_deref(), text(theirs, "title"))),
        ("same dates", |ours, theirs| {
            let stated =
                ["published", "updated"].map(|key| theirs.get(key).filter(|date| !date.is_null()).and_then(instant));
            let ours = [ours.published_at, ours.updated_at];
            stated.iter().flatten().all(|date| ours.iter().flatten().any(|our| our.div_euclid(1000) * 1000 == *date))
        }),
    ];
    for (row, is_same) in rows {
        let odd = listing.entries.iter().zip(theirs).find(|(ours, theirs)| !is_same(ours, theirs));
        report.check(row, case, same_count && odd.is_none(), || format!("{odd:?}"));
    }
}

/// Judges a document of the feed validator: what need not be refused must be read.
pub fn validator(case: &Value, report: &mut Report) {
    let body = bytes(case, "body_b64");
    let listing = listing(&body, None, HOME);
    let is_due = case["message_expected"] == Value::Bool(false) || text(case, "level") != "must";
    let is_feed = [&b"<rss"[..], b"<feed", b"<rdf", b":RDF"]
        .iter()
        .any(|mark| body.windows(mark.len()).any(|window| window.eq_ignore_ascii_case(mark)));
    if is_due && is_feed {
        report.check("feeds read", case, listing.is_some(), || "not read".to_owned());
    }
}

/// Every `xmlUrl=` in the bytes is a subscription.
fn subscriptions(body: &[u8]) -> usize {
    body.windows(7).filter(|window| window.eq_ignore_ascii_case(b"xmlurl=")).count()
}

/// Judges a subscription list.
pub fn opml(case: &Value, report: &mut Report) {
    let body = bytes(case, "body_b64");
    let outlines = read_opml(&body);
    let ours: Vec<&str> = outlines.iter().map(|outline| outline.feed_url.as_str()).collect();
    match case["feeds"].as_array() {
        Some(feeds) => {
            let theirs: Vec<&str> =
                feeds.iter().filter_map(Value::as_str).map(str::trim).filter(|url| !url.is_empty()).collect();
            // `xmlurl` in any case names a feed to us, which the strict reader does not see.
            let mut rest = ours.iter();
            let is_met = theirs.iter().all(|url| rest.any(|our| our == url)) && ours.len() <= subscriptions(&body);
            report.check("well-formed, the same feeds", case, is_met, || format!("{ours:?} are not {theirs:?}"));
        }
        None => {
            let due = subscriptions(&body);
            report.check("broken, every feed", case, ours.len() == due, || format!("{} of {due}", ours.len()));
        }
    }
}
