//! Reader comments: a run of lines told apart into title, author, date and text.

mod kind;

use crate::limits::MAX_COMMENTS;
use crate::line::{Line, Tag};

use kind::{Kind, clean, kind};

/// A comment as printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedComment {
    /// Title, when the site has them.
    pub title: String,
    /// Author as printed.
    pub author: String,
    /// Date as printed.
    pub date: String,
    /// Text; lines by `\n`.
    pub text: String,
}

/// Reads the comments among lines; each comes with the index of the first line it was read from.
pub fn parse(lines: &[Line]) -> Vec<(usize, ParsedComment)> {
    let kinds: Vec<Kind> = lines.iter().map(kind).collect();
    let mut out = Vec::new();
    for (start, end) in segments(lines, &kinds) {
        let (Some(part), Some(part_kinds)) = (lines.get(start..end), kinds.get(start..end)) else { continue };
        let comment = read(part, part_kinds);
        if !comment.text.is_empty() && out.len() < MAX_COMMENTS {
            out.push((start, comment));
        }
    }
    out
}

/// Tells whether lines hold the marks of comments, where no heading announces them.
pub fn looks_like_comments(lines: &[Line]) -> bool {
    let kinds: Vec<Kind> = lines.iter().map(kind).collect();
    let texts = kinds.iter().filter(|k| **k == Kind::Text).count();
    let meta = kinds.iter().any(|k| matches!(k, Kind::Meta(author, _) if !author.is_empty()));
    texts > 0 && (meta || kinds.iter().any(|k| matches!(k, Kind::Number(_))))
}

/// Cuts the lines into one segment a comment, by the strongest mark there is.
fn segments(lines: &[Line], kinds: &[Kind]) -> Vec<(usize, usize)> {
    let n = kinds.len();
    if lines.iter().any(|l| l.group > 0) {
        return by_start(n, |i| i > 0 && lines.get(i).map(|l| l.group) != lines.get(i - 1).map(|l| l.group));
    }
    let is = |i: usize, f: fn(&Kind) -> bool| kinds.get(i).is_some_and(f);
    if kinds.iter().any(|k| matches!(k, Kind::Number(_))) {
        return by_start(n, |i| is(i, |k| matches!(k, Kind::Number(_))));
    }
    if kinds.iter().any(|k| matches!(k, Kind::Inline(..))) {
        return by_start(n, |i| is(i, |k| matches!(k, Kind::Inline(..))));
    }
    let first = kinds.iter().position(|k| *k != Kind::Action);
    let last = kinds.iter().rposition(|k| *k != Kind::Action);
    let meta = |at: Option<usize>| at.is_some_and(|i| is(i, |k| matches!(k, Kind::Meta(..))));
    let texts = kinds.iter().filter(|k| **k == Kind::Text).count();
    let actions = kinds.iter().filter(|k| **k == Kind::Action).count();
    if !meta(first) && meta(last) {
        // Signed below: a segment ends after each signature.
        return by_start(n, |i| {
            i > 0 && is(i - 1, |k| matches!(k, Kind::Meta(..))) && !is(i, |k| matches!(k, Kind::Meta(..)))
        });
    }
    if meta(first) {
        return by_start(n, |i| {
            is(i, |k| matches!(k, Kind::Meta(..))) && !(i > 0 && is(i - 1, |k| matches!(k, Kind::Meta(..))))
        });
    }
    if actions > 0 && texts > 1 {
        return by_start(n, |i| i > 0 && is(i - 1, |k| *k == Kind::Action) && !is(i, |k| *k == Kind::Action));
    }
    // "title / author - / text": the title stands before the meta line.
    if kinds.iter().any(|k| matches!(k, Kind::Meta(..))) {
        return by_start(n, |i| is(i, |k| *k == Kind::Text) && is(i + 1, |k| matches!(k, Kind::Meta(..))));
    }
    vec![(0, n)]
}

fn by_start(n: usize, starts: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut bounds: Vec<usize> = (0..n).filter(|i| *i == 0 || starts(*i)).collect();
    bounds.push(n);
    bounds.windows(2).filter_map(|w| Some((*w.first()?, *w.get(1)?))).collect()
}

