//! naba.
fn main() {}
