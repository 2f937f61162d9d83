//! Lists of sources, as people write them: TOML and OPML.

use std::collections::BTreeSet;
use std::time::Duration;

use naba_model::{NormalUrl, SourceId, registrable_domain};
use naba_proto::v1::{Origin, Source, SourceKind};
use naba_stage::Output;
use serde::Deserialize;
use url::Url;

/// What is wrong with one source of a list.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SourceError {
    /// The list as a whole does not parse.
    #[error("list of sources is no toml: {0}")]
    Syntax(String),
    /// The list holds something else than `[[source]]` tables.
    #[error("unknown key {0:?}, write sources as [[source]] tables")]
    UnknownKey(String),
    /// A source has an unknown key, or a value of the wrong type.
    #[error("source {number}: {message}")]
    Entry {
        /// Its place in the list, from 1.
        number: usize,
        /// What is wrong.
        message: String,
    },
    /// The address of a source is none.
    #[error("source {number}: url {url:?} is no http, https or file address: {message}")]
    Url {
        /// Its place in the list, from 1.
        number: usize,
        /// The address as written.
        url: String,
        /// What is wrong with it.
        message: String,
    },
    /// Two sources have one identifier.
    #[error("source {number}: {url:?} is in the list before")]
    Twice {
        /// The place of the second, from 1.
        number: usize,
        /// Its address.
        url: String,
    },
}

/// All that is wrong with a list, one line each.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct SourceErrors(pub Vec<SourceError>);

/// A source as written in TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    url: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    country: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    min_interval: Interval,
    #[serde(default)]
    max_interval: Interval,
    #[serde(default)]
    origin: Lane,
    #[serde(default = "enabled")]
    enabled: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Auto,
    Feed,
    Sitemap,
    Section,
    File,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Lane {
    #[default]
    Live,
    Backfill,
}

#[derive(Debug, Default, Deserialize)]
struct Interval(#[serde(deserialize_with = "naba_service::duration")] Duration);

fn enabled() -> bool {
    true
}

/// Reads `[[source]]` tables; either all sources or all errors.
///
/// Keys of a source: `url` (a path too, for files), and optionally `id`, `name`, `kind` (`auto`, `feed`, `sitemap`,
/// `section`, `file`), `country`, `language`, `min_interval`, `max_interval` (`90s`, `5m`), `origin` (`live`, `backfill`), `enabled`.
pub fn read_sources_toml(text: &str) -> Result<Vec<Source>, SourceErrors> {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return Err(SourceErrors(vec![SourceError::Syntax(error.to_string().trim().to_owned())])),
    };
    let mut list = List::default();
    for (key, value) in table {
        match value {
            toml::Value::Array(entries) if key == "source" => {
                for (index, entry) in entries.into_iter().enumerate() {
                    let number = index + 1;
                    match entry.try_into::<Written>() {
                        Ok(written) => list.add(number, written),
                        Err(error) => {
                            let message = error.to_string().trim().replace('\n', " ");
                            list.errors.push(SourceError::Entry { number, message });
                        }
                    }
                }
            }
            _ => list.errors.push(SourceError::UnknownKey(key)),
        }
    }
    if list.errors.is_empty() { Ok(list.sources) } else { Err(SourceErrors(list.errors)) }
}

/// Reads an OPML subscription list leniently: the sources that can be watched, and what is wrong with the others.
pub fn read_sources_opml(bytes: &[u8]) -> (Vec<Source>, Vec<SourceError>) {
    let mut list = List::default();
    for (index, outline) in naba_feed::read_opml(bytes).into_iter().enumerate() {
        let written = Written {
            url: outline.feed_url,
            id: String::new(),
            name: outline.title.unwrap_or_default(),
            kind: Kind::Auto,
            country: String::new(),
            language: String::new(),
            min_interval: Interval::default(),
            max_interval: Interval::default(),
            origin: Lane::Live,
            enabled: true,
        };
        list.add(index + 1, written);
    }
    (list.sources, list.errors)
}

#[derive(Default)]
struct List {
    sources: Vec<Source>,
    ids: BTreeSet<String>,
    errors: Vec<SourceError>,
}

