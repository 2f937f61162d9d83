//! What a publisher reserves and signals about the use of its pages, from whatever a fetch brings along.
//!
//! [`read_rights`] gathers the TDM reservation (TDM Reservation Protocol: file, headers, meta elements) and the signals on use by
//! AI: robots.txt groups for AI programs, Really Simple Licensing, AIPREF. It decides nothing: the evidence travels with the
//! document, and whoever uses the text decides.

mod head;
mod tdm;

use naba_proto::v1::{AiSignal, Rights, TdmReservation};
use url::Url;

use crate::robots::{Robots, path_and_query};
pub use tdm::TdmFile;

/// Most signals that are kept of one document.
const MAX_SIGNALS: usize = 64;
/// Longest value of a signal in bytes.
const MAX_VALUE_BYTES: usize = 512;

/// Everything that may state rights about one document; what is not there is left empty.
#[derive(Debug, Clone, Copy)]
pub struct RightsSources<'a> {
    /// Final address of the document.
    pub url: &'a Url,
    /// Our product token.
    pub agent: &'a str,
    /// The robots.txt of the host.
    pub robots: Option<&'a Robots>,
    /// The /.well-known/tdmrep.json of the host.
    pub tdm_file: Option<&'a TdmFile>,
    /// Response headers as sent.
    pub headers: &'a [(&'a str, &'a str)],
    /// The document, when it is HTML.
    pub html: &'a [u8],
}

/// Reads the TDM reservation and the AI signals about a document; the other fields of the result are left unset.
///
/// Of TDM statements the nearest to the document counts: its meta elements, then the headers, then the host's file.
pub fn read_rights(sources: &RightsSources<'_>) -> Rights {
    let head = head::read(sources.html);
    let tdm = tdm::from_pairs(&head.metas, sources.url)
        .or_else(|| tdm::from_pairs(sources.headers, sources.url))
        .or_else(|| sources.tdm_file?.reservation(sources.url));
    let mut signals = Signals::default();
    signals.take_robots(sources);
    for (name, value) in sources.headers {
        signals.take_header(name, value, sources.url);
    }
    for (name, content) in &head.metas {
        signals.take_meta(name, content);
    }
    for licence in &head.licences {
        signals.add("rsl", &absolute(licence, sources.url));
    }
    Rights { tdm, ai_signals: signals.0, ..Rights::default() }
}

/// Agents by which publishers address AI programs (data/ai_agents.txt).
fn ai_agents() -> impl Iterator<Item = &'static str> {
    include_str!("../data/ai_agents.txt")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[derive(Default)]
struct Signals(Vec<AiSignal>);

impl Signals {
    fn add(&mut self, kind: &str, value: &str) {
        let value: String = value.trim().chars().filter(|c| !c.is_control()).take(MAX_VALUE_BYTES / 4).collect();
        let signal = AiSignal { kind: kind.to_owned(), value };
        if !signal.value.is_empty() && self.0.len() < MAX_SIGNALS && !self.0.contains(&signal) {
            self.0.push(signal);
        }
    }

    fn take_robots(&mut self, sources: &RightsSources<'_>) {
        let Some(robots) = sources.robots else { return };
        let path = path_and_query(sources.url);
        for agent in ai_agents().filter(|agent| robots.names(agent)) {
            let answer = robots.decide(agent, path);
            if let Some(rule) = answer.rule.filter(|_| !answer.allowed) {
                self.add("robots", &format!("{agent}: {rule}"));
            }
        }
        for licence in robots.licences() {
            self.add("rsl", &absolute(licence, sources.url));
        }
        for usage in robots.content_usages(sources.agent) {
            // A statement may be about a part of the site only: "/news/ train-ai=n".
            let (place, statement) = match usage.split_once(char::is_whitespace) {
                Some((place, statement)) if place.starts_with(['/', '*']) => (place, statement),
                _ => ("/", usage),
            };
            if crate::robots::matches(place, path) {
                self.add("aipref", statement);
            }
        }
    }

    fn take_header(&mut self, name: &str, value: &str, base: &Url) {
        if name.eq_ignore_ascii_case("content-usage") || name.eq_ignore_ascii_case("content-signal") {
            self.add("aipref", value);
        } else if name.eq_ignore_ascii_case("x-robots-tag") {
            self.take_words(value);
        } else if name.eq_ignore_ascii_case("link") {
            for licence in head::licences_of_link_header(value) {
                self.add("rsl", &absolute(licence, base));
            }
        }
    }

