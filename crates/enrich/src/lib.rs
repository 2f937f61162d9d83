//! Article to Enrichments, one pure step a file.
