//! Authors: fewer rather than wrong ones.

use naba_proto::v1::{Author, BlockRole, Method};
use naba_text::fold_str;

use super::byline as marked;
use super::han;
use super::name::{byline, introduces, is_person};
use crate::candidate::Candidate;
use crate::cue::Cue;
use crate::layout::{Layout, key};
use crate::limits::MAX_LIST;
use crate::line::Hint;
use crate::page::Page;
use crate::page::ld::LdArticle;

type List = Candidate<Vec<Author>>;

/// Collects lists of authors, one for each layer that names any.
pub fn candidates(page: Option<&Page>, layout: &Layout, feed: &[String], publishers: &[String]) -> Vec<List> {
    let mut out: Vec<List> = Vec::new();
    let mut organisations = Vec::new();
    // Names of publishers count only when nobody else is named.
    let mut add = |authors: Vec<Author>, method, rule, confidence: f32| {
        let (own, others): (Vec<_>, Vec<_>) =
            tidy(authors).into_iter().partition(|a| publishers.iter().any(|p| !p.is_empty() && key(p) == key(&a.name)));
        let (value, confidence) = if others.is_empty() { (own, confidence * 0.4) } else { (others, confidence) };
        if !value.is_empty() {
            out.push(Candidate { raw: String::new(), value, method, rule, confidence });
        }
    };
    if let Some(page) = page {
        let persons = |work: &LdArticle, person: bool| -> Vec<Author> {
            let agents = work.authors.iter().filter(|a| a.is_person == person);
            agents.flat_map(|a| with_address(byline(&a.name), &a.url)).collect()
        };
        add(persons(&page.ld, true), Method::JsonLd, "ld:author", 0.9);
        organisations = tidy(persons(&page.ld, false));
        if page.ld.authors.is_empty() {
            let work = page.linked.works.iter().find(|w| !w.authors.is_empty());
            add(work.map(|w| persons(w, true)).unwrap_or_default(), Method::JsonLd, "ld:work.author", 0.6);
        }
        let metas = [
            "author",
            "article:author",
            "og:article:author",
            "article:author_name",
            "dc.creator",
            "dcterms.creator",
            "dc.author",
            "parsely-author",
            "sailthru.author",
            "cxenseparse:author",
            "byl",
            "authors",
            "citation_author",
            "twitter:data1",
        ];
        let by = |key: &&&str| {
            page.meta.first(&["twitter:label1"]).is_some_and(|(_, l)| writes(l)) || **key != "twitter:data1"
        };
        add(named(metas.iter().filter(by).flat_map(|key| page.meta.all(key))), Method::Meta, "meta:author", 0.7);
        let (near, names) = marked::authors(page, super::headline_node(layout));
        add(names, Method::Dom, "dom:author", if near { 0.74 } else { 0.42 });
    }
    let method = if page.is_some() { Method::Dom } else { Method::Text };
    add(printed(layout, page.is_some()), method, "byline", 0.65);
    add(named(feed.iter().map(String::as_str)), Method::Feed, "feed:author", 0.5);
    if let Some((names, confidence)) = han::authors(layout) {
        add(names, method, "text:author", confidence);
    }
    if !organisations.is_empty() {
        // Said to be the author, so that its being the publisher is no reason to doubt it.
        let (method, rule) = (Method::JsonLd, "ld:author.organization");
        out.push(Candidate { raw: String::new(), value: organisations, method, rule, confidence: 0.5 });
    }
    weigh(&mut out);
    out
}

/// Tells whether a label means the author ("Written by").
fn writes(label: &str) -> bool {
    Cue::Byline.prefix_chars(&fold_str(label)).is_some()
}

fn with_address(mut authors: Vec<Author>, url: &str) -> Vec<Author> {
    if let [only] = authors.as_mut_slice() {
        url.clone_into(&mut only.url);
    }
    authors
}

/// Layers confirm, complete and correct each other: a login name gives way to a full one, and a list to one that adds to it.
fn weigh(lists: &mut [List]) {
    let keys: Vec<Vec<String>> = lists.iter().map(|l| l.value.iter().map(|a| key(&a.name)).collect()).collect();
    let rules: Vec<&str> = lists.iter().map(|l| l.rule).collect();
    let before: Vec<f32> = lists.iter().map(|l| l.confidence).collect();
    for (at, list) in lists.iter_mut().enumerate() {
        let Some(own) = keys.get(at) else { continue };
        if list.value.iter().all(|a| is_login(&a.name)) {
            list.confidence -= 0.35;
            continue;
        }
        let others = || keys.iter().zip(&before).enumerate().filter(|(other, _)| *other != at).map(|(_, pair)| pair);
        if others().any(|(names, _)| names == own) {
            list.confidence = (list.confidence + 0.05).min(0.98);
        }
        // The elements of a page may hold more than its byline: the run of names below the headline is nearer.
        let part = keys.iter().zip(&rules).any(|(names, rule)| {
            *rule == "byline"
                && !names.is_empty()
                && names.len() + 2 <= own.len()
                && names.iter().all(|n| own.contains(n))
        });
        if list.rule == "dom:author" && part {
            list.confidence -= 0.12;
            continue;
        }
        // Everything that a stronger list says, and a few more whole names.
        let named = matches!(list.rule, "byline" | "meta:author");
        let whole = named && list.value.len() <= 6 && list.value.iter().all(|a| a.name.split_whitespace().count() >= 2);
        let best = others()
            .filter(|(names, _)| whole && names.len() < own.len() && names.iter().all(|n| own.contains(n)))
            .map(|(_, confidence)| *confidence)
            .fold(0.0_f32, f32::max);
        if best > 0.5 {
            list.confidence = list.confidence.max(best + 0.06).min(0.98);
        }
    }
}

