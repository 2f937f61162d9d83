//! naba-sink service.
fn main() {}
