//! naba-enricher service.
fn main() {}
