//! Names in bylines: what leads to them, what follows them, and what is none.

use std::collections::HashSet;
use std::sync::LazyLock;

use naba_proto::v1::Author;
use naba_text::fold_str;

use crate::cue::Cue;
use crate::layout::key;

struct Noise {
    whole: HashSet<String>,
    before: Vec<String>,
    after: Vec<String>,
}

static NOISE: LazyLock<Noise> = LazyLock::new(|| {
    let mut noise = Noise { whole: HashSet::new(), before: Vec::new(), after: Vec::new() };
    for line in include_str!("../../data/author_noise.txt").lines().filter(|l| !l.starts_with("# ")) {
        match (line.strip_prefix('^'), line.strip_prefix('$')) {
            (Some(before), _) => noise.before.push(fold_str(before.trim())),
            (_, Some(after)) => noise.after.push(after.to_owned()),
            _ => {
                noise.whole.insert(key(line));
            }
        }
    }
    // The longest first.
    noise.before.sort_by_key(|words| std::cmp::Reverse(words.chars().count()));
    noise
});

/// Tells whether a text can be the name of an author.
pub fn is_person(name: &str) -> bool {
    let chars = name.chars().count();
    let words = name.split_whitespace().count();
    let digits = name.chars().any(|c| naba_text::digit_value(c).is_some());
    let login =
        words == 1 && name.chars().filter(|c| c.is_alphabetic()).count() >= 3 && name.starts_with(char::is_alphabetic);
    let folded = fold_str(name);
    let sentence = words > 2
        && name.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_lowercase)
        && !name.split_whitespace().skip(1).any(|w| w.starts_with(char::is_uppercase));
    (2..=60).contains(&chars)
        && words <= 6
        && (!digits || login)
        && !sentence
        && !name.contains([':', '：', '?', '？', '!', '…', '《', '“', '"', '{', '='])
        && !name.contains("://")
        && !NOISE.whole.contains(&key(name))
        && !NOISE.before.contains(&folded)
        && !Cue::Byline.is(&folded)
        && !Cue::Published.is(&folded)
        && !Cue::Updated.is(&folded)
        && !(Cue::Desk.is(&folded) && words == 1)
        && name.chars().any(char::is_alphabetic)
}

/// Takes off what leads to a name, again and again ("Artikel von: Von …").
fn without_lead(text: &str) -> &str {
    let mut rest = text;
    for _ in 0..4 {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '(' | '‘' | '\''));
        let folded = fold_str(rest);
        let cue = Cue::Byline.prefix_chars(&folded);
        let noise = NOISE.before.iter().find(|words| {
            folded.strip_prefix(words.as_str()).is_some_and(|rest| {
                let wide = words.chars().next_back().is_some_and(|c| matches!(u32::from(c), 0x3400..=0x9FFF));
                wide || !rest.starts_with(char::is_alphanumeric)
            })
        });
        let skip = cue.max(noise.map(|words| words.chars().count())).filter(|n| *n < folded.chars().count());
        // Folding drops marks, so the prefix is counted on the source; prefixes carry no marks in practice.
        let Some((at, _)) = skip.and_then(|n| rest.char_indices().nth(n)) else { break };
        rest = rest.get(at..).unwrap_or_default();
    }
    rest
}

/// Cuts a name where a date, a count or an invitation begins.
fn without_tail(text: &str) -> &str {
    let mut end = text.len();
    let lower = text.to_ascii_lowercase();
    for after in &NOISE.after {
        for (at, _) in lower.match_indices(after.as_str()) {
            let word = after.chars().next_back().is_some_and(char::is_alphabetic) && after.is_ascii();
            let rest = lower.get(at + after.len()..).unwrap_or_default();
            if at > 0 && (!word || !rest.starts_with(char::is_alphanumeric)) {
                end = end.min(at);
                break;
            }
        }
    }
    // A number after a name starts a date or a count.
    for (at, _) in text.match_indices(' ').filter(|(at, _)| *at > 0) {
        if text.get(at + 1..).and_then(|rest| rest.chars().next()).is_some_and(|c| naba_text::digit_value(c).is_some())
        {
            end = end.min(at);
            break;
        }
    }
    text.get(..end).unwrap_or(text).trim_end_matches([' ', ',', '|', '-', '–', '—', '·', '•', '/', ':', ';'])
}

