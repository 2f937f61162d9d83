//! From bytes to text: which encoding a document is in, and how that was decided.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::prescan;

/// The form of a document, which says where it can declare its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Markup {
    /// HTML: meta elements.
    Html,
    /// XML: the XML declaration.
    Xml,
    /// Plain text: nowhere.
    Text,
}

/// What decided the encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodedBy {
    /// A byte-order mark.
    Bom,
    /// The Content-Type of the response.
    Http,
    /// The document's own declaration.
    Declared,
    /// The bytes are valid UTF-8 and not ASCII, which no other encoding's text is by chance.
    ValidUtf8,
    /// A statistical guess over the bytes.
    Guessed,
    /// Only ASCII bytes, so that nothing had to be decided.
    Ascii,
}

impl DecodedBy {
    /// Returns a bounded code for notes and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::Bom => "charset_bom",
            Self::Http => "charset_http",
            Self::Declared => "charset_declared",
            Self::ValidUtf8 => "charset_valid_utf8",
            Self::Guessed => "charset_guessed",
            Self::Ascii => "charset_ascii",
        }
    }
}

/// A decoded document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without byte-order mark.
    pub text: String,
    /// The encoding's name in the WHATWG Encoding Standard, for example "windows-1256".
    pub encoding: &'static str,
    /// What decided.
    pub by: DecodedBy,
    /// True when bytes had to be replaced by U+FFFD.
    pub replaced: bool,
}

/// Decodes a document; never fails, bytes that mean nothing become U+FFFD.
///
/// Order of trust: byte-order mark; bytes that are valid UTF-8; the response's charset; the document's declaration; a
/// guess. A declaration that the bytes contradict is passed over: UTF-8 that does not decode, or a Latin code page whose
/// high bytes stand in runs, as those of Arabic, Cyrillic or Greek code pages do.
pub fn decode(bytes: &[u8], http_charset: Option<&str>, markup: Markup) -> Decoded {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return finish(encoding, bytes.get(length..).unwrap_or_default(), DecodedBy::Bom);
    }
    let http = http_charset.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    let declared = match markup {
        Markup::Html => prescan::html(bytes),
        Markup::Xml => prescan::xml(bytes),
        Markup::Text => None,
    };
    let candidates = [(http, DecodedBy::Http), (declared, DecodedBy::Declared)];
    if bytes.is_ascii() {
        let stateful = candidates.into_iter().find(|(encoding, _)| *encoding == Some(ISO_2022_JP));
        if let Some((Some(encoding), by)) = stateful.filter(|_| bytes.contains(&0x1b)) {
            return finish(encoding, bytes, by);
        }
        if let Some(encoding) = utf16_without_bom(bytes) {
            return finish(encoding, bytes, DecodedBy::Guessed);
        }
        if !bytes.contains(&0x1b) {
            let (encoding, by) = candidates
                .into_iter()
                .find_map(|(encoding, by)| Some((encoding?, by)))
                .filter(|(encoding, _)| encoding.is_ascii_compatible())
                .unwrap_or((UTF_8, DecodedBy::Ascii));
            return finish(encoding, bytes, by);
        }
    } else if std::str::from_utf8(bytes).is_ok() {
        let by = candidates.into_iter().find(|(e, _)| *e == Some(UTF_8)).map_or(DecodedBy::ValidUtf8, |(_, by)| by);
        return finish(UTF_8, bytes, by);
    }
    if let Some(encoding) = utf16_without_bom(bytes) {
        return finish(encoding, bytes, DecodedBy::Guessed);
    }
    for (encoding, by) in candidates {
        if let Some(encoding) = encoding.filter(|encoding| fits(encoding, bytes)) {
            return finish(encoding, bytes, by);
        }
    }
    let guess = guess(bytes);
    // A cut or slightly damaged UTF-8 document: nearly all sequences are right.
    if !bytes.is_ascii() && replacement_ratio(UTF_8, bytes) < 0.02 {
        return finish(UTF_8, bytes, DecodedBy::Guessed);
    }
    finish(guess, bytes, DecodedBy::Guessed)
}

/// Decodes bytes in the encoding of a label, or answers `None` when the Encoding Standard does not know the label.
pub fn decode_as(bytes: &[u8], label: &str) -> Option<String> {
    Encoding::for_label(label.as_bytes()).map(|encoding| encoding.decode(bytes).0.into_owned())
}

/// Returns the encoding that an HTML document declares (WHATWG pre-scan), by name.
pub fn declared_encoding(bytes: &[u8]) -> Option<&'static str> {
    prescan::html(bytes).map(Encoding::name)
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// Tells whether the bytes can be text in a declared encoding.
fn fits(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return false;
    }
    if encoding.is_single_byte() {
        return !is_latin(encoding) || !high_bytes_in_runs(bytes) || guess(bytes) == encoding;
    }
    replacement_ratio(encoding, bytes) < 0.02
}

