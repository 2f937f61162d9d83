//! Quotes in Chinese and Japanese: no spaces part words, so cues and names are found in running characters.

use super::document::{Document, Paragraph};
use super::lexicon::{Lexicon, Tags};
use super::marks::Stretch;

/// Characters between a cue and its quote, at most.
const MAX_GAP: usize = 40;
/// Characters between a quote and the cue behind it, at most: "…", the driver X recalls.
const MAX_BEHIND: usize = 16;
/// Most characters of a name behind its surname.
const MAX_GIVEN: usize = 2;

/// A quote with its cue and speaker, all in scalar values of the paragraph.
pub(super) struct HanQuote {
    /// Index in `Document::paragraphs`.
    pub(super) paragraph: usize,
    /// The words.
    pub(super) stretch: Stretch,
    /// The cue.
    pub(super) cue: Option<(usize, usize)>,
    /// The speaker as printed; empty when unknown.
    pub(super) speaker: String,
}

/// Finds the quotes of a document.
pub(super) fn read(document: &Document) -> Vec<HanQuote> {
    let lexicon = document.lexicon;
    let cues = lexicon.surfaces(Tags::SAY);
    let mut out = Vec::new();
    let mut last = String::new();
    for (index, p) in document.paragraphs.iter().enumerate() {
        if p.role != naba_proto::v1::BlockRole::Paragraph {
            continue;
        }
        let chars: Vec<char> = p.text.chars().collect();
        for stretch in &p.marked.stretches {
            let found = cue(&chars, p, stretch, &cues);
            let speaker = found.map(|(start, _)| speaker(&chars, p, start, lexicon)).filter(|name| !name.is_empty());
            let long =
                stretch.end - stretch.start >= 7 || at(&chars, stretch.end - 1).is_some_and(|c| "。！？".contains(c));
            if found.is_none() && !long {
                continue;
            }
            if let Some(name) = speaker {
                last = name;
            }
            out.push(HanQuote { paragraph: index, stretch: *stretch, cue: found, speaker: last.clone() });
        }
    }
    out
}

fn at(chars: &[char], i: usize) -> Option<char> {
    chars.get(i).copied()
}

/// Finds the cue of a quote: the nearest before it in the sentence, else directly behind it.
fn cue(chars: &[char], p: &Paragraph, stretch: &Stretch, cues: &[(&str, Tags)]) -> Option<(usize, usize)> {
    let behind = (stretch.close..stretch.close + MAX_BEHIND)
        .take_while(|i| !p.marked.covers(*i) && at(chars, *i).is_some_and(|c| !"。！？".contains(c)))
        .find_map(|i| {
            cues.iter().find(|(word, _)| starts(chars, i, word)).map(|(word, _)| (i, i + word.chars().count()))
        });
    let from = (stretch.open.saturating_sub(MAX_GAP)..stretch.open)
        .rev()
        .find(|i| at(chars, *i).is_some_and(|c| "。！？".contains(c)) && !p.marked.covers(*i))
        .map_or(stretch.open.saturating_sub(MAX_GAP), |i| i + 1);
    let before = (from..stretch.open).rev().filter(|i| !p.marked.covers(*i)).find_map(|i| {
        let hit = cues.iter().find(|(word, _)| starts(chars, i, word) && i + word.chars().count() <= stretch.open)?;
        Some((i, i + hit.0.chars().count()))
    });
    // A cue of two characters is found at its second one too: take it from its first.
    let before = before.map(|(start, end)| {
        let longer = start
            .checked_sub(1)
            .and_then(|s| cues.iter().find(|(w, _)| s + w.chars().count() == end && starts(chars, s, w)));
        if longer.is_some() { (start - 1, end) } else { (start, end) }
    });
    if cues.iter().any(|(word, _)| word.starts_with('と')) { behind.or(before) } else { before.or(behind) }
}

fn starts(chars: &[char], from: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(i, c)| at(chars, from + i) == Some(c))
}

