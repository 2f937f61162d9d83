//! Two runs that a random plan does not show: scaling under load, and a store that is gone for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::SERVICES;
use crate::accountant::Verdict;
use crate::inject::Injected;
use crate::line::{Line, LineConfig, SESSION};
use crate::run::{Keeper, finish};

/// What scaling came to.
#[derive(Debug, Clone)]
pub struct ScaleReport {
    /// What the accountant says.
    pub verdict: Verdict,
    /// Longest time for which a partition of a stage had no owner, with the stage.
    pub longest_unowned: Vec<(&'static str, Duration)>,
}

/// Scales every service from one instance to four and to two while the farm publishes.
pub async fn scale(config: &LineConfig) -> ScaleReport {
    let config = LineConfig { instances: 4, running: 1, ..config.clone() };
    let line = Arc::new(Line::start(&config).await);
    let keeper = Keeper::start(&line);
    let watch = OwnerWatch::start(&line, config.partitions);
    let third = Duration::from_millis(u64::try_from(config.live_ms / 3).unwrap_or(0));
    sleep(third).await;
    for instance in SERVICES.iter().flat_map(|service| line.of(service).into_iter().skip(1)) {
        instance.start();
    }
    sleep(third).await;
    let mut injected = Injected::default();
    for instance in SERVICES.iter().flat_map(|service| line.of(service).into_iter().skip(2)) {
        let ended = tokio::task::spawn_blocking(move || instance.terminate()).await.expect("terminate");
        injected.bad_ends.extend(ended.err());
    }
    sleep(third.max(SESSION * 3)).await;
    let longest_unowned = watch.stop().await;
    let verdict = finish(&line, keeper, false, &injected, true).await;
    ScaleReport { verdict, longest_unowned }
}

/// Watches whether the instances of each stage hold all partitions between them.
struct OwnerWatch {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Vec<(&'static str, Duration)>>,
}

impl OwnerWatch {
    fn start(line: &Arc<Line>, partitions: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (line, stopped) = (Arc::clone(line), Arc::clone(&stop));
        let task = tokio::task::spawn_blocking(move || {
            let mut spells: Vec<Spell> = SERVICES.iter().map(|service| Spell::new(service)).collect();
            while !stopped.load(Ordering::SeqCst) {
                for spell in &mut spells {
                    let of = line.of(spell.service);
                    let owned: f64 = of.iter().filter_map(|instance| instance.metric("naba_partitions")).sum();
                    spell.note(owned >= f64::from(partitions));
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            spells.into_iter().map(|spell| (spell.service, spell.longest)).collect()
        });
        Self { stop, task }
    }

    async fn stop(self) -> Vec<(&'static str, Duration)> {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.expect("the watch ends")
    }
}

struct Spell {
    service: &'static str,
    /// When the partitions were last seen all owned; None before the first time, for a start is no gap.
    complete: Option<Instant>,
    longest: Duration,
}

impl Spell {
    fn new(service: &'static str) -> Self {
        Self { service, complete: None, longest: Duration::ZERO }
    }

    fn note(&mut self, complete: bool) {
        if let Some(last) = self.complete {
            self.longest = self.longest.max(last.elapsed());
        }
        if complete {
            self.complete = Some(Instant::now());
        }
    }
}

/// What an outage of the store came to.
#[derive(Debug, Clone)]
pub struct OutageReport {
    /// What the accountant says.
    pub verdict: Verdict,
    /// Most resident memory over all instances, in bytes, in each tenth of the outage.
    pub resident: Vec<u64>,
    /// Records that the sinks were behind, at the end of each tenth.
    pub lag: Vec<u64>,
}

/// Stops PostgreSQL for `down` while the farm publishes, and looks at memory, lag and what arrives afterwards.
pub async fn outage(config: &LineConfig, down: Duration) -> OutageReport {
    let line = Arc::new(Line::start(config).await);
    let keeper = Keeper::start(&line);
    // The line is under way before the store goes.
    sleep(Duration::from_secs(20)).await;
    line.postgres.stop();
    let (mut resident, mut lag) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let end = Instant::now() + down / 10;
        let mut most = 0;
        while Instant::now() < end {
            most = most.max(line.instances.iter().map(|instance| instance.resident()).max().unwrap_or(0));
            sleep(Duration::from_millis(500)).await;
        }
        let behind: f64 = line.of("sink").iter().filter_map(|sink| sink.metric("naba_consumer_lag")).sum();
        resident.push(most);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        lag.push(behind.max(0.0) as u64);
    }
    let restarted = Arc::clone(&line);
    tokio::task::spawn_blocking(move || restarted.postgres.start_again()).await.expect("postgres starts");
    let verdict = finish(&line, keeper, false, &Injected::default(), true).await;
    OutageReport { verdict, resident, lag }
}
