//! The schedule of faults: a pure function of a seed.

use std::fmt;

use crate::{BROKERS, SERVICES};

/// Time between the starts of two faults, in milliseconds.
const GAP_MS: std::ops::Range<u64> = 1_500..4_500;
/// Instances of each service that a plan knows.
const INSTANCES: usize = 2;

/// Something that breaks, with everything that was drawn for it. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
// The sentence of a variant says what its fields are.
#[allow(missing_docs)]
pub enum Fault {
    /// SIGKILL, and a new start after a while.
    Kill { service: &'static str, instance: usize, down_ms: u64 },
    /// SIGTERM, and a new start after the process has drained.
    Terminate { service: &'static str, instance: usize, down_ms: u64 },
    /// SIGSTOP for longer than the session time-out, then SIGCONT: a zombie that wakes up.
    Freeze { service: &'static str, instance: usize, ms: u64 },
    /// SIGKILL to a broker, and a new start after a while.
    BrokerKill { broker: u16, down_ms: u64 },
    /// SIGSTOP to a broker: it keeps its connections and answers nothing.
    BrokerFreeze { broker: u16, ms: u64 },
    /// The network to one broker is cut.
    NetCut { broker: u16, ms: u64 },
    /// The network to one broker keeps its connections and carries nothing.
    NetStall { broker: u16, ms: u64 },
    /// The network to one broker delays each piece of data.
    NetDelay { broker: u16, each_ms: u64, ms: u64 },
    /// PostgreSQL is killed, and starts again.
    StoreKill { down_ms: u64 },
    /// PostgreSQL is stopped in order, and starts again.
    StoreRestart { down_ms: u64 },
    /// The network to PostgreSQL is cut.
    StoreCut { ms: u64 },
    /// The network to PostgreSQL keeps its connections and carries nothing.
    StoreStall { ms: u64 },
    /// PostgreSQL refuses every write, as a standby does.
    StoreReject { ms: u64 },
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kind {
    Kill,
    Terminate,
    Freeze,
    BrokerKill,
    BrokerFreeze,
    NetCut,
    NetStall,
    NetDelay,
    StoreKill,
    StoreRestart,
    StoreCut,
    StoreStall,
    StoreReject,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Kill,
        Self::Terminate,
        Self::Freeze,
        Self::BrokerKill,
        Self::BrokerFreeze,
        Self::NetCut,
        Self::NetStall,
        Self::NetDelay,
        Self::StoreKill,
        Self::StoreRestart,
        Self::StoreCut,
        Self::StoreStall,
        Self::StoreReject,
    ];

    /// How often a kind is drawn, beside the others. Killed instances are what happens most.
    fn weight(self) -> usize {
        match self {
            Self::Kill => 4,
            Self::Terminate | Self::Freeze | Self::BrokerKill => 2,
            _ => 1,
        }
    }

    /// Returns the name, as `--only` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Terminate => "terminate",
            Self::Freeze => "freeze",
            Self::BrokerKill => "broker-kill",
            Self::BrokerFreeze => "broker-freeze",
            Self::NetCut => "net-cut",
            Self::NetStall => "net-stall",
            Self::NetDelay => "net-delay",
            Self::StoreKill => "store-kill",
            Self::StoreRestart => "store-restart",
            Self::StoreCut => "store-cut",
            Self::StoreStall => "store-stall",
            Self::StoreReject => "store-reject",
        }
    }

    /// Returns the kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl Fault {
    fn draw(kind: Kind, rng: &mut fastrand::Rng) -> Self {
        let service = *rng.choice(SERVICES.iter()).unwrap_or(&SERVICES[0]);
        let instance = rng.usize(0..INSTANCES);
        let broker = rng.u16(1..=BROKERS);
        let down_ms = rng.u64(0..4_000);
        match kind {
            Kind::Kill => Self::Kill { service, instance, down_ms },
            Kind::Terminate => Self::Terminate { service, instance, down_ms },
            Kind::Freeze => Self::Freeze { service, instance, ms: rng.u64(8_000..12_000) },
            Kind::BrokerKill => Self::BrokerKill { broker, down_ms },
            Kind::BrokerFreeze => Self::BrokerFreeze { broker, ms: rng.u64(2_000..9_000) },
            Kind::NetCut => Self::NetCut { broker, ms: rng.u64(200..5_000) },
            Kind::NetStall => Self::NetStall { broker, ms: rng.u64(1_000..9_000) },
            Kind::NetDelay => Self::NetDelay { broker, each_ms: rng.u64(20..200), ms: rng.u64(2_000..6_000) },
            Kind::StoreKill => Self::StoreKill { down_ms },
            Kind::StoreRestart => Self::StoreRestart { down_ms },
            Kind::StoreCut => Self::StoreCut { ms: rng.u64(200..4_000) },
            Kind::StoreStall => Self::StoreStall { ms: rng.u64(1_000..8_000) },
            Kind::StoreReject => Self::StoreReject { ms: rng.u64(2_000..8_000) },
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Kill { .. } => Kind::Kill,
            Self::Terminate { .. } => Kind::Terminate,
            Self::Freeze { .. } => Kind::Freeze,
            Self::BrokerKill { .. } => Kind::BrokerKill,
            Self::BrokerFreeze { .. } => Kind::BrokerFreeze,
            Self::NetCut { .. } => Kind::NetCut,
            Self::NetStall { .. } => Kind::NetStall,
            Self::NetDelay { .. } => Kind::NetDelay,
            Self::StoreKill { .. } => Kind::StoreKill,
            Self::StoreRestart { .. } => Kind::StoreRestart,
            Self::StoreCut { .. } => Kind::StoreCut,
            Self::StoreStall { .. } => Kind::StoreStall,
            Self::StoreReject { .. } => Kind::StoreReject,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.kind().name();
        match self {
            Self::Kill { service, instance, down_ms } | Self::Terminate { service, instance, down_ms } => {
                write!(f, "{name} {service}-{instance}, down {down_ms} ms")
            }
            Self::Freeze { service, instance, ms } => write!(f, "{name} {service}-{instance} for {ms} ms"),
            Self::BrokerKill { broker, down_ms } => write!(f, "{name} {broker}, down {down_ms} ms"),
            Self::BrokerFreeze { broker, ms } | Self::NetCut { broker, ms } | Self::NetStall { broker, ms } => {
                write!(f, "{name} {broker} for {ms} ms")
            }
            Self::NetDelay { broker, each_ms, ms } => write!(f, "{name} {broker} by {each_ms} ms for {ms} ms"),
            Self::StoreKill { down_ms } | Self::StoreRestart { down_ms } => write!(f, "{name}, down {down_ms} ms"),
            Self::StoreCut { ms } | Self::StoreStall { ms } | Self::StoreReject { ms } => {
                write!(f, "{name} for {ms} ms")
            }
        }
    }
}

/// A fault and when it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Milliseconds after the start of the one before.
    pub after_ms: u64,
    /// What happens.
    pub fault: Fault,
}

/// A schedule of faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The faults, in order.
    pub faults: Vec<Planned>,
}

