//! From what was fetched to a RawDocument and its record.

use bytes::Bytes;
use naba_frontier::{RightsSources, Site, read_rights};
use naba_model::{Millis, NormalUrl, UrlHash, millis_of, sha256_hex, timestamp_of};
use naba_proto::v1::{Discovery, FrontierEntry, HttpHeader, Origin, RawDocument, Rights, Robots};
use naba_stage::Output;
use url::Url;

use crate::http::{HttpResponse, PRODUCT_TOKEN};

/// Most bytes of all kept headers together.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// A page or file as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    pub(crate) body: Bytes,
    pub(crate) sha256: String,
    pub(crate) status: u32,
    pub(crate) headers: Vec<HttpHeader>,
    pub(crate) content_type: String,
    pub(crate) fetched_at: Millis,
    pub(crate) robots: Robots,
    /// What the site and the answer state about the use of the text.
    pub(crate) rights: Rights,
    /// The address that an archive states, and its hints.
    pub(crate) archived: Option<Box<(NormalUrl, Discovery)>>,
}

/// Reads what the site's files and the answer's headers state about the use of a page. What stands in the page itself is
/// the parser's to read.
pub(crate) fn rights_of(url: &str, site: &Site, headers: &[(String, String)]) -> Rights {
    let Ok(url) = Url::parse(url) else { return Rights::default() };
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (robots, tdm_file) = (site.robots.as_deref(), site.tdm_file.as_deref());
    read_rights(&RightsSources { url: &url, agent: PRODUCT_TOKEN, robots, tdm_file, headers: &headers, html: b"" })
}

impl Fetched {
    pub(crate) fn over_http(
        response: HttpResponse,
        keep: &[String],
        evidence: (Robots, Rights),
        fetched_at: Millis,
    ) -> Self {
        let (robots, rights) = evidence;
        let content_type = response.header("content-type").unwrap_or_default().to_owned();
        Self {
            sha256: sha256_hex(&response.body),
            status: response.status.into(),
            headers: kept(&response.headers, keep),
            body: response.body,
            content_type,
            fetched_at,
            robots,
            rights,
            archived: None,
        }
    }

    /// Makes the document that a listing's own content stands in for.
    pub(crate) fn from_listing(entry: &FrontierEntry, robots: Robots, site: &Site, now: Millis) -> Self {
        let content = entry.discovery.as_ref().map(|d| d.content_html.clone()).unwrap_or_default();
        Self {
            sha256: sha256_hex(content.as_bytes()),
            body: Bytes::from(content),
            status: 0,
            headers: Vec::new(),
            content_type: "text/html; charset=utf-8".to_owned(),
            fetched_at: now,
            robots,
            rights: rights_of(&entry.url, site, &[]),
            archived: None,
        }
    }

    pub(crate) fn into_document(mut self, entry: FrontierEntry, attempt: u32, feed_only: bool) -> RawDocument {
        let entry = match self.archived.take() {
            Some(archived) => found_in_archive(entry, *archived),
            None => entry,
        };
        let asked = if entry.original_url.is_empty() { entry.url.clone() } else { entry.original_url };
        let mut discovery = entry.discovery;
        if feed_only && let Some(discovery) = &mut discovery {
            // It is the body already.
            discovery.content_html = String::new();
        }
        RawDocument {
            url_hash: entry.url_hash,
            source_id: entry.source_id,
            source_name: entry.source_name,
            source_country: entry.source_country,
            url: asked,
            final_url: entry.url,
            redirects: entry.redirects,
            fetched_at: Some(timestamp_of(self.fetched_at)),
            status: self.status,
            headers: self.headers,
            charset_hint: charset(&self.content_type).unwrap_or_default().to_owned(),
            content_type: self.content_type,
            body: self.body,
            sha256: self.sha256,
            discovered_at: entry.discovered_at,
            discovery,
            robots: Some(self.robots),
            origin: entry.origin,
            attempt,
            feed_only,
            tdm: self.rights.tdm,
            ai_signals: self.rights.ai_signals,
        }
    }
}

/// Gives a document of an archive the address and the words that the archive states.
fn found_in_archive(entry: FrontierEntry, (url, stated): (NormalUrl, Discovery)) -> FrontierEntry {
    let known = entry.discovery.unwrap_or_default();
    let language = if stated.language.is_empty() { known.language } else { stated.language };
    let discovery = Discovery { kind: known.kind, feed_url: known.feed_url, language, ..stated };
    let url_hash = UrlHash::of(&url).into_string();
    FrontierEntry { url_hash, url: url.to_string(), discovery: Some(discovery), ..entry }
}

