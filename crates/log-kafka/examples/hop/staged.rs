//! A turn of the runtime: a stage that takes each message apart and puts it together again, and changes nothing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use naba_log_kafka::KafkaLog;
use naba_proto::v1::RawDocument;
use naba_stage::log::{Log, TopicPartition};
use naba_stage::{
    Audit, Context, Delivery, Health, Outcome, Output, Stage, StageConfig, StageError, Topics, run_stage, shutdown_pair,
};

use crate::{Failure, Mark, PARTITIONS, Plan};

/// Longest time of a turn.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone)]
struct Identity {
    seen: Arc<AtomicUsize>,
    first: Arc<OnceLock<Mark>>,
    broker: Option<u32>,
}

impl Stage for Identity {
    type In = RawDocument;
    const NAME: &'static str = "parser";

    async fn process(&self, input: RawDocument, _ctx: &Context) -> Result<Outcome, StageError> {
        self.first.get_or_init(|| Mark::now(self.broker));
        self.seen.fetch_add(1, Ordering::Relaxed);
        Ok(Outcome::emit(Output::new("articles", input.url_hash.clone(), &input)))
    }
}

/// Runs the stage until everything that is on its topic is committed; returns the seconds since the first record.
pub async fn turn(
    log: &Arc<KafkaLog>,
    topics: &Topics,
    input: &[TopicPartition],
    plan: &Plan,
    delivery: Delivery,
) -> Result<[f64; 3], Failure> {
    let state = std::env::temp_dir();
    let mut config = StageConfig::new("hop", topics.clone(), state);
    // Off, as in production.
    (config.delivery, config.audit) = (delivery, Audit::Off);
    let identity = Identity { seen: Arc::default(), first: Arc::default(), broker: plan.broker };
    let (stop, shutdown) = shutdown_pair();
    let shared: Arc<dyn Log> = Arc::clone(log) as Arc<dyn Log>;
    let mut run = tokio::spawn(run_stage(identity.clone(), shared, config, Health::new(), shutdown));
    let target: u64 = log.ends(input).await?.iter().sum();
    let began = Instant::now();
    loop {
        tokio::select! {
            ended = &mut run => return Err(format!("the stage ended: {ended:?}").into()),
            () = tokio::time::sleep(Duration::from_millis(5)) => {}
        }
        if identity.seen.load(Ordering::Relaxed) >= plan.records {
            // Behind the last record of a partition stands the end of the transaction that wrote it.
            let at = log.committed(&topics.group(Identity::NAME), input).await?;
            if at.iter().flatten().sum::<u64>() + u64::from(PARTITIONS) >= target {
                break;
            }
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("{:?} of {} records came", identity.seen, plan.records).into());
        }
    }
    let end = Mark::now(plan.broker);
    let _ = stop.send(true);
    run.await??;
    Ok(end.since(identity.first.get().ok_or("no record came")?))
}
