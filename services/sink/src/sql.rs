//! The statements that both databases share, built from one list of columns.

/// The columns of `articles` that come from a row, in the order in which both stores bind them.
pub(crate) const ARTICLE_COLUMNS: [&str; 30] = [
    "article_id",
    "version",
    "derivation",
    "content_hash",
    "pub_status",
    "embargoed_until",
    "url",
    "canonical_url",
    "source_id",
    "source_name",
    "domain",
    "country",
    "language",
    "direction",
    "kind",
    "section",
    "headline",
    "deck",
    "standfirst",
    "body",
    "authors",
    "tags",
    "licence_class",
    "paywalled",
    "published_at",
    "modified_at",
    "first_seen_at",
    "fetched_at",
    "available_at",
    "enrichments",
];

/// Returns the upsert of `articles`: a row replaces an older one only when its (version, derivation) is greater.
/// `further` are columns with their value expressions, beyond those that are bound one by one.
pub(crate) fn upsert_article(placeholder: impl Fn(usize, &str) -> String, further: &[(&str, String)]) -> String {
    let mut columns: Vec<&str> = ARTICLE_COLUMNS.to_vec();
    let mut values: Vec<String> =
        ARTICLE_COLUMNS.iter().enumerate().map(|(i, column)| placeholder(i + 1, column)).collect();
    for (column, value) in further {
        columns.push(column);
        values.push(value.clone());
    }
    let updates: Vec<String> =
        columns.iter().filter(|c| **c != "article_id").map(|c| format!("{c} = excluded.{c}")).collect();
    format!(
        "INSERT INTO articles ({}) VALUES ({}) ON CONFLICT (article_id) DO UPDATE SET {} \
         WHERE (excluded.version, excluded.derivation) > (articles.version, articles.derivation)",
        columns.join(", "),
        values.join(", "),
        updates.join(", ")
    )
}
