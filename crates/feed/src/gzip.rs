//! Sitemaps that are gzip files (`sitemap.xml.gz`), unpacked within limits.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::error::FeedError;
use crate::limits::MAX_UNZIPPED_BYTES;
use crate::listing::{Diagnostic, Notes};

const MAGIC: &[u8] = &[0x1f, 0x8b];
/// Real sitemaps, the most repetitive of listings, pack about 1 to 30.
const MAX_RATIO: usize = 100;
/// Below this size a high ratio harms nobody.
const FREE_BYTES: usize = 1024 * 1024;

/// Unpacks a gzip body, once; anything else passes through.
pub(crate) fn unpack<'a>(bytes: &'a [u8], notes: &mut Notes) -> Result<Cow<'a, [u8]>, FeedError> {
    if !bytes.starts_with(MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    let ratio_bytes = bytes.len().saturating_mul(MAX_RATIO).max(FREE_BYTES);
    let limit = ratio_bytes.min(MAX_UNZIPPED_BYTES);
    let mut unpacked = Vec::new();
    // One byte more than allowed tells "exactly the limit" from "beyond".
    let outcome = MultiGzDecoder::new(bytes).take(limit as u64 + 1).read_to_end(&mut unpacked);
    if unpacked.len() > limit {
        return Err(FeedError::Bomb { limit: MAX_UNZIPPED_BYTES, ratio: MAX_RATIO });
    }
    if let Err(error) = outcome {
        if unpacked.is_empty() {
            return Err(FeedError::Gzip(error));
        }
        // A cut transfer or trailing garbage: what came out is worth reading.
        notes.add(Diagnostic::BrokenGzip);
    }
    Ok(Cow::Owned(unpacked))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = pack(&vec![b' '; 8 * 1024 * 1024]);
        assert!(matches!(unpack(&bomb, &mut Notes::default()), Err(FeedError::Bomb { .. })));
    }

    #[test]
    fn garbage_behind_the_end_is_noted_and_ignored() {
        let mut packed = pack(b"<urlset/>");
        packed.extend_from_slice(b"\0\0garbage");
        let mut notes = Notes::default();
        assert_eq!(unpack(&packed, &mut notes).unwrap().as_ref(), b"<urlset/>");
    }

    #[test]
    fn a_cut_body_gives_what_it_held() {
        let text: Vec<u8> = (0..20_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let packed = pack(&text);
        let mut notes = Notes::default();
        let unpacked = unpack(packed.get(..packed.len() / 2).unwrap(), &mut notes).unwrap().into_owned();
        assert!(!unpacked.is_empty() && text.starts_with(&unpacked));
        assert_eq!(notes.into_vec(), [Diagnostic::BrokenGzip]);
    }
}
