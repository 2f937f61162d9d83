//! From lines to roles: what each line does on the page.
//!
//! Pages and plain text take the same way. A page's lines know more (classes, tags, the container of the body); where the
//! markup is silent, the same cues decide as in plain text: place, length, punctuation, cue words, repetition.

mod above;
mod body;
mod edge;
mod headline;
mod top;

pub use headline::key;

use std::cell::OnceCell;

use naba_proto::v1::BlockRole;

use crate::comment::{self, ParsedComment};
use crate::cue::Cue;
use crate::dateline::{self, PlaceLine};
use crate::line::{Hint, Line, Tag, Zone};
use crate::page::dom::Dom;
use crate::page::thread;

/// What is known before the lines are read: the metadata of a page, or of the listing that led to it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Candidates for the headline, best first.
    pub headlines: Vec<String>,
    /// Descriptions.
    pub descriptions: Vec<String>,
    /// Names of authors.
    pub authors: Vec<String>,
    /// The section.
    pub section: String,
    /// The lines come from markup.
    pub markup: bool,
    /// Letters and digits of the texts above, made when first asked for.
    pub keys: OnceCell<Keys>,
}

/// Letters and digits of what is known, by which lines are compared.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    headlines: Vec<String>,
    descriptions: Vec<String>,
    section: String,
}

impl Known {
    fn keys(&self) -> &Keys {
        let all = |texts: &[String]| texts.iter().map(|t| key(t)).filter(|k| !k.is_empty()).collect();
        self.keys.get_or_init(|| Keys {
            headlines: all(&self.headlines),
            descriptions: all(&self.descriptions),
            section: key(&self.section),
        })
    }

    /// Returns the letters and digits of the headlines, best first, without empty ones.
    fn headline_keys(&self) -> &[String] {
        &self.keys().headlines
    }

    /// Tells whether a line is one of the headlines, up to marks.
    fn is_headline(&self, line: &Line) -> bool {
        self.keys().headlines.iter().any(|key| key == line.key())
    }

    /// Tells whether a line is one of the descriptions, up to marks and a cut end.
    fn describes(&self, line: &Line) -> bool {
        self.keys().descriptions.iter().any(|key| top::same_key(key, line.key()))
    }

    /// Tells whether a line names the section.
    fn is_section(&self, line: &Line) -> bool {
        !self.section.is_empty() && self.keys().section == line.key()
    }
}

/// A line with its role.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The role.
    pub role: BlockRole,
    /// The line.
    pub line: Line,
    /// The rule that decided.
    pub rule: &'static str,
    /// Confidence, 0 to 1.
    pub confidence: f32,
    /// Index among the comments, for role COMMENT.
    pub comment: Option<usize>,
}

impl Unit {
    /// Makes a unit of a line.
    pub fn new(role: BlockRole, line: Line, rule: &'static str, confidence: f32) -> Self {
        Self { role, line, rule, confidence, comment: None }
    }
}

/// The units of a document in order, and its comments.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Units.
    pub units: Vec<Unit>,
    /// Comments, named by units.
    pub comments: Vec<ParsedComment>,
    /// Positions of the lines that the comments were read from.
    pub comment_lines: Vec<usize>,
    /// The place line, with the index of its unit.
    pub dateline: Option<(usize, PlaceLine)>,
}

/// Decides the roles of the lines of a document.
pub fn layout(lines: Vec<Line>, known: &Known, dom: Option<&Dom>) -> Layout {
    let mut lines = lines;
    let mut headline = headline::find(&lines, known);
    if let Some(at) = headline
        && let Some((kicker, rest)) = lines.get(at).and_then(|l| headline::split_kicker(l, known))
    {
        lines.splice(at..=at, [kicker, rest]);
        headline = Some(at + 1);
    }
    let lines = edge::split(lines, headline);
    // Splitting changes positions after the headline only.
    let mut parts = Parts::find(lines, headline, known);
    let mut out = Layout::default();
    above::read(&mut parts, known, &mut out.units);
    let lead = top::below(&mut parts, known, &mut out.units);
    body::read(&mut parts, known, lead, &mut out.units);
    out.comments = comments(&parts, dom, &mut out.units);
    out.comment_lines = parts.comments.iter().map(|l| l.index).collect();
    edge::after(&parts, known, &mut out.units);
    out
}

