//! What an article says, before any page is built around it.

use serde::{Deserialize, Serialize};

/// What a block of the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockRole {
    /// A paragraph.
    Paragraph,
    /// A heading inside the body.
    Subhead,
    /// An item of a list.
    ListItem,
}

/// A block of the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyBlock {
    /// What it is.
    pub role: BlockRole,
    /// Its text, without the dateline that may run into the first paragraph.
    pub text: String,
}

/// How much of a sentence a quotation covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// A whole statement.
    Statement,
    /// Some words of one.
    Fragment,
}

/// A direct quotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrueQuote {
    /// Index of its block in the body.
    pub block: usize,
    /// The words between the marks, white space at the edges left out.
    pub text: String,
    /// Longest form of the speaker's name in the article.
    pub speaker: String,
    /// The words that introduce it.
    pub cue: String,
    /// How much it covers.
    pub extent: Extent,
}

/// The place line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrueDateline {
    /// The place as printed.
    pub place: String,
    /// The agency as printed; empty for none.
    pub agency: String,
    /// All that is printed before the first paragraph's own text, the space after it included.
    pub prefix: String,
}

/// A reader's comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReaderComment {
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) text: String,
}

/// An article's words and the furniture that is printed with them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Story {
    pub(crate) section: String,
    pub(crate) headline: String,
    pub(crate) deck: String,
    pub(crate) standfirst: String,
    pub(crate) authors: Vec<String>,
    pub(crate) dateline: Option<TrueDateline>,
    pub(crate) body: Vec<BodyBlock>,
    pub(crate) quotes: Vec<TrueQuote>,
    pub(crate) caption: String,
    pub(crate) credit: String,
    pub(crate) promo: Vec<String>,
    pub(crate) comments: Vec<ReaderComment>,
}

impl Story {
    /// Returns the text of the first paragraph as printed, dateline included, and of the others as they are.
    pub(crate) fn printed(&self, index: usize) -> String {
        let text = self.body.get(index).map_or("", |block| block.text.as_str());
        match &self.dateline {
            Some(line) if self.first_paragraph() == Some(index) => format!("{}{text}", line.prefix),
            _ => text.to_owned(),
        }
    }

    /// Returns the index of the paragraph that a dateline runs into.
    pub(crate) fn first_paragraph(&self) -> Option<usize> {
        self.body.iter().position(|block| block.role == BlockRole::Paragraph)
    }

    /// Keeps what a reader without a subscription sees.
    pub(crate) fn cut_after(&mut self, blocks: usize) {
        self.body.truncate(blocks);
        self.quotes.retain(|quote| quote.block < blocks);
    }
}
