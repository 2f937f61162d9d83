//! Instants as publishers print them.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// Hours east of Greenwich that a language's sites print.
pub(crate) fn offset_hours(language: &str) -> i8 {
    match language {
        "ar" | "ru" => 3,
        "fr" | "es" => 1,
        "zh" => 8,
        "he" => 2,
        _ => 0,
    }
}

fn format(ms: i64, hours: i8, pattern: &str) -> String {
    let instant = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let zone = TimeZone::fixed(Offset::from_hours(hours).unwrap_or(Offset::UTC));
    instant.to_zoned_datetime(zone).strftime(pattern).to_string()
}

/// Writes RFC 3339 with an offset, to the second.
pub(crate) fn rfc3339(ms: i64, hours: i8) -> String {
    format(ms, hours, "%Y-%m-%dT%H:%M:%S%:z")
}

/// Writes RFC 3339 in UTC, to the second.
pub(crate) fn utc(ms: i64) -> String {
    format(ms, 0, "%Y-%m-%dT%H:%M:%SZ")
}

/// Writes RFC 2822, as RSS wants it.
pub(crate) fn rfc2822(ms: i64) -> String {
    format(ms, 0, "%a, %d %b %Y %H:%M:%S +0000")
}

/// Writes an HTTP date.
pub(crate) fn http(ms: i64) -> String {
    format(ms, 0, "%a, %d %b %Y %H:%M:%S GMT")
}

/// Writes year, month and day as path segments.
pub(crate) fn date_path(ms: i64) -> String {
    format(ms, 0, "%Y/%m/%d")
}

/// Writes date and time to the minute, without zone.
pub(crate) fn plain(ms: i64) -> String {
    format(ms, 0, "%Y-%m-%d %H:%M")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_in_each_form() {
        let ms = 1_767_225_600_000;
        assert_eq!(utc(ms), "2026-01-01T00:00:00Z");
        assert_eq!(rfc3339(ms, 3), "2026-01-01T03:00:00+03:00");
        assert_eq!(rfc2822(ms), "Thu, 01 Jan 2026 00:00:00 +0000");
        assert_eq!(http(ms), "Thu, 01 Jan 2026 00:00:00 GMT");
        assert_eq!(plain(ms), "2026-01-01 00:00");
        assert_eq!(date_path(ms), "2026/01/01");
    }
}
