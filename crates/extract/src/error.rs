//! Why a document gave no article.

/// What happened to a document that gave no article. Whether that is a skip or a failure is for the service to say.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExtractError {
    /// The content type is neither HTML nor text.
    #[error("content type {0:?} is neither html nor text")]
    UnsupportedType(String),
    /// The document has no bytes, or nothing but white space.
    #[error("document is empty")]
    Empty,
    /// The bytes are no text in any encoding that was tried.
    #[error("document is no text: {replaced} of {characters} characters could not be decoded as {encoding}")]
    Undecodable {
        /// The encoding that fitted best.
        encoding: &'static str,
        /// Characters that stand for undecodable bytes.
        replaced: usize,
        /// All characters.
        characters: usize,
    },
    /// The document is larger than the limit.
    #[error("document has {0} bytes, more than the limit")]
    TooLarge(usize),
    /// The elements are nested deeper than the limit.
    #[error("elements are nested {0} deep, more than the limit")]
    TooDeep(usize),
    /// The document has more nodes than the limit.
    #[error("document has {0} nodes, more than the limit")]
    TooManyNodes(usize),
    /// The page lists articles: a home page, a section page or a hub.
    #[error("page is a listing, no article")]
    NoArticle,
    /// The page is a challenge for robots, a consent wall or an error page sent with status 200.
    #[error("page is a bot wall or an error page ({0})")]
    BotWall(&'static str),
    /// There is an article, but hardly any text of it.
    #[error("article has {0} characters of text, too few")]
    TooShort(usize),
    /// No headline could be found.
    #[error("document has no headline")]
    NoHeadline,
    /// The address or an identifier of the document breaks the contract.
    #[error("document breaks the contract: {0}")]
    Contract(String),
}

impl ExtractError {
    /// Returns a bounded code for headers, metrics and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedType(_) => "unsupported_type",
            Self::Empty => "empty",
            Self::Undecodable { .. } => "undecodable",
            Self::TooLarge(_) => "too_large",
            Self::TooDeep(_) => "too_deep",
            Self::TooManyNodes(_) => "too_many_nodes",
            Self::NoArticle => "not_an_article",
            Self::BotWall(_) => "bot_wall",
            Self::TooShort(_) => "too_short",
            Self::NoHeadline => "no_headline",
            Self::Contract(_) => "contract",
        }
    }
}
