//! The fault harness: newsfarm → separate service processes → three real brokers → PostgreSQL, under a seeded schedule of
//! faults, and the accountant that judges what came out.
//!
//! A run is: [`Line::start`], [`Plan::draw`], [`inject`], a drain, [`Accountant::judge`]. The plan is a pure function of its
//! seed; what a fault meets is not, so a seed makes a failure likely again, not certain. The harness knows no internals of the
//! services: it starts their programs, breaks what is around them, and reads topics and tables.
//!
//! ```
//! use naba_faults::{Kind, Plan};
//! let plan = Plan::draw(7, 50, Kind::ALL);
//! assert_eq!(plan, Plan::draw(7, 50, Kind::ALL));
//! assert!(Kind::ALL.iter().all(|kind| plan.faults.iter().any(|planned| planned.fault.kind() == *kind)));
//! ```
// For tests only, as testkit: what cannot go on panics and says why.
#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used)]

pub mod accountant;
mod inject;
mod instance;
mod line;
mod plan;
mod run;
mod scenario;

pub use accountant::{Accountant, Conviction, Verdict};
pub use inject::{Injected, inject};
pub use instance::{Instance, InstanceReport};
pub use line::{Edits, Line, LineConfig, fetcher_config};
pub use plan::{Fault, Kind, Plan, Planned};
pub use run::{Outcome, RunConfig, run};
pub use scenario::{OutageReport, ScaleReport, outage, scale};

/// The services of the line, front to back.
pub const SERVICES: [&str; 4] = ["fetcher", "parser", "enricher", "sink"];
/// Brokers of the cluster.
pub const BROKERS: u16 = 3;