/// Makes the record of a document, with its clocks as headers.
pub(crate) fn record(document: &RawDocument) -> Output {
    let (role, origin) = match document.origin() {
        Origin::Backfill => ("backfill-raw", "backfill"),
        Origin::Push => ("raw", "push"),
        Origin::Live | Origin::Unspecified => ("raw", "live"),
    };
    let clock = |at: Option<Millis>| at.map(|at| at.to_string()).unwrap_or_default();
    let published = document.discovery.as_ref().and_then(|d| d.published_at.as_ref()).map(millis_of);
    let id = format!("{}/{}", document.url_hash, document.attempt);
    Output::new(role, document.url_hash.clone(), document)
        .event(id, "naba.document.fetched.v1")
        .header("naba-origin", origin)
        .header("naba-fetched-at", clock(document.fetched_at.as_ref().map(millis_of)))
        .header("naba-discovered-at", clock(document.discovered_at.as_ref().map(millis_of)))
        .header("naba-published-at", clock(published))
}

fn kept(headers: &[(String, String)], keep: &[String]) -> Vec<HttpHeader> {
    let mut left = MAX_HEADER_BYTES;
    let wanted = headers.iter().filter(|(name, _)| keep.contains(name));
    let fits = wanted.take_while(|(name, value)| {
        let size = name.len() + value.len();
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    });
    fits.map(|(name, value)| HttpHeader { name: name.clone(), value: value.clone() }).collect()
}

/// Returns the charset parameter of a Content-Type.
fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.next().map(|(_, value)| value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use naba_model::Checked;
    use naba_proto::v1::Redirect;

    use super::*;

    fn entry() -> FrontierEntry {
        let url = NormalUrl::parse("https://b.example/2").unwrap();
        FrontierEntry {
            url_hash: UrlHash::of(&url).into_string(),
            url: url.to_string(),
            original_url: "https://a.example/1".into(),
            redirects: vec![Redirect { url: "https://a.example/1".into(), status: 301 }],
            discovery: Some(Discovery {
                content_html: "<p>x</p>".into(),
                published_at: Some(timestamp_of(7)),
                ..Discovery::default()
            }),
            discovered_at: Some(timestamp_of(8)),
            ..FrontierEntry::default()
        }
    }

    #[test]
    fn a_document_keeps_the_contract_and_tells_both_addresses() {
        let fetched = Fetched::from_listing(&entry(), Robots::default(), &Site::default(), 9);
        let document = Checked::new(fetched.into_document(entry(), 3, true)).unwrap();
        assert_eq!(
            (document.url.as_str(), document.final_url.as_str()),
            ("https://a.example/1", "https://b.example/2")
        );
        assert_eq!((&document.body[..], document.charset_hint.as_str()), (&b"<p>x</p>"[..], "utf-8"));
        assert!(document.feed_only && document.discovery.as_ref().unwrap().content_html.is_empty());
    }

    #[test]
    fn a_record_bears_the_clocks_and_goes_to_its_lane() {
        let live =
            Fetched::from_listing(&entry(), Robots::default(), &Site::default(), 9).into_document(entry(), 1, true);
        let output = record(&live);
        assert_eq!(output.role, "raw");
        let header = |name: &str| output.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
        assert_eq!(header("naba-fetched-at"), Some("9"));
        assert_eq!(header("naba-discovered-at"), Some("8"));
        assert_eq!(header("naba-published-at"), Some("7"));
        let backfill = RawDocument { origin: Origin::Backfill.into(), ..live };
        assert_eq!(record(&backfill).role, "backfill-raw");
    }

    #[test]
    fn only_wanted_headers_are_kept_and_no_more_than_fit() {
        let header = |name: &str, bytes: usize| (name.to_owned(), "v".repeat(bytes));
        let headers = [header("etag", 5), header("set-cookie", 5), header("link", 60_000), header("link", 60_000)];
        let keep = ["etag".to_owned(), "link".to_owned()];
        let names: Vec<String> = kept(&headers, &keep).into_iter().map(|header| header.name).collect();
        assert_eq!(names, ["etag", "link"]);
    }
}
