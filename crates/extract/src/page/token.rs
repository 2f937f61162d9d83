//! From text to tokens: the tokenization of the HTML standard, for html5ever's tree builder.
//!
//! html5ever's own tokenizer reads a stream character by character and copies each attribute. Here the whole text is at hand:
//! texts and values are parts of it, attributes that nobody reads are passed over, and the work is linear in its length.
//! That both give the same tree is held by a test.

mod raw;

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, TokenizerOpts};
use html5ever::tree_builder::TreeBuilder;
use html5ever::{Attribute, LocalName, QualName, local_name, ns};
use memchr::{memchr, memchr_iter};

use super::attribute::Attr;
use super::reference;
use super::sink::{Handle, Sink};
use crate::error::ExtractError;

/// Most attributes kept of one tag.
const MAX_ATTRIBUTES: usize = 64;
/// Slots of the cache of tag names; a power of two.
const NAME_SLOTS: usize = 256;

/// What the text at the current place is.
enum Mode {
    /// Text and tags.
    Data,
    /// Text up to an end tag of this name.
    Raw(LocalName, RawKind),
    /// Text to the end of the document.
    Plaintext,
}

/// A tokenizer over a whole document.
pub struct Tokenizer<'a> {
    source: &'a StrTendril,
    bytes: &'a [u8],
    at: usize,
    mode: Mode,
    has_null: bool,
    names: Vec<LocalName>,
    builder: TreeBuilder<Handle, Sink>,
}

/// Normalizes line breaks and drops the byte-order mark, as the standard asks before tokenization.
pub fn normalized(text: &str) -> StrTendril {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if memchr(b'\r', text.as_bytes()).is_none() {
        return StrTendril::from(text);
    }
    StrTendril::from(text.replace("\r\n", "\n").replace('\r', "\n"))
}

impl<'a> Tokenizer<'a> {
    /// Makes a tokenizer of a normalized text.
    pub fn new(source: &'a StrTendril, builder: TreeBuilder<Handle, Sink>) -> Self {
        let bytes = source.as_bytes();
        let has_null = memchr(0, bytes).is_some();
        Self {
            source,
            bytes,
            at: 0,
            mode: Mode::Data,
            has_null,
            names: vec![LocalName::default(); NAME_SLOTS],
            builder,
        }
    }

    /// Reads the text to its end, or until the tree grows beyond its limits.
    pub fn run(mut self) -> Result<Sink, ExtractError> {
        while self.at < self.bytes.len() {
            match std::mem::replace(&mut self.mode, Mode::Data) {
                Mode::Data => self.data(),
                Mode::Raw(name, kind) => self.raw(&name, kind),
                Mode::Plaintext => {
                    self.text(self.at, self.bytes.len(), false, true);
                    self.at = self.bytes.len();
                }
            }
            self.builder.sink.check()?;
        }
        self.emit(Token::EOFToken);
        self.builder.end();
        Ok(self.builder.sink)
    }

    /// Hands over a token after which text goes on as before.
    fn emit(&self, token: Token) {
        let _ = self.builder.process_token(token, 1);
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn find(&self, byte: u8, from: usize) -> usize {
        memchr(byte, self.bytes.get(from..).unwrap_or_default()).map_or(self.bytes.len(), |found| from + found)
    }

    fn part(&self, from: usize, to: usize) -> &'a str {
        self.source.get(from..to).unwrap_or_default()
    }

    /// A part of the text that shares its memory.
    fn shared(&self, from: usize, to: usize) -> StrTendril {
        let (Ok(offset), Ok(length)) = (u32::try_from(from), u32::try_from(to - from)) else {
            return StrTendril::new();
        };
        self.source.try_subtendril(offset, length).unwrap_or_default()
    }

    /// Hands over text. Nulls are told to the builder one by one, or replaced where the standard says so.
    fn text(&self, from: usize, to: usize, references: bool, replace_null: bool) {
        if from >= to {
            return;
        }
        let text = self.part(from, to);
        let has_null = self.has_null && text.contains('\0');
        if has_null && !replace_null {
            let mut start = from;
            for null in memchr_iter(0, text.as_bytes()) {
                self.text(start, from + null, references, false);
                self.emit(Token::NullCharacterToken);
                start = from + null + 1;
            }
            return self.text(start, to, references, false);
        }
        let mut decoded = Cow::Borrowed(text);
        if references && memchr(b'&', text.as_bytes()).is_some() {
            decoded = Cow::Owned(reference::decode(text, false));
        }
        if has_null {
            decoded = Cow::Owned(decoded.replace('\0', "\u{FFFD}"));
        }
        let characters = match decoded {
            Cow::Borrowed(_) => self.shared(from, to),
            Cow::Owned(decoded) => StrTendril::from(decoded),
        };
        self.emit(Token::CharacterTokens(characters));
    }

