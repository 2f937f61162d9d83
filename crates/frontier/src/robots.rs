//! robots.txt (RFC 9309), read and matched on bytes.
//!
//! The file is data from a stranger and often broken: no text decoding happens, so that no cut inside a character can
//! fail. Where the RFC leaves room, the reference implementation of its authors decides, because publishers test
//! against that one.

mod line;
mod pace;
mod pattern;

use line::{Key, Lines};
use naba_model::NormalUrl;
use pattern::{Path, Pattern};
use url::{Position, Url};

/// Largest part of a robots.txt that is read, in bytes (RFC 9309 §2.5 asks for at least 500 KiB).
pub const MAX_ROBOTS_BYTES: usize = 500 * 1024;

/// Most lines of one kind that are kept, of `Sitemap:` and the like.
const MAX_VALUES: usize = 1_000;

/// Returns what rules about addresses are matched against: the path with the query.
pub fn path_and_query(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

/// A robots.txt, ready to be asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Robots {
    groups: Vec<Group>,
    /// Delays have groups of their own: their lines end the head of a group, which for rules they do not (§2.2.1).
    paces: Vec<Group>,
    sitemaps: Vec<String>,
    licences: Vec<String>,
}

/// What a robots.txt answers about one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsAnswer {
    /// True when the address may be fetched.
    pub allowed: bool,
    /// The rule that decided, as `Disallow: /private/`; `None` when no rule matched.
    pub rule: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Group {
    any_agent: bool,
    /// Names in lower case, each up to its version.
    agents: Vec<Vec<u8>>,
    rules: Vec<Rule>,
    crawl_delay_ms: Option<u64>,
    request_rate_ms: Option<u64>,
    /// AIPREF statements, as written (draft-ietf-aipref-attach).
    usages: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    allow: bool,
    pattern: Pattern,
}

impl Robots {
    /// Reads a robots.txt; what is not a rule is passed over, and what lies beyond [`MAX_ROBOTS_BYTES`] is not read.
    pub fn parse(bytes: &[u8]) -> Self {
        let wide = line::from_utf16(bytes);
        let bytes = wide.as_deref().unwrap_or(bytes);
        let mut robots = Self::default();
        // A group's head ends with its first rule; other lines (sitemaps, unknown keys) do not end it.
        let (mut rules_head, mut paces_head) = (false, false);
        for (key, value) in Lines::new(bytes.get(..MAX_ROBOTS_BYTES).unwrap_or(bytes)) {
            match key {
                Key::UserAgent => {
                    name_in(&mut robots.groups, !std::mem::replace(&mut rules_head, true), value);
                    name_in(&mut robots.paces, !std::mem::replace(&mut paces_head, true), value);
                }
                Key::Allow | Key::Disallow => {
                    if let Some(group) = robots.groups.last_mut() {
                        group.rules.push(Rule::new(key == Key::Allow, value));
                        (rules_head, paces_head) = (false, false);
                    }
                }
                Key::CrawlDelay | Key::RequestRate | Key::ContentUsage => {
                    if let Some(group) = robots.paces.last_mut() {
                        group.state(key, value);
                        paces_head = false;
                    }
                }
                Key::Sitemap => keep(&mut robots.sitemaps, value),
                Key::License => keep(&mut robots.licences, value),
                Key::Other => {}
            }
        }
        robots
    }

    /// Decides whether `agent` may fetch an address.
    ///
    /// `agent` is a product token (`naba`; a version after it is passed over); `path_and_query` is percent-encoded with
    /// digits in upper case and starts with `/`, as a normalised address gives it. The longest matching rule wins, and `Allow` wins a tie (§2.2.2).
    pub fn decide(&self, agent: &str, path_and_query: &str) -> RobotsAnswer {
        let path = Path::new(path_and_query.as_bytes());
        let mut best: Option<&Rule> = None;
        let mut best_len = 0;
        for rule in groups_of(&self.groups, agent).flat_map(|group| &group.rules) {
            let Some(len) = rule.matched_len(&path) else { continue };
            if len > best_len || (len == best_len && len > 0 && rule.allow) {
                best = Some(rule);
                best_len = len;
            }
        }
        RobotsAnswer { allowed: best.is_none_or(|rule| rule.allow), rule: best.map(Rule::text) }
    }

