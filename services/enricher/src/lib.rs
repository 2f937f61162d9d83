//! Enriches Articles.