    fn data(&mut self) {
        let end = self.find(b'<', self.at);
        self.text(self.at, end, true, false);
        self.at = end;
        match (self.byte(end + 1), self.byte(end + 2)) {
            (Some(b'a'..=b'z' | b'A'..=b'Z'), _) => self.tag(TagKind::StartTag),
            (Some(b'/'), Some(b'a'..=b'z' | b'A'..=b'Z')) => self.tag(TagKind::EndTag),
            (Some(b'/'), Some(b'>')) => self.at += 3,
            (Some(b'/'), Some(_)) | (Some(b'?'), _) => self.comment_to(self.find(b'>', end + 1) + 1),
            (Some(b'!'), _) => self.declaration(end + 2),
            _ => {
                // A lone sign, or the end of the text.
                let next = (end + if self.byte(end + 1) == Some(b'/') { 2 } else { 1 }).min(self.bytes.len());
                self.text(end, next, false, false);
                self.at = next;
            }
        }
    }

    fn comment_to(&mut self, end: usize) {
        self.emit(Token::CommentToken(StrTendril::new()));
        self.at = end.min(self.bytes.len());
    }

    fn declaration(&mut self, from: usize) {
        let rest = self.bytes.get(from..).unwrap_or_default();
        if rest.starts_with(b"--") {
            self.comment_to(self.comment_end(from + 2));
        } else if rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"doctype")) {
            self.doctype();
        } else if rest.starts_with(b"[CDATA[") && self.builder.adjusted_current_node_present_but_not_in_html_namespace()
        {
            let from = from + 7;
            let end = self.part(from, self.bytes.len()).find("]]>").map_or(self.bytes.len(), |found| from + found);
            self.text(from, end, false, false);
            self.at = (end + 3).min(self.bytes.len());
        } else {
            self.comment_to(self.find(b'>', from) + 1);
        }
    }

    /// The place behind a comment whose content starts at `from`.
    fn comment_end(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        if rest.starts_with(b">") || rest.starts_with(b"->") {
            return self.find(b'>', from) + 1;
        }
        let closes = |at: &usize| rest.get(..*at).is_some_and(|body| body.ends_with(b"--") || body.ends_with(b"--!"));
        memchr_iter(b'>', rest).find(closes).map_or(self.bytes.len(), |at| from + at + 1)
    }

    /// A document type is rare and intricate: html5ever reads it.
    fn doctype(&mut self) {
        let end = (self.find(b'>', self.at) + 1).min(self.bytes.len());
        let one = html5ever::tokenizer::Tokenizer::new(OneToken::default(), TokenizerOpts::default());
        let input = BufferQueue::default();
        input.push_back(self.shared(self.at, end));
        let _ = one.feed(&input);
        one.end();
        if let Some(token) = one.sink.0.take() {
            self.emit(token);
        }
        self.at = end;
    }

    /// Reads a tag at the current place. A tag that does not end is dropped with what follows it, as the standard says.
    fn tag(&mut self, kind: TagKind) {
        let start = self.at + if kind == TagKind::StartTag { 1 } else { 2 };
        let ends = |b: &u8| matches!(b, b'\t' | b'\n' | 0x0C | b' ' | b'/' | b'>');
        let length = self.bytes.get(start..).unwrap_or_default().iter().position(ends);
        let end = length.map_or(self.bytes.len(), |length| start + length);
        let name = self.name(self.part(start, end));
        self.at = end;
        let Some((attrs, self_closing)) = self.attributes(kind == TagKind::StartTag, compares_attributes(&name)) else {
            self.at = self.bytes.len();
            return;
        };
        let tag = Tag { kind, name: name.clone(), self_closing, attrs, had_duplicate_attributes: false };
        self.mode = match self.builder.process_token(Token::TagToken(tag), 1) {
            TokenSinkResult::RawData(kind) => Mode::Raw(name, kind),
            TokenSinkResult::Plaintext => Mode::Plaintext,
            TokenSinkResult::Continue | TokenSinkResult::Script(_) | TokenSinkResult::EncodingIndicator(_) => {
                Mode::Data
            }
        };
    }

    /// Interns a name in lower case, by way of a small cache: pages repeat few names.
    fn name(&mut self, name: &str) -> LocalName {
        let name = lower(name);
        let bytes = name.as_bytes();
        let ends = [bytes.first(), bytes.last()].map(|b| b.copied().map_or(0, usize::from));
        let slot = (ends[0] * 31 + ends[1] * 7 + bytes.len()) % NAME_SLOTS;
        let Some(cached) = self.names.get_mut(slot) else { return LocalName::from(&*name) };
        if **cached != *name {
            *cached = LocalName::from(&*name);
        }
        cached.clone()
    }

    /// Reads the attributes of a tag to its end: those that are read, or all. Nothing when the tag does not end.
    fn attributes(&mut self, keep: bool, all: bool) -> Option<(Vec<Attribute>, bool)> {
        let mut attrs = Vec::new();
        loop {
            self.skip_space();
            match self.byte(self.at)? {
                b'>' => {
                    self.at += 1;
                    return Some((attrs, false));
                }
                b'/' => {
                    self.at += 1;
                    if self.byte(self.at)? == b'>' {
                        self.at += 1;
                        return Some((attrs, true));
                    }
                }
                _ => {
                    let start = self.at;
                    let ends = |b: &u8| matches!(b, b'\t' | b'\n' | 0x0C | b' ' | b'/' | b'>' | b'=');
                    self.at += 1 + self.bytes.get(start + 1..)?.iter().position(ends)?;
                    let name = self.part(start, self.at);
                    let value = self.value()?;
                    if keep && attrs.len() < MAX_ATTRIBUTES {
                        self.keep(name, value, all, &mut attrs);
                    }
                }
            }
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(self.at), Some(b'\t' | b'\n' | 0x0C | b' ')) {
            self.at += 1;
        }
    }

    /// Reads the value behind an attribute's name, if there is one; returns its place.
    fn value(&mut self) -> Option<(usize, usize)> {
        self.skip_space();
        if self.byte(self.at)? != b'=' {
            return Some((self.at, self.at));
        }
        self.at += 1;
        self.skip_space();
        match self.byte(self.at)? {
            quote @ (b'"' | b'\'') => {
                let start = self.at + 1;
                let end = start + memchr(quote, self.bytes.get(start..)?)?;
                self.at = end + 1;
                Some((start, end))
            }
            _ => {
                let start = self.at;
                let ends = |b: &u8| matches!(b, b'\t' | b'\n' | 0x0C | b' ' | b'>');
                self.at += self.bytes.get(start..)?.iter().position(ends)?;
                Some((start, self.at))
            }
        }
    }

    fn keep(&self, name: &str, (from, to): (usize, usize), all: bool, attrs: &mut Vec<Attribute>) {
        let name = lower(name);
        let local = match Attr::of(&name) {
            Some(attr) => attr.local_name(),
            None if all => LocalName::from(&*name),
            None => return,
        };
        if attrs.iter().any(|a| a.name.local == local) {
            return;
        }
        let text = self.part(from, to);
        let special = memchr(b'&', text.as_bytes()).is_some() || self.has_null && text.contains('\0');
        let value = if special {
            StrTendril::from(reference::decode(text, true).replace('\0', "\u{FFFD}"))
        } else {
            self.shared(from, to)
        };
        attrs.push(Attribute { name: QualName::new(None, ns!(), local), value });
    }
}

/// Elements whose attributes decide how the tree is built: the builder compares those of open formatting elements, of which
/// it never has two links, and asks MathML for its encoding.
fn compares_attributes(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("b")
            | local_name!("big")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("nobr")
            | local_name!("s")
            | local_name!("small")
            | local_name!("strike")
            | local_name!("strong")
            | local_name!("tt")
            | local_name!("u")
            | local_name!("annotation-xml")
    )
}

/// A name as the standard compares it.
fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase() || b == 0) {
        return Cow::Owned(name.to_ascii_lowercase().replace('\0', "\u{FFFD}"));
    }
    Cow::Borrowed(name)
}

/// Keeps the document type among the tokens that it is given.
#[derive(Default)]
struct OneToken(RefCell<Option<Token>>);

impl TokenSink for OneToken {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        if matches!(token, Token::DoctypeToken(_)) {
            self.0.replace(Some(token));
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests;
