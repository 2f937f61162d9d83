//! The document to explain: from a file, from standard input, or over HTTP as the fetcher would.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use naba_fetcher::FetcherConfig;
use naba_fetcher::http::{HttpClient, HttpRequest, HttpResponse, Limits};
use naba_model::{MAX_BODY_BYTES, NormalUrl, UrlHash, sha256_hex, timestamp_of};
use naba_proto::v1::{HttpHeader, Origin, RawDocument, Redirect};
use url::Url;

use crate::when;

/// What the command line says about a file.
pub struct Hint<'a> {
    /// Its address.
    pub url: Option<&'a str>,
    /// Its media type.
    pub content_type: Option<&'a str>,
}

/// Returns the address when the argument is one.
pub fn address(argument: &str) -> Option<NormalUrl> {
    let is_web = argument.starts_with("http://") || argument.starts_with("https://");
    is_web.then(|| NormalUrl::parse(argument).ok()).flatten()
}

/// Reads a file or standard input.
pub fn read(argument: &str, hint: &Hint<'_>) -> Result<RawDocument> {
    let limit = MAX_BODY_BYTES as u64 + 1;
    let mut body = Vec::new();
    if argument == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut body).context("standard input cannot be read")?;
    } else {
        let file = std::fs::File::open(argument)
            .with_context(|| format!("{argument:?} is neither an http(s) address nor a file that can be read"))?;
        file.take(limit).read_to_end(&mut body).with_context(|| format!("{argument} cannot be read"))?;
    }
    ensure!(body.len() <= MAX_BODY_BYTES, "{argument} is larger than {MAX_BODY_BYTES} bytes");
    let url = match hint.url {
        Some(url) => NormalUrl::parse(url).with_context(|| format!("--url {url:?}"))?,
        None => file_url(argument)?,
    };
    let content_type = hint.content_type.map_or_else(|| content_type(argument, &body), str::to_owned);
    let mut raw = document(&url, body);
    raw.content_type = content_type;
    Ok(raw)
}

fn file_url(argument: &str) -> Result<NormalUrl> {
    let name = if argument == "-" { "standard-input" } else { argument };
    let path = std::path::absolute(name).context("the current folder is unknown")?;
    let url =
        Url::from_file_path(&path).ok().with_context(|| format!("{} is no path for an address", path.display()))?;
    NormalUrl::parse(url.as_str()).with_context(|| format!("{url}: give the address with --url"))
}

/// Tells HTML from text: by extension, else by how it begins.
fn content_type(name: &str, body: &[u8]) -> String {
    let extension = Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let html = match extension.as_str() {
        "html" | "htm" | "xhtml" => true,
        "txt" | "text" => false,
        _ => {
            let head = body.get(..body.len().min(1024)).unwrap_or_default();
            let head = String::from_utf8_lossy(head).to_ascii_lowercase();
            let head = head.trim_start_matches('\u{feff}').trim_start();
            head.starts_with('<') || head.contains("<html") || head.contains("<!doctype")
        }
    };
    if html { "text/html".to_owned() } else { "text/plain".to_owned() }
}

/// Fetches an address as the fetcher would: same limits, same guard, its redirects followed one by one.
pub async fn fetch(asked: NormalUrl, hint: &Hint<'_>, config: &FetcherConfig) -> Result<RawDocument> {
    let mut http = config.http();
    if http.contact.is_empty() {
        // A page that a person asks for by hand is no crawl, but says who we are.
        http.contact = naba_fetcher::http::HttpConfig::default().contact;
    }
    let client = HttpClient::new(http)?;
    let mut url = asked.clone();
    let mut redirects = Vec::new();
    loop {
        let response = client.get(HttpRequest::new(url.clone(), Limits::page())).await;
        let response = response.with_context(|| format!("{url} cannot be fetched"))?;
        match (response.status, response.location.clone()) {
            (200..=299, _) => return Ok(from_response(&asked, &url, redirects, &response, hint)),
            (status @ 300..=399, Some(next)) if redirects.len() < config.max_redirects as usize => {
                redirects.push(Redirect { url: url.to_string(), status: status.into() });
                url = next;
            }
            (300..=399, Some(_)) => bail!("{asked} redirects more than {} times", config.max_redirects),
            (status, _) => bail!("{url} answers {status}"),
        }
    }
}

fn from_response(
    asked: &NormalUrl,
    url: &NormalUrl,
    redirects: Vec<Redirect>,
    response: &HttpResponse,
    hint: &Hint<'_>,
) -> RawDocument {
    let content_type = hint.content_type.or_else(|| response.header("content-type")).unwrap_or_default().to_owned();
    let headers = response.headers.iter();
    let mut raw = document(url, response.body.to_vec());
    raw.url = asked.to_string();
    raw.redirects = redirects;
    raw.status = response.status.into();
    raw.headers = headers.map(|(name, value)| HttpHeader { name: name.clone(), value: value.clone() }).collect();
    raw.charset_hint = charset(&content_type).unwrap_or_default().to_owned();
    raw.content_type = content_type;
    raw
}

fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let found = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    found.map(|(_, value)| value.trim().trim_matches(['"', '\'']))
}

fn document(url: &NormalUrl, body: Vec<u8>) -> RawDocument {
    RawDocument {
        url_hash: UrlHash::of(url).into_string(),
        source_name: url.host().to_owned(),
        url: url.to_string(),
        final_url: url.to_string(),
        fetched_at: Some(timestamp_of(when::now())),
        sha256: sha256_hex(&body),
        body: body.into(),
        origin: Origin::Live.into(),
        attempt: 1,
        ..RawDocument::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_html_or_text_by_its_name_or_its_beginning() {
        assert_eq!(content_type("a.HTML", b"x"), "text/html");
        assert_eq!(content_type("a.txt", b"<p>quoted</p>"), "text/plain");
        assert_eq!(content_type("-", "\u{feff}\n <!DOCTYPE html>".as_bytes()), "text/html");
        assert_eq!(content_type("saved", "خبر عاجل".as_bytes()), "text/plain");
    }

    #[test]
    fn only_web_addresses_are_fetched() {
        assert!(address("https://news.example/a").is_some());
        assert!(address("file:///etc/passwd").is_none() && address("page.html").is_none());
    }
}