fn read(lines: &[Line], kinds: &[Kind]) -> ParsedComment {
    let mut comment = ParsedComment::default();
    let mut texts: Vec<&Line> = Vec::new();
    let mut meta_after_text = false;
    let mut text_before_meta = 0;
    for (line, kind) in lines.iter().zip(kinds) {
        match kind {
            Kind::Action => {}
            Kind::Number(rest) => number_rest(rest, &mut comment),
            Kind::Inline(author, date, text) => {
                comment.author.clone_from(author);
                comment.date.clone_from(date);
                comment.text.clone_from(text);
            }
            Kind::Meta(author, date) => {
                if comment.author.is_empty() && !author.is_empty() {
                    comment.author.clone_from(author);
                    text_before_meta = texts.len();
                }
                if comment.date.is_empty() {
                    comment.date.clone_from(date);
                }
                meta_after_text = !texts.is_empty();
            }
            Kind::Text => texts.push(line),
        }
    }
    // Author on a line of its own, above the text.
    let initial = |l: &Line| {
        l.words <= 3 && l.text.trim_end_matches('.').rsplit(' ').next().is_some_and(|w| w.chars().count() == 1)
    };
    let short = |l: &Line| l.words <= 4 && l.weight <= 40 && (!l.ends_sentence() || initial(l));
    let mut author_above = !comment.author.is_empty();
    if comment.author.is_empty() && texts.len() >= 2 {
        let below =
            texts.len() == 2 && texts.last().zip(texts.first()).is_some_and(|(l, f)| short(l) && l.words < f.words);
        if below {
            comment.author = texts.pop().map(|l| clean(&l.text)).unwrap_or_default();
        } else if texts.first().is_some_and(|l| short(l)) {
            comment.author = clean(&texts.remove(0).text);
            author_above = true;
        }
    }
    if texts.len() >= 2
        && comment.title.is_empty()
        && author_above
        && is_title(&texts, kinds, text_before_meta, meta_after_text)
    {
        comment.title.clone_from(&texts.remove(0).text);
    }
    if comment.text.is_empty() {
        comment.text = texts.iter().map(|l| l.text.as_str()).collect::<Vec<_>>().join("\n");
    } else {
        for line in texts {
            comment.text.push('\n');
            comment.text.push_str(&line.text);
        }
    }
    comment
}

/// Tells whether the first of the texts is the title: a heading, a line of another kind, or one above the author.
fn is_title(texts: &[&Line], kinds: &[Kind], text_before_meta: usize, meta_after_text: bool) -> bool {
    let (Some(first), Some(second)) = (texts.first(), texts.get(1)) else { return false };
    let signed = lines_signed_below(kinds);
    let heading = matches!(first.tag, Tag::Heading(_));
    let unlike = first.group > 0 && first.signature != second.signature && first.words <= 8;
    let above_author = text_before_meta == 1 && meta_after_text && !signed;
    let brief = signed && first.words <= 4 && second.words > first.words;
    heading || unlike || above_author || brief
}

fn lines_signed_below(kinds: &[Kind]) -> bool {
    kinds.iter().rev().find(|k| **k != Kind::Action).is_some_and(|k| matches!(k, Kind::Meta(..)))
}

