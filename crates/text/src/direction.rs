//! Base direction and script of a text, decided from its letters.

/// Base direction of a run of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Direction {
    /// The text has no strong character.
    Neutral,
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// Script of a letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the variants are the ISO 15924 names")]
pub enum Script {
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Han,
    Kana,
    Hangul,
    Thai,
    Devanagari,
    Bengali,
    OtherIndic,
    Other,
}

const SCRIPTS: usize = 13;

/// Returns the script of a letter, or `None` for digits, marks, punctuation and white space.
pub fn script_of(c: char) -> Option<Script> {
    if !c.is_alphabetic() {
        return None;
    }
    Some(match u32::from(c) {
        0x41..=0x24F | 0x1E00..=0x1EFF | 0xFF21..=0xFF5A | 0xAB30..=0xAB6F => Script::Latin,
        0x370..=0x3FF | 0x1F00..=0x1FFF => Script::Greek,
        0x400..=0x52F | 0x1C80..=0x1C8F | 0x2DE0..=0x2DFF => Script::Cyrillic,
        0x590..=0x5FF | 0xFB1D..=0xFB4F => Script::Hebrew,
        0x600..=0x6FF | 0x750..=0x77F | 0x870..=0x8FF | 0xFB50..=0xFDFF | 0xFE70..=0xFEFF => Script::Arabic,
        0x900..=0x97F => Script::Devanagari,
        0x980..=0x9FF => Script::Bengali,
        0xA00..=0xDFF => Script::OtherIndic,
        0xE00..=0xE7F => Script::Thai,
        0x1100..=0x11FF | 0x3130..=0x318F | 0xAC00..=0xD7AF => Script::Hangul,
        0x3040..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9F => Script::Kana,
        0x3005 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF => Script::Han,
        _ => Script::Other,
    })
}

/// Tells whether a character is a letter written from right to left (bidirectional classes R and AL).
pub fn is_rtl_letter(c: char) -> bool {
    is_written_leftwards(c) && c.is_alphabetic()
}

fn is_written_leftwards(c: char) -> bool {
    matches!(u32::from(c), 0x590..=0x8FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFF | 0x1_0800..=0x1_0FFF | 0x1_E800..=0x1_EFFF)
}

/// Decides the base direction by the majority of strong characters; a tie goes to the first strong one (UAX 9, P2).
pub fn direction_of(text: &str) -> Direction {
    let (mut rtl, mut ltr) = (0_usize, 0_usize);
    let mut first = Direction::Neutral;
    for c in text.chars() {
        if !c.is_alphabetic() {
            continue;
        }
        if is_written_leftwards(c) {
            rtl += 1;
        } else {
            ltr += 1;
        }
        if first == Direction::Neutral {
            first = if rtl > 0 { Direction::Rtl } else { Direction::Ltr };
        }
    }
    match rtl.cmp(&ltr) {
        std::cmp::Ordering::Greater => Direction::Rtl,
        std::cmp::Ordering::Less => Direction::Ltr,
        std::cmp::Ordering::Equal => first,
    }
}

/// Returns the script of most letters, or `None` when there is no letter.
pub fn dominant_script(text: &str) -> Option<Script> {
    let mut counts = [(0_usize, Script::Other); SCRIPTS];
    for script in text.chars().filter_map(script_of) {
        if let Some(entry) = counts.get_mut(script as usize) {
            *entry = (entry.0 + 1, script);
        }
    }
    counts.into_iter().max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 0).map(|(_, script)| script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_majority_decides_even_when_the_text_begins_otherwise() {
        assert_eq!(direction_of("NATO: قالت وزارة الخارجية إن"), Direction::Rtl);
        assert_eq!(direction_of("Der Wert „خبر“ heißt Nachricht"), Direction::Ltr);
        assert_eq!(direction_of("2020 — 5"), Direction::Neutral);
        assert_eq!(direction_of("אב ab"), Direction::Rtl);
    }

    #[test]
    fn scripts_are_told_apart() {
        assert_eq!(dominant_script("台東「夜貓郵局」A+"), Some(Script::Han));
        assert_eq!(dominant_script("тест abc тест"), Some(Script::Cyrillic));
        assert_eq!(dominant_script("12 - 3"), None);
    }
}
