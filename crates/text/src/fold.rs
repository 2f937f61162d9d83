//! Folding for matching: forms that readers take for the same word become the same text, and offsets lead back.

use unicode_normalization::char::decompose_canonical;

use crate::digit::digit_value;

/// A folded text that remembers where each of its scalar values came from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Folded {
    /// The folded text.
    pub text: String,
    /// For each scalar value of `text`, the index of its scalar value in the source; one more entry closes the list.
    offsets: Vec<u32>,
}

impl Folded {
    /// Turns a half-open range of scalar values of the folded text into the range of the source that it stands for.
    ///
    /// Returns `None` when the range reaches outside. Marks that were folded away belong to the letter before them.
    pub fn source_range(&self, start: usize, end: usize) -> Option<(u32, u32)> {
        (start <= end).then_some(())?;
        Some((*self.offsets.get(start)?, *self.offsets.get(end)?))
    }
}

/// Folds a text for matching and keeps the way back to the source.
///
/// Case, diacritics, Arabic vowel signs and tatweel go; alef, hamza carriers, ta marbuta, alef maqsura, Persian yeh and
/// keheh each become one letter; digits become ASCII; white space becomes a space; joiners and directional marks go.
pub fn fold(text: &str) -> Folded {
    let mut folded = Folded { text: String::with_capacity(text.len()), offsets: Vec::with_capacity(text.len() / 2) };
    let mut at = 0_u32;
    for c in text.chars() {
        fold_char(c, |out| {
            folded.text.push(out);
            folded.offsets.push(at);
        });
        at = at.saturating_add(1);
    }
    folded.offsets.push(at);
    folded
}

/// Folds a text for matching, without offsets.
pub fn fold_str(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let plain = rest.bytes().position(|b| !matches!(b, b' '..=b'~')).unwrap_or(rest.len());
        let (part, tail) = rest.split_at(if plain == 0 { c.len_utf8() } else { plain });
        if plain == 0 {
            fold_char(c, |folded| out.push(folded));
        } else {
            out.push_str(part);
        }
        rest = tail;
    }
    out.make_ascii_lowercase();
    out
}

/// Folds one scalar value: `emit` is called for each scalar value it becomes, not at all when it is folded away.
pub fn fold_char(c: char, mut emit: impl FnMut(char)) {
    if c.is_ascii() {
        emit(if c.is_ascii_whitespace() { ' ' } else { c.to_ascii_lowercase() });
        return;
    }
    if let Some(same) = fold_letter(c) {
        emit(same);
        return;
    }
    // Most letters of Arabic and Hebrew are their own fold: the tables of decompositions need not be searched.
    if matches!(u32::from(c), 0x627..=0x63A | 0x641..=0x648 | 0x5D0..=0x5EA) {
        emit(c);
        return;
    }
    if is_dropped(c) {
        return;
    }
    if let Some(digit) = digit_value(c).and_then(|v| char::from_digit(v, 10)) {
        emit(digit);
        return;
    }
    if c.is_whitespace() {
        emit(' ');
        return;
    }
    // Hangul syllables and Indic vowels keep their composed form: taking them apart would take the meaning away.
    if matches!(u32::from(c), 0x900..=0xFFF | 0x1000..=0x10FF | 0x1780..=0x17FF | 0x3040..=0x9FFF | 0xAC00..=0xD7AF) {
        emit(c);
        return;
    }
    decompose_canonical(c, |part| {
        if is_dropped(part) {
            return;
        }
        for lower in part.to_lowercase() {
            if !is_dropped(lower) {
                emit(fold_letter(lower).unwrap_or(lower));
            }
        }
    });
}

/// Letters that readers (and careless typists) take for one another.
fn fold_letter(c: char) -> Option<char> {
    Some(match c {
        'أ' | 'إ' | 'آ' | 'ٱ' | '\u{672}' | '\u{673}' => 'ا',
        'ؤ' => 'و',
        'ئ' | 'ى' | 'ی' | 'ے' | 'ۓ' => 'ي',
        'ة' | 'ۀ' | 'ہ' | 'ۃ' | 'ە' | 'ھ' => 'ه',
        'ک' => 'ك',
        '’' | '‘' | 'ʼ' | '´' | '`' | '׳' => '\'',
        '״' => '"',
        '‐' | '‑' | '־' => '-',
        'ё' => 'е',
        'ß' => 's',
        'ı' | 'İ' => 'i',
        'ł' | 'Ł' => 'l',
        'ø' | 'Ø' => 'o',
        'đ' | 'Đ' => 'd',
        _ => return None,
    })
}

/// Signs that are folded away: combining marks of Latin, Greek, Cyrillic, Hebrew and Arabic, tatweel, joiners, marks of
/// direction and of width.
fn is_dropped(c: char) -> bool {
    matches!(
        u32::from(c),
        0x300..=0x36F
            | 0x483..=0x489
            | 0x591..=0x5BD
            | 0x5BF
            | 0x5C1..=0x5C2
            | 0x5C4..=0x5C5
            | 0x5C7
            | 0x610..=0x61A
            | 0x640
            | 0x64B..=0x65F
            | 0x670
            | 0x6D6..=0x6DC
            | 0x6DF..=0x6E4
            | 0x6E7..=0x6E8
            | 0x6EA..=0x6ED
            | 0xAD
            | 0x200B..=0x200F
            | 0x202A..=0x202E
            | 0x2060..=0x2069
            | 0xFE00..=0xFE0F
            | 0xFEFF
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_word_fold_together() {
        assert_eq!(fold_str("إيران"), fold_str("ايران"));
        assert_eq!(fold_str("مُسْتَشْفَى"), fold_str("مستشفي"));
        assert_eq!(fold_str("عـــودة"), fold_str("عوده"));
        assert_eq!(fold_str("کی"), fold_str("كي"));
        assert_eq!(fold_str("Élysée ÉTÉ"), "elysee ete");
        assert_eq!(fold_str("АПРЕЛЬ"), "апрель");
        assert_eq!(fold_str("٤٥"), "45");
    }

    #[test]
    fn an_offset_leads_back_over_vowel_signs() {
        let folded = fold("قَالَ كيري");
        assert_eq!(folded.text, "قال كيري");
        assert_eq!(folded.source_range(4, 8), Some((6, 10)));
        assert_eq!(folded.source_range(0, 9), None);
    }

    proptest! {
        #[test]
        fn offsets_grow_and_end_at_the_length(text in "\\PC{0,40}") {
            let folded = fold(&text);
            prop_assert_eq!(folded.offsets.len(), folded.text.chars().count() + 1);
            prop_assert!(folded.offsets.windows(2).all(|w| w[0] <= w[1]));
            prop_assert_eq!(folded.offsets.last().copied(), u32::try_from(text.chars().count()).ok());
        }
    }
}