    /// Returns the delay between requests that the agent's group asks for, in milliseconds: the longer of `Crawl-delay` and
    /// `Request-rate`.
    ///
    /// Neither is part of RFC 9309; they are honoured because publishers use them.
    pub fn crawl_delay_ms(&self, agent: &str) -> Option<u64> {
        let delays = groups_of(&self.paces, agent).flat_map(|group| [group.crawl_delay_ms, group.request_rate_ms]);
        delays.flatten().max()
    }

    /// Returns the time for one request at the rate that the agent's group allows (`Request-rate: 1/10s`), in milliseconds.
    pub fn request_rate_ms(&self, agent: &str) -> Option<u64> {
        groups_of(&self.paces, agent).filter_map(|group| group.request_rate_ms).max()
    }

    /// Returns the values of the `Sitemap:` lines, as written, in order.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    /// Returns the sitemaps that it names by addresses that naba handles, in order.
    pub fn sitemap_urls(&self) -> impl Iterator<Item = NormalUrl> {
        self.sitemaps.iter().filter_map(|written| NormalUrl::parse(written).ok())
    }

    /// Returns the values of the `License:` lines (Really Simple Licensing), as written, in order.
    pub fn licences(&self) -> &[String] {
        &self.licences
    }

    /// Returns what the agent's group states about the use of content (AIPREF's `Content-Usage:`, `Content-Signal:`), as
    /// written, in order.
    pub fn content_usages(&self, agent: &str) -> impl Iterator<Item = &str> {
        groups_of(&self.paces, agent).flat_map(|group| &group.usages).map(String::as_str)
    }

    /// Tells whether a group names the agent.
    pub fn names(&self, agent: &str) -> bool {
        let name = line::name(agent.trim().as_bytes()).to_ascii_lowercase();
        !name.is_empty() && self.groups.iter().any(|group| group.is_for(&name))
    }
}

/// Tells whether a pattern with the wildcards of robots.txt matches a path, as other files of a host write them too.
pub(crate) fn matches(pattern: &str, path_and_query: &str) -> bool {
    let path = Path::new(path_and_query.as_bytes());
    Pattern::new(pattern.as_bytes(), true).matches(path.spelling(true))
}

/// Selects the groups that name the agent, else those for every agent (§2.2.1: they count as one group).
fn groups_of<'g>(groups: &'g [Group], agent: &str) -> impl Iterator<Item = &'g Group> {
    let name = line::name(agent.trim().as_bytes()).to_ascii_lowercase();
    let is_named = !name.is_empty() && groups.iter().any(|group| group.is_for(&name));
    groups.iter().filter(move |group| if is_named { group.is_for(&name) } else { group.any_agent })
}

/// Takes an agent line into the last group, or into a new one.
fn name_in(groups: &mut Vec<Group>, is_new: bool, value: &[u8]) {
    if is_new {
        groups.push(Group::default());
    }
    if let Some(group) = groups.last_mut() {
        group.name(value);
    }
}

fn keep(values: &mut Vec<String>, value: &[u8]) {
    if values.len() < MAX_VALUES && !value.is_empty() {
        values.push(String::from_utf8_lossy(value).into_owned());
    }
}

impl Group {
    fn name(&mut self, value: &[u8]) {
        match value {
            // "*" followed by a blank and more is still every agent: seen often in the wild.
            [b'*'] => self.any_agent = true,
            [b'*', next, ..] if next.is_ascii_whitespace() => self.any_agent = true,
            _ => self.agents.extend(Some(line::name(value).to_ascii_lowercase()).filter(|name| !name.is_empty())),
        }
    }

    fn state(&mut self, key: Key, value: &[u8]) {
        match key {
            Key::CrawlDelay => self.crawl_delay_ms = self.crawl_delay_ms.or(pace::delay_ms(value)),
            Key::RequestRate => self.request_rate_ms = self.request_rate_ms.or(pace::rate_ms(value)),
            _ => keep(&mut self.usages, value),
        }
    }

    /// A line names the crawler whose name is its product token (§2.2.1: letters, "_" and "-"), so that "Foo2 Bar" is for
    /// "foo". A crawler whose own name holds other characters, which the RFC does not know, is named by all of them.
    fn is_for(&self, name: &[u8]) -> bool {
        self.agents.iter().any(|agent| agent == name || line::product_token(agent) == name)
    }
}

