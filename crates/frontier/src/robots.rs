//! robots.txt (RFC 9309), read and matched on bytes.
//!
//! The file is data from a stranger and often broken: no text decoding happens, so that no cut inside a character can
//! fail. Where the RFC leaves room, the reference implementation of its authors decides, because publishers test
//! against that one.

mod line;
mod pattern;

use line::{Key, Lines};
use pattern::Pattern;

/// Largest part of a robots.txt that is read, in bytes (RFC 9309 §2.5 asks for at least 500 KiB).
pub const MAX_ROBOTS_BYTES: usize = 500 * 1024;

/// Most `Sitemap:` lines that are kept.
const MAX_SITEMAPS: usize = 1_000;

/// A robots.txt, ready to be asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Robots {
    groups: Vec<Group>,
    sitemaps: Vec<String>,
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
    /// Product tokens in lower case.
    agents: Vec<Vec<u8>>,
    rules: Vec<Rule>,
    crawl_delay_ms: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    allow: bool,
    pattern: Pattern,
}

impl Robots {
    /// Reads a robots.txt; what is not a rule is passed over, and what lies beyond [`MAX_ROBOTS_BYTES`] is not read.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut robots = Self::default();
        // A group's head ends with its first rule; other lines (sitemaps, unknown keys) do not end it.
        let mut head_open = false;
        for (key, value) in Lines::new(bytes.get(..MAX_ROBOTS_BYTES).unwrap_or(bytes)) {
            match key {
                Key::UserAgent => {
                    if !head_open {
                        robots.groups.push(Group::default());
                        head_open = true;
                    }
                    if let Some(group) = robots.groups.last_mut() {
                        group.name(value);
                    }
                }
                Key::Allow | Key::Disallow => {
                    if let Some(group) = robots.groups.last_mut() {
                        group.rules.push(Rule { allow: key == Key::Allow, pattern: Pattern::new(value) });
                        head_open = false;
                    }
                }
                Key::CrawlDelay => {
                    if let (Some(group), Some(delay)) = (robots.groups.last_mut(), delay_ms(value)) {
                        group.crawl_delay_ms.get_or_insert(delay);
                    }
                }
                Key::Sitemap if robots.sitemaps.len() < MAX_SITEMAPS && !value.is_empty() => {
                    robots.sitemaps.push(String::from_utf8_lossy(value).into_owned());
                }
                Key::Sitemap | Key::Other => {}
            }
        }
        robots
    }

    /// Decides whether `agent` may fetch an address.
    ///
    /// `agent` is a product token (`naba`; a version after it is passed over); `path_and_query` is percent-encoded and
    /// starts with `/`, as a parsed URL gives it. The longest matching rule wins, and `Allow` wins a tie (§2.2.2).
    pub fn decide(&self, agent: &str, path_and_query: &str) -> RobotsAnswer {
        let path = pattern::normal_path(path_and_query.as_bytes());
        let mut best: Option<&Rule> = None;
        let mut best_len = 0;
        for rule in self.groups_of(agent).flat_map(|group| &group.rules) {
            let Some(len) = rule.matched_len(&path) else { continue };
            if len > best_len || (len == best_len && len > 0 && rule.allow) {
                best = Some(rule);
                best_len = len;
            }
        }
        RobotsAnswer { allowed: best.is_none_or(|rule| rule.allow), rule: best.map(Rule::text) }
    }

    /// Returns the delay between requests that the agent's group asks for, in milliseconds.
    ///
    /// `Crawl-delay` is no part of RFC 9309; it is honoured because publishers use it.
    pub fn crawl_delay_ms(&self, agent: &str) -> Option<u64> {
        self.groups_of(agent).filter_map(|group| group.crawl_delay_ms).max()
    }

    /// Returns the values of the `Sitemap:` lines, as written, in order.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    /// Selects the groups that name the agent, else those for every agent (§2.2.1: they count as one group).
    fn groups_of(&self, agent: &str) -> impl Iterator<Item = &Group> {
        let token = line::product_token(agent.trim().as_bytes()).to_ascii_lowercase();
        let named = !token.is_empty() && self.groups.iter().any(|group| group.agents.contains(&token));
        self.groups.iter().filter(move |group| if named { group.agents.contains(&token) } else { group.any_agent })
    }
}

impl Group {
    fn name(&mut self, value: &[u8]) {
        match value {
            // "*" followed by a blank and more is still every agent: seen often in the wild.
            [b'*'] => self.any_agent = true,
            [b'*', next, ..] if next.is_ascii_whitespace() => self.any_agent = true,
            _ => {
                let token = line::product_token(value);
                if !token.is_empty() {
                    self.agents.push(token.to_ascii_lowercase());
                }
            }
        }
    }
}

impl Rule {
    fn matched_len(&self, path: &[u8]) -> Option<usize> {
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

fn delay_ms(value: &[u8]) -> Option<u64> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    // Past a year a value says nothing; `as` saturates, and the filter keeps out NaN.
    (0.0..31_536_000.0).contains(&seconds).then_some((seconds * 1000.0) as u64)
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

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400), path in "/[ -~]{0,60}") {
            let mut file = b"User-agent: *\nDisallow: /".to_vec();
            file.extend_from_slice(&bytes);
            let _ = Robots::parse(&file).decide("naba", &path);
            let _ = Robots::parse(&bytes).crawl_delay_ms(&path);
        }

        #[test]
        fn segment_matching_agrees_with_the_definition(pattern in "[ab*$]{0,8}", path in "[ab$]{0,10}") {
            let matched = Pattern::new(pattern.as_bytes()).matches(path.as_bytes());
            prop_assert_eq!(matched, by_definition(pattern.as_bytes(), path.as_bytes()));
        }
    }

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
