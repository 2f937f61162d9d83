//! The file: entries, then the hashed names in ascending order as differences.

use super::{Entry, Gazetteer, Kind, Slot};
use crate::bytes::{Reader, varint};

const MAGIC: &[u8] = b"naba-gazetteer-1\n";
const KINDS: [Kind; 6] = [Kind::Country, Kind::Region, Kind::City, Kind::Organisation, Kind::Person, Kind::Place];

pub(super) fn write(gazetteer: &Gazetteer) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    varint(&mut out, gazetteer.entries.len() as u64);
    for entry in &gazetteer.entries {
        out.push(KINDS.iter().position(|kind| *kind == entry.kind).unwrap_or_default() as u8);
        out.push(entry.rank);
        for text in [&entry.country, &entry.iso, &entry.name] {
            let bytes = text.as_bytes();
            varint(&mut out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        varint(&mut out, u64::from(entry.geonames));
        varint(&mut out, u64::from(entry.wikidata));
        out.push(u8::from(entry.coordinates.is_some()));
        if let Some((latitude, longitude)) = entry.coordinates {
            out.extend_from_slice(&latitude.to_le_bytes());
            out.extend_from_slice(&longitude.to_le_bytes());
        }
    }
    let mut slots: Vec<(u64, Slot)> = gazetteer.slots.iter().map(|(key, slot)| (*key, *slot)).collect();
    slots.sort_unstable_by_key(|(key, _)| *key);
    varint(&mut out, slots.len() as u64);
    let mut last = 0;
    for (key, slot) in slots {
        varint(&mut out, key - last);
        last = key;
        out.push(slot.flags | (slot.count << 2));
        let first = slot.first as usize;
        for entry in gazetteer.candidates.get(first..first + usize::from(slot.count)).unwrap_or_default() {
            varint(&mut out, u64::from(*entry));
        }
    }
    out
}

pub(super) fn read(bytes: &[u8]) -> Result<Gazetteer, String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin as a gazetteer of this version")?;
    let mut reader = Reader::of(rest);
    let torn = || "it ends early".to_owned();
    let mut gazetteer = Gazetteer::default();
    for _ in 0..reader.count().ok_or_else(torn)? {
        gazetteer.entries.push(entry(&mut reader).ok_or_else(torn)?);
    }
    let count = reader.count().ok_or_else(torn)?;
    gazetteer.slots.reserve(count.min(bytes.len()));
    let mut key = 0_u64;
    for _ in 0..count {
        key = key.wrapping_add(reader.varint().ok_or_else(torn)?);
        let head = reader.byte().ok_or_else(torn)?;
        let slot = Slot { first: gazetteer.candidates.len() as u32, count: head >> 2, flags: head & 3 };
        for _ in 0..slot.count {
            let entry = reader.varint().ok_or_else(torn)?;
            let index = u32::try_from(entry).ok().filter(|i| (*i as usize) < gazetteer.entries.len());
            gazetteer
                .candidates
                .push(index.ok_or_else(|| format!("a name leads to entry {entry}, which is not there"))?);
        }
        gazetteer.insert(key, slot);
    }
    Ok(gazetteer)
}

fn entry(reader: &mut Reader) -> Option<Entry> {
    let kind = *KINDS.get(usize::from(reader.byte()?))?;
    let rank = reader.byte()?;
    let (country, iso, name) = (reader.text()?, reader.text()?, reader.text()?);
    let geonames = u32::try_from(reader.varint()?).ok()?;
    let wikidata = u32::try_from(reader.varint()?).ok()?;
    let coordinates = if reader.byte()? == 0 { None } else { Some((reader.float()?, reader.float()?)) };
    Some(Entry { kind, rank, country, iso, geonames, wikidata, coordinates, name })
}
