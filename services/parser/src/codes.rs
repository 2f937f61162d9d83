//! The codes that the parser gives, beside those of the runtime.

use naba_extract::ExtractError;
use naba_stage::{Code, Outcome, StageError};

/// The document, or what was made of it, breaks the contract.
pub const CONTRACT: Code = "contract";

/// Every code of the parser with what it means and what to do, for docs/dead-letters.md.
pub const ALL: &[(Code, &str, &str)] = &[
    ("unsupported_type", "the document is neither HTML nor text", "nothing; remove the source if all of it is"),
    ("empty", "the document is empty", "nothing"),
    ("undecodable", "the bytes are no text in any encoding", "look at the document; report the encoding if it is one"),
    ("too_large", "the document is over 5 MiB", "nothing; pages are capped"),
    ("too_deep", "the elements are nested deeper than 512", "look at the page; a bug of the publisher or an attack"),
    ("too_many_nodes", "the page has more than 400,000 nodes", "look at the page; a bug of the publisher or an attack"),
    ("not_an_article", "the page is a home page or a listing", "nothing; a wave of it from one site is a new layout"),
    ("bot_wall", "the page is a challenge for robots or an error page", "look at the site; talk to the publisher"),
    ("too_short", "hardly any text was found", "nothing; a wave of it from one site is a new layout"),
    ("no_headline", "no headline was found", "nothing; a wave of it from one site is a new layout"),
    (CONTRACT, "the document or its article breaks the contract", "report it with the dead letter"),
];

/// Decides the fate of a document that gave no article.
pub fn fate(error: &ExtractError) -> Result<Outcome, StageError> {
    match error {
        ExtractError::UnsupportedType(_)
        | ExtractError::Empty
        | ExtractError::TooLarge(_)
        | ExtractError::NoArticle
        | ExtractError::BotWall(_)
        | ExtractError::TooShort(_)
        | ExtractError::NoHeadline => Ok(Outcome::Skip(error.code())),
        ExtractError::Undecodable { .. }
        | ExtractError::TooDeep(_)
        | ExtractError::TooManyNodes(_)
        | ExtractError::Contract(_) => Err(StageError::poison(error.code(), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_skipped_and_a_hostile_page_is_poison() {
        assert!(matches!(fate(&ExtractError::NoArticle), Ok(Outcome::Skip("not_an_article"))));
        assert!(matches!(fate(&ExtractError::TooDeep(600)), Err(StageError::Poison { code: "too_deep", .. })));
    }

    #[test]
    fn every_fate_is_documented() {
        let undecodable = ExtractError::Undecodable { encoding: "UTF-8", replaced: 1, characters: 1 };
        for error in [undecodable, ExtractError::Empty, ExtractError::BotWall("x"), ExtractError::TooManyNodes(1)] {
            assert!(ALL.iter().any(|(code, _, _)| *code == error.code()), "{} is not documented", error.code());
        }
    }
}
