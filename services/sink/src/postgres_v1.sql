-- The newest version of each article.
CREATE TABLE articles (
    article_id      text PRIMARY KEY,
    version         bigint NOT NULL,
    derivation      bigint NOT NULL,
    content_hash    text NOT NULL,
    pub_status      text NOT NULL CHECK (pub_status IN ('usable', 'withheld', 'canceled')),
    embargoed_until timestamptz,
    url             text NOT NULL,
    canonical_url   text NOT NULL,
    source_id       text NOT NULL,
    source_name     text NOT NULL,
    domain          text NOT NULL,
    country         text NOT NULL,
    language        text NOT NULL,
    direction       text NOT NULL,
    kind            text NOT NULL,
    section         text NOT NULL,
    headline        text NOT NULL,
    deck            text NOT NULL,
    standfirst      text NOT NULL,
    body            text NOT NULL,
    authors         text[] NOT NULL,
    tags            text[] NOT NULL,
    licence_class   text NOT NULL,
    paywalled       boolean NOT NULL,
    published_at    timestamptz,
    modified_at     timestamptz,
    first_seen_at   timestamptz,
    fetched_at      timestamptz,
    available_at    timestamptz,
    enrichments     jsonb NOT NULL,
    -- Folded words (see search.rs) under the configuration 'simple': query with websearch_to_tsquery('simple', …).
    search          tsvector NOT NULL
);
CREATE INDEX articles_published_at ON articles (published_at);
CREATE INDEX articles_domain ON articles (domain, published_at);
CREATE INDEX articles_search ON articles USING gin (search);

-- Every version once, with the whole message (protobuf, naba.v1.EnrichedArticle); no message where it is held back.
CREATE TABLE article_versions (
    article_id   text NOT NULL,
    version      bigint NOT NULL,
    derivation   bigint NOT NULL,
    content_hash text NOT NULL,
    pub_status   text NOT NULL,
    available_at timestamptz,
    message      bytea,
    PRIMARY KEY (article_id, version, derivation)
);
-- Pages compress; the message is read whole or not at all.
ALTER TABLE article_versions ALTER COLUMN message SET STORAGE EXTENDED;

-- What may be shown now: neither held back nor under embargo. Readers use this, not articles.
CREATE VIEW visible_articles AS
    SELECT * FROM articles
    WHERE pub_status = 'usable' AND (embargoed_until IS NULL OR embargoed_until <= now());

-- The next offset to write of each partition, and the epoch of the instance that may write it.
CREATE TABLE positions (
    topic     text NOT NULL,
    partition bigint NOT NULL,
    epoch     bigint NOT NULL,
    position  bigint,
    PRIMARY KEY (topic, partition)
);