impl List {
    fn add(&mut self, number: usize, written: Written) {
        let url = match address(&written) {
            Ok(url) => url,
            Err(message) => {
                let url = written.url.chars().take(200).collect();
                return self.errors.push(SourceError::Url { number, url, message });
            }
        };
        let kind = match written.kind {
            Kind::Auto if url.starts_with("file:") => Kind::File,
            kind => kind,
        };
        if (kind == Kind::File) != url.starts_with("file:") {
            let message = "kind \"file\" and file addresses belong together".to_owned();
            return self.errors.push(SourceError::Url { number, url, message });
        }
        let (kind, word) = match kind {
            Kind::Auto => (SourceKind::Unspecified, "auto"),
            Kind::Feed => (SourceKind::Feed, "feed"),
            Kind::Sitemap => (SourceKind::Sitemap, "sitemap"),
            Kind::Section => (SourceKind::Section, "section"),
            Kind::File => (SourceKind::File, "file"),
        };
        let source_id =
            if written.id.is_empty() { SourceId::of(&format!("{word} {url}")).into_string() } else { written.id };
        if !self.ids.insert(source_id.clone()) {
            return self.errors.push(SourceError::Twice { number, url });
        }
        let ms = |interval: &Interval| u64::try_from(interval.0.as_millis()).unwrap_or(u64::MAX);
        let origin = match written.origin {
            Lane::Live => Origin::Live,
            Lane::Backfill => Origin::Backfill,
        };
        self.sources.push(Source {
            source_id,
            name: if written.name.is_empty() { name_of(&url) } else { written.name },
            kind: kind.into(),
            country: written.country,
            language: written.language,
            min_interval_ms: ms(&written.min_interval),
            max_interval_ms: ms(&written.max_interval),
            origin: origin.into(),
            enabled: written.enabled,
            url,
            listed_url: String::new(),
        });
    }
}

/// Reads an address; a plain path is one for files.
fn address(written: &Written) -> Result<String, String> {
    let text = written.url.trim();
    if text.starts_with('/') {
        let url = if text.ends_with('/') { Url::from_directory_path(text) } else { Url::from_file_path(text) };
        return url.map(String::from).map_err(|()| "not an absolute path".to_owned());
    }
    if written.kind == Kind::File && !text.contains(':') {
        return Err("a path must be absolute".to_owned());
    }
    NormalUrl::parse(text).map(|url| url.to_string()).map_err(|error| error.to_string())
}

fn name_of(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return url.to_owned() };
    url.host_str().unwrap_or_else(|| url.path()).to_owned()
}

/// Makes the record that has a source watched.
pub fn announce(source: &Source) -> Output {
    Output::new("sources", source.source_id.clone(), source).partition_by(domain_of(&source.url))
}

/// Makes the tombstone that ends the watch.
pub fn withdraw(source: &Source) -> Output {
    Output::tombstone("sources", source.source_id.clone()).partition_by(domain_of(&source.url))
}

/// Returns the field that records about an address are partitioned by.
pub(crate) fn domain_of(url: &str) -> String {
    registrable_domain(Url::parse(url).ok().as_ref().and_then(Url::host_str).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_needs_no_more_than_its_address() {
        let sources = read_sources_toml("[[source]]\nurl = \"https://News.example/feed?utm_source=x\"\n").unwrap();
        assert_eq!(sources[0].url, "https://news.example/feed");
        assert_eq!((sources[0].name.as_str(), sources[0].enabled), ("news.example", true));
    }

    #[test]
    fn everything_that_can_be_said_is_read() {
        let text = r#"
            [[source]]
            id = "elaph"
            name = "إيلاف"
            url = "/news/arabic/"
            kind = "file"
            country = "SA"
            language = "ar"
            min_interval = "90s"
            max_interval = "1h"
            origin = "backfill"
            enabled = false
        "#;
        let sources = read_sources_toml(text).unwrap();
        let wanted = Source {
            source_id: "elaph".into(),
            name: "إيلاف".into(),
            url: "file:///news/arabic/".into(),
            kind: SourceKind::File.into(),
            country: "SA".into(),
            language: "ar".into(),
            min_interval_ms: 90_000,
            max_interval_ms: 3_600_000,
            origin: Origin::Backfill.into(),
            enabled: false,
            listed_url: String::new(),
        };
        assert_eq!(sources, [wanted]);
    }

    #[test]
    fn all_errors_of_a_list_are_told_at_once() {
        let text = r#"
            sauce = 1
            [[source]]
            url = "https://a.example/f"
            [[source]]
            url = "ftp://a.example/f"
            [[source]]
            url = "https://a.example/g"
            kinds = "feed"
            [[source]]
            url = "https://a.example/f#top"
            [[source]]
            url = "https://a.example/h"
            min_interval = "soon"
            [[source]]
            url = "news/today.txt"
            kind = "file"
        "#;
        let SourceErrors(errors) = read_sources_toml(text).unwrap_err();
        let text = SourceErrors(errors.clone()).to_string();
        assert_eq!(errors.len(), 6, "{text}");
        for part in ["sauce", "source 2", "kinds", "source 4", "soon", "source 6"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn an_opml_list_gives_what_can_be_watched() {
        let opml =
            br#"<opml><body><outline text="A &amp; B" xmlUrl="https://a.example/f"><outline xmlUrl="gopher://x"/>
            <outline xmlUrl="https://a.example/f"/></body>"#;
        let (sources, errors) = read_sources_opml(opml);
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].name, "A & B");
        assert_eq!(errors.len(), 2);
    }

    #[test]
    fn records_of_a_source_stand_in_the_partition_of_its_registrable_domain() {
        let sources = read_sources_toml("[[source]]\nurl = \"https://www.news.co.uk/f\"\n").unwrap();
        assert_eq!(announce(&sources[0]).partition_by.as_deref(), Some(b"news.co.uk".as_slice()));
        assert_eq!(withdraw(&sources[0]).value, None);
    }
}
