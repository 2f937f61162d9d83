//! The fields of an article beside its text: headline, people, times, language, kind, rights.

pub mod author;
pub mod headline;
pub mod identity;
pub mod kind;
pub mod language;
pub mod media;
pub mod rights;
pub mod time;
