//! Elements that hold no elements: titles, styles, scripts.

use html5ever::tokenizer::TagKind;
use html5ever::tokenizer::states::RawKind;
use memchr::memchr_iter;

use super::Tokenizer;

impl Tokenizer<'_> {
    /// Reads the text of an element that holds no elements, up to its end tag.
    pub(super) fn raw(&mut self, name: &str, kind: RawKind) {
        let end = if kind == RawKind::ScriptData { self.script_end() } else { self.end_tag(name, self.at) };
        self.text(self.at, end, kind == RawKind::Rcdata, true);
        self.at = end;
        if end < self.bytes.len() {
            self.tag(TagKind::EndTag);
        }
    }

    /// The place of the next end tag of a name, or the end of the text.
    fn end_tag(&self, name: &str, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let found = memchr_iter(b'<', rest).find(|at| self.is_tag(from + at + 1, "/", name));
        found.map_or(self.bytes.len(), |at| from + at)
    }

    fn is_tag(&self, at: usize, prefix: &str, name: &str) -> bool {
        let rest = self.bytes.get(at..).and_then(|rest| rest.strip_prefix(prefix.as_bytes())).unwrap_or_default();
        rest.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
            && matches!(rest.get(name.len()), Some(b'\t' | b'\n' | 0x0C | b' ' | b'/' | b'>'))
    }

    /// The place of the end tag of a script: inside `<!--`, a second script may open and close.
    fn script_end(&self) -> usize {
        let (mut escaped, mut doubly) = (false, false);
        let mut at = self.at;
        while let Some(found) = self.bytes.get(at..).and_then(|rest| rest.iter().position(|b| matches!(b, b'<' | b'>')))
        {
            let here = at + found;
            at = here + 1;
            if self.byte(here) == Some(b'>') {
                let closes = here >= 2 && self.part_ends_with_dashes(here);
                (escaped, doubly) = if closes { (false, false) } else { (escaped, doubly) };
            } else if self.is_tag(here + 1, "/", "script") {
                if !doubly {
                    return here;
                }
                doubly = false;
            } else if !escaped && self.bytes.get(here..).is_some_and(|rest| rest.starts_with(b"<!--")) {
                escaped = true;
            } else if escaped && self.is_tag(here + 1, "", "script") {
                doubly = true;
            }
        }
        self.bytes.len()
    }

    /// Tells whether two dashes of the current element stand before a place.
    fn part_ends_with_dashes(&self, at: usize) -> bool {
        self.bytes.get(self.at..at).is_some_and(|before| before.ends_with(b"--"))
    }
}
