//! The generated protobuf types of the naba contract, and protobuf JSON for them.
//!
//! The messages are defined in `proto/naba/v1` and nowhere else. `cargo xtask codegen` writes `src/generated`;
//! `make check` fails when it differs. This crate refuses to know any rule about the values: those are in `naba-model`.
//!
//! ```
//! use naba_proto::v1::Block;
//! let block = Block { text: "خبر".into(), ..Block::default() };
//! assert_eq!(naba_proto::to_json(&block).unwrap()["text"], "خبر");
//! ```

mod json;

/// Package `naba.v1`.
#[allow(missing_docs, clippy::doc_lazy_continuation, unused_qualifications)]
pub mod v1 {
    include!("generated/naba.v1.rs");
}

pub use json::{JsonError, descriptor_set, from_json, to_json};
pub use prost;
pub use prost_types;
