//! Normalised addresses: equal for the same page.

mod amp;
mod host;
mod path;
pub mod percent;
mod profile;
mod query;

use std::fmt;

pub use profile::{Credentials, Fragment, Percent, UrlProfile};
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

/// An absolute http, https or file address in the spelling of [`UrlProfile::FETCH`].
///
/// No fragment, no tracking or session parameters, no empty query, equivalent percent-encodings as one. The order of
/// parameters is kept: it bears meaning on some sites.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NormalUrl(Url);

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
        if is_plain(&url) {
            url.set_fragment(None);
        } else {
            url = UrlProfile::FETCH.apply(url)?;
        }
        if url.as_str().len() > MAX_BYTES {
            return Err(UrlError::TooLong(url.as_str().len()));
        }
        Ok(Self(url))
    }

    /// Returns the key under which all spellings of the page meet ([`UrlProfile::PAGE`]): with and without `www.`, as AMP
    /// or mobile page, with its parameters in any order.
    pub fn page_key(&self) -> String {
        UrlProfile::PAGE.apply(self.0.clone()).map_or_else(|_| self.to_string(), String::from)
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

/// Tells whether an address has nothing that [`UrlProfile::FETCH`] could change but its fragment. Most have not, and there
/// are many of them.
fn is_plain(url: &Url) -> bool {
    url.query().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && !url.host_str().unwrap_or_default().ends_with('.')
        && !url.path().bytes().any(|byte| matches!(byte, b'%' | b';' | b'('))
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

    #[test]
    fn spellings_of_one_page_meet_under_one_key() {
        let keys = [
            "https://www.news.example/a/b?y=2&x=1",
            "http://news.example/a/b/?x=1&y=2#top",
            "https://m.news.example/a//b?x=1&utm_source=rss&y=2",
            "https://www.news.example/a/b/amp/?x=1&y=2",
            "https://www.news.example/a/b?amp=1&y=2&x=1",
            "https://www-news-example.cdn.ampproject.org/c/s/www.news.example/a/b?x=1&y=2",
            "https://www.news.example/a/b;jsessionid=0123456789ABCDEF?x=1&y=2",
            "https://news.example./a/b/index.html?y=2&x=1",
        ]
        .map(|url| NormalUrl::parse(url).unwrap().page_key());
        assert!(keys.iter().all(|key| key == "http://news.example/a/b?x=1&y=2"), "{keys:#?}");
        let other = |url: &str| NormalUrl::parse(url).unwrap().page_key();
        assert_ne!(other("https://news.example/A"), other("https://news.example/a"));
        assert_eq!(other("https://m.example/x"), "http://m.example/x", "a site of its own");
    }

    #[test]
    fn a_parameter_that_may_name_a_page_goes_only_when_drawn_by_lot() {
        let kept = NormalUrl::parse("https://a.example/?sid=12&s=search").unwrap();
        assert_eq!(kept.as_str(), "https://a.example/?sid=12&s=search");
        let gone = NormalUrl::parse("https://a.example/?sid=9682993c8daa2c5497996114facdc805").unwrap();
        assert_eq!(gone.as_str(), "https://a.example/");
    }

    const PROFILES: [UrlProfile; 7] = [
        UrlProfile::FETCH,
        UrlProfile::PAGE,
        UrlProfile::TRACKING,
        UrlProfile::CRAWLER,
        UrlProfile::PRECISE,
        UrlProfile::ARCHIVE,
        UrlProfile::SHORT,
    ];

    /// Parts that in some order are likely to reach every rule.
    const PARTS: &[&str] = &[
        "/",
        "//",
        "amp",
        "/amp/",
        ".amp",
        ".amp.html",
        "index.html",
        ";jsessionid=1",
        "(S(4hqa0555fwsecu455xqckv45))",
        "%",
        "%2",
        "%25",
        "%41",
        "%2e",
        "%2f",
        "%3F",
        "%23",
        "%26",
        "%3d",
        "?",
        "&",
        "=",
        "a",
        "b=",
        "a=1",
        "utm_x=1",
        "sid=9682993c8daa2c5497996114facdc805",
        "#",
        ":~:text=x",
        ":",
        "http:/",
        "https://b.example",
        "s",
        "c",
        "خبر",
        " ",
        "\\",
        "..",
        ".",
        "+",
        "@",
        "outputType=amp",
    ];

    proptest! {
        #[test]
        fn every_profile_is_idempotent(
            host in "(www\\.|m\\.|amp\\.|www2\\.m\\.){0,2}(news\\.example|a\\.co\\.uk|x\\.cdn\\.ampproject\\.org|www\\.google\\.com|127\\.0\\.0\\.1)\\.?(:443|:80)?",
            parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..12),
        ) {
            for scheme in ["http", "https"] {
                let input = format!("{scheme}://{host}/{}", parts.concat());
                for profile in PROFILES {
                    if let Ok(once) = profile.normalise(&input) {
                        let twice = profile.normalise(&once);
                        prop_assert_eq!(Ok(once), twice, "{} of {}", profile.name, input);
                    }
                }
            }
        }

        #[test]
        fn the_short_way_and_the_long_way_end_alike(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..6)) {
            if let Ok(url) = Url::parse(&format!("https://a.example/{}", parts.concat())) {
                let long = UrlProfile::FETCH.apply(url.clone()).ok().filter(|url| url.as_str().len() <= MAX_BYTES);
                prop_assert_eq!(NormalUrl::from_url(url).ok().map(|url| url.0), long);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
            for profile in PROFILES {
                let _ = profile.normalise(&text);
            }
        }

        #[test]
        fn normalising_twice_changes_nothing(path in "[a-zA-Z0-9/%._~-]{0,40}", query in "[a-z0-9=&_]{0,40}") {
            if let Ok(once) = NormalUrl::parse(&format!("http://h.example/{path}?{query}")) {
                let twice = NormalUrl::parse(once.as_str()).unwrap();
                prop_assert_eq!(once, twice);
            }
        }
    }
}
