//! A short run of the fault harness; `make faults` runs longer ones.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use naba_faults::{Kind, LineConfig, Plan, RunConfig, run};
use naba_testkit::binary;

const SEED: u64 = 1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_a_short_schedule_of_faults_nothing_is_lost_and_nothing_comes_twice() {
    let plan = Plan::draw(SEED, 8, Kind::ALL);
    let line = LineConfig {
        seed: SEED,
        articles: 400,
        sites: 20,
        live_ms: 20_000,
        // Edits would make the run wait for them.
        edits: None,
        min_served_ms: 0,
        partitions: 4,
        instances: 2,
        running: 2,
        delivery: "exactly_once".to_owned(),
        programs: binary("naba-fetcher").parent().expect("folder of the programs").to_owned(),
        sabotage: None,
        settings: Vec::new(),
    };
    let keep = std::env::temp_dir().join("naba-faults");
    let outcome = run(&RunConfig { line, plan, keep: Some(keep), verbose: true }).await;
    println!("seed {SEED}: {}", outcome.verdict);
    assert_eq!(outcome.injected.done.len(), 8);
    assert!(outcome.verdict.figures.expected >= 400, "the farm publishes what was asked for: {}", outcome.verdict);
    assert!(outcome.verdict.is_clean(), "seed {SEED}: {}", outcome.verdict);
}
