//! A sequence tagger: an averaged perceptron over hashed features, decoded by Viterbi, for names that no list knows.

mod features;
mod model;

pub use features::{Features, features};
pub use model::{Tag, Tagger, Weights, decode};
