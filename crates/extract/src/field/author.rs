//! Authors: fewer rather than wrong ones.

use naba_proto::v1::{Author, Method};
use naba_text::fold_str;

use crate::candidate::Candidate;
use crate::cue::Cue;
use crate::layout::Layout;
use crate::limits::MAX_LIST;
use crate::page::Page;

/// Collects lists of authors, one for each layer that names any.
pub fn candidates(
    page: Option<&Page>,
    layout: &Layout,
    feed: &[String],
    publishers: &[String],
) -> Vec<Candidate<Vec<Author>>> {
    let mut out = Vec::new();
    let mut add = |authors: Vec<Author>, method, rule, confidence| {
        let authors = tidy(authors, publishers);
        if !authors.is_empty() {
            out.push(Candidate { raw: String::new(), value: authors, method, rule, confidence });
        }
    };
    if let Some(page) = page {
        let ld = page.ld.authors.iter().filter(|a| a.is_person).flat_map(|a| {
            let names = split_names(&a.name);
            let url = if names.len() == 1 { a.url.clone() } else { String::new() };
            names.into_iter().map(move |name| Author { name, role: String::new(), url: url.clone() })
        });
        add(ld.collect(), Method::JsonLd, "ld:author", 0.9);
        let props = page.meta.props.iter().filter(|(k, v)| k == "author" && !v.is_empty()).map(|(_, v)| v.as_str());
        add(named(props), Method::Microdata, "microdata:author", 0.75);
        let metas = ["author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author"];
        add(named(metas.iter().flat_map(|key| page.meta.all(key))), Method::Meta, "meta:author", 0.7);
    }
    let lines: Vec<&str> = layout
        .units
        .iter()
        .filter(|u| u.role == naba_proto::v1::BlockRole::Byline)
        .map(|u| u.line.text.as_str())
        .collect();
    let method = if page.is_some() { Method::Dom } else { Method::Text };
    add(lines.iter().flat_map(|l| byline(l)).collect(), method, "byline", 0.65);
    add(named(feed.iter().map(String::as_str)), Method::Feed, "feed:author", 0.5);
    out
}

fn named<'a>(values: impl Iterator<Item = &'a str>) -> Vec<Author> {
    values.flat_map(byline).collect()
}

/// Reads the names and roles of a byline.
pub fn byline(text: &str) -> Vec<Author> {
    let first_line = text.lines().next().unwrap_or_default();
    let folded = fold_str(first_line);
    if introduces(&folded) {
        return Vec::new();
    }
    let skip = Cue::Byline.prefix_chars(&folded).filter(|n| *n < folded.chars().count()).unwrap_or(0);
    // Folding drops marks, so the prefix is counted on the source; prefixes carry no marks in practice.
    let rest: String = first_line.chars().skip(skip).collect();
    let rest = rest.split(['|', '•', '／', '@']).next().unwrap_or_default();
    let rest = rest.split(" — ").next().unwrap_or_default().trim().trim_start_matches([':', '：', ' ']);
    // "حاورته في الدوحة: مريم الجابر": where the talk took place stands before the name.
    let rest = rest
        .rsplit_once(':')
        .filter(|(head, _)| skip > 0 && head.split_whitespace().count() <= 3)
        .map_or(rest, |(_, name)| name.trim());
    let rest = match rest.find("記者").or_else(|| rest.find("记者")) {
        Some(at) => rest.get(at + "記者".len()..).unwrap_or_default(),
        None => rest,
    };
    split_names(rest).into_iter().map(|name| role_of(&name)).collect()
}

/// Tells whether a folded text only leads to a name ("By", "كتب", "and"): markup may set it apart from the linked name.
fn introduces(folded: &str) -> bool {
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
    Cue::Byline.is(bare) || CONJUNCTIONS.iter().any(|word| word.trim() == bare)
}

