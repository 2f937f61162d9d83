//! The dateline: place and agency, from its block or from the head of the first paragraph.

use std::collections::HashSet;
use std::sync::LazyLock;

use naba_model::Range;
use naba_proto::v1::{Article, BlockRole, Dateline, Enrichments, Span};
use naba_text::{fold_str, month_of};

use crate::{EnrichError, Part, Step};

/// Scalar values in which the dateline of a paragraph must end.
const MAX_PREFIX: usize = 70;
/// Most words of a place.
const MAX_PLACE_WORDS: usize = 5;

static AGENCIES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    include_str!("../data/agencies.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(squeezed)
        .collect()
});

/// Resolves the dateline.
pub(crate) struct DatelineStep;

impl Step for DatelineStep {
    fn name(&self) -> &'static str {
        "dateline"
    }

    fn version(&self) -> u32 {
        1
    }

    fn parameters(&self) -> &str {
        include_str!("../data/agencies.txt")
    }

    fn enrich(&self, article: &Article, _so_far: &Enrichments) -> Result<Part, EnrichError> {
        let dateline = find(article);
        Ok(Part::new(move |enrichments| enrichments.dateline = dateline))
    }
}

fn find(article: &Article) -> Option<Dateline> {
    let numbered = || article.blocks.iter().enumerate();
    if let Some((index, block)) = numbered().find(|(_, block)| block.role() == BlockRole::Dateline) {
        return dateline(index, &block.text, parse(&block.text)?);
    }
    // The parser may have found it elsewhere, for example in metadata, where there is no span.
    if let Some(stated) = article.dateline.as_ref().filter(|stated| !stated.place.is_empty() && stated.span.is_none()) {
        let parsed = parse(&stated.place)?;
        let place = stated.place.get(parsed.place.0..parsed.place.1)?.to_owned();
        let agency = if stated.agency.is_empty() { parsed.agency } else { stated.agency.clone() };
        return Some(Dateline { place, span: None, agency });
    }
    let (index, block) = numbered().find(|(_, block)| block.role() == BlockRole::Paragraph)?;
    let prefix = prefix(&block.text)?;
    dateline(index, &block.text, parse(prefix)?)
}

fn dateline(block: usize, text: &str, parsed: Parsed) -> Option<Dateline> {
    let (start, end) = parsed.place;
    let range = Range::of_bytes(text, start, end)?;
    let span = Span { block: u32::try_from(block).ok()?, start: range.start, end: range.end };
    Some(Dateline { place: text.get(start..end)?.to_owned(), span: Some(span), agency: parsed.agency })
}

/// A dateline taken apart: the place as a byte range.
#[derive(Debug, PartialEq)]
struct Parsed {
    place: (usize, usize),
    agency: String,
}

/// Takes a dateline apart: "PLACE, State, March 3 (AGENCY)", "PLACE - AGENCY", "AGENCY – PLACE", "PLACE: AGENCY".
fn parse(text: &str) -> Option<Parsed> {
    let (outside, inside) = match text.split_once(['(', '（', '[']) {
        Some((before, rest)) => (before, rest.split([')', '）', ']']).next().unwrap_or_default().trim()),
        None => (text, ""),
    };
    let mut pieces: Vec<&str> = split(outside);
    // "(AGENCY) - PLACE": nothing stands before the parenthesis.
    if pieces.is_empty() {
        let rest = text.split_once([')', '）', ']']).map_or("", |(_, rest)| rest);
        pieces = split(rest);
    }
    let mut agency = inside.to_owned();
    if pieces.len() > 1 {
        let at = pieces.iter().position(|piece| is_agency(piece)).unwrap_or(1);
        let named = pieces.remove(at.min(pieces.len() - 1));
        if agency.is_empty() {
            agency = named.trim_matches(is_edge).to_owned();
        }
    }
    let first = *pieces.first()?;
    if pieces.len() == 1 && inside.is_empty() && is_agency(first) {
        return None;
    }
    let place = place_in(first)?;
    let start = place.as_ptr() as usize - text.as_ptr() as usize;
    Some(Parsed { place: (start, start + place.len()), agency })
}

