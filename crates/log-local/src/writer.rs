//! The writer thread: transactions that wait at the same time share one durable commit.

use std::sync::Arc;

use naba_stage::log::LogError;
use tokio::sync::{oneshot, watch};

use crate::store::{Store, Write};

/// Transactions in one commit, at most.
const TOGETHER: usize = 64;
/// Bytes in one commit, about.
const TOGETHER_BYTES: usize = 16 * 1024 * 1024;

struct Job {
    write: Write,
    /// Whether the writer may still write, asked right before.
    allowed: Box<dyn Fn() -> Result<(), LogError> + Send>,
    done: oneshot::Sender<Result<(), LogError>>,
}

/// The end that hands transactions over. The thread ends with the last of them.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: std::sync::mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the thread. `commits` is raised after every commit.
    pub(crate) fn start(store: Arc<Store>, commits: watch::Sender<u64>) -> Result<Self, LogError> {
        let (jobs, receive) = std::sync::mpsc::channel::<Job>();
        let thread = std::thread::Builder::new().name("log-writer".to_owned()).spawn(move || {
            while let Ok(first) = receive.recv() {
                let mut together = vec![first];
                let mut bytes = size(&together[0].write);
                while together.len() < TOGETHER && bytes < TOGETHER_BYTES {
                    let Ok(next) = receive.try_recv() else { break };
                    bytes += size(&next.write);
                    together.push(next);
                }
                commit(&store, together);
                commits.send_modify(|count| *count += 1);
            }
        });
        thread.map_err(|e| LogError::Fatal(format!("writer thread: {e}")))?;
        Ok(Self { jobs })
    }

    /// Writes a transaction durably.
    pub(crate) async fn write(
        &self,
        write: Write,
        allowed: impl Fn() -> Result<(), LogError> + Send + 'static,
    ) -> Result<(), LogError> {
        let (done, wait) = oneshot::channel();
        let gone = || LogError::Fatal("the writer thread ended".to_owned());
        self.jobs.send(Job { write, allowed: Box::new(allowed), done }).map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?
    }

    /// Waits until every transaction handed over before is committed or refused.
    pub(crate) async fn settle(&self) -> Result<(), LogError> {
        self.write(Write::default(), || Ok(())).await
    }
}

fn size(write: &Write) -> usize {
    write.records.iter().map(naba_stage::log::NewRecord::size).sum()
}

fn commit(store: &Store, jobs: Vec<Job>) {
    let mut allowed = Vec::with_capacity(jobs.len());
    for job in jobs {
        match (job.allowed)() {
            Ok(()) => allowed.push(job),
            Err(error) => drop(job.done.send(Err(error))),
        }
    }
    let is_something = |write: &&Write| !write.records.is_empty() || !write.positions.is_empty();
    let writes: Vec<&Write> = allowed.iter().map(|job| &job.write).filter(is_something).collect();
    let written = if writes.is_empty() { Ok(()) } else { store.write(&writes, now()) };
    for job in allowed {
        let _ = job.done.send(written.clone());
    }
}

pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
