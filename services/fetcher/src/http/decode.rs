//! Content codings (RFC 9110, section 8.4), undone as the body arrives and within limits.

use std::io::{self, Write};

use brotli::DecompressorWriter;
use flate2::write::{DeflateDecoder, GzDecoder, ZlibDecoder};
use zstd::stream::write::Decoder as ZstdDecoder;

use super::error::HttpError;

/// Codings that are asked for, the cheapest to undo first.
pub(super) const ACCEPT_ENCODING: &str = "gzip, br, zstd, deflate";
/// Pages pack about 1 to 5, the most repetitive listings 1 to 30.
pub(super) const MAX_RATIO: usize = 100;
/// Below this size a high ratio harms nobody.
const FREE_BYTES: usize = 1024 * 1024;
/// Nobody codes a body more often than twice for a reason.
const MAX_CODINGS: usize = 2;
/// RFC 9659: a server must not send zstd that needs a larger window, 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;
const BUFFER_BYTES: usize = 16 * 1024;

/// What became of a part of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is room for more.
    More,
    /// The limit is reached: what there is, is all that will be.
    Full,
}

/// Undoes the codings of one body.
pub(super) struct Decoder {
    stages: Vec<Stage>,
}

impl Decoder {
    /// Reads a Content-Encoding header; `limit` is the most bytes that may come out.
    pub(super) fn new(content_encoding: Option<&str>, limit: usize) -> Result<Self, HttpError> {
        let mut stages = Vec::new();
        for label in content_encoding.unwrap_or_default().split(',').rev() {
            let label = label.trim().to_ascii_lowercase();
            let Some(coding) = Coding::of(&label)? else { continue };
            if stages.len() == MAX_CODINGS {
                return Err(bad(&label));
            }
            stages.push(Stage::new(coding, limit)?);
        }
        if stages.is_empty() {
            stages.push(Stage::new(Coding::Identity, limit)?);
        }
        Ok(Self { stages })
    }

    /// Takes a part of the body and adds what comes out.
    pub(super) fn push(&mut self, part: &[u8], out: &mut Vec<u8>) -> Result<Progress, HttpError> {
        pass(&mut self.stages, part, out)
    }

    /// Ends the body and adds the rest that comes out.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<Progress, HttpError> {
        let mut stages = self.stages.as_mut_slice();
        while let Some((first, rest)) = stages.split_first_mut() {
            let progress = first.finish()?;
            let part = first.drain();
            if pass(rest, &part, out)? == Progress::Full || progress == Progress::Full {
                return Ok(Progress::Full);
            }
            stages = rest;
        }
        Ok(Progress::More)
    }
}

