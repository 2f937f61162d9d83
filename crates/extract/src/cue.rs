//! Cue words: phrases that give a line of text away, read from `data/`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use naba_text::fold_str;

/// The lists of cue words, one for each file in `data/`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cue {
    Promo,
    Report,
    Related,
    CommentsHeading,
    Disclaimer,
    Correction,
    Boilerplate,
    Ad,
    Credit,
    Byline,
    Desk,
    Section,
    Kicker,
    Published,
    Updated,
    RelativeTime,
    Wall,
    Opinion,
    Paywall,
}

impl Cue {
    fn list(self) -> &'static Phrases {
        macro_rules! lists {
            ($($cue:ident $file:literal)*) => {
                match self {
                    $(Self::$cue => {
                        static LIST: LazyLock<Phrases> =
                            LazyLock::new(|| Phrases::read(include_str!(concat!("../data/", $file, ".txt"))));
                        &LIST
                    })*
                }
            };
        }
        lists! {
            Promo "promo" Report "report" Related "related" CommentsHeading "comments_heading" Disclaimer "disclaimer"
            Correction "correction" Boilerplate "boilerplate" Ad "ad" Credit "credit" Byline "byline" Desk "desk"
            Section "sections" Kicker "kickers" Published "published" Updated "updated"
            RelativeTime "relative_time" Wall "walls" Opinion "opinion" Paywall "paywall"
        }
    }

    /// Tells whether a folded line carries one of the phrases.
    pub fn is_in(self, folded: &str) -> bool {
        self.list().is_in(folded)
    }

    /// Tells whether a folded line is one of the phrases, whatever its sigil.
    pub fn is(self, folded: &str) -> bool {
        self.list().all.contains(bare(folded))
    }

    /// Returns the length in scalar values of the longest phrase that the folded line starts with.
    pub fn prefix_chars(self, folded: &str) -> Option<usize> {
        self.list().longest_prefix(folded)
    }
}

/// A phrase that stands anywhere: parts that follow one another, open at the end or not.
struct Anywhere {
    parts: Vec<String>,
    open: bool,
}

#[derive(Default)]
struct Phrases {
    all: HashSet<String>,
    whole: HashSet<String>,
    whole_open: Vec<String>,
    /// Start phrases by their first character.
    starts: HashMap<char, Vec<(String, bool)>>,
    anywhere: Vec<Anywhere>,
}

impl Phrases {
    fn read(text: &str) -> Self {
        let mut phrases = Self::default();
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("# ")) {
            let open = line.ends_with('*');
            let (sigil, phrase) = match line.strip_prefix('^') {
                Some(rest) => ('^', rest),
                None => line.strip_prefix('=').map_or((' ', line), |rest| ('=', rest)),
            };
            let folded = fold_str(phrase.trim_end_matches('*').trim());
            if folded.is_empty() {
                continue;
            }
            phrases.all.insert(folded.clone());
            match sigil {
                '=' if open => phrases.whole_open.push(folded),
                '=' => {
                    phrases.whole.insert(folded);
                }
                '^' => {
                    let first = folded.chars().next().unwrap_or(' ');
                    phrases.starts.entry(first).or_default().push((folded, open));
                }
                _ => {
                    let parts = folded.split('*').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect();
                    phrases.anywhere.push(Anywhere { parts, open });
                }
            }
        }
        phrases
    }

    fn is_in(&self, folded: &str) -> bool {
        let folded = folded.trim();
        let bare = bare(folded);
        if self.whole.contains(bare) || self.whole.contains(folded) {
            return true;
        }
        if self
            .whole_open
            .iter()
            .any(|p| bare.starts_with(p.as_str()) && bare.chars().count() <= p.chars().count() + 24)
        {
            return true;
        }
        let first = folded.chars().next().unwrap_or(' ');
        let starts = self.starts.get(&first).into_iter().flatten();
        for (phrase, open) in starts {
            if folded.strip_prefix(phrase.as_str()).is_some_and(|rest| *open || ends_word(phrase, rest)) {
                return true;
            }
        }
        self.anywhere.iter().any(|phrase| stands_in(phrase, folded))
    }

    fn longest_prefix(&self, folded: &str) -> Option<usize> {
        let fits = |phrase: &&String| folded.strip_prefix(phrase.as_str()).is_some_and(|rest| ends_word(phrase, rest));
        self.all.iter().filter(fits).map(|phrase| phrase.chars().count()).max()
    }
}

fn stands_in(phrase: &Anywhere, folded: &str) -> bool {
    let mut rest = folded;
    let last = phrase.parts.len().saturating_sub(1);
    for (index, part) in phrase.parts.iter().enumerate() {
        let mut found = false;
        let mut search = rest;
        while let Some(at) = search.find(part.as_str()) {
            let (before, after) =
                (search.get(..at).unwrap_or_default(), search.get(at + part.len()..).unwrap_or_default());
            let open_end = index != last || phrase.open;
            if begins_word(part, before) && (open_end || ends_word(part, after)) {
                rest = after;
                found = true;
                break;
            }
            let step = search.get(at..).and_then(|s| s.chars().next()).map_or(1, char::len_utf8);
            search = search.get(at + step..).unwrap_or_default();
        }
        if !found {
            return false;
        }
    }
    !phrase.parts.is_empty()
}

fn ends_word(phrase: &str, rest: &str) -> bool {
    let last = phrase.chars().next_back().unwrap_or(' ');
    !last.is_alphanumeric() || is_unspaced(last) || !rest.starts_with(char::is_alphanumeric)
}

fn begins_word(phrase: &str, before: &str) -> bool {
    let first = phrase.chars().next().unwrap_or(' ');
    !first.is_alphanumeric() || is_unspaced(first) || !before.ends_with(char::is_alphanumeric)
}

/// Scripts without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0xE00..=0xE7F | 0x3040..=0x30FF | 0x3400..=0x9FFF)
}

/// Strips counts, brackets and punctuation around a heading: "Comments (3)", "2 تعليقات", "Комментарии: 3".
fn bare(folded: &str) -> &str {
    folded.trim_matches(|c: char| !c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold_str(text)
    }

    #[test]
    fn a_heading_is_known_with_its_count() {
        for heading in ["Comments (3)", "2 תגובות", "Комментарии: 3", "التعليقات (٢)", "留言", "1 yorum", "مה דעתכם?"]
        {
            let known = Cue::CommentsHeading.is_in(&folded(heading));
            assert_eq!(known, heading != "مה דעתכם?", "{heading}");
        }
        assert!(!Cue::CommentsHeading.is_in(&folded("He made no comments to the press")));
    }

    #[test]
    fn phrases_keep_to_word_boundaries_unless_they_are_open() {
        assert!(Cue::Promo.is_in(&folded("Follow Konkan Mirror on WhatsApp channel for latest updates")));
        assert!(Cue::Promo.is_in(&folded("Подписывайтесь!")));
        assert!(!Cue::Ad.is_in(&folded("Adam")));
        assert!(Cue::Related.is_in(&folded("إقرأ أيضا: ساران")));
        assert_eq!(Cue::Byline.prefix_chars(&folded("Texte : Idriss")), Some(7));
    }
}
