//! Prints, for each file named, what the pre-scan finds and the encoding in which it is decoded.
//!
//! ```sh
//! cargo run -p naba-text --example charset -- page.html
//! ```

use naba_text::{Markup, declared_encoding, decode};

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let decoded = decode(&bytes, None, Markup::Html);
        println!("{path}\t{}\t{}\t{}", declared_encoding(&bytes).unwrap_or("-"), decoded.encoding, decoded.by.code());
    }
    Ok(())
}
