//! Profiles: what counts as one spelling of an address, as data.

use url::Url;

use super::percent::{self, Part};
use super::{UrlError, amp, host, path, query, shorten};

/// Rules by which an address is brought into one spelling. A profile is a value: a new one needs no code.
///
/// All start from the WHATWG serialisation: lower-case scheme and host, punycode, no default port, no dot segments. What
/// they do beyond is said by the fields. Every profile is idempotent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UrlProfile {
    /// Name, for reports.
    pub name: &'static str,
    /// Scheme taken for granted when none is written; `None` refuses such input.
    pub default_scheme: Option<&'static str>,
    /// True to take https for http.
    pub one_scheme: bool,
    /// What to do with a user name and a password.
    pub credentials: Credentials,
    /// What to do with the part behind `#`.
    pub fragment: Fragment,
    /// True to drop a leading `www.` or `www2.` of a host that leaves a registrable domain.
    pub www: bool,
    /// True to drop a leading `m.`, `mobile.`, `touch.`, `wap.` or `amp.` of such a host.
    pub mobile: bool,
    /// True to turn the address of an AMP page, also in an AMP cache, into that of its article.
    pub amp: bool,
    /// How percent-encoding is brought into one form.
    pub percent: Percent,
    /// True to write several slashes in a row as one.
    pub slashes: bool,
    /// True to drop a slash at the end of a path.
    pub trailing_slash: bool,
    /// True to leave out the slash of an empty path.
    pub bare_root: bool,
    /// True to drop `index.html` and the like.
    pub index: bool,
    /// True to bring the path into lower case.
    pub lower_path: bool,
    /// True to sort query parameters by name and value.
    pub sort: bool,
    /// True to write `a=` as `a`.
    pub empty_value: bool,
    /// True to drop parameters that say how a reader came (data/tracking.txt).
    pub tracking: bool,
    /// True to drop parameters and path parts that name a visit (data/sessions.txt).
    pub sessions: bool,
}

/// What to do with a user name and a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Refuse the address.
    Refuse,
    /// Leave them out.
    Drop,
    /// Keep them.
    Keep,
}

/// What to do with the part behind `#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fragment {
    /// Leave it out.
    Drop,
    /// Keep it, without the directive of a text fragment (`:~:text=`).
    Keep,
}

/// How percent-encoding is brought into one form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Percent {
    /// As the URL Standard serialises it.
    Standard,
    /// Digits in upper case, letters, digits and `-._~` decoded (RFC 3986, section 6.2.2).
    Equivalent,
    /// Also a `%` without two digits encoded.
    Strict,
    /// Everything decoded that need not be encoded, again and again, as archives key their pages.
    Minimal,
}

/// Each round but the last makes an address shorter or its encoding final; real addresses take two.
const MAX_ROUNDS: usize = 16;

/// Nothing beyond the URL Standard and the removal of the fragment.
const PLAIN: UrlProfile = UrlProfile {
    name: "plain",
    default_scheme: None,
    one_scheme: false,
    credentials: Credentials::Keep,
    fragment: Fragment::Drop,
    www: false,
    mobile: false,
    amp: false,
    percent: Percent::Standard,
    slashes: false,
    trailing_slash: false,
    bare_root: false,
    index: false,
    lower_path: false,
    sort: false,
    empty_value: false,
    tracking: false,
    sessions: false,
};

impl UrlProfile {
    /// The form in which an address is asked for: only changes after which any server answers the same.
    pub const FETCH: Self = Self {
        name: "fetch",
        credentials: Credentials::Refuse,
        percent: Percent::Equivalent,
        tracking: true,
        sessions: true,
        ..PLAIN
    };
    /// The form under which spellings of one page meet. It is a key: nobody promises that its address answers.
    pub const PAGE: Self = Self {
        name: "page",
        credentials: Credentials::Drop,
        one_scheme: true,
        www: true,
        mobile: true,
        amp: true,
        percent: Percent::Strict,
        slashes: true,
        trailing_slash: true,
        index: true,
        sort: true,
        empty_value: true,
        ..Self::FETCH
    };
    /// Only tracking parameters go, as feed readers do before they show a link.
    pub const TRACKING: Self = Self { name: "tracking", fragment: Fragment::Keep, tracking: true, ..PLAIN };
    /// The basic normalisation of large crawlers.
    pub const CRAWLER: Self =
        Self { name: "crawler", percent: Percent::Strict, slashes: true, sort: true, empty_value: true, ..PLAIN };
    /// What browsers show alike, as web archives write it.
    pub const PRECISE: Self = Self {
        name: "precise",
        default_scheme: Some("http"),
        credentials: Credentials::Drop,
        fragment: Fragment::Keep,
        percent: Percent::Minimal,
        slashes: true,
        sort: true,
        ..PLAIN
    };
    /// The look-up key of web archives.
    pub const ARCHIVE: Self = Self {
        name: "archive",
        one_scheme: true,
        fragment: Fragment::Drop,
        www: true,
        trailing_slash: true,
        lower_path: true,
        sessions: true,
        ..Self::PRECISE
    };
    /// The short form that people write.
    pub const SHORT: Self = Self {
        name: "short",
        default_scheme: Some("http"),
        credentials: Credentials::Drop,
        fragment: Fragment::Keep,
        www: true,
        slashes: true,
        trailing_slash: true,
        bare_root: true,
        sort: true,
        tracking: true,
        ..PLAIN
    };