/// Tells whether a name is one for machines: "admin", "d.kuckelkorn", "sarah-indra", "example.org".
fn is_login(name: &str) -> bool {
    let letters: Vec<char> = name.chars().filter(|c| c.is_alphabetic()).collect();
    let cased = letters.iter().any(|c| c.is_lowercase() || c.is_uppercase());
    !name.contains(' ')
        && cased
        && (letters.iter().all(|c| c.is_lowercase())
            || name.contains(['.', '_', '@'])
            || name.chars().any(|c| c.is_ascii_digit()))
}

/// Reads the first run of byline blocks: further ones count when the text says that more names follow.
fn printed(layout: &Layout, markup: bool) -> Vec<Author> {
    let mut out: Vec<Author> = Vec::new();
    let mut open = true;
    let mut led = false;
    let mut last = None;
    for (at, unit) in layout.units.iter().enumerate().filter(|(_, u)| u.role == BlockRole::Byline) {
        if last.is_some_and(|last| at > last + 3) && !out.is_empty() {
            break;
        }
        last = Some(at);
        let line = unit.line.text.lines().next().unwrap_or_default();
        let folded = fold_str(line);
        if introduces(&folded) {
            (open, led) = (true, true);
            continue;
        }
        let prefixed = led || Cue::Byline.prefix_chars(&folded).is_some();
        if !open && !prefixed {
            continue;
        }
        let named = byline(line);
        let shaped =
            |a: &Author| !markup || prefixed || unit.line.hint == Some(Hint::Byline) || has_name_shape(&a.name);
        let named: Vec<Author> = named.into_iter().filter(|a| is_person(&a.name) && shaped(a)).collect();
        led = false;
        open = named.is_empty() || line.trim_end().ends_with([',', '、', '،', '&']);
        out.extend(named);
    }
    out
}

/// Tells whether a text has the shape of a person's name: two to four words, each with a capital where the script has them.
fn has_name_shape(name: &str) -> bool {
    let words: Vec<&str> = name.split_whitespace().collect();
    let capital =
        |w: &&str| w.chars().next().is_some_and(|c| c.is_uppercase() || !c.is_lowercase() && c.is_alphabetic());
    (2..=4).contains(&words.len()) && words.iter().filter(|w| capital(w)).count() * 3 >= words.len() * 2
}

fn named<'a>(values: impl Iterator<Item = &'a str>) -> Vec<Author> {
    values.flat_map(byline).collect()
}

fn tidy(authors: Vec<Author>) -> Vec<Author> {
    let mut out: Vec<Author> = Vec::new();
    for mut author in authors {
        author.name =
            naba_text::collapse_line(author.name.trim().trim_matches([',', '|', '-', '–', '—', ':', '.', '~']));
        let folded = key(&author.name);
        let is_address = author.name.contains("www.") || author.name.contains('@');
        // After a name, what ends with a job is that person's.
        let is_job =
            !out.is_empty() && author.name.split_whitespace().next_back().is_some_and(|w| Cue::Desk.is(&fold_str(w)));
        if !is_person(&author.name) || is_address || is_job {
            continue;
        }
        if !out.iter().any(|a| key(&a.name) == folded) && out.len() < MAX_LIST {
            out.push(author);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_wins_over_a_login_and_a_longer_list_over_its_part() {
        let list = |names: &[&str], rule, confidence| Candidate {
            value: names.iter().map(|n| Author { name: (*n).to_owned(), ..Author::default() }).collect(),
            method: Method::Dom,
            rule,
            confidence,
            raw: String::new(),
        };
        let best = |mut lists: Vec<List>| {
            weigh(&mut lists);
            lists.into_iter().max_by(|a, b| a.confidence.total_cmp(&b.confidence)).unwrap().rule
        };
        assert_eq!(
            best(vec![list(&["d.kuckelkorn"], "meta", 0.7), list(&["Dieter Kuckelkorn"], "byline", 0.65)]),
            "byline"
        );
        assert_eq!(
            best(vec![list(&["Ada Byron"], "ld", 0.9), list(&["Al Gore", "Ada Byron"], "byline", 0.65)]),
            "byline"
        );
        assert_eq!(best(vec![list(&["Ada Byron"], "ld", 0.9), list(&["Al Gore"], "byline", 0.65)]), "ld");
    }
}
