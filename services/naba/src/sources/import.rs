//! Lists of sources that are brought in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use naba_fetcher::{announce, read_sources_opml, read_sources_toml, withdraw};
use naba_proto::v1::Source;
use naba_stage::log::NewRecord;

use super::known;
use crate::place::{IfMissing, Place, PlaceArgs};
use crate::seal::seal;
use crate::terminal::print;

/// Imports lists of sources into a log, or says what would change.
pub async fn import_files(files: &[PathBuf], args: &PlaceArgs, dry_run: bool) -> Result<()> {
    let sources = read_files(files)?;
    let place = Place::open(args, if dry_run { IfMissing::Refuse } else { IfMissing::Create }).await?;
    let (_, change) = import(&place, &sources, dry_run).await?;
    let would = if dry_run { "would be " } else { "" };
    print(&format!(
        "{} new and {} changed sources {would}imported, {} were there as they are; {}\n",
        change.new,
        change.changed,
        change.same,
        place.name()
    ))?;
    Ok(())
}

/// Reads lists of sources. What is wrong with an OPML entry is told and passed over, as other readers of such lists do;
/// a TOML list is taken whole or not at all.
pub fn read_files(files: &[PathBuf]) -> Result<Vec<Source>> {
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    for file in files {
        for source in read_file(file)? {
            sources.insert(source.source_id.clone(), source);
        }
    }
    Ok(sources.into_values().collect())
}

fn read_file(file: &Path) -> Result<Vec<Source>> {
    let shown = file.display();
    let bytes = std::fs::read(file).with_context(|| format!("{shown} cannot be read"))?;
    let is_xml = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && byte.is_ascii()) == Some(&b'<');
    if !is_xml {
        let text = String::from_utf8(bytes).with_context(|| format!("{shown} is no UTF-8"))?;
        return read_sources_toml(&text).with_context(|| format!("{shown} is no list of sources"));
    }
    let (sources, errors) = read_sources_opml(&bytes);
    for error in &errors {
        eprintln!("{shown}: {error}; passed over");
    }
    if sources.is_empty() {
        bail!("{shown} names no source that can be watched: OPML outlines need an xmlUrl");
    }
    Ok(sources)
}

/// How many sources an import changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Not known before.
    pub new: usize,
    /// Known, with other settings.
    pub changed: usize,
    /// Known as they are.
    pub same: usize,
}

/// Writes sources that are new or changed, in one transaction, and returns all that are known now.
pub async fn import(place: &Place, sources: &[Source], dry_run: bool) -> Result<(Vec<Source>, Change)> {
    let mut known = known(place).await?;
    let mut change = Change::default();
    let mut records: Vec<NewRecord> = Vec::new();
    for listed in sources {
        let source = &settled(listed, known.get(&listed.source_id));
        let record = seal(announce(source), &place.topics)?;
        match known.get(&source.source_id) {
            Some(old) if old == source => {
                change.same += 1;
                continue;
            }
            Some(old) => {
                change.changed += 1;
                let end = seal(withdraw(old), &place.topics)?;
                // Another site now owns the identifier, so the owner of the old one must let go.
                if end.partition != record.partition {
                    records.push(end);
                }
            }
            None => change.new += 1,
        }
        records.push(record);
        known.insert(source.source_id.clone(), source.clone());
    }
    if !dry_run {
        write(place, &records).await?;
    }
    Ok((known.into_values().collect(), change))
}

/// Keeps the address to which permanent redirects have moved a source that its list still names by the old one.
fn settled(listed: &Source, known: Option<&Source>) -> Source {
    match known {
        Some(known) if known.listed_url == listed.url => {
            Source { url: known.url.clone(), listed_url: listed.url.clone(), ..listed.clone() }
        }
        _ => listed.clone(),
    }
}

/// Writes records about sources in one transaction.
pub async fn write(place: &Place, records: &[NewRecord]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let (mut producer, _lock) = place.producer("sources").await?;
    for some in records.chunks(500) {
        producer.send(some).await.context("writing sources")?;
    }
    place.commit(producer.as_mut()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_by_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let (toml, opml) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&toml, "[[source]]\nurl = \"https://a.example/f\"\n").unwrap();
        std::fs::write(&opml, "\u{feff}\n<opml><body><outline xmlUrl=\"https://b.example/f\"/></body></opml>").unwrap();
        let urls: Vec<String> = read_files(&[toml, opml]).unwrap().into_iter().map(|source| source.url).collect();
        assert_eq!(urls.len(), 2, "{urls:?}");
    }

    #[test]
    fn a_source_that_has_moved_stays_there_while_its_list_names_the_old_address() {
        let source =
            |url: &str, listed: &str| Source { url: url.into(), listed_url: listed.into(), ..Source::default() };
        let moved = source("https://b.example/f", "https://a.example/f");
        assert_eq!(settled(&source("https://a.example/f", ""), Some(&moved)), moved);
        let other = source("https://c.example/f", "");
        assert_eq!(settled(&other, Some(&moved)), other, "an operator's new address counts");
    }

    #[test]
    fn a_list_without_a_source_is_an_error_that_names_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "<opml><body/></opml>").unwrap();
        let error = read_files(&[file.path().to_owned()]).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
    }
}