/// Splits at the signs that part place and agency: a colon, a slash, a dash with white space.
fn split(text: &str) -> Vec<&str> {
    let spaced = |piece: &'_ str| !piece.trim_matches(is_edge).is_empty();
    let mut out = Vec::new();
    for piece in text.split([':', '：', '/', '—', '–', '|']) {
        let mut rest = piece;
        while let Some(at) = dash(rest) {
            let (head, tail) = rest.split_at(at);
            out.push(head);
            rest = tail.get(1..).unwrap_or_default();
        }
        out.push(rest);
    }
    out.retain(|piece| spaced(piece));
    out
}

/// Finds a hyphen with white space on a side: inside a name there is none.
fn dash(text: &str) -> Option<usize> {
    text.match_indices('-').map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).and_then(|head| head.chars().next_back());
        let after = text.get(at + 1..).and_then(|tail| tail.chars().next());
        before.is_none_or(char::is_whitespace) || after.is_none_or(char::is_whitespace)
    })
}

fn is_edge(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '.' | ',' | '،' | '-' | '–' | '—' | ':' | '：' | '\u{200E}' | '\u{200F}' | '"' | '«' | '»')
}

/// Cuts state, date and signs off a place.
fn place_in(piece: &str) -> Option<&str> {
    let first = piece.trim_matches(is_edge).split([',', '،', '；', ';', '，']).next()?.trim_matches(is_edge);
    let undated =
        first.find(|c: char| c.is_numeric()).and_then(|at| first.get(..at)).unwrap_or(first).trim_matches(is_edge);
    let mut place = undated;
    if undated.len() < first.len() {
        // "Mumbai March 3": the month goes with the day.
        if let Some((head, last)) = undated.rsplit_once(char::is_whitespace) {
            place = if month_of(last).is_some() { head.trim_matches(is_edge) } else { undated };
        }
    }
    let words = place.split_whitespace().count();
    (!place.is_empty() && words <= MAX_PLACE_WORDS && place.chars().any(char::is_alphabetic)).then_some(place)
}

