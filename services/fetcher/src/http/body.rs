//! Reads a body: no larger, no slower and no longer than allowed.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout};

use super::config::{Limits, WhenOver};
use super::decode::{Decoder, Progress};
use super::error::{HttpError, Phase};

/// A body that was read.
#[derive(Debug)]
pub(super) struct Read {
    /// After content decoding.
    pub(super) bytes: Bytes,
    /// Whether more was sent than was kept.
    pub(super) truncated: bool,
    /// Bytes before content decoding.
    pub(super) encoded_bytes: u64,
}

pub(super) async fn read(
    mut body: Incoming,
    content_encoding: Option<&str>,
    limits: &Limits,
) -> Result<Read, HttpError> {
    let mut decoder = Decoder::new(content_encoding, limits.max_bytes)?;
    let too_large = HttpError::TooLarge { limit: limits.max_bytes };
    let announced = body.size_hint().lower();
    if limits.when_over == WhenOver::Refuse && announced > limits.max_bytes as u64 {
        return Err(too_large);
    }
    let started = Instant::now();
    let mut bytes = Vec::new();
    let mut encoded_bytes = 0u64;
    let mut is_over = false;
    while let Some(frame) = timeout(limits.idle, body.frame()).await.map_err(|_| HttpError::Timeout(Phase::Body))? {
        let frame = frame.map_err(|error| HttpError::Protocol(error.to_string()))?;
        let Ok(part) = frame.into_data() else { continue };
        encoded_bytes += part.len() as u64;
        // The limit holds before decoding, too: a coded body may be endless and come to nothing.
        is_over = decoder.push(&part, &mut bytes)? == Progress::Full || encoded_bytes > limits.max_bytes as u64;
        if is_over {
            break;
        }
        if is_slow(started, encoded_bytes, limits) {
            return Err(HttpError::SlowBody { min_bytes_per_second: limits.min_bytes_per_second });
        }
    }
    if !is_over {
        is_over = decoder.finish(&mut bytes)? == Progress::Full;
    }
    if is_over && limits.when_over == WhenOver::Refuse {
        return Err(too_large);
    }
    Ok(Read { bytes: bytes.into(), truncated: is_over, encoded_bytes })
}

fn is_slow(started: Instant, encoded_bytes: u64, limits: &Limits) -> bool {
    let elapsed = started.elapsed();
    let due = elapsed.as_secs_f64() * limits.min_bytes_per_second as f64;
    elapsed > limits.slow_grace && (encoded_bytes as f64) < due
}
