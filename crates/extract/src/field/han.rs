//! Names that Chinese, Japanese and Korean pages set into their text: "（记者 张三）", "作者：张三", "홍길동 기자".

use naba_proto::v1::{Author, BlockRole};

use crate::layout::Layout;
use crate::limits::MAX_LIST;

/// What stands before a name, with the confidence in it; an editor is named where no author is.
const LEADS: &[(&str, f32)] = &[
    ("作者", 0.66),
    ("记者", 0.6),
    ("記者", 0.6),
    ("实习生", 0.6),
    ("通讯员", 0.55),
    ("文/", 0.6),
    ("文／", 0.6),
    ("责任编辑", 0.3),
    ("責任編輯", 0.3),
    ("编辑", 0.25),
    ("編輯", 0.25),
];
/// What ends the text that a name stands in.
const CLOSERS: &[char] = &['）', ')', '】', ']', '。', '，', '\n', '|'];

/// Finds the authors that the text names, and how sure that is.
pub fn authors(layout: &Layout) -> Option<(Vec<Author>, f32)> {
    let texts = layout
        .units
        .iter()
        .filter(|u| !matches!(u.role, BlockRole::Comment | BlockRole::Related | BlockRole::Headline));
    let mut best: Option<(Vec<Author>, f32)> = None;
    let mut last = "";
    for unit in texts {
        let text = unit.line.text.as_str();
        if !text.chars().any(is_wide) {
            continue;
        }
        let chars = text.chars().count();
        // The bracket ends the last paragraph, or stands alone where the layout set it apart.
        if text.trim_end().ends_with(['）', ')']) && (chars >= 40 || text.starts_with(['（', '('])) {
            last = text;
        }
        let short = chars <= 60;
        for (lead, confidence) in LEADS {
            // Inside a sentence the word means some reporter; at its head or in brackets, who wrote.
            let Some(names) = text.match_indices(lead).find_map(|(at, _)| led(text, at, lead, short)) else { continue };
            if best.as_ref().is_none_or(|(_, found)| confidence > found) {
                best = Some((names, *confidence));
            }
        }
        if let Some(name) = korean(text).filter(|_| best.as_ref().is_none_or(|(_, found)| *found < 0.58)) {
            best = Some((vec![named(name)], 0.58));
        }
    }
    if best.as_ref().is_none_or(|(_, found)| *found < 0.5)
        && let Some(names) = bracketed(last)
    {
        best = Some((names, 0.55));
    }
    best
}

fn led(text: &str, at: usize, lead: &str, short: bool) -> Option<Vec<Author>> {
    let before = text.get(..at)?;
    let rest = text.get(at + lead.len()..)?;
    let colon = rest.trim_start().starts_with([':', '：']);
    let opened = before.is_empty() || before.ends_with(['（', '(', '【', '[', ' ', '\n', '　', '·']);
    let own_paper =
        ["本报", "本報", "本网", "总台", "日报", "新报", "商报"].iter().any(|paper| before.ends_with(paper));
    let spaced = rest.starts_with([' ', '　']);
    if !(colon || opened && (short || spaced) || own_paper && (short || spaced)) {
        return None;
    }
    let rest = rest.trim_start_matches([':', '：', ' ', '　', '/', '／']);
    let end = rest.find(CLOSERS).unwrap_or(rest.len());
    let names = list(rest.get(..end)?);
    (!names.is_empty()).then_some(names)
}

/// Reads names set apart by spaces or enumeration commas, up to the first word that is none.
fn list(text: &str) -> Vec<Author> {
    let words = text.split([' ', '　', '、', '/']).filter(|w| !w.is_empty());
    words.map_while(|word| is_name(word).then(|| named(word))).take(MAX_LIST).collect()
}

/// "…吗？”（姚峰 上海报道）" at the end of the last paragraph.
fn bracketed(text: &str) -> Option<Vec<Author>> {
    let inner = text.trim_end().strip_suffix(['）', ')'])?;
    let at = inner.rfind(['（', '('])?;
    let inner = inner.get(at..)?.trim_start_matches(['（', '(']);
    let names = list(inner);
    (!names.is_empty() && inner.chars().count() <= 20).then_some(names)
}

/// "홍길동 기자".
fn korean(text: &str) -> Option<&str> {
    let at = text.find(" 기자").filter(|_| text.chars().count() <= 60)?;
    let name = text.get(..at)?.rsplit([' ', '=', '|', '(', '[']).next()?;
    (2..=4)
        .contains(&name.chars().count())
        .then_some(name)
        .filter(|n| n.chars().all(|c| matches!(u32::from(c), 0xAC00..=0xD7A3)))
}

fn is_name(word: &str) -> bool {
    const NONE: &[&str] = &[
        "报道", "報導", "摄影", "来源", "编辑", "记者", "整理", "综合", "图", "文", "供图", "作者", "原文", "文章",
        "发自",
    ];
    let chars = word.chars().count();
    (2..=4).contains(&chars) && word.chars().all(is_wide) && !NONE.iter().any(|none| word.contains(none))
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x9FFF | 0xAC00..=0xD7A3)
}

fn named(name: &str) -> Author {
    Author { name: name.to_owned(), ..Author::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Known, layout};
    use crate::line::Line;

    fn names(text: &str) -> Vec<String> {
        let lines = vec![
            Line::new("这条路明年一定会修好".to_owned()),
            Line::new("镇里的工程师检查了四十座小桥，其中一半需要维修，预计明年春天完成全部工程。".to_owned()),
            Line::new(text.to_owned()),
        ];
        let found = authors(&layout(lines, &Known::default(), None));
        found.map(|(authors, _)| authors.into_iter().map(|a| a.name).collect()).unwrap_or_default()
    }

    #[test]
    fn names_in_the_text_are_found() {
        assert_eq!(names("总台记者 张倩"), ["张倩"]);
        assert_eq!(names("作者：宋怡 杨志华"), ["宋怡", "杨志华"]);
        assert_eq!(
            names("“难道不都是利益再分配的过程吗？请大家再等一等，谢谢各位村民的理解与支持。”（姚峰 上海报道）"),
            ["姚峰"]
        );
        assert_eq!(names("홍길동 기자"), ["홍길동"]);
    }

    #[test]
    fn a_reporter_whom_the_text_tells_of_is_no_author() {
        assert!(
            names("镇长对在场的记者表示，这条路明年一定会修好，请大家再等一等，谢谢各位村民的理解与支持。").is_empty()
        );
    }
}
