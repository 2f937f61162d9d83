//! Carrying out a plan.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::line::Line;
use crate::plan::{Fault, Plan};

/// What became of a plan.
#[derive(Debug, Clone, Default)]
pub struct Injected {
    /// Faults that were done, in words, with the milliseconds from the first.
    pub done: Vec<(u64, String)>,
    /// Ends after SIGTERM that were no good ends.
    pub bad_ends: Vec<String>,
}

/// What only one fault at a time may touch: at most one broker is down, so that a majority of replicas is left.
#[derive(Default)]
struct Locks {
    broker: Mutex<()>,
    network: Mutex<()>,
    store: Mutex<()>,
}

/// Carries out a plan and returns when every fault is over and mended. Faults overlap where they touch different things.
pub async fn inject(line: &Arc<Line>, plan: &Plan, progress: impl Fn(usize, &Fault)) -> Injected {
    let locks = Arc::new(Locks::default());
    let began = tokio::time::Instant::now();
    let mut running = JoinSet::new();
    let mut injected = Injected::default();
    for (number, planned) in plan.faults.iter().enumerate() {
        sleep(Duration::from_millis(planned.after_ms)).await;
        progress(number, &planned.fault);
        let (line, locks, fault) = (Arc::clone(line), Arc::clone(&locks), planned.fault);
        running.spawn(async move {
            let bad_end = carry_out(&line, &locks, fault).await;
            let at = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            (at, fault, bad_end)
        });
    }
    while let Some(ended) = running.join_next().await {
        let (at, fault, bad_end) = ended.expect("a fault is carried out");
        injected.done.push((at, fault.to_string()));
        injected.bad_ends.extend(bad_end);
    }
    injected.done.sort();
    injected
}

async fn wait(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

/// Runs what blocks off the async threads.
async fn blocking<T: Send + 'static>(line: &Arc<Line>, act: impl FnOnce(&Line) -> T + Send + 'static) -> T {
    let line = Arc::clone(line);
    tokio::task::spawn_blocking(move || act(&line)).await.expect("a fault is carried out")
}

async fn carry_out(line: &Arc<Line>, locks: &Locks, fault: Fault) -> Option<String> {
    match fault {
        Fault::Kill { service, instance, down_ms } => {
            let instance = line.instance(service, instance);
            let _held = instance.fault.lock().await;
            instance.kill();
            wait(down_ms).await;
            instance.start();
            None
        }
        Fault::Terminate { service, instance, down_ms } => {
            let instance = line.instance(service, instance);
            let _held = instance.fault.lock().await;
            let ending = Arc::clone(&instance);
            let ended = tokio::task::spawn_blocking(move || ending.terminate()).await.expect("terminate");
            wait(down_ms).await;
            instance.start();
            ended.err()
        }
        Fault::Freeze { service, instance, ms } => {
            let instance = line.instance(service, instance);
            let _held = instance.fault.lock().await;
            if instance.signal("STOP") {
                wait(ms).await;
                instance.signal("CONT");
            }
            None
        }
        Fault::BrokerKill { broker, down_ms } => {
            let _held = locks.broker.lock().await;
            blocking(line, move |line| line.kafka.kill(broker)).await;
            wait(down_ms).await;
            blocking(line, move |line| line.kafka.start_broker(broker)).await;
            None
        }
        Fault::BrokerFreeze { broker, ms } => {
            let _held = locks.broker.lock().await;
            blocking(line, move |line| line.kafka.pause(broker)).await;
            wait(ms).await;
            blocking(line, move |line| line.kafka.resume(broker)).await;
            None
        }
        Fault::NetCut { .. } | Fault::NetStall { .. } | Fault::NetDelay { .. } => {
            let _held = locks.network.lock().await;
            on_the_network(line, fault).await;
            None
        }
        _ => {
            let _held = locks.store.lock().await;
            on_the_store(line, fault).await;
            None
        }
    }
}

async fn on_the_network(line: &Arc<Line>, fault: Fault) {
    let (broker, ms) = match fault {
        Fault::NetCut { broker, ms } | Fault::NetStall { broker, ms } | Fault::NetDelay { broker, ms, .. } => {
            (broker, ms)
        }
        _ => return,
    };
    let Some(proxy) = line.network.get(usize::from(broker - 1)) else { return };
    match fault {
        Fault::NetCut { .. } => proxy.cut(),
        Fault::NetStall { .. } => proxy.stall(),
        Fault::NetDelay { each_ms, .. } => proxy.delay(Duration::from_millis(each_ms)),
        _ => {}
    }
    wait(ms).await;
    proxy.heal();
}

async fn on_the_store(line: &Arc<Line>, fault: Fault) {
    match fault {
        Fault::StoreKill { down_ms } => {
            blocking(line, |line| line.postgres.kill()).await;
            wait(down_ms).await;
            blocking(line, |line| line.postgres.start_again()).await;
        }
        Fault::StoreRestart { down_ms } => {
            blocking(line, |line| line.postgres.stop()).await;
            wait(down_ms).await;
            blocking(line, |line| line.postgres.start_again()).await;
        }
        Fault::StoreCut { ms } => {
            line.store_network.cut();
            wait(ms).await;
            line.store_network.heal();
        }
        Fault::StoreStall { ms } => {
            line.store_network.stall();
            wait(ms).await;
            line.store_network.heal();
        }
        Fault::StoreReject { ms } => {
            blocking(line, |line| reject(line, true)).await;
            wait(ms).await;
            blocking(line, |line| reject(line, false)).await;
        }
        _ => {}
    }
}

/// Makes the database refuse writes, or take them again. Open sessions are ended, for they keep the setting they began with.
fn reject(line: &Line, reject: bool) {
    let (name, setting) = (&line.database, if reject { "on" } else { "off" });
    let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = {setting}");
    line.postgres.psql("postgres", &sql).expect("alter database");
    let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    line.postgres.psql("postgres", &sql).expect("end sessions");
}
