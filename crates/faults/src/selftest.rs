//! The harness's own test: runtimes that are broken on purpose must be convicted, and an honest one must not.

use std::path::Path;

use naba_faults::{Edits, Fault, Kind, LineConfig, Plan, Planned, RunConfig, run};

/// A sabotage and the run that brings it to light.
struct Trial {
    /// Name, as NABA_SABOTAGE takes it; None for the honest programs.
    sabotage: Option<&'static str>,
    delivery: &'static str,
    edits: Option<Edits>,
    plan: Plan,
}

fn trial(sabotage: Option<&'static str>, plan: Plan) -> Trial {
    Trial { sabotage, delivery: "exactly_once", edits: None, plan }
}

fn planned(faults: &[(u64, Fault)]) -> Plan {
    Plan { faults: faults.iter().map(|(after_ms, fault)| Planned { after_ms: *after_ms, fault: *fault }).collect() }
}

/// Kills and freezes in the stages that write to the log, which meet their batches half done.
fn kills() -> Plan {
    let services = ["enricher", "parser", "fetcher", "enricher", "parser", "enricher", "parser", "fetcher"];
    let kill = |(i, service): (usize, &&'static str)| Planned {
        after_ms: 2_500,
        fault: Fault::Kill { service, instance: i % 2, down_ms: 300 },
    };
    Plan { faults: services.iter().enumerate().map(kill).collect() }
}

fn freezes() -> Plan {
    planned(&[
        (4_000, Fault::Freeze { service: "parser", instance: 0, ms: 11_000 }),
        (500, Fault::Freeze { service: "enricher", instance: 1, ms: 11_000 }),
        (14_000, Fault::Freeze { service: "fetcher", instance: 0, ms: 11_000 }),
        (500, Fault::Freeze { service: "parser", instance: 1, ms: 11_000 }),
        (500, Fault::Freeze { service: "enricher", instance: 0, ms: 11_000 }),
    ])
}

/// Whatever the stale sink holds is edited meanwhile.
const STALE: Edits = Edits { after_ms: (30_000, 40_000), per_mille: 1000 };

/// The first sink gathers a batch while it sleeps for a while, holds it because the store does not take it, and sleeps on until
/// the second sink has stored the edits that follow.
fn stale_sink() -> Plan {
    planned(&[
        (20_000, Fault::Freeze { service: "sink", instance: 0, ms: 4_500 }),
        (3_000, Fault::StoreReject { ms: 14_000 }),
        (3_000, Fault::Freeze { service: "sink", instance: 0, ms: 110_000 }),
    ])
}

fn trials() -> Vec<Trial> {
    let mixed = || Plan::draw(5, 12, &[Kind::Kill, Kind::Freeze, Kind::BrokerKill, Kind::NetCut, Kind::NetStall]);
    vec![
        trial(None, mixed()),
        Trial { edits: Some(STALE), ..trial(None, stale_sink()) },
        trial(Some("commit-before-produce"), kills()),
        trial(Some("no-fencing"), freezes()),
        Trial { delivery: "at_least_once", ..trial(Some("watermark-past-gap"), kills()) },
        trial(Some("skip-resend-after-abort"), freezes()),
        Trial { edits: Some(STALE), ..trial(Some("sink-without-compare-and-set"), stale_sink()) },
        trial(Some("lost-tombstone"), kills()),
        trial(
            Some("silent-empty-emit"),
            planned(&[(3_000, Fault::Terminate { service: "parser", instance: 0, down_ms: 500 })]),
        ),
    ]
}

/// Runs every trial; false when a sabotage went unseen or the honest programs were convicted.
pub async fn all(programs: &Path, shared: &crate::Shared, only: Option<&str>) -> bool {
    let mut right = true;
    for (number, trial) in trials().into_iter().enumerate() {
        let name = trial.sabotage.unwrap_or("honest");
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let span = i64::try_from(trial.plan.span_ms()).unwrap_or(i64::MAX);
        let line = LineConfig {
            delivery: trial.delivery.to_owned(),
            edits: trial.edits,
            // What is edited soon may be missed; what is stored must be the newest all the same.
            min_served_ms: trial.edits.map_or(0, |edits| edits.after_ms.1 * 4),
            live_ms: span.max(10_000),
            sabotage: trial.sabotage.map(str::to_owned),
            ..crate::line_config(40 + number as u64, 1200, programs, shared)
        };
        // What a sabotage leaves behind is of no use; what an honest run is convicted of is.
        let keep = trial.sabotage.is_none().then(|| shared.keep.join("selftest"));
        let outcome = run(&RunConfig { line, plan: trial.plan, keep, verbose: false }).await;
        let as_it_should = outcome.verdict.is_clean() == trial.sabotage.is_none();
        right &= as_it_should;
        println!(
            "{} {name}: {} ({} s)",
            if as_it_should { "ok  " } else { "FAIL" },
            match outcome.verdict.convictions.first() {
                None => "nothing found".to_owned(),
                Some(first) =>
                    format!("convicted of {} charges, the first: {first}", outcome.verdict.convictions.len()),
            },
            outcome.took.as_secs()
        );
        if !as_it_should {
            println!("{}", outcome.verdict);
        }
    }
    right
}
