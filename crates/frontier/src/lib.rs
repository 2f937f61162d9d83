//! What to fetch when: schedule, politeness, robots.txt, back-off.
//!
//! A [`Frontier`] is a state machine over values: sources and pages go in, [`FetchRequest`]s come out when they are due,
//! [`Answer`]s go in, [`Decision`]s come out. It refuses to know how anything is fetched, parsed or stored, and what time
//! it is: the clock is an argument. [`Robots`] is RFC 9309, [`schedule`] the arithmetic of intervals and back-off.
//!
//! ```
//! use naba_frontier::{Frontier, Robots, Settings, Target};
//! use naba_proto::v1::{Source, SourceKind};
//!
//! let mut frontier = Frontier::new(Settings::default(), 0);
//! let url = "https://a.example/feed.xml".to_owned();
//! let source = Source { source_id: "a".into(), url, kind: SourceKind::Feed.into(), enabled: true, ..Source::default() };
//! frontier.add_source(0, source, None);
//!
//! let wake = frontier.next_wake(10, 10).unwrap();
//! let requests = frontier.due(wake, 10, 10);
//! assert_eq!(requests[0].target, Target::Robots { origin: "https://a.example".into() }, "robots.txt is asked first");
//!
//! let robots = Robots::parse(b"User-agent: *\nDisallow: /private/\n");
//! assert!(!robots.decide("naba", "/private/1").allowed);
//! ```

mod allowance;
mod decision;
mod entry;
mod gate;
mod health;
mod lane;
mod listing;
mod machine;
mod moved;
mod page;
mod request;
mod rights;
mod robots;
pub mod schedule;
mod settings;
mod subscription;
mod trap;
mod window;

pub use decision::{Decision, Ending, reasons};
pub use entry::{Accepted, EntryError};
pub use health::Standing;
pub use machine::Frontier;
pub use page::is_news;
pub use request::{Answer, Blame, FetchRequest, Hub, Listing, Site, Target, forbidden};
pub use rights::{RightsSources, TdmFile, read_rights};
pub use robots::{MAX_ROBOTS_BYTES, Robots, RobotsAnswer, path_and_query};
pub use settings::Settings;
pub use window::Window;