impl Plan {
    /// Draws `count` faults of the given kinds. Kinds come as from a shuffled deck, so that each has its share in any run
    /// that is long enough.
    pub fn draw(seed: u64, count: usize, kinds: &[Kind]) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let deck: Vec<Kind> = kinds.iter().flat_map(|kind| std::iter::repeat_n(*kind, kind.weight())).collect();
        let mut left: Vec<Kind> = Vec::new();
        let mut faults = Vec::with_capacity(count);
        while faults.len() < count && !deck.is_empty() {
            if left.is_empty() {
                left.clone_from(&deck);
                rng.shuffle(&mut left);
            }
            let Some(kind) = left.pop() else { break };
            faults.push(Planned { after_ms: rng.u64(GAP_MS), fault: Fault::draw(kind, &mut rng) });
        }
        Self { faults }
    }

    /// Returns the time from the first fault's wait to the start of the last, in milliseconds.
    pub fn span_ms(&self) -> u64 {
        self.faults.iter().map(|planned| planned.after_ms).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_seed_makes_another_plan_of_the_same_kinds() {
        let (one, other) = (Plan::draw(1, 40, Kind::ALL), Plan::draw(2, 40, Kind::ALL));
        assert_ne!(one, other);
        assert_eq!(one.faults.len(), 40);
        let kills = Plan::draw(1, 9, &[Kind::Kill]);
        assert!(kills.faults.iter().all(|planned| planned.fault.kind() == Kind::Kill));
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(*kind));
        }
        assert_eq!(Kind::named("flood"), None);
    }
}
