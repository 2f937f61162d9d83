//! Tokens of a document that may be broken anywhere.

use std::borrow::Cow;

use quick_xml::errors::{Error, SyntaxError};
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use crate::entity::resolve_reference;
use crate::limits::MAX_RESTARTS;
use crate::listing::{Diagnostic, Notes};

/// A token; comments, processing instructions, declarations and document types are left out.
#[derive(Debug, PartialEq)]
pub(crate) enum Token<'a> {
    /// A start tag.
    Start {
        /// Qualified name as written.
        name: &'a str,
        /// What stands behind the name.
        attributes: &'a str,
        /// True for `<a/>`.
        empty: bool,
    },
    /// An end tag.
    End(&'a str),
    /// Text with references resolved.
    Text(Cow<'a, str>),
}

/// Cuts text into tokens. Markup that does not close is taken as text, and scanning starts again behind it.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where the reader started, in bytes of `text`.
    offset: usize,
    restarts: usize,
    done: bool,
}

impl<'a> Scanner<'a> {
    /// Starts at the beginning of decoded text.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, reader: lenient_reader(text), offset: 0, restarts: 0, done: false }
    }

    /// Returns the next token, or `None` at the end.
    pub(crate) fn next(&mut self, notes: &mut Notes) -> Option<Token<'a>> {
        while !self.done {
            let start = self.offset + usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
            match self.reader.read_event() {
                Ok(event) => {
                    if let Some(token) = self.token(event, start, notes) {
                        return Some(token);
                    }
                }
                Err(error) => {
                    notes.add(Diagnostic::NotWellFormed);
                    if let Some(token) = self.recover(&error) {
                        return Some(token);
                    }
                }
            }
        }
        None
    }

    fn token(&mut self, event: Event<'a>, start: usize, notes: &mut Notes) -> Option<Token<'a>> {
        match event {
            Event::Start(_) | Event::Empty(_) => {
                let empty = matches!(event, Event::Empty(_));
                let inside = self.inside(start)?;
                let inside = if empty { inside.strip_suffix('/').unwrap_or(inside) } else { inside };
                let end = inside.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(inside.len());
                let (name, attributes) = inside.split_at_checked(end)?;
                if name.starts_with(is_name_start) {
                    return Some(Token::Start { name, attributes, empty });
                }
                // `<` as "less than".
                notes.add(Diagnostic::NotWellFormed);
                self.as_text(start)
            }
            Event::End(_) => {
                let name = self.inside(start)?.strip_prefix('/')?.trim();
                Some(Token::End(name))
            }
            Event::Text(text) => Some(Token::Text(text.into_inner())),
            Event::CData(data) => Some(Token::Text(data.into_inner())),
            Event::GeneralRef(reference) => {
                let name = reference.into_inner();
                Some(Token::Text(resolve_reference(&name).unwrap_or_else(|| {
                    notes.add(Diagnostic::UnknownEntity);
                    Cow::Owned(format!("&{name};"))
                })))
            }
            Event::Eof => {
                self.done = true;
                None
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
        }
    }

    fn end(&self) -> usize {
        self.offset + usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// Returns what stands between the brackets of the tag just read.
    fn inside(&self, start: usize) -> Option<&'a str> {
        self.text.get(start..self.end())?.strip_prefix('<')?.strip_suffix('>')
    }

    fn as_text(&self, start: usize) -> Option<Token<'a>> {
        Some(Token::Text(Cow::Borrowed(self.text.get(start..self.end())?)))
    }

    /// All errors of the reader mean that some markup never closes.
    fn recover(&mut self, error: &Error) -> Option<Token<'a>> {
        let at = self.offset + usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        let rest = self.text.get(at..).unwrap_or_default();
        if matches!(error, Error::Syntax(SyntaxError::UnclosedCData)) {
            // A document that was cut in its last entry.
            self.done = true;
            return Some(Token::Text(Cow::Borrowed(rest.get("<![CDATA[".len()..)?)));
        }
        self.restarts += 1;
        let Some(behind) = rest.get(1..).filter(|_| self.restarts <= MAX_RESTARTS) else {
            self.done = true;
            return Some(Token::Text(Cow::Borrowed(rest)));
        };
        self.offset = at + 1;
        self.reader = lenient_reader(behind);
        match error {
            // The opening of a comment is no text.
            Error::Syntax(SyntaxError::UnclosedComment) => None,
            _ => Some(Token::Text(Cow::Borrowed(rest.get(..1)?))),
        }
    }
}

fn lenient_reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    reader
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> (String, Vec<Diagnostic>) {
        let mut notes = Notes::default();
        let mut scanner = Scanner::new(text);
        let mut out = String::new();
        while let Some(token) = scanner.next(&mut notes) {
            match token {
                Token::Start { name, attributes, empty } => {
                    out.push_str(&format!("[{name}|{}{}]", attributes.trim(), if empty { "|/" } else { "" }));
                }
                Token::End(name) => out.push_str(&format!("[/{name}]")),
                Token::Text(text) => out.push_str(&text),
            }
        }
        (out, notes.into_vec())
    }

    #[test]
    fn references_and_bare_ampersands_are_text() {
        let (out, notes) = tokens("<a b='c'>AT&T &eacute;&#65;&#x42; &nosuch; & &amp;<d/></a>");
        assert_eq!(out, "[a|b='c']AT&T éAB &nosuch; & &[d||/][/a]");
        assert_eq!(notes, [Diagnostic::UnknownEntity]);
    }

    #[test]
    fn less_than_is_text() {
        let (out, notes) = tokens("<a>1 < 2 and 3 > 2</a>");
        assert_eq!(out, "[a|]1 < 2 and 3 > 2[/a]");
        assert_eq!(notes, [Diagnostic::NotWellFormed]);
    }

    #[test]
    fn a_document_cut_in_its_last_entry_keeps_what_it_has() {
        assert_eq!(tokens("<a>x<![CDATA[<p>one").0, "[a|]x<p>one");
        assert_eq!(tokens("<a>x</a><b hre").0, "[a|]x[/a]<b hre");
        assert_eq!(tokens("<a><!-- x <b>y</b>").0, "[a|]!-- x [b|]y[/b]");
    }
}
