//! Instants and rates as people write them.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use naba_model::{Millis, millis_of, timestamp_of};
use naba_proto::prost_types::Timestamp;
use naba_stage::log::Position;

/// Returns the wall clock.
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// Formats an instant in UTC, RFC 3339.
pub fn shown(millis: Millis) -> String {
    timestamp_of(millis).to_string()
}

/// An instant: RFC 3339, a date, or how long ago (`90s`, `15m`, `2h`, `7d`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instant(pub Millis);

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(ago) = ago(text) {
            return Ok(Self(now().saturating_sub(ago)));
        }
        let is_date = text.len() == 10;
        let full = if is_date { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let parsed = Timestamp::from_str(&full);
        parsed.map(|timestamp| Self(millis_of(&timestamp))).map_err(|_| {
            format!(
                "{text:?} is no instant: write 2026-11-24T06:00:00Z, 2026-11-24, or how long ago, as 90s, 15m, 2h or 7d"
            )
        })
    }
}

fn ago(text: &str) -> Option<Millis> {
    let units = [('s', 1_000), ('m', 60_000), ('h', 3_600_000), ('d', 86_400_000)];
    let unit = text.chars().next_back()?;
    let factor: Millis = units.iter().find(|(name, _)| *name == unit)?.1;
    let number: Millis = text.strip_suffix(unit)?.parse().ok()?;
    (number >= 0).then(|| number.saturating_mul(factor))
}

/// Where reading begins: `beginning`, `end` or an [`Instant`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct From(pub Position);

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "beginning" => Ok(Self(Position::Beginning)),
            "end" => Ok(Self(Position::End)),
            _ => match Instant::from_str(text) {
                Ok(Instant(millis)) => Ok(Self(Position::Time(millis))),
                Err(message) => Err(format!("{message}; or beginning, or end")),
            },
        }
    }
}

/// Records a second, written as `50/s` or `50`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(pub f64);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>().ok();
        let rate = number.filter(|rate| rate.is_finite() && *rate >= 0.001);
        rate.map(Self).ok_or_else(|| format!("{text:?} is no rate: write 50/s for fifty records a second"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_people_write_them() {
        assert_eq!("2026-11-24T06:00:00Z".parse(), Ok(Instant(1_795_500_000_000)));
        assert_eq!("2026-11-24".parse(), Ok(Instant(1_795_478_400_000)));
        let Instant(hour_ago) = "1h".parse().unwrap();
        assert!((now() - hour_ago - 3_600_000).abs() < 60_000);
        for wrong in ["soon", "-1h", "24.11.2026", "", "h"] {
            assert!(wrong.parse::<Instant>().is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn reading_begins_at_an_end_or_an_instant() {
        assert_eq!("beginning".parse(), Ok(From(Position::Beginning)));
        assert_eq!("2026-11-24".parse(), Ok(From(Position::Time(1_795_478_400_000))));
        assert!("begin".parse::<From>().is_err());
    }

    #[test]
    fn a_rate_is_positive() {
        assert_eq!("50/s".parse(), Ok(Rate(50.0)));
        for wrong in ["0", "-1/s", "fast", "inf"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong:?} was taken");
        }
    }
}
