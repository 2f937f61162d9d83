//! The place line at the head of a report: "PARIS (AFP) — ", "جنيف: ", "МОСКВА, 5 мая — ".

use std::collections::HashSet;
use std::sync::LazyLock;

use naba_text::{digit_value, fold_str, month_of};

use crate::cue::Cue;

/// A place line split off its paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceLine {
    /// The line as printed, without the separator.
    pub surface: String,
    /// The place as printed.
    pub place: String,
    /// The agency as printed, if any.
    pub agency: String,
    /// First byte of the rest of the paragraph.
    pub rest: usize,
}

static AGENCIES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lines = include_str!("../data/agencies.txt").lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    lines.map(fold_str).collect()
});

/// Separators between the place line and the report; those that begin with a dot come before the bare dash.
const SEPARATORS: &[&str] = &[
    "——", ".- ", ".— ", ". — ", ". – ", ". -- ", " — ", " – ", " -- ", " - ", "— ", ": ", "؛ ", ":", "：", " ― ", "－",
];

/// Longest place line, in scalar values.
const MAX_CHARS: usize = 90;
/// Longest place of a script without spaces between words, in scalar values.
const MAX_UNSPACED: usize = 6;

/// Splits the place line off a paragraph, if it has one.
pub fn split(text: &str) -> Option<PlaceLine> {
    east_asian(text).or_else(|| {
        let head = crate::limits::cut(text, MAX_CHARS);
        let mut best: Option<PlaceLine> = None;
        for separator in SEPARATORS {
            for (at, _) in head.match_indices(separator) {
                let Some(found) = read(text, at, separator) else { continue };
                // The longest wins: "الرياض - واس: " holds "الرياض - ".
                if best.as_ref().is_none_or(|b| found.rest > b.rest) {
                    best = Some(found);
                }
            }
        }
        best
    })
}

fn read(text: &str, at: usize, separator: &str) -> Option<PlaceLine> {
    let surface = text.get(..at)?.trim();
    let rest = at + separator.len();
    let tail = text.get(rest..)?;
    let rest = rest + (tail.len() - tail.trim_start().len());
    text.get(rest..).filter(|t| t.chars().count() >= 20)?;
    let (place, agency, dated) = parts(surface)?;
    let strong = !agency.is_empty() || dated;
    // "The harbour master said: “…”": a colon before a quotation belongs to whoever speaks.
    let speaks = separator.starts_with([':', '：']) && text.get(rest..)?.starts_with(crate::line::is_quote_mark);
    if speaks && !strong {
        return None;
    }
    (is_place(&place, separator.trim_end(), strong) && !has_cue(surface)).then(|| PlaceLine {
        surface: surface.to_owned(),
        place,
        agency,
        rest,
    })
}

fn has_cue(surface: &str) -> bool {
    let folded = fold_str(surface);
    let with_colon = format!("{folded}:");
    [Cue::Correction, Cue::Related, Cue::Credit, Cue::Boilerplate].iter().any(|cue| cue.is_in(&with_colon))
        || Cue::Byline.is(&folded)
        || Cue::Published.is(&folded)
        || Cue::Updated.is(&folded)
}

/// Splits a place line into place and agency, and tells whether a date stands in it.
fn parts(surface: &str) -> Option<(String, String, bool)> {
    let (mut head, mut agency) = (surface.to_owned(), String::new());
    for (open, close) in [('(', ')'), ('/', '/'), ('[', ']'), ('（', '）')] {
        let Some(start) = head.find(open) else { continue };
        let inner = head.get(start + open.len_utf8()..)?;
        let Some(end) = inner.find(close) else { continue };
        let named = inner.get(..end)?.trim().to_owned();
        if named.is_empty() || named.split_whitespace().count() > 5 {
            return None;
        }
        let after = inner.get(end + close.len_utf8()..)?.trim().trim_matches(['.', ',']).to_owned();
        let before = head.get(..start)?.trim().to_owned();
        agency = named;
        head = if before.is_empty() { after } else { before };
        break;
    }
    if agency.is_empty() {
        for separator in [" - ", ": ", "- ", " – ", " — ", "/", "، ", ", "] {
            if let Some((place, named)) = head.split_once(separator)
                && is_agency(named)
            {
                (head, agency) = (place.trim().to_owned(), named.trim().to_owned());
                break;
            }
        }
    }
    let dated = head.split(|c: char| !c.is_alphabetic()).any(|w| w.chars().count() > 2 && month_of(w).is_some())
        && head.chars().any(|c| digit_value(c).is_some());
    let cut = if dated { head.find(|c: char| digit_value(c).is_some()).unwrap_or(head.len()) } else { head.len() };
    let before_date = head.get(..cut)?;
    let place = before_date.split([',', '،', '·', '|']).next()?.trim().trim_end_matches('.').to_owned();
    Some((place, agency, dated))
}

