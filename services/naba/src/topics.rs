//! `naba topics`: make the topics, and say whether they are as they should be.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use naba_stage::TopicSpec;
use naba_stage::log::TopicInfo;
use serde_json::json;

use crate::place::{IfMissing, Place, PlaceArgs, block_on};
use crate::terminal::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  naba topics                                       are all topics there, with the right counts?
  naba topics apply --dry-run --kafka broker-1:9092
  naba topics apply --kafka broker-1:9092

Topics are stated in deploy/topics.toml (built in; stage.topics_file names another). `naba up` makes its own.
Exit codes: 0 done, 1 failed or not all topics are as stated, 64 wrong command line or configuration.";

/// List the topics, or make those that are missing
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// List every topic: is it there, does its partition count fit, how many records it holds
    List(ListArgs),
    /// Make the topics that are missing; an existing topic of another partition count is refused
    Apply {
        #[command(flatten)]
        place: PlaceArgs,
        /// Say what would be made, and make nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// Lists or makes topics.
pub fn run(args: Args) -> Result<ExitCode> {
    match args.task.unwrap_or(Task::List(args.list)) {
        Task::List(args) => block_on(list(args)),
        Task::Apply { place, dry_run } => block_on(apply(place, dry_run)),
    }
}

/// How a topic stands against its specification.
#[derive(Debug, Clone, PartialEq)]
enum State {
    Good { records: u64 },
    Missing,
    Partitions(usize),
}

fn state(spec: &TopicSpec, found: &[TopicInfo]) -> State {
    match found.iter().find(|topic| topic.name == spec.name) {
        None => State::Missing,
        Some(topic) if topic.partitions.len() != spec.partitions as usize => State::Partitions(topic.partitions.len()),
        Some(topic) => {
            State::Good { records: topic.partitions.iter().map(|(low, high)| high.saturating_sub(*low)).sum() }
        }
    }
}

async fn list(args: ListArgs) -> Result<ExitCode> {
    let place = Place::open(&args.place, IfMissing::Refuse).await?;
    let found = place.log.topics().await.with_context(|| format!("asking {}", place.name()))?;
    let specs = place.topics.all();
    if !args.json {
        print(&format!(
            "{}\n{:<34} {:>10}  {:<15} {:>12}\n",
            place.name(),
            "topic",
            "partitions",
            "cleanup",
            "offsets"
        ))?;
    }
    let mut good = true;
    for spec in &specs {
        let state = state(spec, &found);
        good &= matches!(state, State::Good { .. });
        if args.json {
            print_json(&as_json(spec, &state))?;
        } else {
            print(&as_line(spec, &state))?;
        }
    }
    if !good {
        eprintln!("not all topics are as stated; `naba topics apply` makes those that are missing");
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_line(spec: &TopicSpec, state: &State) -> String {
    let said = match state {
        State::Good { records } => records.to_string(),
        State::Missing => "missing".to_owned(),
        State::Partitions(found) => format!("has {found} partitions"),
    };
    format!("{:<34} {:>10}  {:<15} {said:>12}\n", spec.name, spec.partitions, spec.cleanup.policy())
}

fn as_json(spec: &TopicSpec, state: &State) -> serde_json::Value {
    let (word, offsets, partitions) = match state {
        State::Good { records } => ("ok", Some(*records), Some(spec.partitions as usize)),
        State::Missing => ("missing", None, None),
        State::Partitions(found) => ("other_partitions", None, Some(*found)),
    };
    json!({
        "topic": spec.name,
        "role": spec.role,
        "state": word,
        "partitions": partitions,
        "wantedPartitions": spec.partitions,
        "cleanup": spec.cleanup.policy(),
        "offsets": offsets,
    })
}

async fn apply(args: PlaceArgs, dry_run: bool) -> Result<ExitCode> {
    let if_missing = if dry_run { IfMissing::Refuse } else { IfMissing::Create };
    let place = Place::open(&args, if_missing).await?;
    let found = place.log.topics().await.with_context(|| format!("asking {}", place.name()))?;
    let specs = place.topics.all();
    let missing: Vec<&TopicSpec> = specs.iter().filter(|spec| state(spec, &found) == State::Missing).collect();
    for spec in &specs {
        if let State::Partitions(count) = state(spec, &found) {
            bail!(
                "topic {} has {count} partitions, it should have {}: changing the count moves keys, so make a topic of \
                 another name or put the count back",
                spec.name,
                spec.partitions
            );
        }
    }
    for spec in &missing {
        let would = if dry_run { "would make" } else { "make" };
        print(&format!("{would} {} ({} partitions, {})\n", spec.name, spec.partitions, spec.cleanup.policy()))?;
    }
    if !dry_run {
        place.log.ensure_topics(&specs).await.context("making topics")?;
    }
    print(&format!("{} of {} topics were there on {}\n", specs.len() - missing.len(), specs.len(), place.name()))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use naba_stage::Topics;

    use super::*;

    #[test]
    fn a_topic_is_missing_or_has_other_partitions_or_is_good() {
        let topics = Topics::built_in().unwrap().local();
        let spec = topics.get("raw").unwrap();
        let info = |partitions| vec![TopicInfo { name: spec.name.clone(), partitions }];
        assert_eq!(state(spec, &[]), State::Missing);
        assert_eq!(state(spec, &info(vec![(0, 1)])), State::Partitions(1));
        assert_eq!(state(spec, &info(vec![(2, 5); spec.partitions as usize])), State::Good { records: 12 });
    }
}
