//! Limits on what strangers may send.

/// Deepest nesting of elements. Browsers flatten below 512; real news pages stay under 100.
pub const MAX_DEPTH: usize = 512;
/// Most nodes of one page. The largest real page measured has 60,000.
pub const MAX_NODES: usize = 400_000;
/// Longest text of one block, in scalar values.
pub const MAX_BLOCK_CHARS: usize = 50_000;
/// Most blocks of one article.
pub const MAX_BLOCKS: usize = 4_000;
/// Most comments of one article.
pub const MAX_COMMENTS: usize = 1_000;
/// Longest single-line field (headline, author name, tag), in scalar values.
pub const MAX_FIELD_CHARS: usize = 1_000;
/// Most entries of a list field (tags, authors, images).
pub const MAX_LIST: usize = 64;
/// Longest JSON-LD script that is parsed, in bytes.
pub const MAX_LD_BYTES: usize = 1024 * 1024;
/// Longest raw value kept in a provenance, in bytes (the contract's limit).
pub const MAX_RAW_VALUE_BYTES: usize = 512;

/// Cuts a text to a number of scalar values.
pub fn cut(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// Cuts a text to a number of bytes, on a character boundary.
pub fn cut_bytes(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