/// Finishes a layout whose roles are settled: the place line, and what belongs together.
pub fn finish(mut out: Layout, known: &Known) -> Layout {
    place_line(&mut out);
    edge::merge(&mut out.units, known);
    out.dateline = out.dateline.take().and_then(|(_, place)| {
        let at = out.units.iter().position(|u| u.role == BlockRole::Dateline)?;
        Some((at, place))
    });
    out
}

/// The lines of a document, cut at what stands out.
pub struct Parts {
    /// Before the headline.
    pub above: Vec<Line>,
    /// The headline.
    pub headline: Option<Line>,
    /// From below the headline to the comments.
    pub middle: Vec<Line>,
    /// Where the body begins in `middle`.
    pub body_start: usize,
    /// Where the body ends in `middle`, exclusive.
    pub body_end: usize,
    /// The heading of the comments, disclaimers and comments.
    pub comments: Vec<Line>,
    /// What a page has beside or below the comments.
    pub rest: Vec<Line>,
}

impl Parts {
    fn find(mut lines: Vec<Line>, headline: Option<usize>, known: &Known) -> Self {
        let (above, headline) = match headline {
            Some(at) => {
                let below = lines.split_off((at + 1).min(lines.len()));
                let headline = lines.pop();
                let above = lines;
                lines = below;
                (above, headline)
            }
            None => (Vec::new(), None),
        };
        let (mut middle, comments, mut rest) = split_comments(lines, known);
        if known.markup {
            // Side columns may stand before the body in the source; only what is in the body's place stays.
            let (aside, kept) = std::mem::take(&mut middle).into_iter().partition(|l: &Line| {
                !l.in_body
                    && matches!(l.zone, Zone::Aside | Zone::Footer | Zone::Nav)
                    && !matches!(l.hint, Some(Hint::Promo | Hint::Correction))
            });
            middle = kept;
            let mut aside: Vec<Line> = aside;
            aside.append(&mut rest);
            rest = aside;
        }
        let body_start = body::start(&middle, known);
        let body_end = body::end(&middle, body_start, known);
        let mut parts = Self { above, headline, middle, body_start, body_end, comments, rest };
        if parts.comments.is_empty() {
            parts.unannounced_comments(known);
        }
        parts
    }

    /// Comments that no heading announces: after the body and something that closes it, lines with authors and dates.
    fn unannounced_comments(&mut self, known: &Known) {
        let tail = self.middle.get(self.body_end..).unwrap_or_default();
        let closes = |l: &Line| {
            [Cue::Boilerplate, Cue::Promo, Cue::Related, Cue::Report, Cue::Correction].iter().any(|cue| l.cued(*cue))
                || l.is_date()
        };
        let after_closing = tail
            .iter()
            .rposition(|l| closes(l) && !comment::looks_like_comments(&[l.clone(), l.clone()]))
            .map_or(0, |at| at + 1);
        let mut start = after_closing;
        // An action line ("Reply") closes nothing: it belongs to the comment before it.
        if start == tail.len() && tail.len() >= 2 {
            start = tail.iter().rposition(|l| closes(l) && l.weight > 20).map_or(0, |at| at + 1);
        }
        let lines = tail.get(start..).unwrap_or_default();
        let brief = !known.markup
            && (2..=3).contains(&lines.len())
            && start > 0
            && lines.last().is_some_and(|l| l.words <= 4 && !l.ends_sentence());
        if lines.len() >= 2 && (comment::looks_like_comments(lines) || brief) {
            self.comments = self.middle.split_off(self.body_end + start);
        }
    }
}