fn is_latin(encoding: &'static Encoding) -> bool {
    encoding == WINDOWS_1252
        || matches!(
            encoding.name(),
            "ISO-8859-2"
                | "ISO-8859-3"
                | "ISO-8859-4"
                | "ISO-8859-10"
                | "ISO-8859-13"
                | "ISO-8859-14"
                | "ISO-8859-15"
                | "ISO-8859-16"
                | "windows-1250"
                | "windows-1254"
                | "windows-1257"
                | "macintosh"
        )
}

/// Tells whether most high bytes stand in runs of three or more: words of another script than Latin.
fn high_bytes_in_runs(bytes: &[u8]) -> bool {
    let (mut total, mut in_runs, mut run) = (0_usize, 0_usize, 0_usize);
    for byte in bytes.iter().chain([&b' ']) {
        if *byte >= 0x80 {
            run += 1;
            continue;
        }
        total += run;
        in_runs += if run >= 3 { run } else { 0 };
        run = 0;
    }
    total >= 20 && in_runs * 2 > total
}

/// Returns the share of replaced characters among the non-ASCII ones.
fn replacement_ratio(encoding: &'static Encoding, bytes: &[u8]) -> f64 {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let (mut bad, mut all) = (0_u32, 0_u32);
    for c in text.chars().filter(|c| !c.is_ascii()) {
        all += 1;
        bad += u32::from(c == '\u{FFFD}');
    }
    f64::from(bad) / f64::from(all.max(1))
}

/// Recognises UTF-16 without a mark by the zero bytes of its markup, spaces and digits.
fn utf16_without_bom(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..512).unwrap_or(bytes);
    if head.len() < 8 {
        return None;
    }
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let enough = head.len() / 10;
    if odd > enough && even == 0 {
        Some(UTF_16LE)
    } else if even > enough && odd == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn finish(encoding: &'static Encoding, bytes: &[u8], by: DecodedBy) -> Decoded {
    let (text, replaced) = encoding.decode_without_bom_handling(bytes);
    Decoded { text: text.into_owned(), encoding: encoding.name(), by, replaced }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{ISO_8859_6, WINDOWS_1251, WINDOWS_1256};
    use proptest::prelude::*;

    use super::*;

    const ARABIC: &str =
        "أعلن وزير الخارجية في وقت متأخر الجمعة عن التوصل إلى خطة لإرساء هدنة في البلاد، وقال إن بلاده مستعدة";
    const RUSSIAN: &str = "Первая партия отправилась в Дубай, а покупателя нашли случайно на выставке ковров";

    #[test]
    fn arabic_code_pages_are_read_when_declared_and_when_not() {
        for encoding in [WINDOWS_1256, ISO_8859_6] {
            let (bytes, _, _) = encoding.encode("أعلن وزير الخارجية عن خطة لإرساء هدنة في البلاد");
            let decoded = decode(&bytes, Some(encoding.name()), Markup::Text);
            assert_eq!((decoded.encoding, decoded.by), (encoding.name(), DecodedBy::Http));
            assert!(decoded.text.starts_with("أعلن"));
        }
        let (bytes, _, _) = WINDOWS_1256.encode(ARABIC);
        assert_eq!(decode(&bytes, None, Markup::Text).text, ARABIC);
    }

    #[test]
    fn a_declaration_that_the_bytes_contradict_is_passed_over() {
        let (bytes, _, _) = WINDOWS_1256.encode(ARABIC);
        assert_eq!(decode(&bytes, Some("utf-8"), Markup::Text).text, ARABIC);
        assert_eq!(decode(&bytes, Some("iso-8859-1"), Markup::Text).text, ARABIC);
        let (bytes, _, _) = WINDOWS_1251.encode(RUSSIAN);
        assert_eq!(decode(&bytes, Some("windows-1252"), Markup::Text).text, RUSSIAN);
        assert_eq!(decode(ARABIC.as_bytes(), Some("windows-1256"), Markup::Text).text, ARABIC);
    }

    #[test]
    fn a_true_latin_declaration_stands() {
        let (bytes, _, _) = WINDOWS_1252.encode("Où est passée la République française, déjà vue à Orléans ?");
        let decoded = decode(&bytes, Some("latin1"), Markup::Html);
        assert_eq!((decoded.encoding, decoded.by), ("windows-1252", DecodedBy::Http));
    }

    #[test]
    fn marks_win_and_utf_16_is_seen_without_one() {
        assert_eq!(decode(b"\xEF\xBB\xBFa", Some("gbk"), Markup::Html).by, DecodedBy::Bom);
        let wide: Vec<u8> = "<html>خبر</html>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&wide, None, Markup::Html).text, "<html>خبر</html>");
    }

    proptest! {
        #[test]
        fn any_bytes_decode(bytes in proptest::collection::vec(any::<u8>(), 0..200), label in "[a-z0-9-]{0,12}") {
            for markup in [Markup::Html, Markup::Xml, Markup::Text] {
                let decoded = decode(&bytes, Some(&label), markup);
                prop_assert!(decoded.text.len() <= bytes.len() * 3);
            }
        }
    }
}
