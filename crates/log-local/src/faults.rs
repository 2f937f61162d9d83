//! The store on a disk that forgets what was not synced, tears writes, runs full and fails.

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use naba_stage::Topics;
use naba_stage::log::{LogError, NewRecord, TopicPartition};
use redb::{Database, StorageBackend};

use crate::file::DataFile;
use crate::room::Room;
use crate::store::{Store, Write};
use crate::watched::{Cause, Watched};

const TOPIC: &str = "news.raw.v1";
const GROUP: &str = "naba-parser";
const PARTITIONS: u64 = 4;
const SECTOR: usize = 512;
const BLOCK: u64 = 4096;

/// A disk in memory: what a process sees, and what a crash leaves.
#[derive(Debug, Default, Clone)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default, Clone)]
struct State {
    seen: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Op>,
    /// Operations so far.
    count: u64,
    /// The operation that fails, how, and whether all after it do.
    fails: Option<(u64, ErrorKind, bool)>,
    /// Blocks that there are; `None` without limit.
    capacity: Option<usize>,
    used: BTreeSet<u64>,
}

#[derive(Debug, Clone)]
enum Op {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

impl Op {
    fn apply(&self, image: &mut Vec<u8>, takes: &mut impl FnMut() -> bool) {
        match self {
            Op::SetLen(len) => image.resize(*len, 0),
            Op::Write(at, data) => {
                if image.len() < at + data.len() {
                    image.resize(at + data.len(), 0);
                }
                for (sector, part) in data.chunks(SECTOR).enumerate() {
                    let from = at + sector * SECTOR;
                    if takes() {
                        image[from..from + part.len()].copy_from_slice(part);
                    }
                }
            }
        }
    }
}

impl Disk {
    fn of(image: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.with(|state| (state.seen, state.durable) = (image.clone(), image));
        disk
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    /// Returns what is on the disk after the power failed: what was synced, and any part of the rest.
    fn after_power_cut(&self, random: &mut fastrand::Rng) -> Vec<u8> {
        self.with(|state| {
            let mut image = state.durable.clone();
            let share = [0, 20, 50, 80, 100][random.usize(..5)];
            for op in &state.unsynced {
                // Some writes whole, some torn, some not at all.
                let torn = share < 100 && random.u32(..4) == 0;
                let whole = random.u32(..100) < share;
                op.apply(&mut image, &mut || if torn { random.bool() } else { whole });
            }
            image
        })
    }

    fn check(&self, state: &mut State) -> Result<(), Error> {
        state.count += 1;
        match state.fails {
            Some((at, kind, and_after)) if state.count == at || (and_after && state.count > at) => Err(kind.into()),
            _ => Ok(()),
        }
    }

    /// Opens a store on this disk.
    fn open(&self) -> Result<Store, LogError> {
        let disk = self.clone();
        let opener = move |cause: &Cause| {
            Database::builder()
                .set_cache_size(4 * 1024 * 1024)
                .set_check_integrity_on_open(true)
                .create_with_backend(Watched::new(disk.clone(), cause))
        };
        let file = DataFile::open(PathBuf::from("/disk/log.redb"), Box::new(opener))?;
        Store::on(file, Room::new(None, None), None)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.with(|state| state.seen.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        self.with(|state| {
            let from = usize::try_from(offset).unwrap();
            let part = state.seen.get(from..from + out.len()).ok_or(ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(part);
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        self.with(|state| {
            self.check(state)?;
            let len = usize::try_from(len).unwrap();
            state.seen.resize(len, 0);
            state.used.retain(|block| block * BLOCK < len as u64);
            state.unsynced.push(Op::SetLen(len));
            Ok(())
        })
    }

    fn sync_data(&self) -> Result<(), Error> {
        self.with(|state| {
            self.check(state)?;
            for op in std::mem::take(&mut state.unsynced) {
                op.apply(&mut state.durable, &mut || true);
            }
            Ok(())
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.with(|state| {
            self.check(state)?;
            let blocks = offset / BLOCK..(offset + data.len() as u64).div_ceil(BLOCK);
            for block in blocks {
                let has_room = state.capacity.is_none_or(|capacity| state.used.len() < capacity);
                if !has_room && !state.used.contains(&block) {
                    return Err(ErrorKind::StorageFull.into());
                }
                state.used.insert(block);
            }
            let op = Op::Write(usize::try_from(offset).unwrap(), data.to_vec());
            op.apply(&mut state.seen, &mut || true);
            state.unsynced.push(op);
            Ok(())
        })
    }
}

/// Makes the transaction of a number: a record on each partition, and the group's position.
fn transaction(number: u64) -> Write {
    let size = [40, 900, 5000, 30_000][usize::try_from(number % 4).unwrap()];
    let record = |partition: u64| NewRecord {
        topic: Arc::from(TOPIC),
        key: Some(Bytes::from(number.to_string())),
        partition: u32::try_from(partition).unwrap(),
        value: Some(Bytes::from(vec![u8::try_from(number % 251).unwrap(); size])),
        headers: Vec::new(),
    };
    Write {
        group: Some(GROUP.to_owned()),
        records: (0..PARTITIONS).map(record).collect(),
        positions: vec![(TopicPartition::new(TOPIC, 0), number + 1)],
    }
}

fn write(store: &Store, number: u64) -> Result<(), LogError> {
    store.write(&[&transaction(number)], 1)
}

fn topics(store: &Store) {
    store.ensure_topics(&Topics::built_in().unwrap().local().all()).unwrap();
}

/// Counts the transactions that the store holds; panics when one is torn, out of place or not as it was written.
fn whole_transactions(store: &Store) -> u64 {
    let first = TopicPartition::new(TOPIC, 0);
    let count = store.end(&first).unwrap();
    assert_eq!(store.position(GROUP, &first).unwrap().unwrap_or(0), count, "positions part from records");
    for partition in 0..u32::try_from(PARTITIONS).unwrap() {
        let at = TopicPartition::new(TOPIC, partition);
        let records = store.read(&at, 0, usize::MAX, usize::MAX).unwrap();
        assert_eq!((store.end(&at).unwrap(), records.len() as u64), (count, count), "a transaction is torn at {at}");
        for (number, record) in (0..).zip(&records) {
            let written = &transaction(number).records[partition as usize];
            assert_eq!((record.offset, &record.key), (number, &written.key));
            assert!(record.value == written.value, "record {number} of {at} is not as it was written");
        }
    }
    count
}

#[test]
fn after_a_power_cut_at_any_moment_each_transaction_is_whole_or_absent() {
    let (mut cuts_inside, mut unacknowledged) = (0, 0);
    for seed in 0..400 {
        let mut random = fastrand::Rng::with_seed(seed);
        let disk = Disk::default();
        let store = disk.open().unwrap();
        topics(&store);
        let cut = disk.with(|state| state.count) + random.u64(1..120);
        disk.with(|state| state.fails = Some((cut, ErrorKind::Other, true)));
        let acknowledged = (0..12).take_while(|number| write(&store, *number).is_ok()).count() as u64;
        cuts_inside += u32::from(acknowledged < 12);
        let image = disk.after_power_cut(&mut random);
        drop(store);

        let store = Disk::of(image).open().unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let found = whole_transactions(&store);
        assert!(found == acknowledged || found == acknowledged + 1, "seed {seed}: {acknowledged}, found {found}");
        unacknowledged += u32::from(found > acknowledged);
        for number in found..found + 3 {
            write(&store, number).unwrap();
        }
        assert_eq!(whole_transactions(&store), found + 3, "seed {seed}");
    }
    println!(
        "400 power cuts, {cuts_inside} while writing, {unacknowledged} after which the last transaction was there"
    );
    assert!(cuts_inside > 200 && unacknowledged > 0);
}

#[test]
fn a_write_that_fails_anywhere_is_known_to_be_there_or_not() {
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        let (mut taken_back, mut there) = (0, 0);
        for step in 1..60 {
            let mut failed = 0;
            let disk = Disk::default();
            let store = disk.open().unwrap();
            topics(&store);
            (0..5).for_each(|number| write(&store, number).unwrap());
            let at = disk.with(|state| state.count) + step;
            disk.with(|state| state.fails = Some((at, kind, false)));
            let mut next = 5;
            while next < 9 {
                match write(&store, next) {
                    Ok(()) => next += 1,
                    Err(LogError::NoSpace(_)) if kind == ErrorKind::StorageFull => failed += 1,
                    Err(LogError::Fatal(text)) if kind == ErrorKind::Other => {
                        assert!(text.contains("/disk/log.redb"), "{text}");
                        failed += 1;
                    }
                    Err(error) => panic!("step {step}: {error}"),
                }
                // What is told as written is there, what is told as failed is not, and reading goes on.
                assert_eq!(whole_transactions(&store), next, "step {step}");
            }
            taken_back += failed;
            there += u32::from(failed == 0);
        }
        println!("{kind:?} at 59 steps: {taken_back} writes were taken back, {there} were there all the same");
        assert!(taken_back > 20);
    }
}

#[test]
fn a_full_disk_stops_appends_and_nothing_else_until_there_is_room() {
    let disk = Disk::default();
    let store = disk.open().unwrap();
    topics(&store);
    for round in 0..4 {
        let used = disk.with(|state| state.used.len());
        disk.with(|state| state.capacity = Some(used + 40 * (round + 1)));
        let (mut next, mut refused) = (whole_transactions(&store), 0);
        while refused < 4 {
            match write(&store, next) {
                Ok(()) => next += 1,
                Err(LogError::NoSpace(path)) if path == "/disk/log.redb" => refused += 1,
                Err(error) => panic!("{error}"),
            }
            assert_eq!(whole_transactions(&store), next, "reading goes on");
        }
        disk.with(|state| state.capacity = None);
        write(&store, next).unwrap();
        assert_eq!(whole_transactions(&store), next + 1, "appending goes on");
    }
    // A log can be opened and read on a full disk too.
    disk.with(|state| state.capacity = Some(0));
    let before = whole_transactions(&store);
    drop(store);
    assert_eq!(whole_transactions(&disk.open().unwrap()), before);
}

#[test]
fn a_damaged_file_is_an_error_that_names_it_or_holds_everything() {
    let disk = Disk::default();
    let store = disk.open().unwrap();
    topics(&store);
    (0..40).for_each(|number| write(&store, number).unwrap());
    let killed = disk.with(|state| state.seen.clone());
    drop(store);
    let closed = disk.with(|state| state.seen.clone());
    let mut refused = 0;
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut image = if random.bool() { killed.clone() } else { closed.clone() };
        match random.u32(..3) {
            0 => image.truncate(random.usize(..image.len())),
            1 => {
                let from = random.usize(..image.len());
                let until = (from + random.usize(1..20_000)).min(image.len());
                image[from..until].fill(random.u8(..));
            }
            _ => {
                let at = random.usize(..image.len());
                image[at] ^= 1 << random.u32(..8);
            }
        }
        if image.is_empty() {
            continue;
        }
        match Disk::of(image).open() {
            // A damaged last transaction of a killed process is one that never was.
            Ok(store) => assert!(whole_transactions(&store) >= 39, "seed {seed}: silently without some of it"),
            Err(error) => {
                refused += 1;
                let text = error.to_string();
                assert!(text.contains("/disk/log.redb is damaged") && text.contains("move its folder"), "{text}");
            }
        }
    }
    println!("{refused} of 300 damaged files were refused, the others held everything");
    assert!(refused > 100);
}
