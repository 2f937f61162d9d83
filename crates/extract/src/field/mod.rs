//! The fields of an article beside its text: headline, people, times, language, kind, rights.

pub mod author;
pub mod byline;
pub mod han;
pub mod headline;
pub mod identity;
pub mod kind;
pub mod language;
pub mod media;
pub mod name;
pub mod rights;
pub mod settle;
pub mod stamp;
pub mod time;

use naba_proto::v1::BlockRole;

use crate::layout::Layout;
use crate::page::dom::NodeId;

/// Returns the element that shows the headline, 0 when the page shows none.
fn headline_node(layout: &Layout) -> NodeId {
    layout.units.iter().find(|u| u.role == BlockRole::Headline).map_or(0, |u| u.line.node)
}
