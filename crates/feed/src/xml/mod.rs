//! Lenient XML: decoded text to the pieces of a listing, whatever is wrong with its markup.

mod attribute;
mod element;
mod namespace;
mod piece;
mod scan;

pub(crate) use attribute::{Attributes, attributes};
pub(crate) use element::{Element, Scope};
pub(crate) use namespace::Ns;
pub(crate) use piece::{Piece, Pieces};
