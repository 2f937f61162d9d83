//! Which addresses may be reached: the guard against requests forged through us (SSRF).
//!
//! It is asked with the very address that is about to be connected. So it covers literal addresses in every notation,
//! names that lead inside, redirects, and names that lead elsewhere at the second look-up.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::range::AddressRange;

/// Ports where the web is served.
const WEB_PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// Last labels of names that no public zone has (RFC 6761, RFC 6762, and what networks use inside).
const LOCAL_ENDS: [&str; 6] = ["corp", "home", "internal", "lan", "local", "localhost"];

/// Why an address may not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is not of the public Internet (RFC 6890).
    NotGlobal(IpAddr),
    /// The port is not one of the web's.
    Port(u16),
    /// The name is one of a local network.
    LocalName,
    /// The connection leads elsewhere than asked for.
    Moved(IpAddr),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGlobal(address) => write!(f, "{address} is not a public address; list it in allow_addresses"),
            Self::Port(port) => write!(f, "port {port} is not one of 80, 443, 8080 and 8443"),
            Self::LocalName => write!(f, "the name is one of a local network, which a proxy must not be asked for"),
            Self::Moved(address) => write!(f, "the connection leads to {address}"),
        }
    }
}

/// Decides which addresses may be reached.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    allowed: Vec<AddressRange>,
}

impl Guard {
    /// Allows the public Internet on the web's ports and, on every port, the given ranges.
    pub(super) fn new(allowed: Vec<AddressRange>) -> Self {
        Self { allowed }
    }

    /// Checks an address that is about to be connected.
    pub(super) fn check(&self, address: SocketAddr) -> Result<(), Refusal> {
        let (ip, port) = (address.ip(), address.port());
        if self.allowed.iter().any(|range| range.contains(ip)) {
            Ok(())
        } else if !is_global(ip) {
            Err(Refusal::NotGlobal(ip))
        } else if !WEB_PORTS.contains(&port) {
            Err(Refusal::Port(port))
        } else {
            Ok(())
        }
    }

    /// Checks what a proxy is about to be asked for. It looks names up itself: where they lead is its own guard's matter, so
    /// only what can be told from the address as written is refused here.
    pub(super) fn check_through_proxy(&self, host: &str, port: u16) -> Result<(), Refusal> {
        let literal = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        if let Ok(ip) = literal.parse::<IpAddr>() {
            return self.check(SocketAddr::new(ip, port));
        }
        let name = literal.to_ascii_lowercase();
        let last = name.rsplit_once('.').map(|(_, last)| last);
        if last.is_none_or(|last| LOCAL_ENDS.contains(&last)) || name.ends_with(".home.arpa") {
            return Err(Refusal::LocalName);
        }
        if WEB_PORTS.contains(&port) { Ok(()) } else { Err(Refusal::Port(port)) }
    }
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

/// IANA IPv4 Special-Purpose Address Registry: all that is not globally reachable, multicast and the reserved rest.
fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)             // this network, private, loopback
            | (100, 64..=127, _)         // shared by carriers (RFC 6598)
            | (169, 254, _)              // link-local, cloud metadata
            | (172, 16..=31, _)          // private
            | (192, 0, 0 | 2)            // protocol assignments, documentation
            | (192, 31, 196)             // AS112
            | (192, 52, 193)             // AMT
            | (192, 88, 99)              // 6to4 relays
            | (192, 168, _)              // private
            | (192, 175, 48)             // AS112
            | (198, 18..=19, _)          // benchmarks
            | (198, 51, 100)             // documentation
            | (203, 0, 113)              // documentation
            | (224..=255, _, _) // multicast, reserved, broadcast
    )
}

/// Only 2000::/3 is assigned to the Internet (RFC 4291); parts of it and the translated ranges carry an IPv4 address.
fn is_global_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        // IPv4-mapped (RFC 4291) and NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_global_v4(embedded(high, low)),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => is_global_v4(embedded(high, low)),
        // IETF protocol assignments: Teredo, benchmarks, ORCHID.
        [0x2001, 0..=0x1ff, ..] => false,
        // Documentation (RFC 3849, RFC 9637).
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // AS112 (RFC 7534).
        [0x2620, 0x4f, 0x8000, ..] => false,
        [first, .., interface, _, high, low] => {
            // ISATAP (RFC 5214) hides an IPv4 address behind `5efe`.
            let is_isatap = matches!(address.segments(), [.., 0 | 0x200, 0x5efe, _, _]) && interface != 0xffff;
            (0x2000..=0x3fff).contains(&first) && (!is_isatap || is_global_v4(embedded(high, low)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global(address: &str) -> bool {
        is_global(address.parse().unwrap())
    }

    #[test]
    fn no_special_range_is_global() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::808:808",
            "100::1",
            "2001::1",
            "2001:0:4136:e378::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:c0a8:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2a00:1450::5efe:7f00:1",
            "2620:4f:8000::1",
        ] {
            assert!(!global(address), "{address} passed as global");
        }
    }

    #[test]
    fn the_internet_is_global() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450:4001::5efe:808:808",
        ] {
            assert!(global(address), "{address} was refused");
        }
    }

    #[test]
    fn a_proxy_is_not_asked_for_what_is_plainly_inside() {
        let guard = Guard::new(Vec::new());
        for host in
            ["127.0.0.1", "[::1]", "10.0.0.1", "localhost", "a.localhost", "db.internal", "intranet", "x.home.arpa"]
        {
            assert!(guard.check_through_proxy(host, 80).is_err(), "{host}");
        }
        assert_eq!(guard.check_through_proxy("news.example", 22), Err(Refusal::Port(22)));
        assert_eq!(guard.check_through_proxy("news.example", 443), Ok(()));
        assert_eq!(guard.check_through_proxy("8.8.8.8", 443), Ok(()));
    }

    #[test]
    fn an_allowed_range_opens_its_addresses_on_every_port_and_no_others() {
        let guard = Guard::new(vec!["127.0.0.2/32".parse().unwrap()]);
        assert_eq!(guard.check("127.0.0.2:9999".parse().unwrap()), Ok(()));
        let loopback = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(guard.check(SocketAddr::new(loopback, 80)), Err(Refusal::NotGlobal(loopback)));
        assert_eq!(guard.check("8.8.8.8:22".parse().unwrap()), Err(Refusal::Port(22)));
        assert_eq!(guard.check("8.8.8.8:443".parse().unwrap()), Ok(()));
    }
}