/// Reads the name before a cue: title, surname, given name.
fn speaker(chars: &[char], p: &Paragraph, cue: usize, lexicon: &Lexicon) -> String {
    let ends = |i: usize| at(chars, i).is_some_and(|c| "。！？；\n".contains(c));
    if lexicon.surnames.is_empty() {
        // The quote stands between the subject and the verb.
        let from = (0..cue).rev().find(|i| ends(*i) && !p.marked.covers(*i)).map_or(0, |i| i + 1);
        return before_honorific(chars, from, cue, lexicon);
    }
    let from = (0..cue).rev().find(|i| ends(*i) || p.marked.covers(*i)).map_or(0, |i| i + 1);
    let clause = (from..cue).rev().find(|i| at(chars, *i).is_some_and(|c| "，,：、".contains(c)));
    // "局長陳育仁表示": the name touches the cue; "陳育仁今天說" and "陳育仁，…，說": it opens the clause.
    for length in [3, 2, 4] {
        let Some(start) = cue.checked_sub(length).filter(|start| *start >= from) else { continue };
        if is_name(chars, start, cue, lexicon) {
            return text(chars, start, cue);
        }
    }
    let titles = lexicon.surfaces(Tags::TITLE);
    for i in from..cue {
        let titled =
            titles.iter().find(|(title, _)| starts(chars, i, title)).map(|(title, _)| i + title.chars().count());
        let start = titled.or((i == from || Some(i) == clause.map(|c| c + 1)).then_some(i));
        let Some(start) = start else { continue };
        for length in [3, 2] {
            let end = start + length;
            let stops = at(chars, end).is_some_and(|c| {
                "，、（(今昨也在則则對对說说表指強强認认稱称還还並并進进受於于接透是日後后".contains(c)
            });
            if end <= cue && (stops || end == cue) && is_name(chars, start, end, lexicon) {
                return text(chars, start, end);
            }
        }
    }
    String::new()
}

fn is_name(chars: &[char], start: usize, end: usize, lexicon: &Lexicon) -> bool {
    let length = end - start;
    let han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    let surname = at(chars, start).is_some_and(|c| lexicon.surnames.contains(c));
    let given = length - 1;
    let plain = (start..end).all(|i| {
        at(chars, i)
            .is_some_and(|c| han(c) && !"的了是在和與与也都他她我你們们這这那有不人說说表指今昨天日年月".contains(c))
    });
    let double = length == 4 && lexicon.surnames.contains(&text(chars, start, start + 2));
    // A title's last characters are no name, even where its first is a surname.
    let title = lexicon.surfaces(Tags::TITLE).iter().any(|(title, _)| text(chars, start, end).ends_with(title));
    surname && plain && !title && ((1..=MAX_GIVEN).contains(&given) || double)
}

/// "田中一郎さんは…と話した": the name is what stands before an honorific or an office.
fn before_honorific(chars: &[char], from: usize, cue: usize, lexicon: &Lexicon) -> String {
    let marks = lexicon.surfaces(Tags::HONORIFIC);
    for i in from..cue {
        let Some((mark, _)) = marks.iter().find(|(mark, _)| starts(chars, i, mark)) else { continue };
        let topic = at(chars, i + mark.chars().count()).is_some_and(|c| "はがもによ、（(은는이가".contains(c));
        let name_char =
            |c: char| matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{30A0}'..='\u{30FF}' | '\u{AC00}'..='\u{D7A3}' | '々');
        let i = if at(chars, i.wrapping_sub(1)) == Some(' ') { i - 1 } else { i };
        let start = (from..i).rev().take_while(|i| at(chars, *i).is_some_and(name_char)).last().unwrap_or(i);
        if topic && (2..=10).contains(&(i - start)) {
            return text(chars, start, i);
        }
    }
    String::new()
}

fn text(chars: &[char], start: usize, end: usize) -> String {
    chars.get(start..end).unwrap_or_default().iter().collect()
}
