//! The stage runtime: log ports, offsets, retries, dead letters, keyed state, drain.
