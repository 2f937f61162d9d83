//! Gazetteers of users: tab or comma separated lines, or JSON lines.

use serde::Deserialize;

use super::{Builder, Entry, Gazetteer, Kind};
use crate::EnrichError;

/// Most lines of a user's gazetteer.
const MAX_LINES: usize = 1_000_000;
/// The user's own entries come before those of the built gazetteer.
const USER_RANK: u8 = 255;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    country: String,
    #[serde(default)]
    iso: String,
    #[serde(default)]
    geonames: u32,
    #[serde(default)]
    wikidata: String,
    latitude: Option<f32>,
    longitude: Option<f32>,
}

impl Gazetteer {
    /// Parses a user's gazetteer: CSV lines `type,name,other names separated by |,country,geonames,wikidata`.
    ///
    /// Types are `country`, `region`, `city`, `place`, `organisation` and `person`. Empty lines and lines that begin with
    /// `#` are left out; what comes after the name may be missing. A field in double quotes may hold commas.
    ///
    /// # Errors
    /// [`EnrichError::Data`] names the line and what is wrong with it.
    pub fn from_csv(text: &str) -> Result<Self, EnrichError> {
        let mut builder = Builder::default();
        builder.add_csv(text, USER_RANK)?;
        Ok(builder.finish())
    }

    /// Parses a user's gazetteer of JSON objects, one a line, with the keys `type`, `name`, `names` (a list), `country`,
    /// `iso`, `geonames`, `wikidata`, `latitude` and `longitude`; all but the first two may be missing.
    ///
    /// # Errors
    /// [`EnrichError::Data`] names the line and what is wrong with it.
    pub fn from_jsonl(text: &str) -> Result<Self, EnrichError> {
        let mut builder = Builder::default();
        each_line(text, |line| {
            let line = serde_json::from_str(line).map_err(|error| error.to_string())?;
            add(&mut builder, line, USER_RANK)
        })?;
        Ok(builder.finish())
    }
}

impl Builder {
    /// Adds lines of the form that [`Gazetteer::from_csv`] reads, all of one rank.
    ///
    /// # Errors
    /// [`EnrichError::Data`] names the line and what is wrong with it.
    pub fn add_csv(&mut self, text: &str, rank: u8) -> Result<(), EnrichError> {
        each_line(text, |line| {
            let fields = fields(line);
            let field = |index: usize| fields.get(index).map(String::as_str).unwrap_or_default();
            let geonames = field(4);
            let line = Line {
                kind: field(0).to_owned(),
                name: field(1).to_owned(),
                names: field(2).split('|').map(str::to_owned).collect(),
                country: field(3).to_owned(),
                iso: String::new(),
                geonames: if geonames.is_empty() {
                    0
                } else {
                    geonames.parse().map_err(|_| format!("{geonames:?} is no GeoNames id"))?
                },
                wikidata: field(5).to_owned(),
                latitude: None,
                longitude: None,
            };
            add(self, line, rank)
        })
    }
}

fn each_line(text: &str, mut read: impl FnMut(&str) -> Result<(), String>) -> Result<(), EnrichError> {
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let added =
            if number < MAX_LINES { read(line) } else { Err(format!("a gazetteer has at most {MAX_LINES} lines")) };
        added.map_err(|why| EnrichError::Data {
            file: "user gazetteer".into(),
            why: format!("line {}: {why}", number + 1),
        })?;
    }
    Ok(())
}

fn add(builder: &mut Builder, line: Line, rank: u8) -> Result<(), String> {
    let kind = match line.kind.as_str() {
        "country" => Kind::Country,
        "region" => Kind::Region,
        "city" => Kind::City,
        "place" => Kind::Place,
        "organisation" => Kind::Organisation,
        "person" => Kind::Person,
        other => return Err(format!("{other:?} is no type; use country, region, city, place, organisation or person")),
    };
    if line.name.is_empty() {
        return Err("the name is empty".into());
    }
    let wikidata = match line.wikidata.trim_start_matches('Q') {
        "" => 0,
        digits => digits.parse().map_err(|_| format!("{:?} is no Wikidata item", line.wikidata))?,
    };
    let coordinates = line.latitude.zip(line.longitude);
    let entry = Entry {
        kind,
        rank,
        country: line.country,
        iso: line.iso,
        geonames: line.geonames,
        wikidata,
        coordinates,
        name: line.name.clone(),
    };
    let index = builder.add(entry);
    builder.name(index, &line.name, false);
    for name in line.names.iter().filter(|name| !name.is_empty()) {
        builder.name(index, name, false);
    }
    Ok(())
}

/// Splits a line of comma separated values (RFC 4180, one line).
fn fields(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                out.last_mut().into_iter().for_each(|field| field.push('"'));
            }
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(String::new()),
            c => out.last_mut().into_iter().for_each(|field| field.push(c)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_give_the_same_entries() {
        let csv = Gazetteer::from_csv("# mine\nperson,\"Dana Whitcomb\",D. Whitcomb|دانا ويتكوم,US,,Q12\n\ncity,Saran")
            .unwrap();
        let json = "{\"type\":\"person\",\"name\":\"Dana Whitcomb\",\"names\":[\"D. Whitcomb\"],\"country\":\"US\",\"wikidata\":\"Q12\"}";
        let jsonl = Gazetteer::from_jsonl(json).unwrap();
        assert_eq!(csv.entry(0), jsonl.entry(0));
        assert_eq!((csv.len(), jsonl.len()), (2, 1));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = Gazetteer::from_csv("person,A\nplanet,Mars").err().unwrap().to_string();
        assert!(error.contains("line 2") && error.contains("planet"), "{error}");
    }
}