/// "title — author" or a title behind the number.
fn number_rest(rest: &str, comment: &mut ParsedComment) {
    if rest.is_empty() {
        return;
    }
    match rest.rsplit_once(" — ").or_else(|| rest.rsplit_once(" - ")) {
        Some((title, author)) => {
            comment.title = title.trim().to_owned();
            comment.author = clean(author);
        }
        None => comment.title = rest.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Vec<(String, String, String, String)> {
        let lines: Vec<Line> = lines.iter().map(|l| Line::new((*l).to_owned())).collect();
        parse(&lines).into_iter().map(|(_, c)| (c.title, c.author, c.date, c.text)).collect()
    }

    fn one(title: &str, author: &str, date: &str, text: &str) -> (String, String, String, String) {
        (title.into(), author.into(), date.into(), text.into())
    }

    #[test]
    fn comments_with_author_and_date_above_are_read() {
        let found = of(&[
            "PennineRambler says:",
            "5 Feb 2025 7.12",
            "My mum did this in Shipley.",
            "Reply",
            "Report",
            "oldknees61 says:",
            "5 Feb 2025 7.40",
            "All very well.\u{20}",
            "Reply",
        ]);
        assert_eq!(found[0], one("", "PennineRambler", "5 Feb 2025 7.12", "My mum did this in Shipley."));
        assert_eq!(found[1].1, "oldknees61");
    }

    #[test]
    fn numbered_comments_are_read() {
        let found = of(&[
            "تعليق رقم 1: الماء",
            "الكاتب: ولد البلاد الأربعاء 18 غشت 2021 - 20:41",
            "الحل هو منع زراعة الدلاح",
            "تعليق رقم 2",
            "الكاتب: يوسف من هولندا الأربعاء 18 غشت 2021 - 21:10",
            "في هولندا يحسبون كل لتر",
        ]);
        assert_eq!(found[0], one("الماء", "ولد البلاد", "الأربعاء 18 غشت 2021 - 20:41", "الحل هو منع زراعة الدلاح"));
        assert_eq!(found[1].1, "يوسف من هولندا");
        let found = of(&["1. الله يفرجها — سالم", "ألف مبروك لأهالي الاسرى"]);
        assert_eq!(found[0], one("الله يفرجها", "سالم", "", "ألف مبروك لأهالي الاسرى"));
        let found = of(&[
            "#1",
            "Abu Omar",
            "اللهم حوالينا ولا علينا",
            "منذ ساعتين",
            "أعجبني · رد",
            "#2",
            "بنت تريم",
            "بيت أهلي في تريم",
            "منذ ساعة",
            "أعجبني · رد",
        ]);
        assert_eq!(found[0], one("", "Abu Omar", "منذ ساعتين", "اللهم حوالينا ولا علينا"));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn comments_signed_below_and_inline_are_read() {
        let found = of(&[
            "Merci pour cet article !",
            "— Maëlle, Plougastel, 18 novembre, 9:14",
            "Et les chaînes ?",
            "Les bouées c'est bien, mais il faut vérifier.",
            "— Skipper29, 18 novembre, 12:02",
        ]);
        assert_eq!(found[0], one("", "Maëlle, Plougastel", "18 novembre, 9:14", "Merci pour cet article !"));
        assert_eq!(
            found[1],
            one("Et les chaînes ?", "Skipper29", "18 novembre, 12:02", "Les bouées c'est bien, mais il faut vérifier.")
        );
        let found =
            of(&["Nahuel_Trelew, 20/6 10:41: Orgullo patagónico!!", "Graciela, 20/6 11:05: El mate siempre presente."]);
        assert_eq!(found[1], one("", "Graciela", "20/6 11:05", "El mate siempre presente."));
    }

    #[test]
    fn a_title_above_an_author_with_an_empty_date_is_read() {
        let found = of(&["الاداره الفاشله", "سوري -", "اذا لم تتخلى ادارة اوباما عن مشروعها"]);
        assert_eq!(found[0], one("الاداره الفاشله", "سوري", "", "اذا لم تتخلى ادارة اوباما عن مشروعها"));
    }

    #[test]
    fn author_and_date_on_one_line_above_the_text_are_read() {
        let found = of(&["ابو تركي | ٢٤/٥/٢٠٢٢", "ماشاء الله تبارك الله", "مهندسة | ٢٥/٥/٢٠٢٢", "كيف طريقة التقديم؟"]);
        assert_eq!(found[1], one("", "مهندسة", "٢٥/٥/٢٠٢٢", "كيف طريقة التقديم؟"));
        let found = of(&["احمد جاوید | ۱۶ عقرب", "دولت باید مستقیم از دهقان بخرد", "از کابل | ۱۷ عقرب", "زعفران هرات"]);
        assert_eq!(found[0], one("", "احمد جاوید", "۱۶ عقرب", "دولت باید مستقیم از دهقان بخرد"));
    }
}
