//! Charsets, scripts, normalisation, sentences, months and digits.
