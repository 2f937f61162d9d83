//! Cue words: phrases that give a line of text away, read from `data/`.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
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

macro_rules! cues {
    ($($cue:ident $file:literal)*) => {
        /// Every cue with its list, in the order of the variants.
        const LISTS: &[(Cue, &str)] = &[$((Cue::$cue, include_str!(concat!("../data/", $file, ".txt")))),*];
    };
}

cues! {
    Promo "promo" Report "report" Related "related" CommentsHeading "comments_heading" Disclaimer "disclaimer"
    Correction "correction" Boilerplate "boilerplate" Ad "ad" Credit "credit" Byline "byline" Desk "desk"
    Section "sections" Kicker "kickers" Published "published" Updated "updated"
    RelativeTime "relative_time" Wall "walls" Opinion "opinion" Paywall "paywall"
}

/// The cues that a line carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CueSet(u32);

impl CueSet {
    /// Reads a folded line once for all cues.
    pub fn of(folded: &str) -> Self {
        PHRASES.cues_in(folded)
    }

    /// Tells whether the line carries a cue.
    pub fn has(self, cue: Cue) -> bool {
        self.0 & bit(cue) != 0
    }
}

fn bit(cue: Cue) -> u32 {
    1 << (cue as u32)
}

impl Cue {
    /// Tells whether a folded line carries one of the phrases.
    pub fn is_in(self, folded: &str) -> bool {
        CueSet::of(folded).has(self)
    }

    /// Tells whether a folded line is one of the phrases, whatever its sigil.
    pub fn is(self, folded: &str) -> bool {
        PHRASES.all.get(bare(folded)).is_some_and(|cues| cues & bit(self) != 0)
    }

    /// Returns the length in scalar values of the longest phrase that the folded line starts with.
    pub fn prefix_chars(self, folded: &str) -> Option<usize> {
        let first = folded.chars().next()?;
        let fits = |(cue, phrase): &&(Cue, String)| {
            *cue == self && folded.strip_prefix(phrase.as_str()).is_some_and(|rest| ends_word(phrase, rest))
        };
        let phrases = PHRASES.by_first.get(&first).into_iter().flatten();
        phrases.filter(fits).map(|(_, phrase)| phrase.chars().count()).max()
    }
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(Phrases::read);

/// A phrase that stands at the start or anywhere: parts that follow one another, open at the end or not.
struct Moving {
    cue: Cue,
    at_start: bool,
    parts: Vec<String>,
    open: bool,
}

/// The phrases of all cues together, so that one pass over a line finds all that it carries.
#[derive(Default)]
struct Phrases {
    /// Cues by phrase, whatever its sigil.
    all: HashMap<String, u32>,
    /// Cues by phrase that makes up the line.
    whole: HashMap<String, u32>,
    whole_open: Vec<(Cue, String)>,
    /// All phrases by their first character.
    by_first: HashMap<char, Vec<(Cue, String)>>,
    moving: Vec<Moving>,
    /// Finds the first parts of `moving`; empty only if it could not be built, which the tests rule out.
    finder: Option<AhoCorasick>,
}

impl Phrases {
    fn read() -> Self {
        let mut phrases = Self::default();
        for (cue, text) in LISTS {
            for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("# ")) {
                phrases.add(*cue, line);
            }
        }
        let firsts = phrases.moving.iter().map(|m| m.parts.first().map_or("", String::as_str));
        phrases.finder = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(firsts).ok();
        phrases
    }

    fn add(&mut self, cue: Cue, line: &str) {
        let open = line.ends_with('*');
        let (sigil, phrase) = match line.strip_prefix('^') {
            Some(rest) => ('^', rest),
            None => line.strip_prefix('=').map_or((' ', line), |rest| ('=', rest)),
        };
        let folded = fold_str(phrase.trim_end_matches('*').trim());
        let Some(first) = folded.chars().next() else { return };
        *self.all.entry(folded.clone()).or_default() |= bit(cue);
        self.by_first.entry(first).or_default().push((cue, folded.clone()));
        match sigil {
            '=' if open => self.whole_open.push((cue, folded)),
            '=' => *self.whole.entry(folded).or_default() |= bit(cue),
            '^' => self.moving.push(Moving { cue, at_start: true, parts: vec![folded], open }),
            _ => {
                let parts: Vec<String> =
                    folded.split('*').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect();
                self.moving.push(Moving { cue, at_start: false, parts, open });
            }
        }
    }

    fn cues_in(&self, folded: &str) -> CueSet {
        let folded = folded.trim();
        let bare = bare(folded);
        let mut cues = self.whole.get(bare).copied().unwrap_or(0) | self.whole.get(folded).copied().unwrap_or(0);
        for (cue, phrase) in &self.whole_open {
            let near = || bare.chars().count() <= phrase.chars().count() + 24;
            if bare.starts_with(phrase.as_str()) && near() {
                cues |= bit(*cue);
            }
        }
        for found in self.finder.iter().flat_map(|finder| finder.find_overlapping_iter(folded)) {
            let Some(phrase) = self.moving.get(found.pattern().as_usize()) else { continue };
            if cues & bit(phrase.cue) == 0 && phrase.stands_at(folded, found.start(), found.end()) {
                cues |= bit(phrase.cue);
            }
        }
        CueSet(cues)
    }
}

impl Moving {
    /// Tells whether the phrase stands where its first part was found.
    fn stands_at(&self, folded: &str, start: usize, end: usize) -> bool {
        let (before, after) = (folded.get(..start).unwrap_or_default(), folded.get(end..).unwrap_or_default());
        let Some((first, others)) = self.parts.split_first() else { return false };
        let fits = if self.at_start { start == 0 } else { begins_word(first, before) };
        let last_open = !others.is_empty() || self.open;
        if !fits || !last_open && !ends_word(first, after) {
            return false;
        }
        let mut rest = after;
        for (index, part) in others.iter().enumerate() {
            let open = index + 1 < others.len() || self.open;
            match after_part(part, open, rest) {
                Some(tail) => rest = tail,
                None => return false,
            }
        }
        true
    }
}

/// Returns what stands behind the first place of a part, at word boundaries.
fn after_part<'a>(part: &str, open: bool, text: &'a str) -> Option<&'a str> {
    text.match_indices(part).find_map(|(at, _)| {
        let (before, after) = (text.get(..at)?, text.get(at + part.len()..)?);
        (begins_word(part, before) && (open || ends_word(part, after))).then_some(after)
    })
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
