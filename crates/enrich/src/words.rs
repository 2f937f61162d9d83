//! The words of a text: folded, hashed, with the way back to the text.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use naba_text::{Script, fold_char, is_alphanumeric, is_caseless, script_of};

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
    /// First byte in the text.
    pub first_byte: u32,
    /// One past its last byte in the text.
    pub end_byte: u32,
    /// The [`hash`] of its folded form.
    pub hash: u64,
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
        for (at, (byte, c)) in (0_u32..).zip(text.char_indices()) {
            let sign = is_sign(c);
            if sign || is_alphanumeric(c) || (open && is_inner_mark(c)) {
                if sign || !open {
                    words.close();
                    words.open(c, at, byte as u32, gap, sign);
                }
                fold_char(c, |folded| words.folded.push(folded));
                if let Some(word) = words.words.last_mut() {
                    (word.end, word.end_byte) = (at + 1, (byte + c.len_utf8()) as u32);
                }
                open = !sign;
                gap = Gap::None;
            } else if !(open && is_invisible(c)) {
                gap = widen(gap, c, words.words.last());
                open = false;
            }
        }
        words.close();
        words.words.retain(|word| word.from < word.to);
        words
    }

    fn open(&mut self, c: char, at: u32, byte: u32, gap: Gap, sign: bool) {
        let from = self.folded.len() as u32;
        let upper = !is_caseless(c) && c.is_uppercase();
        let cased = upper || (!is_caseless(c) && c.is_lowercase());
        let end_byte = byte + c.len_utf8() as u32;
        self.words.push(Word {
            start: at,
            end: at + 1,
            from,
            to: from,
            first_byte: byte,
            end_byte,
            hash: 0,
            gap,
            upper,
            cased,
            sign,
        });
    }

    /// Notes where the folded form of the last word ends, and its hash.
    fn close(&mut self) {
        let to = self.folded.len();
        if let Some(word) = self.words.last_mut().filter(|word| word.from == word.to) {
            word.to = to as u32;
            word.hash = hash(self.folded.get(word.from as usize..to).unwrap_or_default());
        }
    }

    /// Returns the words in order.
    pub fn all(&self) -> &[Word] {
        &self.words
    }

    /// Returns the hash of the word at a position; 0 when there is none.
    pub fn hash(&self, index: usize) -> u64 {
        self.words.get(index).map_or(0, |word| word.hash)
    }

    /// Returns the folded form of the word at a position; empty when there is none.
    pub fn folded(&self, index: usize) -> &str {
        self.words.get(index).and_then(|word| self.folded.get(word.from as usize..word.to as usize)).unwrap_or_default()
    }
}

/// Hashes a folded word (FNV-1a, 64 bits).
pub fn hash(word: &str) -> u64 {
    hash_on(0xCBF2_9CE4_8422_2325, word)
}

/// Hashes what follows a text of which the hash is known.
pub(crate) fn hash_on(hash: u64, more: &str) -> u64 {
    more.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// Hashes a phrase that goes on with a word; a phrase begins with 0.
pub fn follow(phrase: u64, word: u64) -> u64 {
    let mixed = (phrase.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

/// A hash is its own hash.
#[derive(Default)]
pub(crate) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// A map of what is hashed already.
pub(crate) type ByHash<T> = HashMap<u64, T, BuildHasherDefault<Same>>;

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

/// Calls `each` with the hashes of the forms that a word can have without its proclitics, and how many letters each
/// proclitic takes.
///
/// Arabic: و ف ب ل ك and their pairs, and لل for ل with the article; Hebrew: ו ה ב ל מ ש כ. The remainder has three letters.
pub fn without_proclitics(word: &str, mut each: impl FnMut(u64, u32)) {
    let Some(first) = word.chars().next() else { return };
    match script_of(first) {
        Some(Script::Arabic) => arabic(word, first, &mut each),
        Some(Script::Hebrew) => {
            let mut rest = word;
            for taken in 1..=2 {
                let Some(c) = rest.chars().next().filter(|c| "והבלמשכ".contains(*c)) else { return };
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                if has_letters(rest, 3) {
                    each(hash(rest), taken);
                }
            }
        }
        _ => {}
    }
}

/// Cuts the Arabic article, and what is written on to it.
pub(crate) fn without_article(word: &str) -> &str {
    let cut = ["وال", "بال", "فال", "كال", "لل", "ال"].iter().find_map(|article| word.strip_prefix(article));
    cut.filter(|rest| rest.chars().nth(2).is_some()).unwrap_or(word)
}

fn has_letters(word: &str, count: usize) -> bool {
    word.chars().nth(count - 1).is_some()
}

fn arabic(word: &str, first: char, each: &mut impl FnMut(u64, u32)) {
    let mut rest = word;
    let mut taken = 0;
    if matches!(first, 'و' | 'ف') {
        rest = word.get(first.len_utf8()..).unwrap_or_default();
        taken = 1;
        if has_letters(rest, 3) {
            each(hash(rest), 1);
        }
    }
    let Some(second) = rest.chars().next().filter(|c| matches!(c, 'ب' | 'ل' | 'ك')) else { return };
    let Some(bare) = rest.get(second.len_utf8()..) else { return };
    if has_letters(bare, 3) {
        each(hash(bare), taken + 1);
    }
    // للقاهرة, للجنة: the article has lost its alef and perhaps its lam, so the mention keeps what is left of it.
    if second == 'ل' && bare.starts_with('ل') && has_letters(bare, 4) {
        each(hash_on(hash("ا"), bare), taken);
        each(hash_on(hash("ال"), bare), taken);
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
            without_proclitics(word, |rest, taken| out.push((rest, taken)));
            out
        };
        assert_eq!(forms("وواشنطن"), [(hash("واشنطن"), 1)]);
        assert_eq!(
            forms("للقاهره"),
            [("لقاهره", 1), ("القاهره", 0), ("اللقاهره", 0)].map(|(form, cut)| (hash(form), cut))
        );
        assert_eq!(forms("وبحلب"), [(hash("بحلب"), 1), (hash("حلب"), 2)]);
        assert_eq!(forms("paris"), []);
    }
}
