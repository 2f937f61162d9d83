//! Look-ups of names that are remembered for a while: a fleet of feeds asks for the same few hundred thousand names all day.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::resolve::Resolve;

/// Most names that are remembered; beyond, those whose time is over are dropped, then all.
const MAX_NAMES: usize = 100_000;

/// A resolver that remembers what another one said. The system tells no TTL, so all answers live equally long.
pub(super) struct Remembering<R> {
    inner: R,
    memory: Mutex<Memory>,
}

impl<R: Resolve> Remembering<R> {
    /// Remembers addresses for `ttl` and failures for `negative_ttl`.
    pub(super) fn new(inner: R, ttl: Duration, negative_ttl: Duration) -> Self {
        Self { inner, memory: Mutex::new(Memory { names: HashMap::new(), ttl, negative_ttl }) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Memory) -> T) -> T {
        act(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl<R: Resolve> Resolve for Remembering<R> {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if let Some(known) = self.with(|memory| memory.recall(host, Instant::now())) {
            return known;
        }
        let answer = self.inner.resolve(host).await;
        self.with(|memory| memory.keep(host, &answer, Instant::now()));
        answer
    }

    fn forget(&self, host: &str) {
        self.with(|memory| drop(memory.names.remove(host)));
    }
}

struct Memory {
    names: HashMap<String, Known>,
    ttl: Duration,
    negative_ttl: Duration,
}

struct Known {
    answer: Result<Vec<IpAddr>, (io::ErrorKind, Arc<str>)>,
    until: Instant,
}

impl Memory {
    fn recall(&self, host: &str, now: Instant) -> Option<io::Result<Vec<IpAddr>>> {
        let known = self.names.get(host).filter(|known| now < known.until)?;
        let failed = |(kind, message): &(io::ErrorKind, Arc<str>)| io::Error::new(*kind, message.to_string());
        Some(known.answer.as_ref().cloned().map_err(failed))
    }

    fn keep(&mut self, host: &str, answer: &io::Result<Vec<IpAddr>>, now: Instant) {
        if self.names.len() >= MAX_NAMES {
            self.names.retain(|_, known| now < known.until);
        }
        if self.names.len() >= MAX_NAMES {
            self.names.clear();
        }
        let ttl = match answer {
            Ok(addresses) if !addresses.is_empty() => self.ttl,
            _ => self.negative_ttl,
        };
        let answer = match answer {
            Ok(addresses) => Ok(addresses.clone()),
            Err(error) => Err((error.kind(), Arc::from(error.to_string()))),
        };
        self.names.insert(host.to_owned(), Known { answer, until: now + ttl });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const TTL: Duration = Duration::from_secs(300);
    const NEGATIVE: Duration = Duration::from_secs(30);

    fn memory() -> Memory {
        Memory { names: HashMap::new(), ttl: TTL, negative_ttl: NEGATIVE }
    }

    #[test]
    fn addresses_are_remembered_for_their_time_and_failures_for_a_shorter_one() {
        let (mut memory, now) = (memory(), Instant::now());
        memory.keep("a.example", &Ok(vec!["192.0.2.1".parse().unwrap()]), now);
        memory.keep("b.example", &Err(io::Error::new(io::ErrorKind::NotFound, "no such name")), now);
        let later = now + NEGATIVE;
        assert_eq!(memory.recall("a.example", later).unwrap().unwrap().len(), 1);
        assert!(memory.recall("b.example", now).unwrap().is_err());
        assert!(memory.recall("b.example", later).is_none() && memory.recall("a.example", now + TTL).is_none());
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut memory, now) = (memory(), Instant::now());
        for n in 0..MAX_NAMES + 10 {
            memory.keep(&format!("{n}.example"), &Ok(Vec::new()), now);
        }
        assert!(memory.names.len() <= MAX_NAMES);
    }

    struct Counting(AtomicUsize);

    #[async_trait]
    impl Resolve for Counting {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(vec!["192.0.2.1".parse().unwrap()])
        }
    }

    #[tokio::test]
    async fn a_name_is_looked_up_once_until_it_is_forgotten() {
        let resolver = Remembering::new(Counting(AtomicUsize::new(0)), TTL, NEGATIVE);
        let asked = || resolver.inner.0.load(Ordering::SeqCst);
        for _ in 0..3 {
            resolver.resolve("a.example").await.unwrap();
        }
        assert_eq!(asked(), 1);
        resolver.forget("a.example");
        resolver.resolve("a.example").await.unwrap();
        assert_eq!(asked(), 2);
    }
}
