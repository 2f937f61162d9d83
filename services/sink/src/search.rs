//! The form of a text that full-text indexes hold: folded words, so that a query finds what a reader would call the same word.

use naba_text::fold_str;

/// Text of an article that goes into an index, in bytes; PostgreSQL's `tsvector` ends at 1 MiB.
const MAX_INDEXED_BYTES: usize = 256 * 1024;

/// Returns the words of a text for the index: folded (case, diacritics, Arabic letter forms, digits), separated by one space.
/// Scripts without spaces between words give a word a character; a query for such a word is a phrase of its characters.
pub fn index_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for c in fold_str(text).chars() {
        if words.len() > MAX_INDEXED_BYTES {
            break;
        }
        if is_unspaced(c) {
            push_space(&mut words);
            words.push(c);
            words.push(' ');
        } else if is_word(c) {
            words.push(c);
        } else {
            push_space(&mut words);
        }
    }
    words.truncate(words.trim_end().len());
    words
}

/// Returns a query in which every word must occur, each as a phrase of what [`index_words`] makes of it; empty when nothing
/// is left to look for. SQLite's `MATCH` and PostgreSQL's `websearch_to_tsquery` both read it so.
pub fn query_phrases(query: &str) -> String {
    let phrases = query.split_whitespace().map(index_words).filter(|words| !words.is_empty());
    phrases.map(|words| format!("\"{words}\"")).collect::<Vec<_>>().join(" ")
}

fn push_space(words: &mut String) {
    if !words.is_empty() && !words.ends_with(' ') {
        words.push(' ');
    }
}

/// Han, Kana, Thai, Lao, Burmese and Khmer are written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0xE00..=0xEFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

/// Letters, digits, and the signs inside Indic words, which are no letters of their own.
fn is_word(c: char) -> bool {
    // Arabic letters first: the general look-up was a sixth of the time of a batch.
    matches!(c, 'a'..='z' | '0'..='9' | '\u{620}'..='\u{64a}')
        || c.is_alphanumeric()
        || (matches!(u32::from(c), 0x900..=0xDFF) && !matches!(c, '।' | '॥'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_of_any_script_parts_words() {
        assert_eq!(index_words("«الهُدنة»، أسبوعًا؛ ok—go"), "الهدنه اسبوعا ok go");
    }

    #[test]
    fn a_word_without_spaces_is_a_phrase_of_its_characters() {
        assert_eq!(index_words("北京News"), "北 京 news");
        assert_eq!(query_phrases("北京 news"), "\"北 京\" \"news\"");
    }

    #[test]
    fn a_query_holds_no_operators() {
        assert_eq!(query_phrases("a\" OR body:* -b ()"), "\"a\" \"or\" \"body\" \"b\"");
        assert_eq!(query_phrases(" \"* "), "");
    }
}
