//! Which lines of a page are its article, by a trained model that weighs what the rules found against everything else.
//!
//! The rules of `layout` give each line a role. Trees trained on pages with known bodies then say how probable it is that
//! a line belongs to the text of the article; where they are sure of the contrary, the role changes. The model is data:
//! `data/blocks.txt`, written by `cargo run --release -p naba-extract --example train_blocks`.

mod feature;
mod model;
mod tree;

use std::sync::LazyLock;

use naba_model::is_body;
use naba_proto::v1::BlockRole;

use crate::cue::Cue;
use crate::layout::{self, Known, Layout, Unit};
use crate::line::{Hint, Line, Tag, Zone};
use crate::page::Page;
pub use feature::{Given, Row};
pub use model::Model;

/// The model in the repository. A broken file would leave the rules alone; a test holds it whole.
static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::read(include_str!("../../data/blocks.txt")).unwrap_or_default());

/// Below this probability, a line of the body leaves it.
const LEAVES: f32 = 0.45;
/// Above this probability, another line joins the body.
const JOINS: f32 = 0.55;

/// Above this probability, a line above the headline joins the body.
const JOINS_ABOVE: f32 = 0.9;
/// Below this agreement, rules and model see different bodies.
const AGREES: f32 = 0.6;

/// Returns the model that is compiled in.
pub fn compiled() -> &'static Model {
    &MODEL
}

/// Returns the roles that a layout gave, by the index of the line.
pub fn given(lines: usize, layout: &Layout) -> Vec<Option<Given>> {
    let mut given = vec![None; lines];
    let mut set = |at: usize, role, confidence| {
        if let Some(slot) = given.get_mut(at) {
            *slot = Some(Given { role, confidence });
        }
    };
    for at in &layout.comment_lines {
        set(*at, BlockRole::Comment, 0.8);
    }
    for unit in &layout.units {
        set(unit.line.index, unit.role, unit.confidence);
    }
    given
}

/// Measures the lines of a page.
pub fn rows(page: &Page, lines: &[Line], known: &Known, layout: &Layout) -> Vec<Row> {
    feature::rows(page, lines, known, &given(lines.len(), layout))
}

/// Lays out the lines of a page by rules and model.
///
/// Where the two see different bodies, the rules are asked once more with the body that the model sees: they know what
/// frames a body, the model where it is.
pub fn layout(model: &Model, page: &Page, lines: &mut [Line], known: &Known) -> Layout {
    let mut layout = layout::layout(lines.to_vec(), known, Some(&page.dom));
    let mut chances = chances(model, page, lines, known, &layout);
    if agreement(lines, &chances, &layout) < AGREES {
        for (line, chance) in lines.iter_mut().zip(&chances) {
            trust(line, *chance);
        }
        layout = layout::layout(lines.to_vec(), known, Some(&page.dom));
        chances = self::chances(model, page, lines, known, &layout);
    }
    reconcile(lines, &chances, &mut layout);
    layout
}

fn chances(model: &Model, page: &Page, lines: &[Line], known: &Known, layout: &Layout) -> Vec<f32> {
    let chance = |row: &Row| if row.is_empty() { 0.0 } else { model.probability(row) };
    rows(page, lines, known, layout).iter().map(chance).collect()
}

/// Share of the weight of all lines that rules or model put into the body which both put there.
fn agreement(lines: &[Line], chances: &[f32], layout: &Layout) -> f32 {
    let given = given(lines.len(), layout);
    let (mut both, mut either) = (0, 0);
    for ((line, chance), given) in lines.iter().zip(chances).zip(&given) {
        let Some(role) = given.map(|g| g.role).or(Some(BlockRole::Unspecified)).filter(|r| *r != BlockRole::Headline)
        else {
            continue;
        };
        let (ruled, guessed) = (is_body(role) || role == BlockRole::Standfirst, *chance > 0.5);
        both += if ruled && guessed { line.weight } else { 0 };
        either += if ruled || guessed { line.weight } else { 0 };
    }
    if either == 0 { 1.0 } else { tree::f(both) / tree::f(either) }
}

/// Tells a line what the model thinks of it.
fn trust(line: &mut Line, chance: f32) {
    line.in_body = chance > 0.5;
    if chance > 0.8 {
        line.zone = Zone::Page;
        line.hint = line.hint.filter(|hint| matches!(hint, Hint::Deck | Hint::Standfirst | Hint::PullQuote));
    }
}

/// Lets the model correct a layout.
fn reconcile(lines: &[Line], chances: &[f32], layout: &mut Layout) {
    let chance = |line: &Line| chances.get(line.index).copied().unwrap_or(0.0);
    let headline = layout.units.iter().find(|u| u.role == BlockRole::Headline).map_or(0, |u| u.line.index);
    let joins = |line: &Line| {
        let needed = if line.index < headline { JOINS_ABOVE } else { JOINS };
        chance(line) > needed && !line.is_date() && !line.is_clock()
    };
    let mut placed = vec![false; lines.len()];
    let mut joining: Vec<Unit> = Vec::new();
    let mut kept = Vec::with_capacity(layout.units.len());
    layout.comment_lines.iter().for_each(|at| mark(&mut placed, *at));
    for mut unit in std::mem::take(&mut layout.units) {
        mark(&mut placed, unit.line.index);
        let chance = chance(&unit.line);
        if is_body(unit.role) && chance < LEAVES {
            (unit.role, unit.rule, unit.confidence) = (outside(&unit.line), "model", 1.0 - chance);
        } else if may_join(unit.role) && joins(&unit.line) {
            (unit.role, unit.rule, unit.confidence) = (inside(&unit.line), "model", chance);
            joining.push(unit);
            continue;
        }
        kept.push(unit);
    }
    for line in lines.iter().filter(|l| !placed.get(l.index).copied().unwrap_or(true) && joins(l)) {
        joining.push(Unit::new(inside(line), line.clone(), "model", chance(line)));
    }
    joining.sort_by_key(|unit| unit.line.index);
    layout.units = merge(kept, joining);
    introductions(&mut layout.units);
}

