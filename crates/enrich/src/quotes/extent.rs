//! Which stretches between quotation marks are quotes, and how much each of them quotes.

use naba_proto::v1::QuoteExtent;

use super::document::{Document, Paragraph};
use super::lexicon::{Family, Tags};
use super::marks::Stretch;

/// How a stretch stands in its sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Words inside (characters, for scripts without spaces).
    pub(super) words: usize,
    /// Nothing of the reporter's sentence stands before it, or only a colon's lead-in.
    pub(super) apart: bool,
    /// It begins with a capital.
    upper: bool,
    /// Every word of it is capitalised.
    titled: bool,
    /// The same text stands between quotation marks again.
    again: bool,
    /// It closes with a mark of its own, or has sentences inside.
    closed: bool,
    /// Most words of a name here, when a noun before it says that a name follows ("the film", "so-called").
    named: usize,
}

/// Words from which on an unattributed stretch counts as a quote.
const LONG: usize = 5;
/// Characters that make about a word where no spaces part words.
const HAN_WORD: usize = 2;

impl Shape {
    /// Looks at a stretch.
    pub(super) fn of(document: &Document, p: &Paragraph, stretch: &Stretch) -> Self {
        let range = p.tokens_of(stretch);
        let han = document.lexicon.family == Family::Han;
        let inside = || p.tokens.get(range.clone()).unwrap_or_default().iter().filter(|t| t.word || t.number);
        let words = if han { (stretch.end - stretch.start) / HAN_WORD } else { inside().filter(|t| t.word).count() };
        let sentence = p.sentence_of(range.start);
        let lead = p.tokens.get(sentence.start..range.start).unwrap_or_default();
        let text: Vec<char> = p.text.chars().skip(stretch.start).take(stretch.end - stretch.start).collect();
        let stop = |c: &char| matches!(c, '.' | '!' | '?' | '؟' | '۔' | '。' | '！' | '？');
        Self {
            words,
            apart: !lead.iter().any(|t| t.word) || lead.last().is_some_and(|t| matches!(t.key.as_str(), ":" | "：")),
            upper: inside().next().is_some_and(|t| t.upper),
            titled: inside().next().is_some_and(|t| t.upper)
                && inside()
                    .filter(|t| t.word)
                    .all(|t| t.upper || (t.tags.any(Tags::PARTICLE.or(Tags::STOP)) && words > 1)),
            again: document.is_quoted_again(&text.iter().collect::<String>()),
            closed: text.iter().filter(|c| stop(c)).count() > 0,
            named: named(document, p, range.start, stretch, han),
        }
    }

    /// Tells whether the stretch is a quote; `cued` says that its sentence or the one before attributes words.
    pub(super) fn is_quote(&self, document: &Document, cued: bool, beside: bool) -> bool {
        if self.words == 0 || (self.words <= self.named && !self.closed) {
            return false;
        }
        if self.again && self.words <= 3 && !self.closed {
            return false;
        }
        let cased = document.lexicon.family == Family::Cased;
        if cased && self.titled && self.words <= LONG && !self.apart && !beside && !self.closed {
            return false;
        }
        if cased && self.titled && self.words == 1 && !self.closed && !beside {
            return false;
        }
        cued || (self.apart && (self.words >= 3 || self.closed)) || self.words >= LONG + 2
    }

    /// Tells a statement from a fragment.
    pub(super) fn extent(&self, document: &Document) -> QuoteExtent {
        let statement = match document.lexicon.family {
            _ if self.closed && self.words >= 2 => true,
            _ if self.apart => self.words >= 2,
            Family::Cased => (self.upper && self.words >= 3) || self.words >= 10,
            Family::Han => self.words >= 3,
            Family::VerbLast => self.words >= 4,
            Family::Definite => self.words >= 4,
        };
        if statement { QuoteExtent::Statement } else { QuoteExtent::Fragment }
    }
}

/// Returns how long a name may be that a noun before the mark announces, adjectives of that noun passed over; 0 without
/// such a noun.
///
/// A noun with an article announces short names only: "المشروع «يفتح الباب …»" quotes what is said of the project.
fn named(document: &Document, p: &Paragraph, mark: usize, stretch: &Stretch, han: bool) -> usize {
    const LONGEST: usize = 6;
    const DEFINITE: usize = 3;
    if han {
        let before: String = p.text.chars().take(stretch.open).collect();
        let announced = document.lexicon.surfaces(Tags::NAMING).iter().any(|(word, _)| before.ends_with(word));
        return if announced { LONGEST } else { 0 };
    }
    for back in 1..=3 {
        let Some(token) = mark.checked_sub(back).and_then(|at| p.token(at)) else { return 0 };
        if token.tags.any(Tags::NAMING) {
            return if token.definite { DEFINITE } else { LONGEST };
        }
        // "لـ«الحياة»": told to a newspaper.
        if back == 1 && token.preposition && token.key.chars().count() == 1 {
            return DEFINITE;
        }
        let passed = token.word && !token.quoted && (token.definite || token.tags.any(Tags::STOP.or(Tags::PARTICLE)));
        let parenthesis = token.key == "(";
        if !(passed || parenthesis) || token.tags.any(Tags::CUE.or(Tags::THAT)) {
            return 0;
        }
    }
    0
}