/// Sends a part through all stages.
fn pass(stages: &mut [Stage], part: &[u8], out: &mut Vec<u8>) -> Result<Progress, HttpError> {
    let Some((first, rest)) = stages.split_first_mut() else {
        out.extend_from_slice(part);
        return Ok(Progress::More);
    };
    let progress = first.push(part)?;
    let decoded = first.drain();
    let below = pass(rest, &decoded, out)?;
    Ok(if progress == Progress::Full { progress } else { below })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// Reads one label; labels that wrongly name a charset or nothing mean no coding.
    fn of(label: &str) -> Result<Option<Self>, HttpError> {
        match label {
            "" | "identity" | "none" | "utf-8" | "utf8" | "iso-8859-1" | "binary" | "chunked" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "deflate" => Ok(Some(Self::Deflate)),
            "br" => Ok(Some(Self::Brotli)),
            "zstd" => Ok(Some(Self::Zstd)),
            _ => Err(bad(label)),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

fn bad(coding: &str) -> HttpError {
    HttpError::BadEncoding { coding: coding.chars().take(32).collect() }
}

/// One coding being undone.
struct Stage {
    coding: Coding,
    codec: Codec,
    /// The coded body has ended; what follows is rubbish.
    ended: bool,
}

enum Codec {
    Identity(Sink),
    Gzip(Box<GzDecoder<Sink>>),
    /// `deflate` means zlib (RFC 9110, section 8.4.1.2), yet some servers send it bare: the first two bytes tell.
    Unsure(Vec<u8>, Sink),
    Zlib(Box<ZlibDecoder<Sink>>),
    Bare(Box<DeflateDecoder<Sink>>),
    Brotli(Box<DecompressorWriter<Sink>>),
    Zstd(Box<ZstdDecoder<'static, Sink>>),
}

impl Stage {
    fn new(coding: Coding, limit: usize) -> Result<Self, HttpError> {
        let sink = Sink::new(limit);
        let codec = match coding {
            Coding::Identity => Codec::Identity(Sink { max_ratio: usize::MAX, ..sink }),
            Coding::Gzip => Codec::Gzip(Box::new(GzDecoder::new(sink))),
            Coding::Deflate => Codec::Unsure(Vec::new(), sink),
            Coding::Brotli => Codec::Brotli(Box::new(DecompressorWriter::new(sink, BUFFER_BYTES))),
            Coding::Zstd => {
                let setup = |error: io::Error| HttpError::Setup(error.to_string());
                let mut decoder = ZstdDecoder::new(sink).map_err(setup)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(setup)?;
                Codec::Zstd(Box::new(decoder))
            }
        };
        Ok(Self { coding, codec, ended: false })
    }

    fn push(&mut self, part: &[u8]) -> Result<Progress, HttpError> {
        let settled = self.settle(part);
        let part = settled.as_deref().unwrap_or(part);
        self.codec.sink().fed += part.len();
        let outcome = self.write(part);
        self.judge(outcome)
    }

    /// Tells the two kinds of `deflate` apart once two bytes are there.
    fn settle(&mut self, part: &[u8]) -> Option<Vec<u8>> {
        let Codec::Unsure(head, sink) = &mut self.codec else { return None };
        head.extend_from_slice(part);
        let &[first, second, ..] = head.as_slice() else { return Some(Vec::new()) };
        // RFC 1950: method 8, and the two bytes are a multiple of 31.
        let is_zlib = first & 0x0f == 8 && u16::from_be_bytes([first, second]) % 31 == 0;
        let head = std::mem::take(head);
        let sink = std::mem::replace(sink, Sink::new(0));
        self.codec = if is_zlib {
            Codec::Zlib(Box::new(ZlibDecoder::new(sink)))
        } else {
            Codec::Bare(Box::new(DeflateDecoder::new(sink)))
        };
        Some(head)
    }

    fn write(&mut self, mut part: &[u8]) -> io::Result<()> {
        while !part.is_empty() && !self.ended {
            let taken = self.codec.writer().write(part)?;
            part = part.get(taken..).unwrap_or_default();
            if taken == 0 {
                self.end_or_go_on(part)?;
            }
        }
        Ok(())
    }

    /// Takes nothing more being taken as the end, unless another gzip member follows (RFC 1952, section 2.2).
    fn end_or_go_on(&mut self, rest: &[u8]) -> io::Result<()> {
        if let Codec::Gzip(decoder) = &mut self.codec {
            decoder.try_finish()?;
            if rest.starts_with(&[0x1f, 0x8b]) || rest == [0x1f] {
                let sink = std::mem::replace(decoder.get_mut(), Sink::new(0));
                self.codec = Codec::Gzip(Box::new(GzDecoder::new(sink)));
                return Ok(());
            }
        }
        self.ended = true;
        Ok(())
    }

    fn finish(&mut self) -> Result<Progress, HttpError> {
        let outcome = match &mut self.codec {
            Codec::Identity(_) | Codec::Unsure(..) => Ok(()),
            Codec::Gzip(decoder) => decoder.try_finish(),
            Codec::Zlib(decoder) => decoder.try_finish(),
            Codec::Bare(decoder) => decoder.try_finish(),
            Codec::Brotli(decoder) => decoder.close(),
            Codec::Zstd(decoder) => decoder.do_finish(),
        };
        // An empty body says nothing about its coding: answers to 304 and HEAD carry the header, too.
        if self.codec.sink().fed == 0 { Ok(Progress::More) } else { self.judge(outcome) }
    }

    fn judge(&mut self, outcome: io::Result<()>) -> Result<Progress, HttpError> {
        match (self.codec.sink().stop, outcome) {
            (Some(Stop::Limit), _) => Ok(Progress::Full),
            (Some(Stop::Ratio), _) => Err(HttpError::Bomb { coding: self.coding.name(), ratio: MAX_RATIO }),
            (None, Ok(())) => Ok(Progress::More),
            (None, Err(_)) => Err(bad(self.coding.name())),
        }
    }

    fn drain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.codec.sink().out)
    }
}

impl Codec {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Identity(sink) | Self::Unsure(_, sink) => sink,
            Self::Gzip(decoder) => decoder,
            Self::Zlib(decoder) => decoder,
            Self::Bare(decoder) => decoder,
            Self::Brotli(decoder) => decoder,
            Self::Zstd(decoder) => decoder,
        }
    }

    fn sink(&mut self) -> &mut Sink {
        match self {
            Self::Identity(sink) | Self::Unsure(_, sink) => sink,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Bare(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Limit,
    Ratio,
}

/// Where decoded bytes go, counted: it fails as soon as there are too many.
#[derive(Debug)]
struct Sink {
    out: Vec<u8>,
    /// Coded bytes so far.
    fed: usize,
    /// Decoded bytes so far.
    total: usize,
    limit: usize,
    max_ratio: usize,
    stop: Option<Stop>,
}

impl Sink {
    fn new(limit: usize) -> Self {
        Self { out: Vec::new(), fed: 0, total: 0, limit, max_ratio: MAX_RATIO, stop: None }
    }
}

impl Write for Sink {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.stop.is_none() {
            let taken = part.len().min(self.limit.saturating_sub(self.total));
            self.out.extend_from_slice(part.get(..taken).unwrap_or_default());
            self.total += taken;
            if self.total > FREE_BYTES && self.total / self.max_ratio > self.fed {
                self.stop = Some(Stop::Ratio);
            } else if taken < part.len() {
                self.stop = Some(Stop::Limit);
            }
        }
        match self.stop {
            Some(_) => Err(io::Error::other("limit reached")),
            None => Ok(part.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
