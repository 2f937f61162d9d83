//! Parses RawDocuments into Articles.
