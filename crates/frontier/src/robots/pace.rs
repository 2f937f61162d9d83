//! How fast a robots.txt allows to ask: `Crawl-delay: 1.5`, `Request-rate: 10/1m`.

/// Past a year a value says nothing.
const MAX_SECONDS: f64 = 31_536_000.0;

/// Reads a delay in seconds; what follows the number is passed over.
pub(super) fn delay_ms(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    millis(text.get(..end)?.parse().ok()?)
}

/// Reads a rate, `requests/time`, as the time for one request. The unit of the time is s, m, h or d, and a window of the day
/// may follow, outside of which the rate is kept as well.
pub(super) fn rate_ms(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    let (requests, time) = text.split_ascii_whitespace().next()?.split_once('/')?;
    let digits = time.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match time.get(digits.len()..)?.to_ascii_lowercase().as_str() {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    let (requests, time): (f64, f64) = (requests.parse().ok()?, digits.parse().ok()?);
    if requests > 0.0 { millis(time * unit / requests) } else { None }
}

fn millis(seconds: f64) -> Option<u64> {
    // `as` saturates, and the range keeps out NaN.
    (0.0..MAX_SECONDS).contains(&seconds).then_some((seconds * 1000.0) as u64)
}
