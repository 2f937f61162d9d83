//! Registrable domains by the Public Suffix List (publicsuffix.org).

use std::fmt;

/// The part of a host that somebody registered: the unit of politeness and of ownership.
///
/// An address literal or a name without a suffix stands for itself; files stand under `localhost`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RegistrableDomain(String);

impl RegistrableDomain {
    /// Derives the registrable domain of a host.
    pub fn of_host(host: &str) -> Self {
        Self(registrable_domain(host))
    }

    /// Derives the registrable domain of a host name, or `None` when nobody can have registered it: an address literal, a
    /// public suffix, a name with empty labels.
    pub fn registered(host: &str) -> Option<Self> {
        let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
        let is_name = !host.split('.').any(str::is_empty) && host.parse::<std::net::Ipv4Addr>().is_err();
        if !is_name || host.starts_with('[') {
            return None;
        }
        psl::domain_str(&host).map(|domain| Self(domain.to_owned()))
    }

    /// Returns its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegistrableDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the registrable domain of a host as text.
pub fn registrable_domain(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.is_empty() {
        return "localhost".to_owned();
    }
    let literal = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    if literal {
        return host;
    }
    match psl::domain_str(&host) {
        Some(domain) => domain.to_owned(),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_of_several_labels_count_as_one() {
        assert_eq!(registrable_domain("www.bbc.co.uk"), "bbc.co.uk");
        assert_eq!(registrable_domain("site07.news.example"), "news.example");
        assert_eq!(registrable_domain("News.Example."), "news.example");
    }

    #[test]
    fn only_a_label_below_a_suffix_can_be_registered() {
        let registered = |host| RegistrableDomain::registered(host).map(|domain| domain.to_string());
        assert_eq!(registered("www.شبكة.example.CO.uk").as_deref(), Some("example.co.uk"));
        for host in ["co.uk", ".a.example", "a..example", "127.0.0.1", "[::1]", ""] {
            assert_eq!(registered(host), None, "{host}");
        }
    }

    #[test]
    fn literals_and_bare_names_stand_for_themselves() {
        assert_eq!(registrable_domain("127.0.0.1"), "127.0.0.1");
        assert_eq!(registrable_domain("[::1]"), "[::1]");
        assert_eq!(registrable_domain("localhost"), "localhost");
        assert_eq!(registrable_domain(""), "localhost");
    }
}
