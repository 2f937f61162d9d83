//! Quotation marks: which signs are marks, which close which, and what stands between the outermost.

/// A stretch between outermost quotation marks, in scalar values, marks and inner white space left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Position of the opening mark.
    pub(super) open: usize,
    /// First scalar value inside.
    pub(super) start: usize,
    /// One past the last scalar value inside.
    pub(super) end: usize,
    /// One past the closing mark.
    pub(super) close: usize,
}

/// The quotation marks of a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Marked {
    /// Stretches in order; they do not overlap.
    pub(super) stretches: Vec<Stretch>,
}

impl Marked {
    /// Tells whether a position lies inside marks or on one.
    pub(super) fn covers(&self, at: usize) -> bool {
        let next = self.stretches.partition_point(|stretch| stretch.close <= at);
        self.stretches.get(next).is_some_and(|stretch| stretch.open <= at)
    }

    /// Tells whether a position is an outermost mark.
    pub(super) fn is_mark(&self, at: usize) -> bool {
        self.stretches.iter().any(|s| at == s.open || at + 1 == s.close)
    }
}

/// Finds the outermost quotation marks of a block.
///
/// A mark that is never closed opens nothing, unless `continued` says that the next paragraph opens with a mark again:
/// the convention for speech of several paragraphs.
pub(super) fn find(text: &str, continued: bool) -> Marked {
    let chars: Vec<char> = text.chars().collect();
    let mut stretches = dialogue(&chars);
    let mut i = if stretches.is_empty() { 0 } else { chars.len() };
    while i < chars.len() {
        if !opens(&chars, i) {
            i += 1;
            continue;
        }
        match closing(&chars, i) {
            Some(close) => {
                stretches.extend(trimmed(&chars, i, i + 1, close, close + 1));
                i = close + 1;
            }
            None if continued && matches!(chars.get(i), Some('“' | '«' | '„' | '「')) => {
                stretches.extend(trimmed(&chars, i, i + 1, chars.len(), chars.len()));
                break;
            }
            None => i += 1,
        }
    }
    Marked { stretches }
}

/// Tells whether a block opens with a quotation mark.
pub(super) fn begins_with_mark(text: &str) -> bool {
    text.starts_with(['“', '«', '„', '「', '"'])
}

/// Leaves out white space, and a comma that belongs to the reporter's sentence.
fn trimmed(chars: &[char], open: usize, start: usize, end: usize, close: usize) -> Option<Stretch> {
    let (mut start, mut end) = (start, end);
    let blank = |i: usize| chars.get(i).is_some_and(|c| c.is_whitespace() || is_invisible(*c));
    while start < end && blank(start) {
        start += 1;
    }
    while start < end && (blank(end - 1) || chars.get(end - 1).is_some_and(|c| matches!(c, ',' | '،' | '，'))) {
        end -= 1;
    }
    (start < end).then_some(Stretch { open, start, end, close })
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn at(chars: &[char], i: usize) -> Option<char> {
    chars.get(i).copied()
}

fn before(chars: &[char], i: usize) -> Option<char> {
    i.checked_sub(1).and_then(|i| at(chars, i)).filter(|c| !is_invisible(*c))
}

/// Tells whether a mark may open at `i`.
fn opens(chars: &[char], i: usize) -> bool {
    let Some(mark) = at(chars, i) else { return false };
    let next = at(chars, i + 1);
    if next.is_none_or(|c| c.is_whitespace() && !matches!(mark, '«' | '»')) {
        return false;
    }
    let free = before(chars, i).is_none_or(|c| c.is_whitespace() || is_opening_sign(c));
    match mark {
        '«' | '„' | '‚' | '「' | '『' | '‹' | '“' | '〝' | '‟' => true,
        // Reversed pairs (German »…«, Urdu ”…“ and ’…‘): only where a word could begin.
        '»' | '”' => free && next.is_some_and(char::is_alphanumeric),
        '‘' | '’' | '\'' => free && next.is_some_and(|c| c.is_alphanumeric() || is_double(c) || c == '…'),
        '"' | '＂' => free || written_on(chars, i),
        _ => false,
    }
}

fn is_opening_sign(c: char) -> bool {
    matches!(
        c,
        '(' | '['
            | '{'
            | '—'
            | '–'
            | '-'
            | ':'
            | '،'
            | '/'
            | '¿'
            | '¡'
            | '：'
            | '，'
            | '“'
            | '«'
            | '„'
            | '…'
            | '־'
    )
}

fn is_double(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '«' | '„')
}

