//! Local files and folders as sources: text, HTML and archives.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use naba_model::{MAX_BODY_BYTES, Millis, sha256_hex};
use url::Url;

use crate::archive;

/// Files of one folder that are listed; the rest waits for another folder.
const MAX_FILES: usize = 10_000;
/// How deep folders are walked.
const MAX_DEPTH: usize = 8;

/// The kinds of files that are read, by extension.
const TYPES: &[(&str, &str)] = &[
    ("html", "text/html"),
    ("htm", "text/html"),
    ("xhtml", "application/xhtml+xml"),
    ("txt", "text/plain"),
    ("text", "text/plain"),
];

/// Why a file gives nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("file {0:?} does not exist")]
    Missing(PathBuf),
    #[error("file {0:?} is outside the folders of fetcher.file_roots")]
    Outside(PathBuf),
    #[error("file {0:?} is larger than {MAX_BODY_BYTES} bytes")]
    TooLarge(PathBuf),
    #[error("file {0:?} has none of the extensions html, htm, xhtml, txt and text")]
    Type(PathBuf),
    #[error("{0:?} is no path on this machine")]
    Address(String),
    #[error("file {path:?} cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// A file of a listing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listed {
    pub(crate) url: String,
    pub(crate) modified_at: Millis,
}

/// A file that was read.
#[derive(Debug)]
pub(crate) struct FileBody {
    pub(crate) bytes: Vec<u8>,
    pub(crate) content_type: &'static str,
}

/// Lists a file, or the files of a folder, with a digest that changes when one of them does.
pub(crate) fn list(address: &str, roots: &[PathBuf]) -> Result<(Vec<Listed>, String), FileError> {
    let path = allowed(address, roots)?;
    let mut files = Vec::new();
    walk(&path, 0, &mut files)?;
    files.sort_by(|a, b| a.url.cmp(&b.url));
    let text: String = files.iter().map(|file| format!("{} {}\n", file.url, file.modified_at)).collect();
    Ok((files, sha256_hex(text.as_bytes())))
}

/// Reads a file.
pub(crate) fn read(address: &str, roots: &[PathBuf]) -> Result<FileBody, FileError> {
    let path = allowed(address, roots)?;
    let content_type = type_of(&path).ok_or_else(|| FileError::Type(path.clone()))?;
    let failed = |source| FileError::Read { path: path.clone(), source };
    let file = fs::File::open(&path).map_err(failed)?;
    let mut bytes = Vec::new();
    let limit = MAX_BODY_BYTES as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_BODY_BYTES {
        return Err(FileError::TooLarge(path));
    }
    Ok(FileBody { bytes, content_type })
}

/// Resolves an address to a path below one of the roots; links are resolved before they are judged.
pub(crate) fn allowed(address: &str, roots: &[PathBuf]) -> Result<PathBuf, FileError> {
    let stranger = || FileError::Address(address.chars().take(200).collect());
    let path = path_of(address).ok_or_else(stranger)?;
    let real = fs::canonicalize(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => FileError::Missing(path.clone()),
        _ => FileError::Read { path: path.clone(), source },
    })?;
    let inside = roots.iter().filter_map(|root| fs::canonicalize(root).ok()).any(|root| real.starts_with(root));
    if inside { Ok(real) } else { Err(FileError::Outside(path)) }
}

/// Returns the path of a file's address.
pub(crate) fn path_of(address: &str) -> Option<PathBuf> {
    Url::parse(address).ok()?.to_file_path().ok()
}

fn walk(path: &Path, depth: usize, files: &mut Vec<Listed>) -> Result<(), FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    let meta = fs::symlink_metadata(path).map_err(failed)?;
    if meta.is_file() {
        let known = type_of(path).is_some() || archive::form_of(path).is_some();
        if let (true, Ok(url)) = (known, Url::from_file_path(path)) {
            let since = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
            let modified_at = Millis::try_from(since.as_millis()).unwrap_or_default();
            files.push(Listed { url: url.into(), modified_at });
        }
        return Ok(());
    }
    if !meta.is_dir() || depth > MAX_DEPTH {
        return Ok(());
    }
    let mut inside: Vec<PathBuf> = fs::read_dir(path).map_err(failed)?.flatten().map(|entry| entry.path()).collect();
    inside.sort();
    for path in inside {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && files.len() < MAX_FILES {
            // A file that vanishes meanwhile is no reason to give the others up.
            let _ = walk(&path, depth + 1, files);
        }
    }
    Ok(())
}

fn type_of(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == extension).map(|(_, content_type)| *content_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &Path) -> String {
        Url::from_file_path(path).unwrap().into()
    }

    #[test]
    fn a_folder_lists_its_text_and_html_and_notices_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let roots = [folder.path().to_owned()];
        fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["a.txt", "sub/b.HTML", ".hidden.txt", "c.pdf"] {
            fs::write(folder.path().join(name), "خبر").unwrap();
        }
        let (files, digest) = list(&url(folder.path()), &roots).unwrap();
        assert_eq!(files.len(), 2, "{files:?}");
        assert_eq!(read(&files[1].url, &roots).unwrap().content_type, "text/html");
        fs::write(folder.path().join("d.txt"), "x").unwrap();
        assert_ne!(list(&url(folder.path()), &roots).unwrap().1, digest);
    }

    #[test]
    fn nothing_outside_the_roots_is_read_not_even_through_a_link() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secret = outside.path().join("secret.txt");
        fs::write(&secret, "x").unwrap();
        let link = inside.path().join("link.txt");
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        let roots = [inside.path().to_owned()];
        for path in [&secret, &link, &inside.path().join("../../etc/passwd")] {
            assert!(matches!(read(&url(path), &roots), Err(FileError::Outside(_) | FileError::Missing(_))), "{path:?}");
        }
        assert!(list(&url(inside.path()), &roots).unwrap().0.is_empty(), "the link is not listed");
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big.txt");
        fs::write(&path, vec![b'x'; MAX_BODY_BYTES + 1]).unwrap();
        let roots = [folder.path().to_owned()];
        assert!(matches!(read(&url(&path), &roots), Err(FileError::TooLarge(_))));
    }
}
