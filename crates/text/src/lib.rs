//! Charsets, scripts, normalisation, sentences, months, digits and written times.
//!
//! What the pure crates share about text. Everything takes a `&str` or bytes and returns a value: this crate refuses to
//! know what a feed, a page or an article is, and it never fails on strange input, because its input comes from strangers.
//!
//! ```
//! use naba_text::{Direction, Markup, decode, direction_of, parse_instant};
//! let page = decode(b"<meta charset=windows-1256><p>\xCE\xC8\xD1", None, Markup::Html);
//! assert_eq!(direction_of(&page.text), Direction::Ltr); // the markup's letters outnumber three Arabic ones
//! assert!(page.text.ends_with("خبر"));
//! let instant = parse_instant("الثلاثاء ٢٤ أيار/مايو ٢٠٢٢ - ١٥:١٠ بتوقيت غرينتش").unwrap();
//! assert_eq!(instant.millis, 1_653_405_000_000);
//! assert!(instant.zone_known);
//! ```

mod charset;
mod digit;
mod direction;
mod fold;
mod instant;
mod letter;
mod mime;
mod month;
mod prescan;
mod sentence;
mod space;

pub use charset::{Decoded, DecodedBy, Markup, declared_encoding, decode, decode_as};
pub use digit::{digit_value, fold_digits};
pub use direction::{Direction, Script, direction_of, dominant_script, is_rtl_letter, script_of};
pub use fold::{Folded, fold, fold_char, fold_str};
pub use instant::{Found, ParsedInstant, TimePrecision, find_instant, is_weekday, parse_instant};
pub use letter::{is_alphanumeric, is_caseless};
pub use mime::MimeType;
pub use month::{Calendar, Month, jalali_to_gregorian, month_of};
pub use sentence::{sentences, words};
pub use space::{collapse, collapse_line, is_nfc, nfc};
