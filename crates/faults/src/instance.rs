//! One process of a service, with its supervisor: what ends by itself is started again, as an orchestrator does.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use naba_testkit::{Service, http_get};

/// Longest orderly end.
const DRAIN: Duration = Duration::from_secs(60);
/// What an instance logs once it has installed its signal handler.
const STARTED: &str = "admin port open";
/// Pause before an instance that ended by itself is started again.
const RESTART_AFTER: Duration = Duration::from_millis(500);

/// What was seen of an instance over the run.
#[derive(Debug, Clone, Default)]
pub struct InstanceReport {
    /// Name, such as `parser-0`.
    pub name: String,
    /// How often it was started.
    pub starts: u32,
    /// Last words of each end that nobody had asked for.
    pub own_ends: Vec<String>,
    /// Lines that tell of a panic.
    pub panics: Vec<String>,
    /// Most memory that was resident, in bytes.
    pub most_resident: u64,
}

/// A supervised process.
pub struct Instance {
    /// Name, such as `parser-0`.
    pub name: String,
    /// Service, such as `parser`.
    pub service: &'static str,
    /// Its admin address.
    pub admin: String,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    logs: PathBuf,
    state: Mutex<State>,
    /// Held for as long as a fault is at work on it.
    pub(crate) fault: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    child: Option<Service>,
    wanted: bool,
    ended_at: Option<Instant>,
    report: InstanceReport,
}

impl Instance {
    /// Makes an instance that is not running yet. Its logs go to `logs/<name>.log`.
    pub fn new(
        service: &'static str,
        index: usize,
        admin_port: u16,
        logs: PathBuf,
        command: impl Fn() -> Command + Send + Sync + 'static,
    ) -> Self {
        let name = format!("{service}-{index}");
        let report = InstanceReport { name: name.clone(), ..InstanceReport::default() };
        let state = Mutex::new(State { report, ..State::default() });
        let admin = format!("127.0.0.1:{admin_port}");
        Self { name, service, admin, command: Box::new(command), logs, state, fault: tokio::sync::Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts it.
    pub fn start(&self) {
        let mut state = self.state();
        state.wanted = true;
        self.launch(&mut state);
    }

    fn launch(&self, state: &mut State) {
        state.report.starts += 1;
        state.ended_at = None;
        state.child = Some(Service::start(&self.name, &mut (self.command)()));
    }

    /// Kills it with SIGKILL.
    pub fn kill(&self) {
        let mut state = self.state();
        state.wanted = false;
        if let Some(child) = &mut state.child {
            child.kill();
        }
        self.put_away(&mut state);
    }

    /// Sends SIGTERM and waits for the end. The error says how it ended instead of well.
    pub fn terminate(&self) -> Result<(), String> {
        let mut state = self.state();
        state.wanted = false;
        let running = state.child.as_mut().and_then(|child| child.is_running().then_some(child));
        // Before it has installed its handler the signal ends it, and there is nothing to drain.
        let ended = running.map(|child| (child.terminate(DRAIN), child.log().contains(STARTED)));
        self.put_away(&mut state);
        match ended {
            Some((status, true)) if !status.success() => {
                Err(format!("{} ended with {status} after SIGTERM", self.name))
            }
            _ => Ok(()),
        }
    }

    /// Sends a signal; false when it is not running.
    pub fn signal(&self, name: &str) -> bool {
        let mut state = self.state();
        let running = state.child.as_mut().and_then(|child| child.is_running().then_some(child));
        running.map(|child| child.signal(name)).is_some()
    }

    /// Tells whether it runs.
    pub fn is_running(&self) -> bool {
        self.state().child.as_mut().is_some_and(Service::is_running)
    }

    /// Starts it again when it ended by itself, and notes its memory. To be called every now and then.
    pub fn tend(&self) {
        // Whoever holds it is ending or starting it: the others are not to wait for that.
        let Ok(mut state) = self.state.try_lock() else { return };
        if !state.wanted {
            return;
        }
        let Some(child) = &mut state.child else { return };
        if child.is_running() {
            let resident = resident(child.pid());
            state.report.most_resident = state.report.most_resident.max(resident);
            return;
        }
        let words = last_words(&child.log());
        match state.ended_at {
            None => {
                state.report.own_ends.push(words);
                state.ended_at = Some(Instant::now());
            }
            Some(at) if at.elapsed() >= RESTART_AFTER => {
                self.put_away(&mut state);
                self.launch(&mut state);
            }
            Some(_) => {}
        }
    }

    /// Keeps the log of a process that has ended.
    fn put_away(&self, state: &mut State) {
        let Some(child) = state.child.take() else { return };
        let log = child.log();
        state.report.panics.extend(log.lines().filter(|line| line.contains("panicked at")).map(str::to_owned));
        let file = OpenOptions::new().create(true).append(true).open(self.logs.join(format!("{}.log", self.name)));
        let mut file = file.expect("log of an instance");
        file.write_all(log.as_bytes()).expect("log of an instance");
        file.write_all(b"---- end of process ----\n").expect("log of an instance");
    }

    /// Returns a metric's sum over its series, as the instance shows it now.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let page = http_get(&self.admin, "/metrics").ok().filter(|answer| answer.status == 200)?;
        let value = |line: &str| -> Option<f64> {
            let rest = line.strip_prefix(name)?;
            if !rest.starts_with(['{', ' ']) {
                return None;
            }
            line.rsplit(' ').next()?.parse().ok()
        };
        let values: Vec<f64> = page.body.lines().filter_map(value).collect();
        if values.is_empty() { None } else { Some(values.iter().sum()) }
    }

    /// Returns the memory that is resident now, in bytes; 0 when it is not running.
    pub fn resident(&self) -> u64 {
        match &self.state().child {
            Some(child) => resident(child.pid()),
            None => 0,
        }
    }

    /// Returns what was seen of it.
    pub fn report(&self) -> InstanceReport {
        self.state().report.clone()
    }
}

/// Returns VmRSS of a process in bytes; 0 when there is none.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn last_words(log: &str) -> String {
    log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no words").to_owned()
}
