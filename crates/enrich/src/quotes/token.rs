//! Words and signs of a block with their offsets, folded and classified by the lexicon.

use naba_text::fold_str;

use super::lexicon::{Lexicon, Tags};
use super::marks::Marked;

/// A word or a sign.
#[derive(Clone, Debug, Default)]
pub(super) struct Token {
    /// First scalar value.
    pub(super) start: u32,
    /// One past the last scalar value.
    pub(super) end: u32,
    /// Byte range in the block's text.
    pub(super) bytes: (usize, usize),
    /// The word folded for matching; a sign as it is.
    pub(super) key: String,
    /// Classes of the word.
    pub(super) tags: Tags,
    /// Length in tokens of the longest cue that begins here, 0 when none does.
    pub(super) cue_length: usize,
    /// True for words, false for signs and numbers.
    pub(super) word: bool,
    /// True for numbers.
    pub(super) number: bool,
    /// True when the first letter is a capital.
    pub(super) upper: bool,
    /// True inside quotation marks.
    pub(super) quoted: bool,
    /// True when no white space stands before it.
    pub(super) glued: bool,
    /// True when a written-on article, or a preposition with one, begins the word.
    pub(super) definite: bool,
    /// True when a written-on preposition begins the word.
    pub(super) preposition: bool,
    /// Scalar values of the proclitics before the classified word.
    pub(super) proclitic: u32,
}

/// Folds a word for matching.
///
/// The final alef maqsura stays apart from ya: "على" (on) and "علي" (Ali) are different words.
pub(super) fn key_of(word: &str) -> String {
    let mut key = fold_str(word);
    if word.ends_with('ى') && key.ends_with('ي') {
        key.pop();
        key.push('ى');
    }
    key
}

/// Splits an entry of the data files as a text is split.
pub(super) fn plain_words(text: &str) -> Vec<String> {
    scan(text.trim(), &Marked::default()).into_iter().map(|token| token.key).collect()
}

/// Splits a block into words and signs and classifies them.
pub(super) fn tokens(text: &str, marked: &Marked, lexicon: &Lexicon) -> Vec<Token> {
    let mut tokens = scan(text, marked);
    for at in 0..tokens.len() {
        classify(text, &mut tokens, at, lexicon);
    }
    tokens
}

fn scan(text: &str, marked: &Marked) -> Vec<Token> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let byte = |i: usize| chars.get(i).map_or(text.len(), |(at, _)| *at);
    let mut out = Vec::new();
    let (mut i, mut glued) = (0, false);
    while let Some(&(_, c)) = chars.get(i) {
        if c.is_whitespace() {
            (i, glued) = (i + 1, false);
            continue;
        }
        let start = i;
        i += 1;
        let word = is_word(c);
        if word {
            while chars.get(i).is_some_and(|(_, c)| is_word(*c)) || continues(&chars, start, i, marked) {
                i += 1;
            }
        }
        let surface = text.get(byte(start)..byte(i)).unwrap_or_default();
        let key = if word { key_of(surface) } else { surface.to_owned() };
        let number = word && key.starts_with(|c: char| c.is_ascii_digit());
        out.push(Token {
            start: scalar(start),
            end: scalar(i),
            bytes: (byte(start), byte(i)),
            key,
            word: word && !number,
            number,
            upper: c.is_uppercase(),
            quoted: marked.covers(start),
            glued,
            ..Token::default()
        });
        glued = true;
    }
    out
}

