//! Classes of characters, quick for the scripts of most news: the tables of the standard library are searched, not indexed.

/// Tells whether a character is a letter or a digit, as [`char::is_alphanumeric`] does.
pub fn is_alphanumeric(c: char) -> bool {
    match u32::from(c) {
        0x00..=0x7F => c.is_ascii_alphanumeric(),
        // Latin with diacritics, Cyrillic, Hebrew, Arabic, kana, Han, Hangul: letters without a gap.
        0xC0..=0xD6
        | 0xD8..=0xF6
        | 0xF8..=0x2C1
        | 0x400..=0x481
        | 0x48A..=0x52F
        | 0x5D0..=0x5EA
        | 0x620..=0x657
        | 0x660..=0x669
        | 0x66E..=0x6D3
        | 0x3041..=0x3096
        | 0x30A1..=0x30FA
        | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7A3 => true,
        // Dashes, quotation marks and spaces, of the ideographic scripts too.
        0x2000..=0x206F | 0x3000..=0x3004 | 0x3008..=0x3020 => false,
        _ => c.is_alphanumeric(),
    }
}

/// Tells whether a letter is of a script without capitals: Hebrew, Arabic, Indic, Han, kana.
pub fn is_caseless(c: char) -> bool {
    matches!(u32::from(c), 0x590..=0x109F | 0x3040..=0x9FFF | 0xAC00..=0xD7A3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_classes_agree_with_the_standard_library() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?} U+{:04X}", u32::from(c));
            assert!(!is_caseless(c) || !(c.is_uppercase() || c.is_lowercase()), "{c:?} U+{:04X}", u32::from(c));
        }
    }
}