/// Splits off what is a role or a place: "Harriet Poole, Health correspondent", "Sunil Mathias in Stockholm".
fn role_of(text: &str) -> Author {
    for separator in [", ", "، ", " in ", " à ", " en ", " em "] {
        if let Some((name, role)) = text.split_once(separator) {
            return Author { name: name.trim().to_owned(), role: role.trim().to_owned(), url: String::new() };
        }
    }
    Author { name: text.trim().to_owned(), role: String::new(), url: String::new() }
}

/// What stands between the names of two authors.
const CONJUNCTIONS: &[&str] = &[
    " and ", " und ", " et ", " y ", " e ", " og ", " och ", " en ", " i ", " и ", " та ", " ve ", " & ", "; ", "、",
    " و ",
];

fn split_names(text: &str) -> Vec<String> {
    let mut names = vec![text.to_owned()];
    for separator in CONJUNCTIONS {
        names = names
            .into_iter()
            .flat_map(|name| {
                let parts: Vec<String> = name.split(*separator).map(|p| p.trim().to_owned()).collect();
                // " y " and " e " also stand inside names: only whole names are parted.
                let whole = parts.iter().all(|p| p.split_whitespace().count() >= 2 || *separator == "、");
                if whole { parts } else { vec![name] }
            })
            .collect();
    }
    // A list with commas: every part must look like a whole name.
    names
        .into_iter()
        .flat_map(|name| {
            let parts: Vec<String> = name.split([',', '،']).map(|p| p.trim().to_owned()).collect();
            let whole = parts.len() > 1
                && parts
                    .iter()
                    .all(|p| (2..=4).contains(&p.split_whitespace().count()) && !Cue::Desk.is_in(&fold_str(p)));
            if whole { parts } else { vec![name] }
        })
        .collect()
}

fn tidy(authors: Vec<Author>, publishers: &[String]) -> Vec<Author> {
    let mut out: Vec<Author> = Vec::new();
    for mut author in authors {
        author.name = naba_text::collapse_line(author.name.trim().trim_matches([',', '|', '-', '–', '—', ':', '.']));
        let folded = fold_str(&author.name);
        let chars = author.name.chars().count();
        let is_publisher = publishers.iter().any(|p| !p.is_empty() && fold_str(p) == folded);
        let is_address = author.name.contains("://") || author.name.contains('@') || author.name.contains("www.");
        let has_digit = author.name.chars().any(|c| naba_text::digit_value(c).is_some());
        if !(2..=80).contains(&chars)
            || is_publisher
            || is_address
            || has_digit
            || author.name.split_whitespace().count() > 6
        {
            continue;
        }
        if !out.iter().any(|a| fold_str(&a.name) == folded) && out.len() < MAX_LIST {
            out.push(author);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        byline(text).into_iter().map(|a| a.name).collect()
    }

    #[test]
    fn names_are_read_out_of_bylines() {
        assert_eq!(names("Von Vroni Hinterseer und Luca Caduff"), ["Vroni Hinterseer", "Luca Caduff"]);
        assert_eq!(names("Harriet Poole, Health correspondent"), ["Harriet Poole"]);
        assert_eq!(names("Sunil Mathias in Stockholm"), ["Sunil Mathias"]);
        assert_eq!(names("Texte : Idriss Benali — Photos : Anouk Kerdoncuff"), ["Idriss Benali"]);
        assert_eq!(names("島嶼日報 記者許芷寧／台東報導"), ["許芷寧"]);
        assert_eq!(names("مأت"), ["مأت"]);
        assert_eq!(names("حاورته في الدوحة: مريم الجابر"), ["مريم الجابر"]);
        assert_eq!(names("Wilmer Cárdenas | @wcardenas"), ["Wilmer Cárdenas"]);
    }

    #[test]
    fn a_word_that_only_leads_to_a_name_is_no_author() {
        for text in ["By", "كتب", "كتبت:", "Автор", "מאת", "Por", "and", "و"] {
            assert!(names(text).is_empty(), "{text}");
        }
        assert_eq!(names("Byron Andersson"), ["Byron Andersson"]);
    }
}
