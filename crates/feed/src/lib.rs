//! Feed and sitemap bytes to entries.
