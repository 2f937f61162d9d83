//! Fetches feeds, sitemaps, pages and files, and publishes RawDocuments.

pub mod http;
