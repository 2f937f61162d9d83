//! Instants as milliseconds since the Unix epoch, and their wire form.

use naba_proto::prost_types::Timestamp;

/// Milliseconds since 1970-01-01T00:00:00Z. Pure code takes the clock as an argument of this type.
pub type Millis = i64;

/// Returns the wire form of an instant.
pub fn timestamp_of(millis: Millis) -> Timestamp {
    let nanos = i32::try_from(millis.rem_euclid(1000)).unwrap_or_default() * 1_000_000;
    Timestamp { seconds: millis.div_euclid(1000), nanos }
}

/// Reads the wire form of an instant; parts of a millisecond are dropped.
pub fn millis_of(timestamp: &Timestamp) -> Millis {
    timestamp.seconds.saturating_mul(1000).saturating_add(i64::from(timestamp.nanos) / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_before_the_epoch_survive() {
        for millis in [-1, 0, 1, -1500, 1_700_000_000_123] {
            assert_eq!(millis_of(&timestamp_of(millis)), millis);
        }
    }
}
