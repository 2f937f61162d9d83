//! Writes enriched articles to SQLite, PostgreSQL or standard output.