    fn take_meta(&mut self, name: &str, content: &str) {
        match name {
            "robots" => self.take_words(content),
            "content-usage" | "content-signal" => self.add("aipref", content),
            _ => {}
        }
    }

    /// `noai` and `noimageai` are words of a convention that many image and text hosts follow.
    fn take_words(&mut self, value: &str) {
        let words = value.split([',', ' ', ':']).map(str::to_ascii_lowercase);
        words.filter(|word| matches!(word.as_str(), "noai" | "noimageai")).for_each(|word| self.add("robots", &word));
    }
}

/// Resolves an address; what does not resolve stays as written.
fn absolute(written: &str, base: &Url) -> String {
    base.join(written.trim()).map_or_else(|_| written.trim().to_owned(), String::from)
}

fn reservation(reserved: bool, policy: Option<&str>, base: &Url) -> TdmReservation {
    TdmReservation { reserved, policy_url: policy.map(|policy| absolute(policy, base)).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(robots: &str, file: &str, headers: &[(&str, &str)], html: &str) -> Rights {
        let url = Url::parse("https://news.example/a/1?x=1").unwrap();
        let (robots, file) = (Robots::parse(robots.as_bytes()), TdmFile::parse(file.as_bytes()));
        read_rights(&RightsSources {
            url: &url,
            agent: "naba",
            robots: Some(&robots),
            tdm_file: Some(&file),
            headers,
            html: html.as_bytes(),
        })
    }

    fn signals(rights: &Rights) -> Vec<(&str, &str)> {
        rights.ai_signals.iter().map(|signal| (signal.kind.as_str(), signal.value.as_str())).collect()
    }

    #[test]
    fn the_reservation_nearest_to_the_document_counts() {
        let file = r#"[{"location":"/a/*","tdm-reservation":1,"tdm-policy":"/policy.json"},{"location":"/","tdm-reservation":0}]"#;
        let tdm = |headers: &[(&str, &str)], html: &str| {
            read("", file, headers, html).tdm.map(|tdm| (tdm.reserved, tdm.policy_url))
        };
        assert_eq!(tdm(&[], ""), Some((true, "https://news.example/policy.json".to_owned())), "the longest location");
        assert_eq!(tdm(&[("TDM-Reservation", "0")], ""), Some((false, String::new())));
        let meta = "<META content='1' NAME=tdm-reservation><meta name=tdm-policy content=https://p.example/>";
        assert_eq!(tdm(&[("tdm-reservation", "0")], meta), Some((true, "https://p.example/".to_owned())));
        assert_eq!(read("", "[]", &[], "").tdm, None);
    }

    #[test]
    fn ai_signals_come_from_every_place_that_states_them() {
        let robots = "User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /a\nLicense: /rsl.xml\n\
                      User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /b/ train-ai=y\nContent-Signal: ai-train=no\nAllow: /\n";
        let headers = [
            ("X-Robots-Tag", "noindex, noai"),
            ("Link", "<https://l.example/>; rel=\"license\"; type=\"application/rsl+xml\""),
        ];
        let html = "<meta name=robots content='NOIMAGEAI'><link rel=license type='application/rsl+xml' href=/page.xml>";
        let rights = read(robots, "", &headers, html);
        assert_eq!(
            signals(&rights),
            [
                ("robots", "GPTBot: Disallow: /a"),
                ("robots", "CCBot: Disallow: /a"),
                ("rsl", "https://news.example/rsl.xml"),
                ("aipref", "train-ai=n"),
                ("aipref", "ai-train=no"),
                ("robots", "noai"),
                ("rsl", "https://l.example/"),
                ("robots", "noimageai"),
                ("rsl", "https://news.example/page.xml"),
            ]
        );
    }

    #[test]
    fn a_group_for_every_agent_is_no_signal_about_ai() {
        assert_eq!(signals(&read("User-agent: *\nDisallow: /\n", "", &[], "")), []);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(robots in "\\PC{0,80}", file in "\\PC{0,80}", value in "\\PC{0,80}", html in "\\PC{0,200}") {
            let headers = [("link", value.as_str()), ("tdm-policy", value.as_str())];
            let _ = read(&robots, &file, &headers, &html);
            let _ = read(&robots, &format!("[{file}]"), &headers, &format!("<meta {html}><link {html}>"));
        }
    }
}