    /// Reads an address and brings it into the profile's spelling.
    pub fn normalise(&self, input: &str) -> Result<String, UrlError> {
        let input = input.trim();
        let parsed = match (Url::parse(input), self.default_scheme) {
            (Err(url::ParseError::RelativeUrlWithoutBase), Some(scheme)) => {
                Url::parse(&format!("{scheme}://{}", input.trim_start_matches('/')))
            }
            (parsed, _) => parsed,
        };
        let url = self.apply(parsed.map_err(|error| UrlError::Parse(shorten(input), error))?)?;
        let is_root = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let mut text = String::from(url);
        if self.bare_root && is_root {
            text.pop();
        }
        Ok(text)
    }

    /// Reads an address found on some hosts and brings it into the profile's spelling; with tracking parameters goes a `ref`
    /// or `source` that names one of these hosts.
    pub fn normalise_from(&self, input: &str, hosts: &[&str]) -> Result<String, UrlError> {
        let normal = self.normalise(input)?;
        let Some((address, query)) = normal.split_once('?').filter(|_| self.tracking) else { return Ok(normal) };
        let (query, fragment) = query.split_once('#').map_or((query, None), |(query, text)| (query, Some(text)));
        let kept: Vec<&str> = query.split('&').filter(|pair| !query::names_host(pair, hosts)).collect();
        let mut out = address.to_owned();
        for (mark, part) in
            [('?', Some(kept.join("&")).filter(|it| !it.is_empty())), ('#', fragment.map(str::to_owned))]
        {
            if let Some(part) = part {
                out.push(mark);
                out.push_str(&part);
            }
        }
        Ok(out)
    }

    /// Brings a parsed address into the profile's spelling.
    ///
    /// One rule may uncover work for another (`/a/index.html/amp`), so they go round until nothing changes.
    pub fn apply(&self, mut url: Url) -> Result<Url, UrlError> {
        for _ in 0..MAX_ROUNDS {
            let next = self.pass(url.clone())?;
            if next == url {
                break;
            }
            url = next;
        }
        Ok(url)
    }

    fn pass(&self, mut url: Url) -> Result<Url, UrlError> {
        self.without_credentials(&mut url)?;
        if self.amp {
            url = amp::article_of(url);
        }
        let fragment = match self.fragment {
            Fragment::Drop => None,
            Fragment::Keep => url.fragment().and_then(|text| text.split(":~:").next()).map(str::to_owned),
        };
        url.set_fragment(fragment.as_deref().filter(|text| !text.is_empty()));
        if url.cannot_be_a_base() {
            return Ok(url);
        }
        host::normalise(&mut url, self.www, self.mobile);
        if self.one_scheme && url.scheme() == "https" {
            // A port that was https's own is no longer written, and one that is not stays.
            let _ = url.set_scheme("http");
        }
        let path = self.path_of(url.path());
        if path != url.path() {
            url.set_path(&path);
        }
        let query = url.query().and_then(|query| self.query_of(query));
        if query.as_deref() != url.query() {
            url.set_query(query.as_deref());
        }
        Ok(url)
    }

    fn without_credentials(&self, url: &mut Url) -> Result<(), UrlError> {
        if url.username().is_empty() && url.password().is_none() {
            return Ok(());
        }
        match self.credentials {
            Credentials::Refuse => Err(UrlError::Credentials(url.host_str().unwrap_or_default().to_owned())),
            // Only an address without a host has no place for them, and has none.
            Credentials::Drop => {
                let _ = url.set_username("").and_then(|()| url.set_password(None));
                Ok(())
            }
            Credentials::Keep => Ok(()),
        }
    }

    fn path_of(&self, written: &str) -> String {
        let mut path = percent::normalise(written, self.percent, Part::Path).into_owned();
        if self.sessions {
            path = path::without_session(&path);
        }
        if self.slashes {
            path = path::single_slashes(&path);
        }
        if self.index {
            path = path::without_index(&path);
        }
        if self.trailing_slash && path.len() > 1 {
            path.truncate(path.trim_end_matches('/').len().max(1));
        }
        if self.lower_path {
            path.make_ascii_lowercase();
        }
        path
    }

    fn query_of(&self, written: &str) -> Option<String> {
        let written = percent::normalise(written, self.percent, Part::Query);
        let mut pairs: Vec<&str> =
            written.split('&').filter(|pair| !pair.is_empty() && query::has_name(pair)).collect();
        let is_noise =
            |pair: &str| self.tracking && query::is_tracking(pair) || self.sessions && query::is_session(pair);
        pairs.retain(|pair| !is_noise(pair));
        if self.empty_value {
            pairs.iter_mut().for_each(|pair| *pair = query::without_empty_value(pair));
        }
        if self.sort {
            pairs.sort_by(|a, b| query::order(a).cmp(&query::order(b)));
        }
        (!pairs.is_empty()).then(|| pairs.join("&"))
    }
}
