-- The newest version of each article. Instants are milliseconds since 1970-01-01T00:00:00Z, lists are JSON arrays.
CREATE TABLE articles (
    id              INTEGER PRIMARY KEY,
    article_id      TEXT NOT NULL UNIQUE,
    version         INTEGER NOT NULL,
    derivation      INTEGER NOT NULL,
    content_hash    TEXT NOT NULL,
    pub_status      TEXT NOT NULL CHECK (pub_status IN ('usable', 'withheld', 'canceled')),
    embargoed_until INTEGER,
    url             TEXT NOT NULL,
    canonical_url   TEXT NOT NULL,
    source_id       TEXT NOT NULL,
    source_name     TEXT NOT NULL,
    domain          TEXT NOT NULL,
    country         TEXT NOT NULL,
    language        TEXT NOT NULL,
    direction       TEXT NOT NULL,
    kind            TEXT NOT NULL,
    section         TEXT NOT NULL,
    headline        TEXT NOT NULL,
    deck            TEXT NOT NULL,
    standfirst      TEXT NOT NULL,
    body            TEXT NOT NULL,
    authors         TEXT NOT NULL,
    tags            TEXT NOT NULL,
    licence_class   TEXT NOT NULL,
    paywalled       INTEGER NOT NULL,
    published_at    INTEGER,
    modified_at     INTEGER,
    first_seen_at   INTEGER,
    fetched_at      INTEGER,
    available_at    INTEGER,
    enrichments     TEXT NOT NULL
) STRICT;
CREATE INDEX articles_published_at ON articles (published_at);
CREATE INDEX articles_domain ON articles (domain, published_at);

-- Every version once, with the whole message (protobuf, naba.v1.EnrichedArticle); no message where it is held back.
CREATE TABLE article_versions (
    article_id   TEXT NOT NULL,
    version      INTEGER NOT NULL,
    derivation   INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    pub_status   TEXT NOT NULL,
    available_at INTEGER,
    message      BLOB,
    PRIMARY KEY (article_id, version, derivation)
) STRICT;

-- What may be shown now: neither held back nor under embargo. Readers use this, not articles.
CREATE VIEW visible_articles AS
    SELECT * FROM articles
    WHERE pub_status = 'usable'
      AND (embargoed_until IS NULL OR embargoed_until <= CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER));

-- Folded words (see search.rs), without their text; rowid is articles.id.
CREATE VIRTUAL TABLE articles_fts USING fts5(
    headline, lead, body,
    content = '', contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
CREATE TRIGGER articles_fts_delete AFTER DELETE ON articles BEGIN
    DELETE FROM articles_fts WHERE rowid = old.id;
END;

-- The next offset to write of each partition, and the epoch of the instance that may write it.
CREATE TABLE positions (
    topic     TEXT NOT NULL,
    partition INTEGER NOT NULL,
    epoch     INTEGER NOT NULL,
    position  INTEGER,
    PRIMARY KEY (topic, partition)
) STRICT;
