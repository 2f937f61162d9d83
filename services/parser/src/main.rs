//! naba-parser service.
fn main() {}
