//! The codes that the fetcher gives, beside those of the frontier ([`naba_frontier::reasons`]), of the HTTP client
//! ([`crate::http::HttpError::code`]) and of the runtime.

use naba_stage::Code;

/// An entry of the frontier topic is malformed.
pub const BAD_ENTRY: Code = "bad_entry";
/// A page or file is of a type that carries no text.
pub const NOT_TEXT: Code = "not_text";
/// A page is empty.
pub const EMPTY_BODY: Code = "empty_body";
/// A file does not lie in the folders that may be read.
pub const FILE_OUTSIDE: Code = "file_outside";
/// A file cannot be read.
pub const FILE_UNREADABLE: Code = "file_unreadable";
/// A page, feed or file is larger than it may be.
pub const TOO_LARGE: Code = "too_large";
/// A record of an archive is damaged.
pub const BAD_RECORD: Code = "bad_record";
/// A record of an archive holds no page: an error of its server, or an object without text.
pub const NO_PAGE: Code = "no_page";
/// Fetching panicked: a bug of naba.
pub const PANIC: Code = "panic";

/// Every code of the fetcher with what it means and what to do, for docs/dead-letters.md.
pub const ALL: &[(Code, &str, &str)] = &[
    (BAD_ENTRY, "an entry of the frontier topic is malformed", "look at the producer of the topic"),
    (NOT_TEXT, "a page or file is of a type that carries no text", "nothing; remove the source if all of it is"),
    (EMPTY_BODY, "a page is empty", "nothing"),
    (FILE_OUTSIDE, "a file does not lie in the folders that may be read", "add its folder to fetcher.file_roots"),
    (FILE_UNREADABLE, "a file cannot be read", "look at its permissions"),
    (TOO_LARGE, "a page, feed or file is larger than it may be", "nothing; pages are capped at 5 MiB"),
    (
        BAD_RECORD,
        "a record of an archive is damaged",
        "look at the file: what stands behind a damaged place is not found",
    ),
    (NO_PAGE, "a record of an archive holds no page: an error of its server, or an object without text", "nothing"),
    (PANIC, "fetching panicked", "report it with the dead letter"),
];
