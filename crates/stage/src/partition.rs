//! The reorder buffer of a partition: work in any order, outputs in the order of the inputs.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use naba_proto::v1::Disposition;

use crate::code::Code;
use crate::log::{NewRecord, Record};
use crate::metric::Metric;
use crate::outcome::StateWrite;
use crate::sabotage::{self, Sabotage};
use crate::state::StateView;

/// A count to be made when the record is committed.
pub(crate) type Count = (Metric, Vec<String>);

/// How a record ended, and all that goes with it.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) records: Vec<NewRecord>,
    pub(crate) writes: Vec<StateWrite>,
    pub(crate) disposition: Disposition,
    pub(crate) code: Code,
    pub(crate) counts: Vec<Count>,
}

enum State {
    /// Waits for an earlier record of its key.
    Queued,
    /// With the pool, or waiting for its next attempt.
    Running,
    /// Done; waits for the records before it.
    Done(Finished),
    /// Given back undone because the partition is draining.
    Dropped,
}

struct Slot {
    record: Arc<Record>,
    state: State,
    attempts: u32,
}

/// A record and how it ended.
pub(crate) type Done = (Arc<Record>, Finished);

/// One partition of a stage.
pub(crate) struct Lane {
    pub(crate) epoch: u64,
    pub(crate) state: StateView,
    /// Set when no new work is to be begun.
    pub(crate) draining: Arc<AtomicBool>,
    first: u64,
    slots: VecDeque<Slot>,
    /// Records that wait for an earlier one of their key; present while a record of the key is being worked on.
    waiting: Option<HashMap<Bytes, VecDeque<u64>>>,
}

impl Lane {
    /// Makes a lane; `by_key` keeps records of one key one after the other.
    pub(crate) fn new(epoch: u64, state: StateView, by_key: bool) -> Self {
        let waiting = by_key.then(HashMap::new);
        Self { epoch, state, draining: Arc::default(), first: 0, slots: VecDeque::new(), waiting }
    }

    /// Takes a record; returns its number when it may begin now.
    pub(crate) fn push(&mut self, record: Record) -> Option<u64> {
        let number = self.first + self.slots.len() as u64;
        let mut state = State::Running;
        if let (Some(waiting), Some(key)) = (&mut self.waiting, &record.key) {
            if let Some(queue) = waiting.get_mut(key) {
                queue.push_back(number);
                state = State::Queued;
            } else {
                waiting.insert(key.clone(), VecDeque::new());
            }
        }
        let begin = matches!(state, State::Running);
        self.slots.push_back(Slot { record: Arc::new(record), state, attempts: 0 });
        begin.then_some(number)
    }

    /// Begins an attempt: returns the record and the number of the attempt, from 1.
    pub(crate) fn attempt(&mut self, number: u64) -> Option<(Arc<Record>, u32)> {
        let slot = self.slot(number)?;
        slot.state = State::Running;
        slot.attempts += 1;
        Some((Arc::clone(&slot.record), slot.attempts))
    }

    /// Returns the record of a number and the attempts made at it.
    pub(crate) fn look(&mut self, number: u64) -> Option<(Arc<Record>, u32)> {
        self.slot(number).map(|slot| (Arc::clone(&slot.record), slot.attempts))
    }

    /// Ends a record; returns the number of the next record of its key, which may begin now.
    pub(crate) fn finish(&mut self, number: u64, finished: Finished) -> Option<u64> {
        self.state.stage(&finished.writes);
        let slot = self.slot(number)?;
        slot.state = State::Done(finished);
        let key = slot.record.key.clone();
        self.release(key)
    }

    /// Gives a record back undone.
    pub(crate) fn drop_undone(&mut self, number: u64) {
        if let Some(slot) = self.slot(number) {
            slot.state = State::Dropped;
        }
    }

