//! A network that can be cut and slowed.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A TCP proxy on loopback whose connections a test can cut, refuse, stall or delay.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    faults: Arc<Faults>,
}

#[derive(Debug, Default)]
struct Faults {
    refuse: AtomicBool,
    stall: AtomicBool,
    delay_ms: AtomicU64,
    closed: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl FaultProxy {
    /// Listens on `port` (0 takes a free one) and forwards to `target`.
    pub fn start(port: u16, target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("proxy port");
        let port = listener.local_addr().expect("proxy address").port();
        let faults = Arc::new(Faults::default());
        let shared = faults.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.closed.load(Ordering::SeqCst) {
                    return;
                }
                if shared.refuse.load(Ordering::SeqCst) {
                    continue;
                }
                if let Ok(server) = TcpStream::connect(target) {
                    pipe(&client, &server, &shared);
                    pipe(&server, &client, &shared);
                    let mut open = shared.open.lock().unwrap_or_else(PoisonError::into_inner);
                    open.extend([client, server]);
                }
            }
        });
        Self { port, faults }
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection and refuses new ones, until [`FaultProxy::heal`].
    pub fn cut(&self) {
        self.faults.refuse.store(true, Ordering::SeqCst);
        self.faults.cut_open();
    }

    /// Keeps every connection and forwards nothing, as a network that drops packets, until [`FaultProxy::heal`].
    pub fn stall(&self) {
        self.faults.stall.store(true, Ordering::SeqCst);
    }

    /// Delays each piece of data.
    pub fn delay(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.faults.delay_ms.store(millis, Ordering::SeqCst);
    }

    /// Ends every fault.
    pub fn heal(&self) {
        self.faults.refuse.store(false, Ordering::SeqCst);
        self.faults.stall.store(false, Ordering::SeqCst);
        self.faults.delay_ms.store(0, Ordering::SeqCst);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.faults.closed.store(true, Ordering::SeqCst);
        self.faults.cut_open();
        // Wakes the accepting thread.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Faults {
    fn cut_open(&self) {
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pipe(from: &TcpStream, to: &TcpStream, faults: &Arc<Faults>) {
    let (mut from, mut to) = (from.try_clone().expect("clone"), to.try_clone().expect("clone"));
    let faults = faults.clone();
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            thread::sleep(Duration::from_millis(faults.delay_ms.load(Ordering::SeqCst)));
            while faults.stall.load(Ordering::SeqCst) && !faults.closed.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(5));
            }
            if buffer.get(..count).is_none_or(|piece| to.write_all(piece).is_err()) {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_network_ends_connections_and_a_healed_one_takes_new_ones() {
        let echo = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = echo.local_addr().unwrap();
        thread::spawn(move || {
            for stream in echo.incoming().flatten() {
                thread::spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut &stream));
            }
        });
        let proxy = FaultProxy::start(0, target);
        let ask = || -> std::io::Result<[u8; 2]> {
            let mut stream = TcpStream::connect(("127.0.0.1", proxy.port()))?;
            stream.write_all(b"hi")?;
            let mut answer = [0; 2];
            stream.read_exact(&mut answer)?;
            Ok(answer)
        };
        assert_eq!(ask().unwrap(), *b"hi");
        proxy.cut();
        assert!(ask().is_err());
        proxy.heal();
        assert_eq!(ask().unwrap(), *b"hi");
    }
}
