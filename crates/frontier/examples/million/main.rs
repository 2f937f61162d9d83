//! A million feeds on half a million hosts under a virtual clock, with the frontier's own code: what it costs, and how late
//! it is. `make sim-frontier`; what it prints is in docs/capacity.md.
//!
//! ```text
//! cargo run --release -p naba-frontier --example million -- [feeds] [hosts] [hours]
//! ```

mod report;
mod world;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use naba_frontier::{Answer, FetchRequest, Frontier, Settings, Target, forbidden};
use naba_model::Millis;

use report::{Report, cpu_seconds, resident_bytes};
use world::{HOUR, World};

/// Requests under way at once: those of a whole fleet, because one frontier here stands for all partitions.
const CONCURRENCY: usize = 20_000;
/// How long the virtual web takes to answer.
const LATENCY: Millis = 400;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>().ok());
    let mut next = |default: usize| arguments.next().flatten().unwrap_or(default);
    let (feeds, hosts, hours) = (next(1_000_000), next(540_000), next(24));
    let mut world = World::new(feeds, hosts);
    let before = resident_bytes();
    let mut frontier = Frontier::new(Settings::default(), 0);
    for feed in 0..feeds {
        frontier.add_source(0, world.source(feed), None);
    }
    let mut report = Report::new(feeds, hosts, resident_bytes().saturating_sub(before));
    run(&mut frontier, &mut world, &mut report, Millis::try_from(hours).unwrap_or(24) * HOUR);
    report.grown_bytes = resident_bytes().saturating_sub(before);
    report.print();
}

/// A request that is answered later.
struct UnderWay {
    at: Millis,
    number: u64,
    request: FetchRequest,
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for UnderWay {}

impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UnderWay {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

fn run(frontier: &mut Frontier, world: &mut World, report: &mut Report, end: Millis) {
    let mut under_way: BinaryHeap<Reverse<UnderWay>> = BinaryHeap::new();
    let (mut now, mut number) = (0, 0);
    let started = cpu_seconds();
    while now < end {
        while under_way.peek().is_some_and(|Reverse(first)| first.at <= now) {
            let Some(Reverse(UnderWay { request, .. })) = under_way.pop() else { break };
            let answer = answer(world, report, &request, now);
            frontier.observe(now, &request, answer);
        }
        let room = CONCURRENCY - under_way.len();
        for request in frontier.due(now, room, CONCURRENCY) {
            number += 1;
            report.asked(&request, world.class_of(&request), now);
            under_way.push(Reverse(UnderWay { at: now + LATENCY, number, request }));
        }
        let answered = under_way.peek().map(|Reverse(first)| first.at);
        let due = frontier.next_wake(CONCURRENCY - under_way.len(), CONCURRENCY);
        now = answered.into_iter().chain(due).min().unwrap_or(end).max(now + 1);
    }
    report.ended(cpu_seconds() - started, end);
}

fn answer(world: &mut World, report: &mut Report, request: &FetchRequest, now: Millis) -> Answer {
    if !request.is_permitted() {
        return forbidden(request);
    }
    match &request.target {
        Target::Source { source_id, .. } => {
            let is_steady = world.is_steady(source_id);
            world.poll(source_id, now, |delay| report.found(is_steady, delay, now))
        }
        // No robots.txt: everything is allowed.
        _ => Answer::Status { status: 404, retry_after: None },
    }
}