impl Rule {
    fn new(allow: bool, value: &[u8]) -> Self {
        Self { allow, pattern: Pattern::new(value, allow) }
    }

    fn matched_len(&self, path: &Path) -> Option<usize> {
        let path = path.spelling(self.allow);
        if self.pattern.matches(path) {
            return Some(self.pattern.len());
        }
        // "Allow: /x/index.html" also opens the folder "/x/" itself, an extension of the reference implementation.
        let folder = self.allow.then(|| self.pattern.index_folder()).flatten()?;
        folder.matches(path).then(|| folder.len())
    }

    fn text(&self) -> String {
        let key = if self.allow { "Allow" } else { "Disallow" };
        format!("{key}: {}", String::from_utf8_lossy(self.pattern.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allowed(file: &str, path: &str) -> bool {
        Robots::parse(file.as_bytes()).decide("naba", path).allowed
    }

    #[test]
    fn the_longest_match_wins_and_allow_wins_a_tie() {
        let file = "User-agent: *\nDisallow: /a/\nAllow: /a/open/\nDisallow: /b\nAllow: /b\n";
        assert!(!allowed(file, "/a/x"));
        assert!(allowed(file, "/a/open/x"));
        assert!(allowed(file, "/b"));
    }

    #[test]
    fn a_group_that_names_the_agent_replaces_the_group_for_all() {
        let file = "User-agent: *\nDisallow: /\nUser-agent: NABA/1.0\nDisallow: /x\n";
        assert!(allowed(file, "/y"));
        assert!(!allowed(file, "/x"));
    }

    #[test]
    fn groups_of_one_agent_are_merged_across_other_lines() {
        let file = "User-agent: naba\nSitemap: https://a.example/s.xml\nUser-agent: other\nDisallow: /x\n\
                    User-agent: other\nDisallow: /z\nUser-agent: naba\nDisallow: /y\n";
        assert!(!allowed(file, "/x") && !allowed(file, "/y"));
        assert!(allowed(file, "/z"));
    }

    #[test]
    fn wildcards_and_end_anchors_match_anywhere_they_should() {
        let file = "User-agent: *\nDisallow: /*.pdf$\nDisallow: /a*b*c\n";
        assert!(!allowed(file, "/x.pdf"));
        assert!(allowed(file, "/x.pdf?page=1"));
        assert!(!allowed(file, "/a-bb-c"));
        assert!(allowed(file, "/a-c-b"));
    }

    #[test]
    fn an_arabic_rule_matches_the_percent_form_of_the_address() {
        assert!(!allowed("User-agent: *\nDisallow: /أخبار\n", "/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/1"));
        assert!(!allowed("User-agent: *\nDisallow: /%d8%a3\n", "/%D8%A3/1"));
    }

    #[test]
    fn a_rule_and_an_address_meet_in_one_spelling() {
        for (rule, path) in [("/%7Eme/", "/~me/x"), ("/a<b", "/a%3Cb"), ("/a b", "/a%20b"), ("/x%24", "/x$")] {
            assert!(!allowed(&format!("User-agent: *\nDisallow: {rule}\n"), path), "{rule} {path}");
        }
        assert!(allowed("User-agent: *\nDisallow: /a%2Fb\n", "/a/b"), "a reserved character is not its encoding");
    }

    #[test]
    fn an_encoded_letter_disallows_the_letter_but_does_not_allow_it() {
        assert!(!allowed("User-agent: *\nDisallow: /%62\n", "/b"));
        assert!(!allowed("User-agent: *\nDisallow: /\nAllow: /%62\n", "/b"));
        assert!(allowed("User-agent: *\nDisallow: /\nAllow: /%62\n", "/%62"));
    }

    #[test]
    fn a_file_in_utf_16_is_read_by_its_mark() {
        let text = "User-agent: *\nDisallow: /x\n";
        let little = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        assert!(!Robots::parse(&little).decide("naba", "/x").allowed);
    }

    #[test]
    fn a_crawler_with_digits_in_its_name_is_named_by_all_of_it() {
        let robots = Robots::parse(b"User-agent: bot1\nDisallow: /a\nUser-agent: bot2\nDisallow: /b\n");
        assert!(!robots.decide("bot1", "/a").allowed && robots.decide("bot1", "/b").allowed);
        assert!(!robots.decide("bot", "/a").allowed, "the product token of both lines is bot");
    }

    #[test]
    fn byte_order_mark_and_any_line_ending_are_read() {
        for file in ["\u{feff}User-agent: *\rDisallow: /x", "User-agent: *\r\n\r\nDisallow: /x\r\n"] {
            assert!(!allowed(file, "/x"), "{file:?}");
        }
    }

    #[test]
    fn what_lies_beyond_the_limit_is_not_read() {
        let mut file = b"User-agent: *\n".to_vec();
        file.resize(MAX_ROBOTS_BYTES, b'#');
        file.extend_from_slice(b"\nDisallow: /\n");
        assert!(Robots::parse(&file).decide("naba", "/").allowed);
    }

    #[test]
    fn crawl_delay_sitemaps_and_the_deciding_rule_are_told() {
        let file = "Sitemap: https://a.example/s.xml\nUser-agent: *\nCrawl-delay: 1.5\nDisallow: /x/ # why\n";
        let robots = Robots::parse(file.as_bytes());
        assert_eq!(robots.crawl_delay_ms("naba"), Some(1500));
        assert_eq!(robots.sitemaps(), ["https://a.example/s.xml"]);
        assert_eq!(robots.decide("naba", "/x/1").rule.as_deref(), Some("Disallow: /x/"));
    }

    #[test]
    fn delays_end_the_head_of_their_group_and_rates_are_delays() {
        let file = "User-agent: naba\nCrawl-delay: 2\nUser-agent: other\nCrawl-delay: 9\nDisallow: /x\nUser-agent: slow\nRequest-rate: 2/1m\n";
        let robots = Robots::parse(file.as_bytes());
        let delays = ["naba", "other", "slow", "none"].map(|agent| robots.crawl_delay_ms(agent));
        assert_eq!(delays, [Some(2_000), Some(9_000), Some(30_000), None]);
        assert!(!robots.decide("naba", "/x").allowed, "for rules they are one group");
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400), path in "/[ -~]{0,60}") {
            let mut file = b"User-agent: *\nDisallow: /".to_vec();
            file.extend_from_slice(&bytes);
            let _ = Robots::parse(&file).decide("naba", &path);
            let _ = Robots::parse(&bytes).crawl_delay_ms(&path);
        }

        #[test]
        fn any_order_of_parts_gives_an_answer(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..40)) {
            let file = parts.concat();
            let robots = Robots::parse(&file);
            let _ = robots.decide("naba", "/a%2Fb/c.html?x=$*%62");
            prop_assert!(robots.sitemaps().len() + robots.licences().len() <= parts.len());
        }

        #[test]
        fn segment_matching_agrees_with_the_definition(pattern in "[ab*$]{0,8}", path in "[ab$]{0,10}") {
            let spelt = Path::new(path.as_bytes());
            let matched = Pattern::new(pattern.as_bytes(), true).matches(spelt.spelling(true));
            prop_assert_eq!(matched, by_definition(pattern.as_bytes(), path.as_bytes()));
        }
    }

    /// Parts of files that in some order are likely to reach every branch.
    const PARTS: &[&[u8]] = &[
        b"User-agent: ",
        b"useragent",
        b"naba",
        b"*",
        b"\n",
        b"\r",
        b"Disallow: ",
        b"Allow:",
        b"/",
        b"$",
        b"%",
        b"%62",
        b"%2f",
        b"#",
        b":",
        b" ",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"/index.html",
        b"Crawl-delay: ",
        b"1e9",
        b"-1",
        b"NaN",
        b"Request-rate: ",
        b"1/0s",
        b"9/1d",
        b"Sitemap: ",
        b"License: x",
        b"Content-Usage: /a train-ai=n",
        b"\xd8\xa3",
    ];

    /// The definition of §2.2.3, by recursion.
    fn by_definition(pattern: &[u8], path: &[u8]) -> bool {
        match pattern {
            [] => true,
            [b'$'] => path.is_empty(),
            [b'*', rest @ ..] => (0..=path.len()).any(|skip| by_definition(rest, &path[skip..])),
            [byte, rest @ ..] => path.first() == Some(byte) && by_definition(rest, &path[1..]),
        }
    }
}
