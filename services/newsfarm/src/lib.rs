//! A deterministic origin simulator with exact ground truth.
//!
//! A seed number in, a virtual newsroom out: [`Farm`] plans sites, articles, edits, copies, deletions and faults as a
//! pure function of [`FarmConfig`]; [`serve`] puts it on a loopback socket; [`TruthRecord`]s say what must become of
//! every version; [`account`] compares that with what a pipeline delivered; [`politeness`] judges its manners from the
//! access log.
//!
//! It refuses to know the pipeline: no message, topic or rule of naba is named here, so that the two can be wrong only
//! independently of each other.
//!
//! ```
//! use naba_newsfarm::{Farm, FarmConfig, Fate};
//! let farm = Farm::new(FarmConfig { seed: 7, sites: 20, articles: 200, ..FarmConfig::default() });
//! let truth = farm.truth();
//! assert!(truth.iter().any(|record| record.fate == Fate::MustNotAppear));
//! assert!(farm.sources_toml("1s").contains("[[source]]"));
//! ```

mod access;
mod account;
mod address;
mod answer;
mod article;
mod config;
mod draw;
mod edit;
mod farm;
mod fate;
mod hub;
mod listing;
mod moment;
mod pack;
mod prose;
mod seed;
mod server;
mod site;
mod story;
mod template;
mod truth;
mod words;

pub use access::{AccessRecord, Manners, PolitenessReport, politeness};
pub use account::{AccountReport, FieldScore, Finding, Freshness, Observed, account};
pub use answer::{Answer, Ask, Delivery};
pub use article::{Article, Fault, Link, Removal};
pub use config::{FarmConfig, SEED_TEXT, Schedule};
pub use farm::Farm;
pub use fate::{Fate, Reason};
pub use hub::{HubHandle, HubSubscription, serve_hub};
pub use server::{FarmHandle, ServeError, ServeOptions, Start, hosts_toml, serve};
pub use site::{
    Charset, Coding, IDN_HOST, IDN_HOST_UNICODE, ListingKind, SHORT_LINK_HOST, Site, SiteFault, Validators, registrable,
};
pub use story::{BlockRole, BodyBlock, Extent, TrueDateline, TrueQuote};
pub use template::{StatedTime, Template};
pub use truth::{TruthError, TruthRecord, read_truth, write_truth};
pub use words::LANGUAGES;