/// Reads the names and roles of a byline.
pub fn byline(text: &str) -> Vec<Author> {
    let first_line = text.lines().next().unwrap_or_default();
    if introduces(&fold_str(first_line)) {
        return Vec::new();
    }
    let rest = without_lead(first_line);
    let skipped = rest.len() < first_line.trim_start().len();
    let rest = rest.split(['|', '•', '／', '@']).next().unwrap_or_default();
    let rest = rest.split(" — ").next().unwrap_or_default().trim().trim_start_matches([':', '：', ' ']);
    // "حاورته في الدوحة: مريم الجابر": where the talk took place stands before the name.
    let rest = rest
        .rsplit_once(':')
        .filter(|(head, _)| skipped && head.split_whitespace().count() <= 3)
        .map_or(rest, |(_, name)| name.trim());
    let rest = match rest.find("記者").or_else(|| rest.find("记者")) {
        Some(at) => rest.get(at + "記者".len()..).unwrap_or_default(),
        None => rest,
    };
    let names = split_names(rest).into_iter().map(|name| role_of(&name));
    names
        .filter_map(|mut author| {
            author.name = without_tail(without_lead(&author.name)).to_owned();
            (!author.name.is_empty()).then_some(author)
        })
        .collect()
}

/// Tells whether a folded text only leads to a name ("By", "كتب", "and"): markup may set it apart from the linked name.
pub fn introduces(folded: &str) -> bool {
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
    " و ", ";", " AND ", " UND ", " con ", " with ", " mit ",
];

fn split_names(text: &str) -> Vec<String> {
    let mut names = vec![text.to_owned()];
    for separator in CONJUNCTIONS {
        names = names
            .into_iter()
            .flat_map(|name| {
                let parts: Vec<String> = name.split(*separator).map(|p| p.trim().to_owned()).collect();
                // " y " and " e " also stand inside names: only whole names are parted.
                let whole =
                    parts.iter().all(|p| p.split_whitespace().count() >= 2 || matches!(*separator, "、" | ";" | "; "));
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
    fn what_stands_around_a_name_is_cut_off() {
        for (text, name) in [
            ("Veröffentlicht von HansG", "HansG"),
            ("Über Simon Dückert", "Simon Dückert"),
            ("Von Deutscher Tennis Bund 4. 2. 2022.", "Deutscher Tennis Bund"),
            ("By Kathy Wise Published in FrontBurner", "Kathy Wise"),
            ("von KleineGrüneMonster Ein Kommentar", "KleineGrüneMonster"),
            ("류영상 기자", "류영상"),
            ("本报记者罗科苏盈发自北京", "罗科苏盈"),
            ("~ Cem Basman", "Cem Basman"),
        ] {
            assert_eq!(names(text), [name], "{text}");
        }
    }

    #[test]
    fn dates_roles_and_invitations_are_no_persons() {
        for text in [
            "Veröffentlicht am",
            "Updated",
            "admin",
            "View all",
            "Source: Zillow",
            "2 Kommentare",
            "Ist der Artikel hilfreich?",
        ] {
            assert!(!is_person(text), "{text}");
        }
        for text in ["freeman1984", "Ada Lovelace", "مريم الجابر", "许芷寧", "AFP"] {
            assert!(is_person(text), "{text}");
        }
    }

    #[test]
    fn a_word_that_only_leads_to_a_name_is_no_author() {
        for text in ["By", "كتب", "كتبت:", "Автор", "מאת", "Por", "and", "و"] {
            assert!(names(text).is_empty(), "{text}");
        }
        assert_eq!(names("Byron Andersson"), ["Byron Andersson"]);
    }
}
