//! A deterministic origin simulator with exact ground truth.
