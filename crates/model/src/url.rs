//! Normalised addresses: equal for the same page.

use std::fmt;

use url::Url;

/// Why an address is not one that naba handles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It does not parse (WHATWG URL Standard).
    #[error("address {0:?} does not parse: {1}")]
    Parse(String, url::ParseError),
    /// Its scheme is not http, https or file.
    #[error("address {0:?} has a scheme other than http, https and file")]
    Scheme(String),
    /// It carries a user name or a password.
    #[error("address of {0:?} carries credentials")]
    Credentials(String),
    /// It is longer than 2,048 bytes.
    #[error("address is {0} bytes long, more than 2048")]
    TooLong(usize),
}

/// An absolute http, https or file address in normal form.
///
/// Normal form: WHATWG serialisation (lower-case host, punycode, default port left out, dot segments resolved), no
/// fragment, no tracking parameters, no empty query. Order of parameters is kept: it bears meaning on some sites.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NormalUrl(Url);

/// Query parameters that say how a reader came, never which page it is.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "_gl",
    "ocid",
    "cmpid",
    "ns_campaign",
    "ns_mchannel",
    "ns_source",
    "ns_linkname",
    "at_medium",
    "at_campaign",
];

const MAX_BYTES: usize = 2048;

impl NormalUrl {
    /// Reads and normalises an absolute address.
    pub fn parse(input: &str) -> Result<Self, UrlError> {
        let trimmed = input.trim();
        let url = Url::parse(trimmed).map_err(|e| UrlError::Parse(shorten(trimmed), e))?;
        Self::from_url(url)
    }

    /// Reads and normalises an address relative to this one.
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        let reference = reference.trim();
        let url = self.0.join(reference).map_err(|e| UrlError::Parse(shorten(reference), e))?;
        Self::from_url(url)
    }

    fn from_url(mut url: Url) -> Result<Self, UrlError> {
        if !matches!(url.scheme(), "http" | "https" | "file") {
            return Err(UrlError::Scheme(shorten(url.as_str())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials(url.host_str().unwrap_or_default().to_owned()));
        }
        url.set_fragment(None);
        if let Some(query) = url.query() {
            let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_tracking(pair)).collect();
            let kept = kept.join("&");
            url.set_query((!kept.is_empty()).then_some(kept.as_str()));
        }
        if url.as_str().len() > MAX_BYTES {
            return Err(UrlError::TooLong(url.as_str().len()));
        }
        Ok(Self(url))
    }

    /// Returns the normal form.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the parsed form.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// Returns the host, or an empty string for files.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Display for NormalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING.contains(&name.as_str())
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tracking_parameters_and_fragments_do_not_make_another_page() {
        let url = NormalUrl::parse("https://a.example/x?utm_medium=rss&id=7&fbclid=q#c").unwrap();
        assert_eq!(url.as_str(), "https://a.example/x?id=7");
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        let error = NormalUrl::parse("https://me:secret@a.example/").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn an_arabic_slug_and_its_percent_form_are_one_page() {
        let a = NormalUrl::parse("https://a.example/أخبار").unwrap();
        let b = NormalUrl::parse("https://a.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1").unwrap();
        assert_eq!(a, b);
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(path in "[a-zA-Z0-9/%._~-]{0,40}", query in "[a-z0-9=&_]{0,40}") {
            if let Ok(once) = NormalUrl::parse(&format!("http://h.example/{path}?{query}")) {
                let twice = NormalUrl::parse(once.as_str()).unwrap();
                prop_assert_eq!(once, twice);
            }
        }
    }
}
