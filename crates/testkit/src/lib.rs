//! What tests of other crates need: real servers, child processes under guard, and messages that keep the contract.
//!
//! There are no mocks here. [`RealKafka`] and [`RealPostgres`] start the real server on a free port with its data in a
//! temporary folder; it ends with its guard or, at the latest, with the test process. A missing prerequisite is a panic that
//! says what to run, never a test that passes without having tested anything. The crate is for tests only, so it panics.
//!
//! ```
//! use naba_testkit::EnrichedBuilder;
//! use naba_model::Checked;
//!
//! let article = EnrichedBuilder::new("https://news.example/1").headline("خبر").version(2).build();
//! assert!(Checked::new(article).is_ok());
//! ```
#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used)]

mod build;
mod http;
mod kafka;
mod place;
mod postgres;
mod prometheus;
mod proxy;
mod service;

pub use build::{EnrichedBuilder, RawBuilder, paragraph};
pub use http::{Answer, http_get};
pub use kafka::{KafkaOptions, RealKafka};
pub use place::{eventually, free_ports, scratch, workspace_root};
pub use postgres::RealPostgres;
pub use prometheus::RealPrometheus;
pub use proxy::FaultProxy;
pub use service::{Service, binary};