fn is_agency(name: &str) -> bool {
    let name = name.trim().trim_matches(['"', '«', '»', '“', '”']);
    AGENCIES.contains(fold_str(name).as_str())
        || (name.len() >= 2 && name.len() <= 6 && name.bytes().all(|b| b.is_ascii_uppercase()))
}

/// Tells whether a text can be the name of a place before a separator; `strong` when an agency or a date stands by.
fn is_place(place: &str, separator: &str, strong: bool) -> bool {
    let words: Vec<&str> = place.split_whitespace().collect();
    let chars = place.chars().count();
    if words.is_empty() || words.len() > 4 || !(2..=40).contains(&chars) {
        return false;
    }
    if !place.chars().all(|c| {
        c.is_alphabetic() || c.is_whitespace() || is_joiner(c) || matches!(c, '-' | '\'' | '’' | '.' | '־' | '/')
    }) {
        return false;
    }
    let letters: Vec<char> = place.chars().filter(|c| c.is_alphabetic()).collect();
    let cased = letters.iter().any(|c| c.is_lowercase() || c.is_uppercase());
    if !cased {
        // Without spaces between words only the length tells a name from a clause.
        let unspaced = letters.iter().any(|c| matches!(u32::from(*c), 0x3040..=0x30FF | 0x3400..=0x9FFF));
        if unspaced && chars > MAX_UNSPACED {
            return false;
        }
        // Scripts without case: short, or backed by an agency or a date.
        return strong || (words.len() <= 2 && matches!(separator, ":" | "؛" | "—" | "——" | "–" | "-" | "：" | "--"));
    }
    if letters.iter().all(|c| !c.is_lowercase()) {
        return letters.len() > 2;
    }
    let particle = |w: &&str| {
        matches!(
            w.to_lowercase().as_str(),
            "de" | "del"
                | "la"
                | "las"
                | "los"
                | "el"
                | "al"
                | "of"
                | "am"
                | "an"
                | "der"
                | "do"
                | "da"
                | "di"
                | "sur"
                | "на"
                | "в"
        )
    };
    let capitalised = words.iter().filter(|w| !particle(w)).all(|w| w.chars().next().is_some_and(char::is_uppercase));
    capitalised && (strong || (words.len() <= 2 && matches!(separator, "—" | "–" | "--" | ".-" | ".—" | ". —")))
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{200E}' | '\u{200F}')
        || (!c.is_alphanumeric() && !c.is_ascii() && matches!(u32::from(c), 0x300..=0x36F | 0x610..=0x670))
}