/// Tells whether the sign at `i` belongs to the word begun at `start`: "O'Brien", מנכ"ל.
fn continues(chars: &[(usize, char)], start: usize, i: usize, marked: &Marked) -> bool {
    let at = |i: usize| chars.get(i).map(|(_, c)| *c);
    let (Some(sign), Some(next)) = (at(i), at(i + 1)) else { return false };
    if marked.is_mark(i) || !is_word(next) {
        return false;
    }
    let hebrew = ('\u{5D0}'..='\u{5EA}').contains(&next);
    match sign {
        '"' | '״' | '׳' => hebrew,
        '\'' | '’' => hebrew || (i == start + 1 && at(start) == Some('O') && next.is_uppercase()),
        _ => false,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(u32::from(c), 0x300..=0x36F | 0x591..=0x5BD | 0x610..=0x61A | 0x640 | 0x64B..=0x65F | 0x670 | 0x6D6..=0x6ED | 0x93A..=0x94F | 0x200C..=0x200D)
}

pub(super) fn scalar(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

fn classify(text: &str, tokens: &mut [Token], at: usize, lexicon: &Lexicon) {
    let Some(token) = tokens.get(at).filter(|token| token.word) else { return };
    let surface = text.get(token.bytes.0..token.bytes.1).unwrap_or_default();
    let proclitic = surface.chars().next().filter(|c| lexicon.proclitics.contains(c));
    let (definite, preposition, joined) = written_on(surface, lexicon);
    let forms = forms(&token.key, proclitic.is_some(), definite, lexicon);
    let following = |i: usize| tokens.get(at + 1 + i).map(|token| token.key.as_str());
    let mut found: Vec<(usize, Tags)> = Vec::new();
    let mut stripped = 0;
    for (form, cut, bare) in &forms {
        let before = found.len();
        // A verb carries no article.
        let only = if *bare { Tags::VERB } else { Tags::default() };
        lexicon.look_up(form, following, |length, tags| found.push((length, tags.without(only))));
        if found.len() > before {
            stripped = *cut;
        }
        // Lists of stop words have "وقال" too: that must not hide the verb.
        if found.iter().any(|(_, tags)| tags.without(Tags::STOP) != Tags::default()) {
            break;
        }
    }
    let prefixed = found.is_empty() && attached(&token.key, lexicon, &mut found);
    if let Some(token) = tokens.get_mut(at) {
        token.definite = definite;
        token.preposition = preposition || prefixed;
        token.proclitic = if joined { 1 } else { stripped };
    }
    for (length, tags) in found {
        mark(tokens, at, length, tags);
    }
    // An accusative that is written out (كثيرًا) is an adverb or an object.
    if surface.contains('\u{64B}')
        && let Some(token) = tokens.get_mut(at)
    {
        token.tags = token.tags.or(Tags::BREAK);
    }
}

fn mark(tokens: &mut [Token], at: usize, length: usize, tags: Tags) {
    let cue = tags.any(Tags::CUE.or(Tags::SAME));
    if length == 1 || !cue {
        for token in tokens.iter_mut().skip(at).take(length) {
            token.tags = token.tags.or(tags);
        }
    }
    if let Some(token) = tokens.get_mut(at).filter(|_| cue) {
        token.tags = token.tags.or(tags);
        token.cue_length = token.cue_length.max(length);
    }
}

/// Tells whether a word begins with an article, whether a preposition stands before that, and whether a proclitic does.
fn written_on(surface: &str, lexicon: &Lexicon) -> (bool, bool, bool) {
    if lexicon.article.is_empty() {
        return (false, false, false);
    }
    let inner = surface.strip_prefix(|c| lexicon.proclitics.contains(&c)).unwrap_or(surface);
    for (form, joined) in [(surface, false), (inner, true)] {
        if form.strip_prefix(lexicon.article.as_str()).is_some_and(|rest| rest.chars().count() >= 2) {
            return (true, false, joined);
        }
        let arabic = lexicon.article == "ال" && form.chars().count() >= 4;
        if arabic && ["بال", "لل", "كال"].iter().any(|prefix| form.starts_with(prefix)) {
            return (true, true, joined);
        }
    }
    (false, false, false)
}

/// Returns the forms under which a word may stand in the lexicon, each with the scalar values of the proclitic cut and
/// whether an article was cut.
fn forms<'k>(key: &'k str, proclitic: bool, article: bool, lexicon: &Lexicon) -> Vec<(&'k str, u32, bool)> {
    let mut out = vec![(key, 0, false)];
    let behind_first = key.char_indices().nth(1).and_then(|(at, _)| key.get(at..)).unwrap_or_default();
    if proclitic && behind_first.chars().nth(1).is_some() {
        out.push((behind_first, 1, false));
    }
    if article {
        for at in 0..out.len() {
            let Some((form, cut, _)) = out.get(at).copied() else { break };
            let bare = form.strip_prefix(lexicon.article.as_str()).or_else(|| form.strip_prefix("لل"));
            let bare = bare.or_else(|| form.get(2..).and_then(|rest| rest.strip_prefix(lexicon.article.as_str())));
            out.extend(bare.map(|bare| (bare, cut, true)));
        }
    }
    out
}

/// Looks a word up without a written-on preposition ("لوكالة"): only words that cannot be names are taken.
fn attached(key: &str, lexicon: &Lexicon, found: &mut Vec<(usize, Tags)>) -> bool {
    if lexicon.article.is_empty() {
        return false;
    }
    let Some(rest) = key.strip_prefix(['ل', 'ب', 'ك', 'ל', 'ב', 'מ']) else { return false };
    let mut hit = false;
    // Two letters are left of many a name (ברק) that hide a particle.
    let particle = if rest.chars().count() > 2 { Tags::BREAK } else { Tags::default() };
    let governed = Tags::BODY.or(Tags::TITLE).or(Tags::NAMING).or(particle);
    lexicon.look_up(rest, |_| None, |_, tags| hit |= tags.any(governed));
    if hit {
        found.push((1, Tags::BREAK));
    }
    hit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preposition_is_told_from_a_name() {
        assert_ne!(key_of("على"), key_of("علي"));
        assert_eq!(key_of("أكّد"), key_of("اكد"));
    }

    #[test]
    fn proclitics_and_articles_do_not_hide_a_word() {
        let lexicon = Lexicon::of("ar");
        let tokens = tokens("وأوضح المبعوث للصحافيين", &Marked::default(), lexicon);
        assert!(tokens[0].tags.any(Tags::SAY_M));
        assert_eq!(tokens[0].proclitic, 1);
        assert!(tokens[1].tags.any(Tags::TITLE) && tokens[1].definite);
        assert!(tokens[2].preposition);
    }
}