/// Tells whether a straight mark follows a particle that is written on to the quotation: و"…", בְּ"…".
///
/// In Hebrew the same sign inside a word marks an acronym (מ"מ), so that a closing mark must follow.
fn written_on(chars: &[char], i: usize) -> bool {
    let word =
        chars.get(..i).unwrap_or_default().iter().rev().take_while(|c| c.is_alphanumeric() || **c == 'ـ').count();
    let particles = chars.get(i - word.min(i)..i).unwrap_or_default();
    let known = |c: &char| matches!(c, 'و' | 'ف' | 'ب' | 'ل' | 'ك' | 'ـ' | 'ב' | 'ל' | 'כ' | 'מ' | 'ש' | 'ה' | 'ו');
    if word == 0 || word > 3 || !particles.iter().all(known) {
        return false;
    }
    let after = chars.get(i + 1..).unwrap_or_default();
    let letters = after.iter().take_while(|c| c.is_alphanumeric()).count();
    let closed = after.iter().enumerate().skip(letters).find(|(_, c)| **c == '"').is_some_and(|(at, _)| {
        after.get(at + 1).is_none_or(|c| !c.is_alphanumeric())
            && !after.get(at.wrapping_sub(1)).is_none_or(|c| c.is_whitespace())
    });
    letters >= 2 && closed
}

/// Finds the mark that closes the one at `open`.
fn closing(chars: &[char], open: usize) -> Option<usize> {
    match at(chars, open)? {
        '«' => nested(chars, open, '«', &['»']),
        '「' => nested(chars, open, '「', &['」']),
        '『' => nested(chars, open, '『', &['』']),
        '‹' => nested(chars, open, '‹', &['›']),
        '„' => nested(chars, open, '„', &['“', '”']).or_else(|| straight(chars, open)),
        '‚' => nested(chars, open, '‚', &['‘', '’']),
        '“' | '‟' => nested(chars, open, '“', &['”']).or_else(|| nested(chars, open, '\0', &['“', '"'])),
        '〝' => nested(chars, open, '〝', &['〞', '〟']),
        '»' => nested(chars, open, '\0', &['«', '»']),
        '”' => nested(chars, open, '\0', &['“', '”']),
        '‘' | '’' | '\'' => single(chars, open),
        _ => straight(chars, open),
    }
}

fn nested(chars: &[char], open: usize, again: char, close: &[char]) -> Option<usize> {
    let mut depth = 0_usize;
    for (i, c) in chars.iter().enumerate().skip(open + 1) {
        if close.contains(c) {
            if depth == 0 {
                return Some(i);
            }
            depth -= 1;
        } else if *c == again {
            depth += 1;
        }
    }
    None
}

/// A straight mark is closed by the next one that is no acronym sign and does not open a word.
fn straight(chars: &[char], open: usize) -> Option<usize> {
    let mark = at(chars, open).filter(|c| matches!(c, '"' | '＂')).unwrap_or('"');
    let hebrew = |c: Option<char>| c.is_some_and(|c| ('\u{5D0}'..='\u{5EA}').contains(&c));
    (open + 1..chars.len())
        .find(|i| at(chars, *i) == Some(mark) && !(hebrew(before(chars, *i)) && hebrew(at(chars, i + 1))))
}

/// A single mark is also an apostrophe: it closes where no letter follows, and after a plural -s only if nothing better does.
fn single(chars: &[char], open: usize) -> Option<usize> {
    let closers: &[char] = match at(chars, open)? {
        '’' => &['‘', '’'],
        '‘' => &['’'],
        _ => &['\''],
    };
    let mut possessive = None;
    for i in open + 1..chars.len() {
        let Some(c) = at(chars, i) else { break };
        if i > open + 1 && closers.contains(&c) && at(chars, i + 1).is_none_or(|next| !next.is_alphanumeric()) {
            let plural = before(chars, i) == Some('s') && at(chars, i + 1) == Some(' ');
            if !plural {
                return Some(i);
            }
            possessive = possessive.or(Some(i));
        } else if matches!(c, '‘') && c != '\'' && !closers.contains(&c) {
            break;
        }
    }
    possessive
}

