//! Value types of configurations: secrets, durations, sizes.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Returns the value, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// A number of bytes; written as `8 MiB`, `512 KiB`, `100 B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// Returns the number of bytes, or the largest `usize` where it does not fit.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        byte_size(deserializer).map(Self)
    }
}

/// Reads a number of bytes from `8 MiB`, `512 KiB`, `1 GiB` or `100 B`; for `#[serde(deserialize_with)]`.
pub fn byte_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let scaled = split(&text).and_then(|(number, unit)| {
        let factor = units.iter().find(|(name, _)| *name == unit)?.1;
        number.checked_mul(factor)
    });
    scaled.ok_or_else(|| {
        D::Error::custom(format!("{text:?} is no size: write it as \"8 MiB\", \"512 KiB\" or \"100 B\""))
    })
}

/// Reads a duration from `250ms`, `10s`, `5m`, `2h` or `7d`; for `#[serde(deserialize_with)]`.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let millis = split(&text).and_then(|(number, unit)| {
        let factor = units.iter().find(|(name, _)| *name == unit)?.1;
        number.checked_mul(factor)
    });
    let millis = millis.ok_or_else(|| {
        D::Error::custom(format!("{text:?} is no duration: write it as \"250ms\", \"10s\", \"5m\", \"2h\" or \"7d\""))
    })?;
    Ok(Duration::from_millis(millis))
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Values {
        #[serde(deserialize_with = "duration")]
        wait: Duration,
        size: ByteSize,
        key: Secret,
    }

    fn read(wait: &str, size: &str) -> Result<Values, toml::de::Error> {
        toml::from_str(&format!("wait = {wait:?}\nsize = {size:?}\nkey = \"k3y\""))
    }

    #[test]
    fn units_are_read_and_a_secret_is_not_printed() {
        let values = read("250ms", "8 MiB").unwrap();
        assert_eq!(values.wait, Duration::from_millis(250));
        assert_eq!(values.size, ByteSize(8 << 20));
        assert_eq!(values.key.expose(), "k3y");
        assert!(!format!("{values:?}").contains("k3y"));
        assert_eq!(read("2h", "0B").unwrap().wait, Duration::from_secs(7200));
    }

    #[test]
    fn a_number_without_unit_or_beyond_range_is_refused() {
        assert!(read("10", "1 B").is_err());
        assert!(read("-1s", "1 B").is_err());
        assert!(read("99999999999999999999s", "1 B").is_err());
        assert!(read("18446744073709551615d", "1 B").is_err());
        assert!(read("1s", "1 MB").is_err());
    }
}