/// 新华社北京3月3日电, （中央社記者王小明台北3日電）.
fn east_asian(text: &str) -> Option<PlaceLine> {
    let head = crate::limits::cut(text, 40);
    let at = ["日电", "日電", "电　", "電）", "讯】", "訊】"]
        .iter()
        .filter_map(|mark| head.find(mark).map(|at| at + mark.len()))
        .min()?;
    let surface = text.get(..at)?.trim_matches(['（', '(', '【']);
    let agency =
        ["新华社", "中新社", "中央社", "新華社"].iter().find(|a| surface.contains(**a)).copied().unwrap_or_default();
    let after_agency = surface.split_once(agency).map_or(surface, |(_, rest)| rest);
    let date_at = after_agency.find(|c: char| digit_value(c).is_some()).unwrap_or(after_agency.len());
    let before = after_agency.get(..date_at)?.trim_end_matches(['讯', '訊', '】']);
    // A reporter's name of two or three characters may stand between.
    let place: String = match before.strip_prefix("記者").or_else(|| before.strip_prefix("记者")) {
        Some(named) => named.chars().skip(3).collect(),
        None => before.to_owned(),
    };
    let tail = text.get(at..)?;
    let rest = at + (tail.len() - tail.trim_start_matches(['）', ')', '】', ' ', '　', '，']).len());
    let fits = (1..=8).contains(&place.chars().count()) && text.get(rest..).is_some_and(|t| t.chars().count() >= 10);
    fits.then(|| PlaceLine { surface: surface.to_owned(), place, agency: agency.to_owned(), rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "quelque chose de long qui suit la ligne de lieu.";

    fn of(head: &str) -> Option<(String, String, String)> {
        split(&format!("{head}{TAIL}")).map(|p| (p.surface, p.place, p.agency))
    }

    fn some(surface: &str, place: &str, agency: &str) -> Option<(String, String, String)> {
        Some((surface.into(), place.into(), agency.into()))
    }

    #[test]
    fn place_lines_of_many_papers_are_split_off() {
        assert_eq!(of("جنيف: "), some("جنيف", "جنيف", ""));
        assert_eq!(of("الرياض - واس: "), some("الرياض - واس", "الرياض", "واس"));
        assert_eq!(of("الرباط: مراسلنا - "), some("الرباط: مراسلنا", "الرباط", "مراسلنا"));
        assert_eq!(of("جنيف (ا ف ب) - "), some("جنيف (ا ف ب)", "جنيف", "ا ف ب"));
        assert_eq!(of("اصفهان؛ "), some("اصفهان", "اصفهان", ""));
        assert_eq!(of("BUENOS AIRES.- "), some("BUENOS AIRES", "BUENOS AIRES", ""));
        assert_eq!(
            of("MILLBROOK CROSSING, Neb. (SNS) — "),
            some("MILLBROOK CROSSING, Neb. (SNS)", "MILLBROOK CROSSING", "SNS")
        );
        assert_eq!(of("Mumbai, March 3 (PNI) -- "), some("Mumbai, March 3 (PNI)", "Mumbai", "PNI"));
        assert_eq!(of("МОСКВА, 5 мая — "), some("МОСКВА, 5 мая", "МОСКВА", ""));
        assert_eq!(of("حیدرآباد 12 جون (پریس نوٹ): "), some("حیدرآباد 12 جون (پریس نوٹ)", "حیدرآباد", "پریس نوٹ"));
        assert_eq!(of("Berlin (dpa) - "), some("Berlin (dpa)", "Berlin", "dpa"));
    }

    #[test]
    fn a_sentence_with_a_colon_has_no_place_line() {
        assert_eq!(of("He said: "), None);
        assert_eq!(of("Le bilan est lourd : "), None);
        assert_eq!(of("وقال الوزير في المؤتمر: "), None);
        assert_eq!(of("تصحيح: "), None);
        assert_eq!(split("镇长王大明在河口村对村民表示：“这条路明年一定会修好，请大家再等一等，谢谢。”"), None);
        assert_eq!(split("王大明说：“这条路明年一定会修好，请大家再等一等，谢谢各位村民。”"), None);
        assert_eq!(split("المدير: \"سنعيد فتح الطريق قبل نهاية الشهر المقبل\""), None);
    }

    #[test]
    fn chinese_agency_heads_are_split_off() {
        let found = split("新华社北京3月3日电 国务院总理今天在北京会见了来访的客人。").unwrap();
        assert_eq!((found.place.as_str(), found.agency.as_str()), ("北京", "新华社"));
        let found = split("河口村——镇里的工程师检查了四十座小桥，其中一半需要维修。").unwrap();
        assert_eq!(found.place, "河口村");
    }
}
