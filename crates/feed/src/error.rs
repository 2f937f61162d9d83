//! Why bytes are no listing.

/// Why bytes are no listing. One bad entry never gets here: it becomes a [`Diagnostic`](crate::Diagnostic).
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// There is nothing to read.
    #[error("body is empty")]
    Empty,
    /// It is something else: an HTML page answered for a feed, most often.
    #[error("body is {found}, not a feed or a sitemap; check the address of the source")]
    NotAFeed {
        /// What it looks like: `html`, `opml`, `json`, `xml`, `text` or `binary`.
        found: &'static str,
    },
    /// It starts like JSON and does not parse.
    #[error("json feed does not parse: {0}")]
    Json(#[from] serde_json::Error),
    /// It starts like gzip and nothing comes out.
    #[error("gzip body does not unpack: {0}")]
    Gzip(#[source] std::io::Error),
    /// It unpacks to more than a sitemap may be long.
    #[error("gzip body grows beyond {limit} bytes or more than {ratio} times its size")]
    Bomb {
        /// The limit in bytes.
        limit: usize,
        /// The limit as a ratio of unpacked to packed bytes.
        ratio: usize,
    },
}

impl FeedError {
    /// Returns the stable code of the error, for metrics and dead letters.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "feed_empty",
            Self::NotAFeed { .. } => "not_a_feed",
            Self::Json(_) => "feed_bad_json",
            Self::Gzip(_) => "feed_bad_gzip",
            Self::Bomb { .. } => "feed_bomb",
        }
    }
}
