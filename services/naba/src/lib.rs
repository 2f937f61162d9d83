//! The command line, and every stage in one process.
