//! Connecting to the first of a name's addresses that answers (Happy Eyeballs, RFC 8305): a site whose IPv6 is broken costs
//! a quarter of a second, not a time limit.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long an attempt has the field to itself (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to the addresses, each attempt begun when the one before failed or takes long. Attempts that lose are dropped.
pub(super) async fn first_to_connect(addresses: &[SocketAddr]) -> io::Result<(SocketAddr, TcpStream)> {
    let mut waiting = alternating(addresses).into_iter();
    let mut attempts = JoinSet::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        match waiting.next() {
            Some(address) => drop(attempts.spawn(async move { (address, TcpStream::connect(address).await) })),
            None if attempts.is_empty() => return Err(last),
            None => {}
        }
        let ended = if waiting.len() > 0 {
            timeout(ATTEMPT_DELAY, attempts.join_next()).await.ok().flatten()
        } else {
            attempts.join_next().await
        };
        match ended {
            Some(Ok((address, Ok(tcp)))) => return Ok((address, tcp)),
            Some(Ok((_, Err(error)))) => last = error,
            Some(Err(error)) => last = io::Error::other(error),
            None => {}
        }
    }
}

/// Orders addresses by turns of their families, beginning with the one that the resolver prefers (RFC 8305 §4).
fn alternating(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let prefers_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, others): (Vec<&SocketAddr>, Vec<&SocketAddr>) =
        addresses.iter().partition(|address| address.is_ipv6() == prefers_v6);
    let mut others = others.into_iter();
    let mut ordered = Vec::with_capacity(addresses.len());
    for address in preferred {
        ordered.push(*address);
        ordered.extend(others.next());
    }
    ordered.extend(others);
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_beginning_with_the_preferred_one() {
        let given = addresses(&["[2001:db8::1]:1", "[2001:db8::2]:1", "192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"]);
        let ordered = ["[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1", "192.0.2.2:1", "192.0.2.3:1"];
        assert_eq!(alternating(&given), addresses(&ordered));
    }

    #[tokio::test]
    async fn an_address_that_refuses_or_never_answers_does_not_hide_the_one_that_does() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let refusing: SocketAddr = format!("127.0.0.9:{}", open.port()).parse().unwrap();
        let given = [addresses(&["[2001:db8::1]:80", "192.0.2.1:80"]), vec![refusing, open]].concat();
        assert_eq!(first_to_connect(&given).await.unwrap().0, open);
        assert!(first_to_connect(&[refusing]).await.is_err());
    }
}
