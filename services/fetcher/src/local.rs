//! Reads what lies on this machine: files, folders, and archives record by record.

use std::time::Duration;

use naba_frontier::{Answer, Blame, Listing, Target};
use naba_model::{NormalUrl, sha256_hex};
use naba_proto::v1::{DiscoveryKind, Rights, Source};

use crate::archive::{self, ArchiveError, Form};
use crate::codes;
use crate::config::FetcherConfig;
use crate::document::Fetched;
use crate::entries::Discoverer;
use crate::files::{self, FileError, Listed};
use crate::perform::{Found, Job, error_chain, failed, now};

/// Why a file gives nothing.
#[derive(Debug, thiserror::Error)]
enum LocalError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("file is no archive")]
    NoArchive,
    #[error("file is empty")]
    Empty,
}

/// Answers a request for a file or a folder.
pub(crate) fn answer(job: &Job, config: &FetcherConfig) -> (Answer, Found) {
    let request = &job.request;
    let answered = match (&request.target, &job.source) {
        (Target::Source { child: Some(_), .. }, Some(source)) => records(&request.url, source, config),
        (Target::Source { .. }, Some(source)) => folder(&request.url, source, config),
        _ => document(job, config),
    };
    answered.unwrap_or_else(|error| (answer_of(&error), Found::Nothing))
}

/// Lists a file or a folder: documents are entries, archives listings of their own.
fn folder(url: &str, source: &Source, config: &FetcherConfig) -> Result<(Answer, Found), LocalError> {
    let (listed, digest) = files::list(url, &config.file_roots)?;
    let (archives, files): (Vec<Listed>, Vec<Listed>) = listed
        .into_iter()
        .partition(|file| files::path_of(&file.url).is_some_and(|path| archive::form_of(&path).is_some()));
    let children = archives.into_iter().map(|file| (file.url, Some(file.modified_at))).collect();
    let entries = discoverer(url, source).files(files, DiscoveryKind::File);
    Ok((body(digest, Listing { children, ..Listing::default() }), Found::Entries(entries)))
}

/// Lists the records of an archive, a part at a time.
fn records(url: &str, source: &Source, config: &FetcherConfig) -> Result<(Answer, Found), LocalError> {
    let path = files::allowed(url, &config.file_roots)?;
    let form = archive::form_of(&path).ok_or(LocalError::NoArchive)?;
    let from = archive::place_in(url, "from").unwrap_or(0);
    let places = archive::list(&path, form, from)?;
    let base = url.split('?').next().unwrap_or(url);
    let listed = places.records.iter().map(|at| Listed { url: format!("{base}?record={at}"), modified_at: 0 });
    let kind = if form == Form::Warc { DiscoveryKind::Warc } else { DiscoveryKind::File };
    let entries = discoverer(base, source).files(listed.collect(), kind);
    let children = places.next.map(|next| (format!("{base}?from={next}"), None)).into_iter().collect();
    let digest = sha256_hex(format!("{url} {places:?}").as_bytes());
    Ok((body(digest, Listing { children, ..Listing::default() }), Found::Entries(entries)))
}

fn document(job: &Job, config: &FetcherConfig) -> Result<(Answer, Found), LocalError> {
    let request = &job.request;
    let empty = || Fetched {
        body: bytes::Bytes::new(),
        sha256: String::new(),
        status: 0,
        headers: Vec::new(),
        content_type: String::new(),
        fetched_at: now(),
        robots: request.robots.clone(),
        rights: Rights::default(),
        archived: None,
    };
    let fetched = match archive::place_in(&request.url, "record") {
        Some(at) => {
            let path = files::allowed(&request.url, &config.file_roots)?;
            let form = archive::form_of(&path).ok_or(LocalError::NoArchive)?;
            let found = archive::read(&path, form, at)?;
            Fetched {
                body: found.body.into(),
                status: found.status,
                headers: found
                    .headers
                    .into_iter()
                    .filter(|header| config.keep_headers.contains(&header.name))
                    .collect(),
                content_type: found.content_type,
                fetched_at: found.fetched_at.unwrap_or_else(now),
                archived: NormalUrl::parse(&found.url).ok().map(|url| Box::new((url, found.discovery))),
                ..empty()
            }
        }
        None => {
            let file = files::read(&request.url, &config.file_roots)?;
            Fetched { body: file.bytes.into(), content_type: file.content_type.to_owned(), ..empty() }
        }
    };
    if fetched.body.iter().all(u8::is_ascii_whitespace) {
        return Err(LocalError::Empty);
    }
    let fetched = Fetched { sha256: sha256_hex(&fetched.body), ..fetched };
    Ok((body(fetched.sha256.clone(), Listing::default()), Found::Document(Box::new(fetched))))
}

fn discoverer<'a>(url: &'a str, source: &'a Source) -> Discoverer<'a> {
    Discoverer { source, listing_url: url, now: now(), max_age: Duration::ZERO }
}

fn body(sha256: String, listing: Listing) -> Answer {
    Answer::Body { sha256, etag: String::new(), last_modified: String::new(), listing }
}

/// Says what an error means for the schedule. Exhaustive, so that a new one needs a decision.
fn answer_of(error: &LocalError) -> Answer {
    let unusable = |code| Answer::Unusable { code, sha256: String::new() };
    tracing::warn!(error = error_chain(error), "file is not read");
    match error {
        LocalError::Empty => unusable(codes::EMPTY_BODY),
        LocalError::File(FileError::Missing(_)) => Answer::Status { status: 404, retry_after: None },
        LocalError::File(FileError::Outside(_) | FileError::Address(_)) => {
            Answer::Refused { code: codes::FILE_OUTSIDE }
        }
        LocalError::File(FileError::TooLarge(_)) | LocalError::Archive(ArchiveError::TooLarge(_)) => {
            unusable(codes::TOO_LARGE)
        }
        LocalError::File(FileError::Type(_)) | LocalError::NoArchive => unusable(codes::NOT_TEXT),
        LocalError::Archive(ArchiveError::BadRecord(_)) => unusable(codes::BAD_RECORD),
        LocalError::Archive(ArchiveError::NotAPage(_)) => unusable(codes::NO_PAGE),
        LocalError::File(FileError::Read { .. }) | LocalError::Archive(ArchiveError::Io(_)) => {
            failed(codes::FILE_UNREADABLE, error_chain(error), Blame::Answer)
        }
    }
}
