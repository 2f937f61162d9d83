//! The file: entries, then the hashed names in ascending order as differences.

use super::{Entry, Gazetteer, Kind, Slot};

const MAGIC: &[u8] = b"naba-gazetteer-1\n";
const KINDS: [Kind; 6] = [Kind::Country, Kind::Region, Kind::City, Kind::Organisation, Kind::Person, Kind::Place];
/// More entries or names than this are refused.
const MAX_ITEMS: u64 = 8_000_000;

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

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7F) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn read(bytes: &[u8]) -> Result<Gazetteer, String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin as a gazetteer of this version")?;
    let mut reader = Reader { rest };
    let torn = || "it ends early".to_owned();
    let mut gazetteer = Gazetteer::default();
    for _ in 0..reader.count().ok_or_else(torn)? {
        gazetteer.entries.push(reader.entry().ok_or_else(torn)?);
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

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn count(&mut self) -> Option<usize> {
        self.varint().filter(|count| *count <= MAX_ITEMS).and_then(|count| usize::try_from(count).ok())
    }

    fn text(&mut self) -> Option<String> {
        let length = self.count()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn float(&mut self) -> Option<f32> {
        let (bytes, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        Some(f32::from_le_bytes(*bytes))
    }

    fn entry(&mut self) -> Option<Entry> {
        let kind = *KINDS.get(usize::from(self.byte()?))?;
        let rank = self.byte()?;
        let (country, iso, name) = (self.text()?, self.text()?, self.text()?);
        let geonames = u32::try_from(self.varint()?).ok()?;
        let wikidata = u32::try_from(self.varint()?).ok()?;
        let coordinates = if self.byte()? == 0 { None } else { Some((self.float()?, self.float()?)) };
        Some(Entry { kind, rank, country, iso, geonames, wikidata, coordinates, name })
    }
}
