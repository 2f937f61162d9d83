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
    fn literals_and_bare_names_stand_for_themselves() {
        assert_eq!(registrable_domain("127.0.0.1"), "127.0.0.1");
        assert_eq!(registrable_domain("[::1]"), "[::1]");
        assert_eq!(registrable_domain("localhost"), "localhost");
        assert_eq!(registrable_domain(""), "localhost");
    }
}
