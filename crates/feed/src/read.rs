//! From bytes to a listing: unpack, decode, tell the format, read.

use naba_model::NormalUrl;
use naba_text::Markup;

use crate::entity::{is_forbidden, mended};
use crate::error::FeedError;
use crate::gzip::unpack;
use crate::listing::{Diagnostic, Listing, ListingKind, Notes};
use crate::xml::{Piece, Pieces, Scope};
use crate::{json, sitemap, syndication};

/// The answer to a request for a listing.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The body after content decoding; a gzip file inside is unpacked here.
    pub bytes: &'a [u8],
    /// The Content-Type header as sent: evidence of the charset only, because publishers send anything.
    pub content_type: Option<&'a str>,
    /// The address that answered: base of relative addresses.
    pub url: &'a NormalUrl,
}

/// Reads a listing of any format, told by its content.
///
/// Broken markup, entries, addresses and times are noted in [`Listing::diagnostics`] and left out; an error means that
/// the body as a whole is no listing.
pub fn read(input: &Input<'_>) -> Result<Listing, FeedError> {
    let mut notes = Notes::default();
    let bytes = unpack(input.bytes, &mut notes)?;
    let decoded = naba_text::decode(&bytes, input.content_type.and_then(charset), Markup::Xml);
    if decoded.replaced {
        notes.add(Diagnostic::BadCharset);
    }
    let text = clean(decoded.text, &mut notes);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Err(FeedError::Empty);
    }
    let scope = Scope { base: input.url.clone(), language: None };
    let mut listing = if json::looks_like(text) {
        json::read(text, &scope, &mut notes)?
    } else if let Some(listing) = plain_sitemap(text, &mut notes) {
        listing
    } else {
        read_xml(text, scope, &mut notes)?
    };
    listing.diagnostics = notes.into_vec();
    Ok(listing)
}

/// Returns the charset parameter of a Content-Type.
fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches(['"', '\''])).filter(|value| !value.is_empty())
}

fn plain_sitemap(text: &str, notes: &mut Notes) -> Option<Listing> {
    if text.starts_with('<') { None } else { sitemap::read_plain(text, notes) }
}

fn read_xml(text: &str, scope: Scope, notes: &mut Notes) -> Result<Listing, FeedError> {
    let mut pieces = Pieces::new(text, scope);
    let Some(Piece::Root(name, scope)) = pieces.next(notes) else {
        return Err(FeedError::NotAFeed { found: found(text, pieces.stranger()) });
    };
    Ok(match name.as_str() {
        "urlset" => sitemap::read(false, &mut pieces, notes),
        "sitemapindex" => sitemap::read(true, &mut pieces, notes),
        "feed" | "entry" => syndication::read(ListingKind::Atom, &scope, &mut pieces, notes),
        _ => syndication::read(ListingKind::Rss, &scope, &mut pieces, notes),
    })
}

/// Names what a body is instead of a listing.
fn found(text: &str, stranger: Option<&str>) -> &'static str {
    let start: String = text.chars().take(64).collect::<String>().to_ascii_lowercase();
    if start.starts_with("<!doctype html") {
        return "html";
    }
    match stranger {
        Some("html" | "head" | "body" | "script" | "div" | "p" | "h1" | "meta") => "html",
        Some("opml") => "opml",
        Some(_) => "xml",
        None if text.chars().take(1024).any(|c| c == '\u{fffd}') => "binary",
        None => "text",
    }
}

/// Drops the control characters that XML forbids and mends those that came out of windows-1252.
pub(crate) fn clean(text: String, notes: &mut Notes) -> String {
    if !may_need_cleaning(text.as_bytes()) {
        return text;
    }
    notes.add(Diagnostic::ControlCharacters);
    text.chars().filter(|c| !is_forbidden(*c)).map(mended).collect()
}

/// Looks for what [`clean`] changes, in UTF-8: this is run over every byte of every listing.
fn may_need_cleaning(bytes: &[u8]) -> bool {
    let is_control = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r');
    // U+0080 to U+009F are C2 80 to C2 9F, U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    let is_special = |pair: &[u8]| matches!(pair, [0xc2, 0x80..=0x9f] | [0xbf, 0xbe..=0xbf]);
    bytes.iter().any(is_control) || bytes.windows(2).any(is_special)
}
