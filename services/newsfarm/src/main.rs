//! newsfarm.
fn main() {}