fn squeezed(text: &str) -> String {
    fold_str(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn is_agency(text: &str) -> bool {
    AGENCIES.contains(&squeezed(text))
}

/// Returns the head of a paragraph that is a dateline, the separator left out; `None` when it has none.
fn prefix(text: &str) -> Option<&str> {
    let limit = text.char_indices().nth(MAX_PREFIX).map_or(text.len(), |(at, _)| at);
    let head = text.get(..limit)?;
    if head.starts_with(['"', '«', '“', '„', '‘', '—', '–', '-']) {
        return None;
    }
    // "PLACE (AGENCY) - ", "PLACE, March 3 (AGENCY): "
    if let Some(close) = head.find([')', '）']) {
        let (before, rest) = head.split_at(close);
        let closed = rest.chars().next().map_or(0, char::len_utf8);
        let behind = rest.get(closed..)?.trim_start();
        let (place, agency) = before.split_once(['(', '（'])?;
        let short = place.split_whitespace().count() <= MAX_PLACE_WORDS + 2 && !place.trim().is_empty();
        let separated = behind.starts_with(['-', '–', '—', ':', '.']) || is_agency(agency);
        if short && separated && proper(place) {
            return text.get(..close + closed);
        }
    }
    for (at, c) in head.char_indices() {
        let separator =
            matches!(c, '—' | '–' | ':' | '：') || (c == '-' && dash(head.get(..at + 2).unwrap_or(head)) == Some(at));
        if !separator {
            continue;
        }
        let (before, after) = (head.get(..at)?, head.get(at + c.len_utf8()..)?.trim_start());
        // "PLACE - AGENCY - text", "AGENCY - PLACE - text"
        let next = after.find(['-', '–', '—', ':']).and_then(|end| after.get(..end)).unwrap_or_default();
        let with_agency = is_agency(before) || (!next.is_empty() && is_agency(next));
        if with_agency {
            let end = head.len() - after.len() + next.len();
            return head
                .get(..end)
                .filter(|_| !next.trim().is_empty() && next.split_whitespace().count() <= MAX_PLACE_WORDS);
        }
        let words = before.split_whitespace().count();
        let quote = after.starts_with(['"', '«', '“', '„', '‘', '「']);
        let short = if has_case(before) { words <= 4 } else { words <= 3 };
        let clause = after.chars().count() > 10 && !quote;
        return (words > 0 && short && clause && proper(before) && fresh(after)).then_some(before);
    }
    None
}

fn has_case(text: &str) -> bool {
    text.chars().any(|c| c.is_uppercase() || c.is_lowercase())
}

/// Tells whether a text can be a place name: capitalised where capitals exist, and not too long.
fn proper(text: &str) -> bool {
    let place = text.split([',', '،']).next().unwrap_or_default();
    let small = |word: &str| word.chars().count() <= 3;
    let letters = text.chars().any(char::is_alphabetic);
    letters
        && place.split_whitespace().all(|word| !has_case(word) || small(word) || word.starts_with(char::is_uppercase))
}

/// Tells whether a sentence begins here.
fn fresh(text: &str) -> bool {
    text.chars().find(|c| c.is_alphanumeric()).is_some_and(|c| !c.is_lowercase())
}

#[cfg(test)]
mod tests {
    use naba_proto::v1::Block;

    use super::*;

    fn parts(role: BlockRole, text: &str) -> Option<(String, String)> {
        let block = Block { role: role.into(), text: text.into(), ..Block::default() };
        let article = Article { blocks: vec![block], ..Article::default() };
        let found = find(&article)?;
        let span = found.span.unwrap();
        let range = Range { start: span.start, end: span.end };
        assert_eq!(naba_model::slice(text, range), Some(found.place.as_str()), "the span names the place");
        Some((found.place, found.agency))
    }

    #[test]
    fn a_dateline_block_gives_its_place_without_agency_state_and_date() {
        for (text, place, agency) in [
            ("جنيف", "جنيف", ""),
            ("الرياض - واس", "الرياض", "واس"),
            ("الرباط: مراسلنا", "الرباط", "مراسلنا"),
            ("جنيف (ا ف ب)", "جنيف", "ا ف ب"),
            ("واس - الرياض", "الرياض", "واس"),
            ("حیدرآباد 12 جون (پریس نوٹ)", "حیدرآباد", "پریس نوٹ"),
            ("MILLBROOK CROSSING, Neb. (SNS)", "MILLBROOK CROSSING", "SNS"),
            ("Mumbai, March 3 (PNI)", "Mumbai", "PNI"),
            ("PORT-AU-PRINCE — Reuters", "PORT-AU-PRINCE", "Reuters"),
            ("(رويترز) - القاهرة", "القاهرة", "رويترز"),
        ] {
            let found = parts(BlockRole::Dateline, text);
            assert_eq!(found, Some((place.to_owned(), agency.to_owned())), "{text}");
        }
    }

    #[test]
    fn the_head_of_the_first_paragraph_is_read_where_there_is_no_block() {
        for (text, place, agency) in [
            ("جنيف: أعلن وزيرا الخارجية التوصل إلى خطة", "جنيف", ""),
            ("القاهرة (رويترز) - قالت مصادر إن", "القاهرة", "رويترز"),
            ("LONDON (Reuters) - The bank said on Friday", "LONDON", "Reuters"),
            ("BERLIN, March 3 (dpa) — The union called", "BERLIN", "dpa"),
            ("Berlin – Die Gewerkschaft hat den Streik beendet", "Berlin", ""),
            ("دبي - وام - أعلنت جامعة الخليج", "دبي", "وام"),
        ] {
            let found = parts(BlockRole::Paragraph, text);
            assert_eq!(found, Some((place.to_owned(), agency.to_owned())), "{text}");
        }
    }

    #[test]
    fn ordinary_first_sentences_have_no_dateline() {
        for text in [
            "وقال الوزير: \"لن نتراجع عن القرار\"",
            "The plan – long delayed – was approved on Friday.",
            "One thing is clear: the market has yet to agree.",
            "كل صباح، حين تغلق أبواب العربة بعد محطة الشهداء، يحدث شيء: يسكت الجميع",
            "Vus du ciel, on dirait des taches d'encre.",
        ] {
            assert_eq!(parts(BlockRole::Paragraph, text), None, "{text}");
        }
    }
}
