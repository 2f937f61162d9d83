//! Bytes: content codings, entity tags, and bodies that are wrong on purpose.

use std::io::{Read, Write};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::draw::Draw;

/// A challenge page as bot walls send it, with status 200.
pub(crate) const BOT_WALL: &str = "<!DOCTYPE html><html><head><title>Just a moment...</title>\
<meta http-equiv=\"refresh\" content=\"8\"></head><body><div id=\"challenge\"><h1>Checking your browser</h1>\
<p>Please enable JavaScript and cookies to continue.</p><form id=\"challenge-form\" action=\"/cdn-cgi/challenge\"></form>\
</div></body></html>";

/// Packs with gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing to memory does not fail; an empty result means "not packed" to the caller.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Packs with Brotli.
pub(crate) fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut reader = brotli::CompressorReader::new(bytes, 4096, 4, 20);
    match reader.read_to_end(&mut packed) {
        Ok(_) => packed,
        Err(_) => Vec::new(),
    }
}

/// Packs with Zstandard.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap_or_default()
}

/// Returns a strong entity tag of a body.
pub(crate) fn etag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

/// Returns gzip of 64 MiB of spaces inside a page: about 64 KiB.
pub(crate) fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let block = [b' '; 65_536];
        let mut write = || -> std::io::Result<()> {
            encoder.write_all(b"<html><body><p>")?;
            for _ in 0..1024 {
                encoder.write_all(&block)?;
            }
            encoder.write_all(b"</p></body></html>")
        };
        write().and_then(|()| encoder.finish()).unwrap_or_default()
    })
}

/// Pads a page beyond 5 MiB with a comment before its end.
pub(crate) fn oversized(page: &str) -> Vec<u8> {
    let mut body = page.replace("</body>", "").into_bytes();
    body.extend_from_slice(b"<div class=\"archive\">");
    while body.len() < 5 * 1024 * 1024 + 4096 {
        body.extend_from_slice(
            b"<p>0123456789 archive line without end and without meaning, kept for padding only</p>\n",
        );
    }
    body.extend_from_slice(b"</div></body></html>");
    body
}

/// Returns bytes that are no text in any charset.
pub(crate) fn garbage(number: usize) -> Vec<u8> {
    let mut draw = Draw::new(0, "garbage", number as u64);
    (0..4096).map(|_| u8::try_from(draw.below(256)).unwrap_or(0)).collect()
}

/// Breaks a page's markup as careless hands do: text stays readable for a browser.
pub(crate) fn mangle(page: &str) -> Vec<u8> {
    page.replace("<!DOCTYPE html>\n", "")
        .replace("</div>\n</div>", "</div></b></span>")
        .replace("class=\"b1\"", "class=b1 id=b1 class=x")
        .replace("</head>", "")
        .replace("</body>", "</p></td>")
        .replace("</html>", "<!-- ")
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bomb_is_small_and_unpacks_to_more_than_sixty_four_mebibytes() {
        assert!(bomb().len() < 100 * 1024, "{}", bomb().len());
        let mut reader = flate2::read::GzDecoder::new(bomb());
        let size = std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
        assert!(size > 64 * 1024 * 1024);
    }

    #[test]
    fn packing_and_unpacking_gives_the_same_bytes() {
        let text = "نص ".repeat(500).into_bytes();
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(gzip(&text).as_slice()).read_to_end(&mut out).unwrap();
        assert_eq!(out, text);
        assert_eq!(zstd::decode_all(zstd(&text).as_slice()).unwrap(), text);
        let mut out = Vec::new();
        brotli::Decompressor::new(brotli(&text).as_slice(), 4096).read_to_end(&mut out).unwrap();
        assert_eq!(out, text);
    }

    #[test]
    fn an_oversized_page_exceeds_five_mebibytes() {
        assert!(oversized("<html><body></body></html>").len() > 5 * 1024 * 1024);
    }
}
