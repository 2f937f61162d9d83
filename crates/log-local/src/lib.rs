//! The log ports on an embedded store: durable, transactional, one process.