/// Splits the lines below the headline at the comments.
fn split_comments(lines: Vec<Line>, known: &Known) -> (Vec<Line>, Vec<Line>, Vec<Line>) {
    let heading = |l: &Line| l.weight <= 70 && l.link_ratio < 0.9 && !l.in_prose() && l.carries(Cue::CommentsHeading);
    let named = lines.iter().position(|l| l.zone == Zone::Comments);
    let last_prose = lines.iter().rposition(|l| l.in_body && l.is_prose() && l.zone != Zone::Comments);
    let announced = lines.iter().enumerate().position(|(i, l)| {
        // In markup, a heading among the paragraphs of the body is a link to the comments, unless they begin below it.
        heading(l)
            && (!known.markup
                || last_prose.is_none_or(|last| i > last)
                || l.zone == Zone::Comments
                || matches!(l.tag, Tag::Heading(_)) && comments_follow(lines.get(i + 1..).unwrap_or_default()))
    });
    let Some(start) = announced.into_iter().chain(named).min() else { return (lines, Vec::new(), Vec::new()) };
    let (mut middle, mut comments, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let by_zone = named.is_some();
    for (i, line) in lines.into_iter().enumerate() {
        let elsewhere = known.markup
            && (matches!(line.zone, Zone::Aside | Zone::Footer | Zone::Nav)
                || matches!(line.hint, Some(Hint::Related | Hint::Ad | Hint::Promo)));
        if i < start || by_zone && line.zone != Zone::Comments && line.in_body && line.is_prose() {
            middle.push(line);
        } else if elsewhere || by_zone && line.zone != Zone::Comments && announced.is_none_or(|a| i != a) {
            rest.push(line);
        } else {
            comments.push(line);
        }
    }
    (middle, comments, rest)
}

/// Tells whether the first lines below a heading are a comment: somebody on some day, then a text.
fn comments_follow(lines: &[Line]) -> bool {
    const FIRST_COMMENT: usize = 6;
    comment::looks_like_comments(lines.get(..FIRST_COMMENT.min(lines.len())).unwrap_or_default())
}

/// Reads the comment section into units.
fn comments(parts: &Parts, dom: Option<&Dom>, units: &mut Vec<Unit>) -> Vec<ParsedComment> {
    let mut lines = Vec::new();
    for line in &parts.comments {
        let bare = line.words <= 8
            && line.carries(Cue::CommentsHeading)
            && !units.iter().any(|u| u.role == BlockRole::CommentsHeading);
        if bare {
            units.push(Unit::new(BlockRole::CommentsHeading, line.clone(), "cue:comments_heading", 0.9));
        } else if line.carries(Cue::Disclaimer) {
            units.push(Unit::new(BlockRole::CommentsDisclaimer, line.clone(), "cue:disclaimer", 0.9));
        } else if lines.is_empty()
            && line.zone != Zone::Comments
            && (5..16).contains(&line.words)
            && line.cued(Cue::Promo)
        {
            units.push(Unit::new(BlockRole::Promo, line.clone(), "cue:promo", 0.7));
        } else {
            lines.push(line.clone());
        }
    }
    if let Some(dom) = dom {
        thread::group(dom, &mut lines);
    }
    let mut out = Vec::new();
    for (at, comment) in comment::parse(&lines) {
        let line = lines.get(at).cloned().unwrap_or_default();
        let mut unit = Unit::new(BlockRole::Comment, line, "comments", 0.8);
        unit.comment = Some(out.len());
        units.push(unit);
        out.push(comment);
    }
    out
}

/// Splits the place line off the first paragraph (or the second, behind an unmarked standfirst).
fn place_line(out: &mut Layout) {
    let paragraphs: Vec<usize> =
        out.units.iter().enumerate().filter(|(_, u)| u.role == BlockRole::Paragraph).map(|(i, _)| i).take(2).collect();
    for (nth, at) in paragraphs.into_iter().enumerate() {
        let Some(unit) = out.units.get(at) else { return };
        let Some(place) = dateline::split(&unit.line.text) else { continue };
        if nth == 1 {
            let introduced = out.units.iter().any(|u| u.role == BlockRole::Standfirst);
            let certain = !place.agency.is_empty() || place.surface.split_whitespace().count() <= 2;
            let first = out.units.iter_mut().find(|u| u.role == BlockRole::Paragraph);
            match first.filter(|_| !introduced && certain) {
                Some(first) => (first.role, first.rule) = (BlockRole::Standfirst, "before_dateline"),
                None => return,
            }
        }
        let Some(unit) = out.units.get_mut(at) else { return };
        let rest = unit.line.text.get(place.rest..).unwrap_or_default().to_owned();
        let dropped = u32::try_from(unit.line.text.get(..place.rest).unwrap_or_default().chars().count()).unwrap_or(0);
        let mut paragraph = unit.line.with_text(rest);
        paragraph.marks = unit.line.marks.iter().filter(|m| m.start >= dropped).cloned().collect();
        for mark in &mut paragraph.marks {
            mark.start -= dropped;
            mark.end -= dropped;
        }
        let surface = unit.line.with_text(place.surface.clone());
        unit.line = paragraph;
        out.units.insert(at, Unit::new(BlockRole::Dateline, surface, "place_line", 0.85));
        out.dateline = Some((at, place));
        return;
    }
}

impl Line {
    /// Tells whether the markup says plainly that this is a paragraph of the body.
    pub fn in_prose(&self) -> bool {
        self.in_body && self.tag == Tag::Paragraph && self.is_prose()
    }
}
