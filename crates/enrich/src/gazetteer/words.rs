//! The words of a text as a gazetteer sees them: folded, hashed, with the way back to the text.

use naba_text::{Script, fold_char, script_of};

/// A word: a run of letters and digits, or one sign of a script written without spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// First scalar value in the text.
    pub start: u32,
    /// One past its last scalar value.
    pub end: u32,
    /// First byte of its folded form in [`Words::folded`].
    from: u32,
    /// One past the last byte of its folded form.
    to: u32,
    /// What stands between this word and the one before.
    pub gap: Gap,
    /// True when it begins with a capital letter.
    pub upper: bool,
    /// True when the script has capitals.
    pub cased: bool,
    /// True when it is one sign of a script written without spaces.
    pub sign: bool,
}

/// What stands between two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Nothing.
    None,
    /// White space.
    Space,
    /// A hyphen, an apostrophe, a stop after an initial or a quotation mark inside an abbreviation.
    Joint,
    /// A closing parenthesis and white space.
    Closed,
    /// The end of a sentence, or the beginning of the text.
    Stop,
    /// Anything else.
    Break,
}

/// The words of a text.
#[derive(Debug, Default)]
pub struct Words {
    folded: String,
    words: Vec<Word>,
}

impl Words {
    /// Reads the words of a text.
    pub fn of(text: &str) -> Self {
        let mut words = Self { folded: String::with_capacity(text.len()), words: Vec::with_capacity(text.len() / 6) };
        let mut open = false;
        let mut gap = Gap::Stop;
        let mut at = 0_u32;
        for c in text.chars() {
            let sign = is_sign(c);
            if sign || c.is_alphanumeric() || (open && is_inner_mark(c)) {
                if sign || !open {
                    words.open(c, at, gap, sign);
                }
                fold_char(c, |folded| words.folded.push(folded));
                words.close(at + 1);
                open = !sign;
                gap = Gap::None;
            } else if !(open && is_invisible(c)) {
                gap = widen(gap, c, words.words.last());
                open = false;
            }
            at = at.saturating_add(1);
        }
        words.words.retain(|word| word.from < word.to);
        words
    }

    fn open(&mut self, c: char, at: u32, gap: Gap, sign: bool) {
        let from = self.folded.len() as u32;
        let cased = c.is_uppercase() || c.is_lowercase();
        let upper = c.is_uppercase();
        self.words.push(Word { start: at, end: at + 1, from, to: from, gap, upper, cased, sign });
    }

    fn close(&mut self, end: u32) {
        let to = self.folded.len() as u32;
        if let Some(word) = self.words.last_mut() {
            (word.end, word.to) = (end, to);
        }
    }

    /// Returns the words in order.
    pub fn all(&self) -> &[Word] {
        &self.words
    }

    /// Returns the folded form of the word at a position; empty when there is none.
    pub fn folded(&self, index: usize) -> &str {
        self.words.get(index).and_then(|word| self.folded.get(word.from as usize..word.to as usize)).unwrap_or_default()
    }
}

/// Hashes a folded word (FNV-1a, 64 bits).
pub fn hash(word: &str) -> u64 {
    word.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// Hashes a phrase that goes on with a word; a phrase begins with 0.
pub fn follow(phrase: u64, word: u64) -> u64 {
    let mixed = (phrase.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

fn widen(gap: Gap, c: char, last: Option<&Word>) -> Gap {
    let initial = last.is_some_and(|word| word.upper && word.end - word.start <= 2);
    match (gap, c) {
        (Gap::Stop, _) => Gap::Stop,
        (_, '\n' | '!' | '?' | '؟' | '。' | '۔' | '…') => Gap::Stop,
        (Gap::None, '.') if initial => Gap::Joint,
        (Gap::None | Gap::Space, '.') => Gap::Stop,
        (Gap::None, '-' | '‐' | '‑' | '־' | '\'' | '’' | '׳' | '״' | '·' | '・' | '"') => Gap::Joint,
        (Gap::None, ')') => Gap::Closed,
        (Gap::Joint | Gap::Closed, c) if c.is_whitespace() => gap,
        (Gap::None | Gap::Space, c) if c.is_whitespace() => Gap::Space,
        _ => Gap::Break,
    }
}

/// Signs of scripts written without spaces: each is a word, since no rule here can tell where one ends.
fn is_sign(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF)
        && (c.is_alphabetic() || c == 'ー')
}

/// Vowel signs and viramas of Indic scripts and marks above letters: they belong to the word and are no letters.
fn is_inner_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F | 0x610..=0x61A | 0x640 | 0x64B..=0x65F | 0x670 | 0x900..=0xDFF | 0x5B0..=0x5BD)
}

fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0x200B | 0x200D..=0x200F | 0x202A..=0x202E | 0x2066..=0x2069 | 0xAD | 0xFEFF)
}

/// Calls `each` with the forms that a word can have without its proclitics, and how many letters each proclitic takes.
///
/// Arabic: و ف ب ل ك and their pairs, and لل for ل with the article; Hebrew: ו ה ב ל מ ש כ. The remainder has three letters.
pub fn without_proclitics(word: &str, mut each: impl FnMut(&str, u32)) {
    let mut chars = word.chars();
    let Some(first) = chars.next() else { return };
    match script_of(first) {
        Some(Script::Arabic) => arabic(word, first, &mut each),
        Some(Script::Hebrew) => {
            let mut rest = word;
            for taken in 1..=2 {
                let Some(c) = rest.chars().next().filter(|c| "והבלמשכ".contains(*c)) else { return };
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                if rest.chars().count() >= 3 {
                    each(rest, taken);
                }
            }
        }
        _ => {}
    }
}

fn arabic(word: &str, first: char, each: &mut impl FnMut(&str, u32)) {
    let cut = |text: &str, letters: usize| -> Option<usize> { text.char_indices().nth(letters).map(|(at, _)| at) };
    let mut rest = word;
    let mut taken = 0;
    if matches!(first, 'و' | 'ف') {
        rest = cut(word, 1).and_then(|at| word.get(at..)).unwrap_or_default();
        taken = 1;
        if rest.chars().count() >= 3 {
            each(rest, 1);
        }
    }
    let Some(second) = rest.chars().next().filter(|c| matches!(c, 'ب' | 'ل' | 'ك')) else { return };
    let Some(bare) = rest.get(second.len_utf8()..) else { return };
    if bare.chars().count() >= 3 {
        each(bare, taken + 1);
    }
    // للقاهرة, للجنة: the article has lost its alef and perhaps its lam, so the mention keeps what is left of it.
    if second == 'ل' && bare.starts_with('ل') && bare.chars().count() >= 4 {
        each(&format!("ا{bare}"), taken);
        each(&format!("ال{bare}"), taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        let words = Words::of(text);
        (0..words.all().len()).map(|i| words.folded(i).to_owned()).collect()
    }

    #[test]
    fn words_are_folded_and_lead_back() {
        assert_eq!(folded("الأُمم المتحدة، N'Djamena"), ["الامم", "المتحده", "n", "djamena"]);
        assert_eq!(folded("台北へ"), ["台", "北", "へ"]);
        let words = Words::of("في حَلَب.");
        assert_eq!((words.all()[1].start, words.all()[1].end), (3, 8));
    }

    #[test]
    fn proclitics_come_off_where_three_letters_stay() {
        let forms = |word: &str| {
            let mut out = Vec::new();
            without_proclitics(word, |rest, taken| out.push((rest.to_owned(), taken)));
            out
        };
        assert_eq!(forms("وواشنطن"), [("واشنطن".to_owned(), 1)]);
        assert_eq!(
            forms("للقاهره"),
            [("لقاهره", 1), ("القاهره", 0), ("اللقاهره", 0)].map(|(form, cut)| (form.to_owned(), cut))
        );
        assert_eq!(forms("وبحلب"), [("بحلب".to_owned(), 1), ("حلب".to_owned(), 2)]);
        assert_eq!(forms("paris"), []);
    }
}
