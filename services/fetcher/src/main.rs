//! naba-fetcher service.
fn main() {}
