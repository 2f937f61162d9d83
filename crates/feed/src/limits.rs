//! How much of a listing is read: listings come from strangers.

/// Most entries kept of a listing, in entries: the sitemap protocol's own bound, above any real feed.
pub const MAX_ENTRIES: usize = 50_000;
/// Most bytes that a gzip body may grow to: the sitemap protocol's own bound.
pub const MAX_UNZIPPED_BYTES: usize = 50 * 1024 * 1024;
/// Deepest nesting of elements that is followed inside one entry.
pub(crate) const MAX_DEPTH: usize = 256;
/// Most elements of one entry; what follows is dropped.
pub(crate) const MAX_ELEMENTS: usize = 20_000;
/// Longest text node in bytes; what follows is dropped.
pub(crate) const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;
/// Longest attribute value in bytes; longer ones are dropped.
pub(crate) const MAX_ATTRIBUTE_BYTES: usize = 64 * 1024;
/// Most attributes of one element.
pub(crate) const MAX_ATTRIBUTES: usize = 256;
/// Most namespace declarations in force at one time: each element's name is looked up among them.
pub(crate) const MAX_NAMESPACES: usize = 128;
/// Longest written time in bytes: the longest known form has a weekday, two month names and a zone in words.
pub(crate) const MAX_INSTANT_BYTES: usize = 200;
/// How often reading starts again behind broken markup. Each restart may scan the rest of the document once.
pub(crate) const MAX_RESTARTS: usize = 32;
/// Longest content of an entry in bytes: leaves room for headers in a record of 8 MiB.
pub(crate) const MAX_CONTENT_BYTES: usize = 1024 * 1024;
/// Longest summary in bytes.
pub(crate) const MAX_SUMMARY_BYTES: usize = 64 * 1024;
/// Longest title, name, keyword or identifier in bytes.
pub(crate) const MAX_LABEL_BYTES: usize = 2 * 1024;
/// Most authors or categories of one entry.
pub(crate) const MAX_LABELS: usize = 64;

/// Cuts a text to at most `max` bytes at a character boundary.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        let end = (0..=max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
