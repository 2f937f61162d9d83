//! One pass that cuts a text into words, digits and signs, each folded and looked up once.

use naba_text::{digit_value, fold_char};

use super::lexicon::{Lexicon, UNKNOWN};

/// Most tokens that are read of one block: a block with more is no prose.
const MAX_TOKENS: usize = 20_000;
/// Longest word, in bytes of its folded form; longer runs of letters are no words.
const MAX_WORD: usize = 64;

/// What a token is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Word,
    Digits,
    Sign,
}

/// A token: offsets in bytes of the block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: Kind,
    /// No white space stands before it.
    pub(crate) glued: bool,
    /// It begins with a capital letter.
    pub(crate) capital: bool,
    /// Its number in the lexicon, [`UNKNOWN`] when the lexicon lacks it.
    pub(crate) word: u32,
    /// The digits' value; the sign's character.
    pub(crate) value: u64,
}

impl Token {
    /// Returns the sign's character, NUL for what is no sign.
    pub(crate) fn sign(&self) -> char {
        if self.kind == Kind::Sign {
            u32::try_from(self.value).ok().and_then(char::from_u32).unwrap_or('\0')
        } else {
            '\0'
        }
    }

    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> u32 {
        self.end - self.start
    }
}

/// Cuts a text into tokens.
pub(crate) fn lex(text: &str, lexicon: &Lexicon) -> Vec<Token> {
    let mut lexer =
        Lexer { text, lexicon, out: Vec::with_capacity(text.len() / 6 + 8), key: String::new(), glued: false };
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if lexer.out.len() >= MAX_TOKENS {
            break;
        }
        if c == '\n' {
            lexer.sign(at, '\n', '\n');
            lexer.glued = false;
            continue;
        }
        if c.is_whitespace() {
            lexer.glued = false;
            continue;
        }
        if let Some(first) = digit_value(c) {
            let (mut value, mut end) = (u64::from(first), at + c.len_utf8());
            while let Some((next, digit)) = chars.peek().and_then(|(next, c)| Some((*next, (digit_value(*c)?, *c)))) {
                value = value.saturating_mul(10).saturating_add(u64::from(digit.0));
                end = next + digit.1.len_utf8();
                chars.next();
            }
            let word = if value < 10_000 { lexer.lexicon.word(&value.to_string()) } else { UNKNOWN };
            lexer.push(at, end, Kind::Digits, false, word, value);
            continue;
        }
        if is_letter(c) {
            let mut end = at + c.len_utf8();
            lexer.key.clear();
            let key = &mut lexer.key;
            fold_char(c, |c| key.push(c));
            if !stands_alone(c) {
                while let Some((next, c)) = chars.peek().copied().filter(|(_, c)| continues(*c)) {
                    fold_char(c, |c| key.push(c));
                    end = next + c.len_utf8();
                    chars.next();
                }
            }
            if stands_alone(c) {
                lexer.glued = false;
            }
            lexer.word(at, end, c.is_uppercase());
            lexer.glued &= !stands_alone(c);
            continue;
        }
        if !is_ignored(c) {
            lexer.sign(at, c, plain_sign(c));
        }
    }
    lexer.out
}

struct Lexer<'a> {
    text: &'a str,
    lexicon: &'a Lexicon,
    out: Vec<Token>,
    key: String,
    glued: bool,
}

impl Lexer<'_> {
    fn push(&mut self, start: usize, end: usize, kind: Kind, capital: bool, word: u32, value: u64) {
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else { return };
        self.out.push(Token { start, end, kind, glued: self.glued, capital, word, value });
        self.glued = true;
    }

    fn sign(&mut self, at: usize, c: char, plain: char) {
        let mut buffer = [0; 4];
        let word = self.lexicon.word(plain.encode_utf8(&mut buffer));
        self.push(at, at + c.len_utf8(), Kind::Sign, false, word, u64::from(u32::from(plain)));
    }

    /// Looks a word up: as it stands, without what is written together with it, or taken apart.
    fn word(&mut self, start: usize, end: usize, capital: bool) {
        if self.key.len() > MAX_WORD {
            self.push(start, end, Kind::Word, capital, UNKNOWN, 0);
            return;
        }
        let key = std::mem::take(&mut self.key);
        let word = self.lexicon.word(&key);
        let means = word != UNKNOWN && !self.lexicon.only_fills(word);
        if means || !self.apart(&key, start, end, capital) {
            self.push(start, end, Kind::Word, capital, word, 0);
        }
        self.key = key;
    }

    /// Takes a word apart where its language writes words together; tells whether all parts are known.
    fn apart(&mut self, key: &str, start: usize, end: usize, capital: bool) -> bool {
        let Some(parts) = self.lexicon.apart(key) else { return false };
        let last = parts.len().saturating_sub(1);
        let mut at = start;
        for (index, (word, bytes)) in parts.iter().enumerate() {
            let until = if index == last { end } else { self.source_end(at, end, *bytes) };
            self.push(at, until, Kind::Word, capital && index == 0, *word, 0);
            at = until;
        }
        true
    }

    /// Returns where the part ends whose folded form has some bytes, the marks on its last letter with it.
    fn source_end(&self, start: usize, end: usize, bytes: usize) -> usize {
        let mut folded = 0;
        let part = self.text.get(start..end).unwrap_or_default();
        let behind = part.char_indices().find(|(_, c)| {
            let full = folded >= bytes;
            let before = folded;
            fold_char(*c, |c| folded += c.len_utf8());
            full && folded > before
        });
        behind.map_or(end, |(at, _)| start + at)
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || matches!(c, 'º' | 'ª')
}

/// Letters, and signs that stand on or between the letters of one word.
fn continues(c: char) -> bool {
    (is_letter(c) && !stands_alone(c))
        || matches!(u32::from(c), 0x300..=0x36F | 0x5B0..=0x5C7 | 0x640 | 0x64B..=0x65F | 0x670 | 0x200C | 0x200D | 0xAD | 0x93C..=0x94D)
        || matches!(c, '״' | '׳')
}

/// Characters of scripts that put no space between words are words of their own.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

fn is_ignored(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F | 0x64B..=0x65F | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2069 | 0xFEFF | 0xFE00..=0xFE0F)
}

/// Maps signs that mean the same to one.
fn plain_sign(c: char) -> char {
    match c {
        '’' | '‘' | 'ʼ' | '´' | '`' | '′' | '׳' => '\'',
        '–' | '—' | '‐' | '‑' | '−' | '־' | '﹣' | '－' | '〜' | '～' => '-',
        '٪' | '％' | '﹪' => '%',
        '،' | '，' | '、' => ',',
        '．' => '.',
        '：' => ':',
        '／' => '/',
        '＄' => '$',
        '￥' => '¥',
        '￡' => '£',
        '（' => '(',
        '）' => ')',
        '“' | '”' | '„' | '«' | '»' | '״' => '"',
        _ => c,
    }
}