    /// Takes the records that are done and have nothing undone before them, at most `max`.
    pub(crate) fn take_done(&mut self, max: usize) -> Vec<Done> {
        let mut done = Vec::new();
        while done.len() < max {
            match self.slots.pop_front() {
                Some(Slot { record, state: State::Done(finished), .. }) => {
                    self.first += 1;
                    done.push((record, finished));
                }
                Some(other) => {
                    self.slots.push_front(other);
                    break;
                }
                None => break,
            }
        }
        done
    }

    /// Takes done records as [`Lane::take_done`] does, with the position after them; `None` when there is nothing to commit.
    pub(crate) fn take_chunk(&mut self, max: usize) -> Option<(u64, Vec<Done>)> {
        let done = self.take_done(max);
        let mut position = done.last().map(|(last, _)| last.offset + 1);
        if sabotage::is(Sabotage::WatermarkPastGap) {
            let newest = self.slots.iter().rev().find(|slot| matches!(slot.state, State::Done(_)));
            position = newest.map(|slot| slot.record.offset + 1).max(position);
        }
        Some((position?, done))
    }

    /// Begins no new work from now on.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Tells whether anything is still being worked on that could yet be committed.
    pub(crate) fn is_busy(&self) -> bool {
        let open = self.slots.iter().take_while(|slot| !matches!(slot.state, State::Dropped | State::Queued));
        open.into_iter().any(|slot| matches!(slot.state, State::Running))
    }

    fn release(&mut self, key: Option<Bytes>) -> Option<u64> {
        let (waiting, key) = (self.waiting.as_mut()?, key?);
        let next = waiting.get_mut(&key)?.pop_front();
        if next.is_none() {
            waiting.remove(&key);
        }
        next
    }

    fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.slots.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Hold;
    use crate::log::TopicPartition;

    fn record(key: &'static str, offset: u64) -> Record {
        Record {
            at: TopicPartition::new("t", 0),
            offset,
            timestamp: 0,
            key: Some(Bytes::from_static(key.as_bytes())),
            value: None,
            headers: Vec::new(),
            hold: Hold::none(),
        }
    }

    fn done() -> Finished {
        let (records, writes, counts) = (Vec::new(), Vec::new(), Vec::new());
        Finished { records, writes, disposition: Disposition::Skipped, code: "x", counts }
    }

    fn offsets(lane: &mut Lane) -> Vec<u64> {
        lane.take_done(100).iter().map(|(record, _)| record.offset).collect()
    }

    #[test]
    fn outputs_come_in_the_order_of_the_inputs() {
        let mut lane = Lane::new(1, StateView::none(), false);
        let numbers: Vec<_> = (0..3).map(|i| lane.push(record("k", i)).unwrap()).collect();
        lane.finish(numbers[2], done());
        lane.finish(numbers[1], done());
        assert_eq!(offsets(&mut lane), Vec::<u64>::new());
        lane.finish(numbers[0], done());
        assert_eq!(offsets(&mut lane), [0, 1, 2]);
    }

    #[test]
    fn records_of_one_key_run_one_after_the_other() {
        let mut lane = Lane::new(1, StateView::none(), true);
        let first = lane.push(record("a", 0)).unwrap();
        assert_eq!(lane.push(record("a", 1)), None);
        let other = lane.push(record("b", 2)).unwrap();
        assert_eq!(lane.finish(other, done()), None);
        let second = lane.finish(first, done()).unwrap();
        assert_eq!(lane.attempt(second).unwrap().1, 1);
        assert_eq!(lane.finish(second, done()), None);
        assert_eq!(offsets(&mut lane), [0, 1, 2]);
        assert!(lane.push(record("a", 3)).is_some());
    }

    #[test]
    fn a_record_given_back_holds_up_what_follows_it() {
        let mut lane = Lane::new(1, StateView::none(), false);
        let numbers: Vec<_> = (0..3).map(|i| lane.push(record("k", i)).unwrap()).collect();
        lane.finish(numbers[0], done());
        lane.drop_undone(numbers[1]);
        lane.finish(numbers[2], done());
        assert_eq!(offsets(&mut lane), [0]);
        assert!(!lane.is_busy());
    }
}