/// Reads a line of dialogue: it begins with a dash, and further dashes part speech from narration.
fn dialogue(chars: &[char]) -> Vec<Stretch> {
    let dash = |i: usize| at(chars, i).is_some_and(|c| matches!(c, '—' | '–'));
    if !dash(0) || chars.len() < 4 {
        return Vec::new();
    }
    let spaced = at(chars, 1).is_some_and(char::is_whitespace);
    let mut bounds = vec![0];
    for i in 1..chars.len() {
        let left = before(chars, i).is_some_and(char::is_whitespace);
        let right = at(chars, i + 1).is_some_and(char::is_whitespace);
        let parts = if spaced {
            // Russian, French: ", — " and ". — " around the narration; a dash between words is a dash.
            left && right && chars.get(..i).is_some_and(ends_clause)
        } else {
            // Spanish: " —said X—": glued to the narration on one side.
            left != right || at(chars, i + 1).is_some_and(|c| matches!(c, '.' | ',' | ';'))
        };
        if dash(i) && parts {
            bounds.push(i);
        }
    }
    let mut out = Vec::new();
    for (turn, open) in bounds.iter().enumerate().step_by(2) {
        let close = bounds.get(turn + 1).copied().unwrap_or(chars.len());
        let mut start = open + 1;
        while at(chars, start).is_some_and(|c| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':')) {
            start += 1;
        }
        out.extend(trimmed(chars, *open, start, close, close));
    }
    out
}

fn ends_clause(head: &[char]) -> bool {
    let last = head.iter().rev().find(|c| !c.is_whitespace());
    last.is_some_and(|c| matches!(c, ',' | '.' | '!' | '?' | '…' | ':'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        find(text, false).stretches.iter().map(|s| chars[s.start..s.end].iter().collect()).collect()
    }

    #[test]
    fn only_the_outermost_marks_count() {
        assert_eq!(quoted("قال «إن \"الخطة\" جاهزة»."), ["إن \"الخطة\" جاهزة"]);
        assert_eq!(quoted("‘She said, “Good, then.”’"), ["She said, “Good, then.”"]);
        assert_eq!(quoted("他說「這是『好』的」。"), ["這是『好』的"]);
    }

    #[test]
    fn every_pair_of_marks_is_known() {
        assert_eq!(quoted("„Das gibt Chaos“, sagt er."), ["Das gibt Chaos"]);
        assert_eq!(quoted("»Nein«, rief sie."), ["Nein"]);
        assert_eq!(quoted("« Une ancre, c'est une charrue », dit-il."), ["Une ancre, c'est une charrue"]);
        assert_eq!(quoted("کہا: ’میں نے کہا۔‘"), ["میں نے کہا۔"]);
        assert_eq!(quoted("کہا کہ ”کاغذ بوڑھا ہو جاتا ہے“۔"), ["کاغذ بوڑھا ہو جاتا ہے"]);
    }

    #[test]
    fn an_apostrophe_is_no_mark() {
        assert_eq!(quoted("‘It’s the drivers’ choice, isn’t it?’ he said."), ["It’s the drivers’ choice, isn’t it?"]);
        assert_eq!(quoted("The boys' club isn't 'open'."), ["open"]);
    }

    #[test]
    fn a_hebrew_acronym_sign_is_no_mark() {
        assert_eq!(quoted("אמרה המנכ\"לית של החברה"), Vec::<String>::new());
        assert_eq!(quoted("מסתפק ב\"בקשה אחת קטנה\": שלא"), ["בקשה אחת קטנה"]);
        assert_eq!(quoted("18 מ\"ר. \"קמח\" ו\"סבלנות\""), ["קמח", "סבלנות"]);
    }

    #[test]
    fn a_dialogue_line_parts_speech_from_narration() {
        assert_eq!(quoted("—Buscaba sombra —contó Urrutia—. Apoyé el termo."), ["Buscaba sombra", "Apoyé el termo."]);
        assert_eq!(
            quoted("— Это наш чай, — сказал он. — Он — самый северный."),
            ["Это наш чай", "Он — самый северный."]
        );
    }

    #[test]
    fn an_unclosed_mark_opens_nothing_unless_the_speech_goes_on() {
        assert_eq!(quoted("“I was there"), Vec::<String>::new());
        assert_eq!(find("“I was there", true).stretches.len(), 1);
    }

    proptest! {
        #[test]
        fn stretches_lie_in_order_inside_the_text(text in "[a-zאבم \"'“”‘’«»„—–,.「」]{0,60}", continued: bool) {
            let length = text.chars().count();
            let mut last = 0;
            for s in find(&text, continued).stretches {
                prop_assert!(last <= s.open && s.open < s.start && s.start < s.end && s.end <= s.close && s.close <= length);
                last = s.close;
            }
        }
    }
}
