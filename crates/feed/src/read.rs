//! From bytes to a listing: unpack, decode, tell the format, read.

use naba_model::NormalUrl;
use naba_text::{Markup, MimeType};

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
    let stated = input.content_type.and_then(MimeType::parse);
    let decoded = naba_text::decode(&bytes, stated.as_ref().and_then(|mime| mime.parameter("charset")), Markup::Xml);
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

/// Looks for what [`clean`] changes, in UTF-8. This is run over every byte of every listing: folding over slices without
/// leaving early lets the compiler use vector instructions.
fn may_need_cleaning(bytes: &[u8]) -> bool {
    const CHUNK: usize = 4096;
    let is_control = |b: u8| (b < 0x20) & (b != b'\t') & (b != b'\n') & (b != b'\r');
    // U+0080 to U+009F are C2 80 to C2 9F, U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    let is_special = |a: u8, b: u8| ((a == 0xc2) & (b < 0xa0)) | ((a == 0xbf) & (b >= 0xbe));
    let seconds = bytes.get(1..).unwrap_or_default();
    bytes.chunks(CHUNK).any(|chunk| chunk.iter().fold(false, |found, b| found | is_control(*b)))
        || bytes
            .chunks(CHUNK)
            .zip(seconds.chunks(CHUNK))
            .any(|(first, second)| first.iter().zip(second).fold(false, |found, (a, b)| found | is_special(*a, *b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_cleaning_changes_is_seen_before() {
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let changes = is_forbidden(c) || mended(c) != c;
            assert!(!changes || may_need_cleaning(format!("x{c}").as_bytes()), "{c:?} is overlooked");
        }
        let across_chunks = format!("{}\u{92}", "x".repeat(4095));
        assert!(may_need_cleaning(across_chunks.as_bytes()));
        assert!(!may_need_cleaning("خبر — «novo» 中\r\n\t".as_bytes()));
    }
}
