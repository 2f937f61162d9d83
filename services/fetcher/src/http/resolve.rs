//! Names to addresses.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;

/// Most addresses of a name that are looked at.
const MAX_ADDRESSES: usize = 8;

/// Looks names up. A port so that tests can give answers that no real zone should give.
#[async_trait]
pub(super) trait Resolve: Send + Sync + 'static {
    /// Returns the addresses of a name, the preferred first.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;

    /// Drops what is remembered of a name: its addresses lead nowhere.
    fn forget(&self, _host: &str) {}
}

/// The system's resolver, with its hosts file and cache.
#[derive(Debug, Default)]
pub(super) struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let addresses = tokio::net::lookup_host((host, 0)).await?;
        Ok(addresses.map(|address| address.ip()).take(MAX_ADDRESSES).collect())
    }
}

/// Addresses that the configuration puts in place of a look-up.
#[derive(Debug, Default)]
pub(super) struct Overrides(HashMap<String, SocketAddr>);

impl Overrides {
    pub(super) fn new(hosts: HashMap<String, SocketAddr>) -> Self {
        Self(hosts.into_iter().map(|(host, address)| (host.to_ascii_lowercase(), address)).collect())
    }

    /// Finds the address of a host: its own entry, or that of the nearest `*.` above it.
    pub(super) fn find(&self, host: &str) -> Option<SocketAddr> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if let Some(address) = self.0.get(&host) {
            return Some(*address);
        }
        let mut rest = host.as_str();
        while let Some((_, parent)) = rest.split_once('.') {
            if let Some(address) = self.0.get(&format!("*.{parent}")) {
                return Some(*address);
            }
            rest = parent;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_entry_outranks_the_one_for_all_below() {
        let hosts = [("A.example".to_owned(), "127.0.0.1:1"), ("*.example".to_owned(), "127.0.0.1:2")];
        let overrides = Overrides::new(hosts.into_iter().map(|(host, to)| (host, to.parse().unwrap())).collect());
        let port = |host: &str| overrides.find(host).map(|address| address.port());
        assert_eq!((port("a.example"), port("b.c.EXAMPLE."), port("example")), (Some(1), Some(2), None));
    }
}
