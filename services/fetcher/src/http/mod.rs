//! The HTTP client: one request in, one answer or one reason out.
//!
//! It follows no redirect (the caller decides, and another host belongs to another partition), refuses every address
//! that is not of the public Internet at the moment of connecting, and ends every exchange that is too slow, too big or
//! not what it says. It refuses to know feeds, robots.txt and retries.

mod body;
mod client;
mod config;
mod connect;
mod decode;
mod error;
mod guard;
mod memory;
mod race;
mod range;
mod resolve;
mod site;
#[cfg(test)]
mod tests;

pub use client::{HttpClient, HttpRequest, HttpResponse};
pub use config::{HttpConfig, Limits, PRODUCT_TOKEN, WhenOver};
pub use error::{HttpError, Phase};
pub use guard::Refusal;
pub use range::{AddressRange, AddressRangeError};
pub use site::{Proxy, ProxyError, SiteSettings, Sites, is_settable};