/// What introduces less than it says itself is no introduction but the text.
fn introductions(units: &mut [Unit]) {
    let weight =
        |role: fn(BlockRole) -> bool| -> usize { units.iter().filter(|u| role(u.role)).map(|u| u.line.weight).sum() };
    if weight(is_body) * 2 < weight(|role| role == BlockRole::Standfirst) {
        for unit in units.iter_mut().filter(|u| u.role == BlockRole::Standfirst) {
            (unit.role, unit.rule) = (BlockRole::Paragraph, "model");
        }
    }
}

fn mark(placed: &mut [bool], at: usize) {
    if let Some(slot) = placed.get_mut(at) {
        *slot = true;
    }
}

/// Roles that only the rules give or take: what frames the body, and comments.
fn may_join(role: BlockRole) -> bool {
    !is_body(role)
        && !matches!(
            role,
            BlockRole::Headline
                | BlockRole::Deck
                | BlockRole::Standfirst
                | BlockRole::Dateline
                | BlockRole::Byline
                | BlockRole::Comment
                | BlockRole::CommentsHeading
                | BlockRole::CommentsDisclaimer
        )
}

fn inside(line: &Line) -> BlockRole {
    match line.tag {
        Tag::Heading(_) => BlockRole::Subhead,
        Tag::Item => BlockRole::ListItem,
        Tag::Table => BlockRole::Table,
        Tag::Quote => BlockRole::Quote,
        _ => BlockRole::Paragraph,
    }
}

fn outside(line: &Line) -> BlockRole {
    match line.hint {
        Some(Hint::Caption) => return BlockRole::Caption,
        Some(Hint::Credit) => return BlockRole::Credit,
        _ => {}
    }
    if line.tag == Tag::Caption {
        BlockRole::Caption
    } else if line.cued(Cue::Promo) {
        BlockRole::Promo
    } else if line.link_ratio > 0.5 {
        BlockRole::Related
    } else {
        BlockRole::Boilerplate
    }
}

/// Puts units that join the body among those that stay, in the order of the page.
fn merge(kept: Vec<Unit>, joining: Vec<Unit>) -> Vec<Unit> {
    let frames = |u: &Unit| {
        is_body(u.role)
            || matches!(u.role, BlockRole::Headline | BlockRole::Deck | BlockRole::Standfirst | BlockRole::Byline)
    };
    let last = kept.iter().rposition(frames);
    let mut out = Vec::with_capacity(kept.len() + joining.len());
    let mut joining = joining.into_iter().peekable();
    for (at, unit) in kept.into_iter().enumerate() {
        if is_body(unit.role) {
            while let Some(next) = joining.next_if(|j| j.line.index < unit.line.index) {
                out.push(next);
            }
        }
        out.push(unit);
        if Some(at) == last {
            out.extend(joining.by_ref());
        }
    }
    out.extend(joining);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_model_is_whole_and_asks_only_for_features_that_are_measured() {
        let text = include_str!("../../data/blocks.txt");
        assert_eq!(Model::read(text).as_ref(), Some(compiled()));
        let mut page = Page::parse("<h1>Head</h1><p>Some words of a body that are read as such.</p>").unwrap();
        let lines = std::mem::take(&mut page.lines);
        let known = Known { markup: true, ..Known::default() };
        let rows = rows(&page, &lines, &known, &layout::layout(lines.clone(), &known, Some(&page.dom)));
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [feature::WIDTH; 2]);
        assert!(compiled().width() <= feature::WIDTH);
    }

    #[test]
    fn the_model_does_not_decide_what_frames_the_body() {
        for role in [BlockRole::Headline, BlockRole::Byline, BlockRole::Comment, BlockRole::Paragraph] {
            assert!(!may_join(role), "{role:?}");
        }
        assert!(may_join(BlockRole::Boilerplate));
    }

    #[test]
    fn units_that_join_stand_where_the_page_has_them() {
        let unit = |index, role| {
            let mut line = Line::new(String::new());
            line.index = index;
            Unit::new(role, line, "test", 1.0)
        };
        let (paragraph, promo) = (BlockRole::Paragraph, BlockRole::Promo);
        let kept = vec![unit(1, BlockRole::Headline), unit(4, paragraph), unit(7, paragraph), unit(2, promo)];
        let merged = merge(kept, vec![unit(3, paragraph), unit(5, paragraph), unit(9, paragraph)]);
        assert_eq!(merged.iter().map(|u| u.line.index).collect::<Vec<_>>(), [1, 3, 4, 5, 7, 9, 2]);
    }
}
