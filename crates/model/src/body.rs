//! The flat body and the content hash of an article: derived, never stored twice.

use naba_proto::v1::{Article, BlockRole};

use crate::id::ContentHash;

/// Tells whether blocks of a role are part of the body.
pub fn is_body(role: BlockRole) -> bool {
    matches!(
        role,
        BlockRole::Paragraph | BlockRole::Subhead | BlockRole::Quote | BlockRole::ListItem | BlockRole::Table
    )
}

/// Tells whether blocks of a role are running text of the body: all of it but tables.
pub fn is_prose(role: BlockRole) -> bool {
    is_body(role) && role != BlockRole::Table
}

/// Returns the body: the texts of the body blocks, in order, with an empty line between them.
pub fn body_text(article: &Article) -> String {
    let texts: Vec<&str> =
        article.blocks.iter().filter(|block| is_body(block.role())).map(|block| block.text.as_str()).collect();
    texts.join("\n\n")
}

/// Derives the content hash; promo boxes, related links, comments and dates do not change it.
pub fn content_hash(article: &Article) -> ContentHash {
    ContentHash::of(&article.headline, &article.deck, &article.standfirst, &body_text(article))
}

#[cfg(test)]
mod tests {
    use naba_proto::v1::Block;

    use super::*;

    fn block(role: BlockRole, text: &str) -> Block {
        Block { role: role.into(), text: text.into(), ..Block::default() }
    }

    #[test]
    fn a_promo_box_is_no_part_of_the_content() {
        let plain = Article { blocks: vec![block(BlockRole::Paragraph, "a")], ..Article::default() };
        let mut promoted = plain.clone();
        promoted.blocks.push(block(BlockRole::Promo, "follow us"));
        assert_eq!(content_hash(&plain), content_hash(&promoted));
        promoted.blocks.push(block(BlockRole::Subhead, "b"));
        assert_ne!(content_hash(&plain), content_hash(&promoted));
        assert_eq!(body_text(&promoted), "a\n\nb");
    }
}
