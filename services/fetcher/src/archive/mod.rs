//! Archives: one file that holds many documents. Each record is an address of its own (`file:///x.warc.gz?record=4711`), so
//! that it ends in one disposition like every page, is read in its own time, and is not read twice.

mod lines;
mod warc;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use naba_model::{MAX_BODY_BYTES, Millis};
use naba_proto::v1::{Discovery, HttpHeader};
use url::Url;

/// Records of a file that are listed at once; the rest follows with the next look.
const MAX_LISTED: usize = 2_000;

/// The forms of archives, by the ends of their names.
const FORMS: &[(&str, Form)] = &[
    (".warc", Form::Warc),
    (".warc.gz", Form::Warc),
    (".wet", Form::Warc),
    (".wet.gz", Form::Warc),
    (".jsonl", Form::Lines),
    (".ndjson", Form::Lines),
];

/// The form of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Web archive, or the texts of one (WET); packed record by record, as its standard asks (ISO 28500, Annex D).
    Warc,
    /// A JSON object a line.
    Lines,
}

/// Why a record gives no document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("archive cannot be read")]
    Io(#[from] io::Error),
    #[error("record at {0} is none")]
    BadRecord(u64),
    #[error("record at {0} holds no page")]
    NotAPage(u64),
    #[error("record at {0} is larger than {MAX_BODY_BYTES} bytes")]
    TooLarge(u64),
}

/// Places of records, and where the next look begins.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Places {
    pub(crate) records: Vec<u64>,
    pub(crate) next: Option<u64>,
}

/// A document out of an archive.
#[derive(Debug, Default)]
pub(crate) struct Archived {
    /// Where it was found; empty when the record does not say.
    pub(crate) url: String,
    pub(crate) status: u32,
    pub(crate) headers: Vec<HttpHeader>,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    /// When it was fetched; `None` when the record does not say.
    pub(crate) fetched_at: Option<Millis>,
    pub(crate) discovery: Discovery,
}

/// Returns the form of an archive by its name; `None` for other files.
pub(crate) fn form_of(path: &Path) -> Option<Form> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    FORMS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, form)| *form)
}

/// Returns a number in the query of an archive's address.
pub(crate) fn place_in(address: &str, name: &str) -> Option<u64> {
    let url = Url::parse(address).ok()?;
    url.query_pairs().find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok())
}

/// Lists records of an archive from a place on.
pub(crate) fn list(path: &Path, form: Form, from: u64) -> Result<Places, ArchiveError> {
    let file = opened(path, from)?;
    match form {
        Form::Warc => warc::list(file, is_packed(path), from),
        Form::Lines => lines::list(file, from),
    }
}

/// Reads the record at a place.
pub(crate) fn read(path: &Path, form: Form, at: u64) -> Result<Archived, ArchiveError> {
    let file = opened(path, at)?;
    match form {
        Form::Warc => warc::read(file, is_packed(path), at),
        Form::Lines => lines::read(file, at),
    }
}

fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

fn opened(path: &Path, at: u64) -> Result<BufReader<File>, ArchiveError> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    Ok(BufReader::with_capacity(64 * 1024, file))
}

/// Reads a line of at most so many bytes, without its end; `None` at the end of the file.
fn line(reader: &mut impl BufRead, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = reader.take(most).read_until(b'\n', &mut line)?;
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    Ok((read > 0).then_some(line))
}
