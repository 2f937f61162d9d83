//! The word lists, one file a language under `data/lang`: invented names and places, sentence frames, page furniture.

use std::collections::HashMap;
use std::sync::OnceLock;

const FILES: [(&str, &str); 8] = [
    ("ar", include_str!("../data/lang/ar.txt")),
    ("en", include_str!("../data/lang/en.txt")),
    ("fr", include_str!("../data/lang/fr.txt")),
    ("ru", include_str!("../data/lang/ru.txt")),
    ("zh", include_str!("../data/lang/zh.txt")),
    ("fa", include_str!("../data/lang/fa.txt")),
    ("he", include_str!("../data/lang/he.txt")),
    ("es", include_str!("../data/lang/es.txt")),
];

/// Codes of the languages that the farm writes, in the order in which sites take them.
pub const LANGUAGES: [&str; 8] = ["ar", "en", "fr", "ru", "zh", "fa", "he", "es"];

/// The word lists of one language.
pub(crate) struct Words {
    pub(crate) code: &'static str,
    pub(crate) rtl: bool,
    pub(crate) open: String,
    pub(crate) close: String,
    pub(crate) country: String,
    lists: HashMap<&'static str, Vec<String>>,
}

impl Words {
    /// Returns the lists of a language; English for a code that has none.
    pub(crate) fn of(code: &str) -> &'static Words {
        static ALL: OnceLock<Vec<Words>> = OnceLock::new();
        static NONE: OnceLock<Words> = OnceLock::new();
        let all = ALL.get_or_init(|| FILES.iter().map(|(code, text)| Words::read(code, text)).collect());
        let found = all.iter().find(|words| words.code == code).or_else(|| all.get(1));
        found.unwrap_or_else(|| NONE.get_or_init(|| Words::read("en", "")))
    }

    /// Returns a list; empty for a name that has none.
    pub(crate) fn list(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the first line of a list.
    pub(crate) fn first(&self, name: &str) -> &str {
        self.list(name).first().map_or("", String::as_str)
    }

    /// Returns what stands between two sentences: nothing in Chinese.
    pub(crate) fn gap(&self) -> &'static str {
        if self.code == "zh" { "" } else { " " }
    }

    /// Returns the value of `dir`.
    pub(crate) fn dir(&self) -> &'static str {
        if self.rtl { "rtl" } else { "ltr" }
    }

    fn read(code: &'static str, text: &'static str) -> Words {
        let mut words = Words {
            code,
            rtl: false,
            open: "\"".into(),
            close: "\"".into(),
            country: String::new(),
            lists: HashMap::new(),
        };
        let mut section = "";
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
                continue;
            }
            // Symbols stand for spaces at the edge of a line, which editors like to remove.
            let line = line.replace('␠', " ").replace('⍽', "\u{a0}");
            match (section, line.split_once(' ')) {
                ("meta", Some(("dir", value))) => words.rtl = value == "rtl",
                ("meta", Some(("open", value))) => words.open = value.to_owned(),
                ("meta", Some(("close", value))) => words.close = value.to_owned(),
                ("meta", Some(("country", value))) => words.country = value.to_owned(),
                ("meta", _) => {}
                _ => words.lists.entry(section).or_default().push(line),
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: [&str; 40] = [
        "papers",
        "sections",
        "first",
        "last",
        "titles",
        "orgs",
        "places",
        "days",
        "agencies",
        "actions",
        "topics",
        "headline",
        "deck",
        "lead",
        "sentence",
        "clause",
        "cue_before",
        "cue_after",
        "cue_again",
        "fragment",
        "pieces",
        "subhead",
        "caption",
        "promo",
        "related_heading",
        "comments_heading",
        "disclaimer",
        "comment",
        "commenter",
        "by",
        "and",
        "dateline",
        "live",
        "paywall",
        "share",
        "cookie",
        "updated",
        "credit",
        "sentence",
        "clause",
    ];

    #[test]
    fn every_language_has_every_list() {
        for code in LANGUAGES {
            let words = Words::of(code);
            assert_eq!(words.code, code);
            for list in LISTS {
                assert!(!words.list(list).is_empty(), "{code} has no [{list}]");
                assert!(words.list(list).iter().all(|line| !line.is_empty()), "{code} has an empty line in [{list}]");
            }
            for cue in ["cue_before", "cue_after", "cue_again"] {
                for line in words.list(cue) {
                    let (cue, frame) = line.split_once('|').unwrap_or(("", ""));
                    assert!(!cue.is_empty() && frame.contains("{q}") && frame.contains(cue), "{code}: {line}");
                }
            }
        }
    }
}
