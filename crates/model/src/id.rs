//! Identifiers: 128 bits of SHA-256 (FIPS 180-4) over a labelled input, as 32 lower-case hexadecimal digits.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::url::NormalUrl;

/// Why a string is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {value:?} is not 32 lower-case hexadecimal digits")]
pub struct IdError {
    kind: &'static str,
    value: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(String);

        impl $name {
            /// Reads an identifier from its 32 digits.
            pub fn parse(value: &str) -> Result<Self, IdError> {
                let ok = value.len() == 32 && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if ok {
                    Ok(Self(value.to_owned()))
                } else {
                    let value = value.chars().take(64).collect();
                    Err(IdError { kind: stringify!($name), value })
                }
            }

            /// Returns the 32 digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the 32 digits, owned.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// Identifies an address: hash of the normalised final URL.
    UrlHash
}
id! {
    /// Identifies an article: hash of the normalised canonical URL.
    ArticleId
}
id! {
    /// Identifies a content of an article: hash of headline, deck, standfirst and derived body.
    ContentHash
}
id! {
    /// Identifies a reader comment.
    CommentId
}
id! {
    /// Identifies a source, unless the operator names it.
    SourceId
}

impl UrlHash {
    /// Derives the hash of an address.
    pub fn of(url: &NormalUrl) -> Self {
        Self(hash128("url", &[url.as_str()]))
    }
}

impl ArticleId {
    /// Derives the identifier of the article at a canonical address.
    pub fn of(canonical: &NormalUrl) -> Self {
        Self(hash128("article", &[canonical.as_str()]))
    }
}

impl ContentHash {
    /// Derives the hash of the parts that make up a content, each already normalised.
    pub fn of(headline: &str, deck: &str, standfirst: &str, body: &str) -> Self {
        Self(hash128("content", &[headline, deck, standfirst, body]))
    }
}

impl CommentId {
    /// Derives the identifier of a comment.
    pub fn of(article: &ArticleId, position: u32, author: &str, text: &str) -> Self {
        Self(hash128("comment", &[article.as_str(), &position.to_string(), author, text]))
    }
}

impl SourceId {
    /// Derives the identifier of a source that the operator did not name.
    pub fn of(url: &str) -> Self {
        Self(hash128("source", &[url]))
    }
}

/// Returns the SHA-256 of bytes as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Hashes parts with their lengths, so that no two lists of parts give the same input.
fn hash128(label: &str, parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(label.as_bytes());
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex(&hasher.finalize()[..16])
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(ContentHash::of("ab", "", "", "c"), ContentHash::of("a", "b", "", "c"));
    }

    #[test]
    fn an_identifier_of_the_wrong_form_is_refused() {
        assert!(ArticleId::parse("ABCDEF00000000000000000000000000").is_err());
        assert!(ArticleId::parse("abc").is_err());
        let id = ContentHash::of("h", "", "", "b");
        assert_eq!(ContentHash::parse(id.as_str()).unwrap(), id);
    }

    #[test]
    fn sha256_agrees_with_the_standard() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
